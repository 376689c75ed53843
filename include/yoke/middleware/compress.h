/* Compresses answers for clients that take it, by br or gzip.
 *
 *     yoke_app_use(app, yoke_compress());
 *
 * It stands before what it is to compress. Of what is answered below it, it
 * compresses text, JSON, scripts and the like (yoke_is_compressible), from 1 KiB
 * on: whole answers, which keep a Content-Length, answers in pieces, events and
 * files. What is written in one turn of the loop leaves at its end, so that a
 * stream flows as it does without; back-pressure is the same as well.
 *
 * It leaves alone what has a Content-Encoding already, parts (206), `no-transform`
 * in Cache-Control, and answers without a body. An `ETag` becomes a weak one, for
 * the bytes are others; `Accept-Ranges` goes; `Vary: Accept-Encoding` is added
 * where a client might have got something else. To HEAD the same head as to GET.
 *
 * What costs: some 25 ms for a megabyte by gzip, and 7 by br. A whole body of more
 * than 64 KiB is copied and compressed in slices of 32 KiB, one in a turn of the
 * loop, so that it keeps nobody waiting for long; so are files. Those of a build
 * are better compressed beforehand (`.is_precompressed` of yoke_static). A page
 * that shows a secret together with what a visitor has put into its URL should
 * not be compressed over https: its length tells about the secret (BREACH).
 * (npm: compression.) */
#ifndef YOKE_MIDDLEWARE_COMPRESS_H
#define YOKE_MIDDLEWARE_COMPRESS_H

#include <stdbool.h>
#include <stddef.h>

#include <yoke/app.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* Options. Zero is every field's default. */
struct yoke_compress_options {
    int reserved_;    /* Leave it; it lets the macro be called without any. */
    size_t threshold; /* Bodies with fewer bytes stay as they are; 1,024. Those
                         whose length is not known are compressed. */
    int level;        /* gzip's, 1 (fast) to 9 (small); 6. */
    int quality;      /* br's, 1 to 11; 4. */
    bool no_br;       /* Only gzip. */
    bool no_gzip;     /* Only br. */
    /* Whether this answer is to be compressed, instead of
     * yoke_is_compressible, which it may call; its type and status are set. */
    bool (*filter)(yoke_req *req, yoke_res *res, void *data);
    void *data; /* Handed to it. */
};

#define yoke_compress(...)                                                     \
    yoke_compress_with(YOKE_OPTIONS_(yoke_compress_options, __VA_ARGS__))
struct yoke_handler
yoke_compress_with(const struct yoke_compress_options *options);

/* Whether the answer's Content-Type is one that compression makes smaller. */
bool yoke_is_compressible(const yoke_res *res);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
