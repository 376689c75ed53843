/* What goes between the processes of a machine that share channels (hub.h):
 *
 *     type  name's length  0  0  length, 4 bytes     the machine's byte order
 *     name
 *     bytes, and a NUL that does not count
 */
#ifndef YK_STORE_FRAME_H
#define YK_STORE_FRAME_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/slice.h"

enum yk_frame_type {
    /* To the hub. */
    YK_FRAME_SUBSCRIBE = 's',
    YK_FRAME_UNSUBSCRIBE = 'u',
    YK_FRAME_PUBLISH = 'p', /* Answered by DONE, in order. */
    /* From it. */
    YK_FRAME_READY = 'r', /* To SUBSCRIBE: messages come from here on. */
    YK_FRAME_DONE = 'd',
    YK_FRAME_MESSAGE = 'm',
    YK_FRAME_MISSED = 'x', /* Messages have been left out here. */
};

#define YK_FRAME_HEAD_LEN 8

struct yk_frame {
    enum yk_frame_type type;
    struct yk_slice name;
    struct yk_slice bytes; /* A NUL is behind it. */
};

/* Writes the head of a frame. */
void yk_frame_head(char out[YK_FRAME_HEAD_LEN], enum yk_frame_type type,
                   size_t name_len, size_t len);

/* Takes the frame at the beginning apart; borrowed. Returns its length; 0 when
 * it is not whole; -EPROTO when it cannot be one, or has more than `max_len`
 * bytes. */
ssize_t yk_frame_parse(const char *ptr, size_t len, size_t max_len,
                       struct yk_frame *ret_frame);

#endif
