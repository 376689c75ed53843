/* What the client wants, and what it has sent: content negotiation, the type
 * of the body, ranges, and whether its copy is still good. (Express:
 * req.accepts, req.is, req.range, req.fresh.)
 *
 *     if (yoke_req_accepts(req, "html", "json") ...
 *
 * Types may be written as media types ("text/html"), or as file extensions
 * ("html", ".html"). An answer that depends on one of these fields should say
 * so: `yoke_res_vary(res, "Accept")`. What is returned is what was asked for,
 * the very pointer, or borrowed until the answer has been ended. */
#ifndef YOKE_NEGOTIATE_H
#define YOKE_NEGOTIATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yoke/app.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* ---- The client's preferences (RFC 9110 section 12.5) ----
 *
 * Each returns the best of what is offered, or NULL when the client takes none
 * of it. A client that does not send the field takes anything: the first. (Of
 * codings, "identity" only.) Of offers that it likes equally, the one that it
 * names more exactly, then the one it names first, then the first here. */

/* By `Accept`: `yoke_req_accepts(req, "json", "text/html")`. An extension that
 * is not known is never acceptable. */
#define yoke_req_accepts(req, ...)                                             \
    yoke_req_accepts_of((req), YOKE_TEXTS(__VA_ARGS__))

/* By `Accept-Encoding`: "gzip", "br", "identity". */
#define yoke_req_accepts_encodings(req, ...)                                   \
    yoke_req_accepts_encodings_of((req), YOKE_TEXTS(__VA_ARGS__))

/* By `Accept-Charset`. */
#define yoke_req_accepts_charsets(req, ...)                                    \
    yoke_req_accepts_charsets_of((req), YOKE_TEXTS(__VA_ARGS__))

/* By `Accept-Language`: "en", "de-AT". An "en" in the field takes the offer
 * "en-GB", and an "en-GB" in the field takes "en". */
#define yoke_req_accepts_languages(req, ...)                                   \
    yoke_req_accepts_languages_of((req), YOKE_TEXTS(__VA_ARGS__))

/* The same with a list that NULL ends. */
const char *yoke_req_accepts_of(const yoke_req *req, const char *const *offers);
const char *yoke_req_accepts_encodings_of(const yoke_req *req,
                                          const char *const *offers);
const char *yoke_req_accepts_charsets_of(const yoke_req *req,
                                         const char *const *offers);
const char *yoke_req_accepts_languages_of(const yoke_req *req,
                                          const char *const *offers);

/* What the client names, best first, without weights: up to `max` of them to
 * `out`; returns how many. Nothing is sent: "*" and the like. (Express:
 * req.accepts() and its kin without arguments.) */
size_t yoke_req_accepted(const yoke_req *req, const char **out, size_t max);
size_t yoke_req_accepted_encodings(const yoke_req *req, const char **out,
                                   size_t max);
size_t yoke_req_accepted_charsets(const yoke_req *req, const char **out,
                                  size_t max);
size_t yoke_req_accepted_languages(const yoke_req *req, const char **out,
                                   size_t max);

/* ---- The body's type ---- */

/* Which of the types the body has, by `Content-Type`; NULL when none, or when
 * the request has no body. Beside types and extensions: a range such as "text/"
 * with a star, "+json" for every type that ends so, "multipart" for every multipart type,
 * "urlencoded" for forms. For a type with "*" or "+" the type that the client
 * has sent is returned, without parameters. (Express: req.is.) */
#define yoke_req_is(req, ...) yoke_req_is_of((req), YOKE_TEXTS(__VA_ARGS__))
const char *yoke_req_is_of(const yoke_req *req, const char *const *types);

/* ---- Ranges (RFC 9110 section 14) ---- */

struct yoke_range {
    uint64_t start, end; /* Both included. */
};

/* More than this in a request is no range request (CVE-2011-3192). */
#define YOKE_RANGES_MAX 32

struct yoke_ranges {
    char unit[16]; /* "bytes" */
    size_t count;
    struct yoke_range items[YOKE_RANGES_MAX];
};

/* What `Range` asks for of a thing of `size` bytes (or of what its unit is),
 * cut to that size. Returns how many ranges there are; 0 without the field;
 * -ERANGE when none lies within (416); -EINVAL when it is malformed, asks for
 * too many, or for one whose end is before its start (RFC 9110 section 14.1.1):
 * that is to be ignored, and so is a unit that you do not have. (Express:
 * req.range; undefined, -1, -2.) */
int yoke_req_range(const yoke_req *req, uint64_t size,
                   struct yoke_ranges *ret_ranges);

/* Makes one of ranges that overlap or touch; the order stays. (Express: the
 * option combine.) */
void yoke_ranges_combine(struct yoke_ranges *ranges);

/* ---- Validators (RFC 9110 section 13) ---- */

/* True when the client's copy is as good as the answer that is being made: its
 * `If-None-Match` or, without one, `If-Modified-Since` fits the answer's `ETag`
 * or `Last-Modified`, which are set before. Only for GET, HEAD and QUERY and an
 * answer of 2xx or 304; never after `Cache-Control: no-cache`. Answers that
 * are sent whole become a 304 by themselves. (Express: req.fresh, req.stale.)
 */
bool yoke_req_is_fresh(const yoke_req *req);

/* From here on no copy of the client's is good: it gets the whole answer, not a
 * 304. For whoever keeps the answer on its way out (yoke_http_cache). */
void yoke_req_want_whole(yoke_req *req);

/* Whether a handler that changes something may do so: false when `If-Match`,
 * without it `If-Unmodified-Since`, or, for methods other than GET, HEAD and
 * QUERY, `If-None-Match` says that the client means another version of it. Set
 * `ETag` or `Last-Modified` of what is there before, and ask only when there is
 * something. Answer 412 then:
 *
 *     yoke_res_set(res, "ETag", page_etag(page));
 *     if (!yoke_req_may_go_on(req)) {
 *         yoke_next_err(req, 412, "page %d has changed", id);
 *         return;
 *     }
 *
 * Files are asked for so by themselves. */
bool yoke_req_may_go_on(const yoke_req *req);

/* ---- How the macros above take lists ---- */

#define YOKE_TEXTS(...) (YOKE_TEXTS_(__VA_ARGS__, NULL))

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
