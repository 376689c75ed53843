/* The lines of an access log: formats are read once, and then written out for
 * each request. See yoke/middleware/access_log.h. */
#ifndef YK_MIDDLEWARE_LOG_FORMAT_H
#define YK_MIDDLEWARE_LOG_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yoke/app.h>

struct yk_log_format;

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

/* Reads a format. NULL, and `*ret_why` is what is wrong with it, when it cannot
 * be read. Free it. */
struct yk_log_format *yk_log_format_new(const char *text, const char **ret_why);
void yk_log_format_free(struct yk_log_format *format);

/* Writes a line and its end to `out`, which has room for `max` bytes; returns its
 * length. What clients have sent is cut until all fits. */
size_t yk_log_format_line(struct yk_log_format *format,
                          const struct yk_log_record *record, char *out,
                          size_t max);

#endif
