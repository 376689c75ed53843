/* Compresses bytes as they come, by one of the libraries (coder.h). One encoder
 * is one body. */
#ifndef YK_MIDDLEWARE_ENCODER_H
#define YK_MIDDLEWARE_ENCODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yoke/filter.h>

#include "middleware/encoding.h"

struct yk_encoder;

struct yk_encoder_options {
    enum yk_encoding encoding;
    int level;      /* zlib's 1 to 9; brotli's 0 to 11. */
    int64_t len;    /* Of the body; -1: not known. */
    bool is_frugal; /* For many at a time that live long: little memory, and
                         a little less compression. gzip only. */
};

/* Whether the library is there; the first call loads it, and says so in the log
 * when it is not. */
bool yk_encoder_is_there(enum yk_encoding encoding);

/* NULL when there is no memory. Give it back. */
struct yk_encoder *yk_encoder_take(const struct yk_encoder_options *options);
void yk_encoder_give(struct yk_encoder *encoder);

/* A filter's step: what comes out is passed on by `filter`. Returns 0 or a
 * negative code. */
int yk_encoder_run(struct yk_encoder *encoder, yoke_filter *filter,
                   const void *ptr, size_t len, enum yoke_filter_step step);

#endif
