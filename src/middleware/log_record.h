/* What there is to say of one request, in Apache's directives or in JSON. */
#ifndef YK_MIDDLEWARE_LOG_RECORD_H
#define YK_MIDDLEWARE_LOG_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yoke/app.h>

#include "middleware/log_line.h"

/* What a line says beside what request and answer know. */
struct yk_log_record {
    yoke_req *req;
    yoke_res *res;
    const char *method; /* As it came. */
    int64_t time_s;     /* When it came. */
    uint64_t taken_us;
    int status;   /* 0: no head has been sent. */
    bool is_over; /* Else status, bytes and time are not known. */
};

/* One directive of a format, or the text between two. */
struct yk_log_item {
    char kind;  /* Its letter; 0: text. */
    char *text; /* That, or what stands in its braces; NULL: none. */
};

/* The time as text; it is the same for many lines. */
struct yk_log_time {
    int64_t time_s; /* Of which `text` is the text. */
    char text[40];  /* "": of none yet. */
};

/* Whether there is such a directive; some have a text in braces. */
bool yk_log_is_directive(char kind, bool has_text);

/* Puts what the item stands for. */
void yk_log_put_item(struct yk_log_line *line, struct yk_log_time *time,
                     const struct yk_log_item *item,
                     const struct yk_log_record *record);

/* Puts all of it, as an object. */
void yk_log_put_record(struct yk_log_line *line,
                       const struct yk_log_record *record);

#endif
