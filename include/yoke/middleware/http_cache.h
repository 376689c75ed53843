/* A cache of answers, shared by all workers (RFC 9111).
 *
 *     cache = yoke_cache_open(.store = store, .name = "pages");
 *     yoke_app_use(app, yoke_http_cache(.cache = cache));
 *     yoke_app_get(app, "/news", show_news);
 *
 *     static void show_news(yoke_req *req, yoke_res *res)
 *     {
 *         yoke_res_set(res, "Cache-Control",
 *                      "max-age=60, stale-while-revalidate=30");
 *         ...
 *
 * What the handlers below it answer is kept as their `Cache-Control` allows, and
 * answered from there to whoever asks for the same, by whichever worker. Of many
 * that ask for what is not there one reaches the handler; the others wait for
 * his answer, over all workers (yoke/cache.h).
 *
 * **Kept** are answers to GET that say for how long they are good (`s-maxage`,
 * `max-age`, `Expires`), or for which `default_ttl_s` says it. Not kept:
 * `no-store`, `private`, `no-cache`; an answer with `Set-Cookie` or `Vary: *`;
 * 206 and 304; an answer to a request with `Authorization` that does not say
 * `public`, `s-maxage` or `must-revalidate`; streams of events; bodies over
 * `max_body_len`, which go through as they are. **A page that depends on a cookie
 * has to say `private`, or `Vary: Cookie`: the cache does not know.**
 *
 * **Answered** is HEAD, too, and 304 to a client whose copy is as good (by its
 * tag, by the answer's `Last-Modified` or, without one, its `Date`; also to
 * `If-None-Match: *`); with `Age` and the `Date` at which it was made, and with `Cache-Status` (RFC 9211): `yoke; hit; ttl=42`. Fields that are
 * about a connection or a proxy are not kept, nor are trailers.
 *
 * **Vary**: each variant is an answer of its own, up to `max_variants` for a
 * page. `Accept-Encoding` counts by what it wants of gzip and br; of other fields
 * blanks and, in those that begin with "Accept", upper and lower case do not
 * count.
 *
 * **Old answers** (RFC 5861) are answered for as long as `stale-while-revalidate`
 * says, while the first that asks gets the new one. For as long as
 * `stale-if-error` says, one takes the place of an error that the handlers
 * answer, 500, 502, 503 or 504, for the client that it is for as for all who
 * wait; then nobody tries again for the cache's `error_ttl_s`. Neither holds with
 * `must-revalidate`, `proxy-revalidate` or `s-maxage`, as the standard has it.
 *
 * **The request's** `Cache-Control` is heard: `no-store`, `no-cache` (and
 * `Pragma`), `max-age`, `min-fresh`, `max-stale` and `stale-if-error` (of what
 * these two keep; the latter goes before the answer's), and `only-if-cached`,
 * which is answered 504 when there is nothing. Requests with
 * `Range` or `If-Match` pass it by.
 *
 * **Invalidation**: after POST, PUT, DELETE and the like that were answered with
 * 2xx or 3xx, what is kept of that URL is void, and of the URLs in `Location` and
 * `Content-Location`, if they are of this host. The answer waits for the store,
 * so that its client, and whomever he tells, reads what he has written, from any
 * worker. When the store fails (within its `timeout_ms`) the answer goes all the
 * same, with a line in the log, and what is kept may be answered until its time
 * is over.
 *
 * Put it behind what has to see every request (logs, limits), and before or
 * behind yoke_compress, as you like: behind it answers are kept as they are, and
 * compressed each time; before it compressed ones are kept. Fields that were set
 * before it, such as a request's id, are not kept. */
#ifndef YOKE_MIDDLEWARE_HTTP_CACHE_H
#define YOKE_MIDDLEWARE_HTTP_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yoke/app.h>
#include <yoke/cache.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* Options. Zero is every field's default. */
struct yoke_http_cache_options {
    int reserved_;     /* Leave it. */
    yoke_cache *cache; /* Where answers are; has to outlive the application.
                          Without one every request passes. */
    /* What an answer is kept under, the same for GET and for what changes it;
     * NULL: this request passes. Without a function it is protocol, host and
     * URL. */
    const char *(*key)(yoke_req *req, void *data);
    /* The tags of what a request is answered with (yoke_cache_invalidate), NULL
     * behind the last; may return NULL. */
    const char *const *(*tags)(yoke_req *req, void *data);
    void *data;             /* Of both. */
    size_t max_body_len;    /* 256 KiB */
    uint32_t max_variants;  /* 16; at most 64 */
    uint32_t default_ttl_s; /* For answers that do not say it, of a status that
                               may be kept without that (RFC 9110 section
                               15.1); 0: not kept. */
    uint32_t max_ttl_s;     /* Nothing is good for longer; 86,400. */
    bool ignores_requests;  /* What clients say of caches is not heard: none can
                               make the handlers work. */
    bool no_status;         /* No `Cache-Status`. */
    const char *status_name; /* Its name in there; "yoke". Copied. */
};

#define yoke_http_cache(...)                                                   \
    yoke_http_cache_with(YOKE_OPTIONS_(yoke_http_cache_options, __VA_ARGS__))
struct yoke_handler
yoke_http_cache_with(const struct yoke_http_cache_options *options);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
