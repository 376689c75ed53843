/* A request's head, parsed: offsets into the bytes as they were received.
 *
 * Nothing is copied. `base` is where the head lies, and what is found in it is
 * noted as offset and length; so a head that arrives in pieces may be moved
 * until it is complete. When it is complete, each method, target, name and
 * value is followed by a NUL (written over the delimiter), and the head does
 * not move any more until the answer has been ended. */
#ifndef YK_HTTP_REQUEST_H
#define YK_HTTP_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "core/slice.h"

/* Most header fields of a request (docs/http-rules.md rule 24). */
#define YK_FIELDS_MAX 100

struct yk_span {
    uint16_t off, len;
};

struct yk_field {
    struct yk_span name, value;
};

enum yk_body_kind {
    YK_BODY_NONE,
    YK_BODY_LENGTH,  /* Content-Length bytes follow. */
    YK_BODY_CHUNKED, /* Chunks follow. */
};

struct yk_request {
    char *base;              /* Start of the head. */
    struct yk_span method;   /* "GET" */
    struct yk_span target;   /* From the path on: "/a?b=c"; or "*". */
    struct yk_span host;     /* Target's authority, else Host's value. */
    uint16_t path_len;       /* Bytes of `target` before the "?". */
    uint16_t field_count;    /* Of `fields`. */
    uint8_t minor;           /* HTTP/1.`minor`; 1 for any higher one. */
    bool is_head;            /* The method is HEAD. */
    bool wants_close;        /* `Connection: close`, or 1.0 without
                                  keep-alive. */
    bool expects_continue;   /* `Expect: 100-continue` from an 1.1 client. */
    bool is_absolute;        /* The target had an authority. */
    enum yk_body_kind body;  /* How the body is framed. */
    uint64_t content_length; /* For YK_BODY_LENGTH. */
    uint64_t names;          /* A bit for each name of `fields`, see
                                yk_request_name_bit. */
    struct yk_field fields[YK_FIELDS_MAX];
};

static inline struct yk_slice yk_request_slice(const struct yk_request *req,
                                               struct yk_span span)
{
    return (struct yk_slice){req->base + span.off, span.len};
}

/* Most fields that are looked for are not there, which one look at the bits of
 * those that are tells of most. Bit 5 of the first character, which is its case,
 * does not count: it is shifted out. */
static inline uint64_t yk_request_name_bit(const char *name, size_t len)
{
    return UINT64_C(1) << ((len + (unsigned char)*name * 2u) & 63);
}

/* The first field of that name, without regard to case, or NULL. */
const struct yk_field *yk_request_find(const struct yk_request *req,
                                       struct yk_slice name);

#endif
