/* The head of a part of a multipart body while it comes: its lines are collected
 * up to an empty one, and up to a limit. */
#ifndef YK_MIDDLEWARE_MULTIPART_HEAD_H
#define YK_MIDDLEWARE_MULTIPART_HEAD_H

#include <stddef.h>

struct yk_multipart_head {
    char *ptr; /* What has come; a NUL fits behind `room`. */
    size_t len, room, max_len;
    /* As in struct yk_multipart_events. */
    char *(*grow)(void *data, const char *old, size_t len, size_t capacity);
    void *data;
    int too_long, no_memory; /* Negative codes. */
};

/* Takes bytes from `*at` on, which moves behind them. Returns 1 when the head is
 * complete: then it has `len` bytes, lines with CRLF behind each, and a NUL. 0
 * when more has to come, or one of the codes. */
int yk_multipart_head_read(struct yk_multipart_head *head, const char **at,
                           const char *end);

#endif
