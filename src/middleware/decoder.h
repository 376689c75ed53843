/* Takes the coding off a body, piece by piece: gzip, deflate, br (RFC 9110
 * section 8.4.1, RFC 7932).
 *
 * What comes out goes to a function that may refuse it, so a body is unpacked
 * no further than its limit. zlib and libbrotli are loaded at the first use:
 * linked, they would cost every process memory, and most have no use for
 * them. */
#ifndef YK_MIDDLEWARE_DECODER_H
#define YK_MIDDLEWARE_DECODER_H

#include <stddef.h>

#include <yoke/req.h>

enum yk_coding {
    YK_CODING_IDENTITY,
    YK_CODING_GZIP,
    YK_CODING_DEFLATE, /* With zlib's wrapper, as it should be, or without. */
    YK_CODING_BR,
    YK_CODING_UNKNOWN,
};

/* The coding of the request's body, by `Content-Encoding`; without it IDENTITY.
 * Several, in one field or in two, are UNKNOWN. */
enum yk_coding yk_coding_of(const yoke_req *req);

struct yk_decoder;

/* A decoder in the request's memory, for GZIP, DEFLATE or BR. `limit`: more
 * than that will not be taken of it, so it may use twice as much memory beside
 * a fixed sum. NULL when its library cannot be had, which is logged. */
struct yk_decoder *yk_decoder_new(yoke_req *req, enum yk_coding coding,
                                  size_t limit);

/* Takes what has been decoded; returns 0, or a negative code, which ends the
 * decoding. */
typedef int yk_decoded_fn(void *data, const char *ptr, size_t len);

/* Decodes a piece. Returns 0, what `fn` returned, -EINVAL when it is malformed,
 * or -ENOMEM. */
int yk_decoder_feed(struct yk_decoder *decoder, const char *ptr, size_t len,
                    yk_decoded_fn *fn, void *data);

/* After the last piece: 0, or -EINVAL when something is missing. */
int yk_decoder_end(const struct yk_decoder *decoder);

#endif
