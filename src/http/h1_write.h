/* HTTP/1 answers as bytes (RFC 9112 sections 4, 6 and 7): heads and chunks. */
#ifndef YK_HTTP_H1_WRITE_H
#define YK_HTTP_H1_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "http/h1_error.h"
#include "http/headers.h"
#include "http/out.h"

/* How the body of an answer is delimited. */
enum yk_h1_framing {
    YK_H1_FRAME_NONE,    /* No body, and nothing said of one: 204, 304. */
    YK_H1_FRAME_LENGTH,  /* Content-Length. */
    YK_H1_FRAME_CHUNKED, /* Transfer-Encoding: chunked. */
    YK_H1_FRAME_CLOSE,   /* Until the connection closes: for HTTP/1.0. */
};

/* A Connection field, or none. */
enum yk_h1_persist {
    YK_H1_PERSIST_SILENT, /* HTTP/1.1 stays open unless told otherwise. */
    YK_H1_PERSIST_KEEP,   /* "keep-alive": for HTTP/1.0 clients that asked. */
    YK_H1_PERSIST_CLOSE,  /* "close" */
};

struct yk_h1_answer {
    int status;
    const struct yk_headers *headers;
    const char *date; /* YK_HTTP_DATE_LEN bytes. */
    enum yk_h1_framing framing;
    enum yk_h1_persist persist;
    uint64_t content_length; /* For YK_H1_FRAME_LENGTH. */
    struct yk_slice body;    /* What follows the head at once; or empty. */
};

/* Writes the head of an answer, and what is behind it. Returns 0 or -ENOMEM. */
int yk_h1_write_head(struct yk_out *out, const struct yk_h1_answer *answer);

/* Writes a piece of a chunked body; `len` is not 0. Returns 0 or -ENOMEM. */
int yk_h1_write_chunk(struct yk_out *out, const void *ptr, size_t len);

/* Writes the last chunk and the trailer section; `trailers` NULL: it is empty.
 */
int yk_h1_write_last_chunk(struct yk_out *out,
                           const struct yk_headers *trailers);

/* Writes an interim answer: 1xx, with fields but without a body. */
int yk_h1_write_interim(struct yk_out *out, int status,
                        const struct yk_headers *headers);

/* Writes "100 Continue". */
int yk_h1_write_continue(struct yk_out *out);

/* Writes a whole answer that refuses a request, says what was wrong, and
 * announces that the connection closes. `has_body` is false for HEAD. */
int yk_h1_write_refusal(struct yk_out *out, enum yk_h1_error error,
                        const char *date, bool has_body);

#endif
