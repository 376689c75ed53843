/* The decoder of chunked bodies (RFC 9112 section 7.1), strict and incremental
 * (rules 8-10 of docs/http-rules.md). It works in place: data comes out as
 * slices of the input.
 *
 *     5;name="value" CR LF  hello CR LF  0 CR LF  Trailer: x CR LF  CR LF
 *     size extension        data         last     trailers          end
 *
 * The trailer section is left to the caller, who has the parser of fields. */
#ifndef YK_HTTP_H1_CHUNK_H
#define YK_HTTP_H1_CHUNK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/slice.h"

/* Most bytes of chunk extensions in one message. */
#define YK_CHUNK_EXT_MAX 16384

struct yk_h1_chunked {
    uint64_t left;    /* Size as far as it has been read; then data to come. */
    uint32_t ext_len; /* Bytes of extensions so far. */
    uint8_t digits;   /* Of the size. */
    uint8_t state;    /* Private to h1_chunk.c. */
};

void yk_h1_chunked_init(struct yk_h1_chunked *chunked);

/* Decodes some of the input: stops after a piece of data, at the end of the
 * input, or behind the last chunk's line. Returns the bytes it has used, which
 * include `*ret_data` (length 0: none), or `-enum yk_h1_error`. */
ssize_t yk_h1_chunked_decode(struct yk_h1_chunked *chunked, const char *ptr,
                             size_t len, struct yk_slice *ret_data);

/* True behind the last chunk's line: the trailer section follows. */
int yk_h1_chunked_is_last(const struct yk_h1_chunked *chunked);

#endif
