/* The request, as a handler sees it. (Express: req.)
 *
 * Here is what every handler needs. This header brings in the rest:
 * yoke/client.h, who the client is; yoke/negotiate.h, what it wants;
 * yoke/cookie.h; yoke/form.h, fields of a form; yoke/value.h, numbers and
 * choices out of params, query and JSON.
 *
 * Every string and pointer that these functions return is borrowed and lives
 * until the answer has been ended; strings are terminated by NUL. Nothing here
 * may be called after that. */
#ifndef YOKE_REQ_H
#define YOKE_REQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yoke/app.h>
#include <yoke/client.h>
#include <yoke/cookie.h>
#include <yoke/form.h>
#include <yoke/negotiate.h>
#include <yoke/value.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* ---- The request line ---- */

/* The method, "GET", "POST" ..., as the client wrote it; methods know upper and
 * lower case (RFC 9110 section 9.1). (Express: req.method.) */
const char *yoke_req_method(const yoke_req *req);

/* Makes it another method: routes further down are looked for by that one, and
 * `yoke_req_method` is it (method override). The answer is framed as for the
 * one that the client sent. Returns 0, or -EINVAL when it is no method's name.
 * (Express: req.method = ...) */
int yoke_req_set_method(yoke_req *req, const char *method);

/* The target without the path at which the running router is mounted: "/7?x=1".
 * (Express: req.url.) */
const char *yoke_req_url(const yoke_req *req);

/* The target as the client sent it, "/users/7?x=1"; of an absolute target the
 * part from the path on. "*" for `OPTIONS *`. (Express: req.originalUrl.) */
const char *yoke_req_original_url(const yoke_req *req);

/* Replaces `yoke_req_url`, and with it the query: layers further down are looked
 * for by the new one. What stands before it, `yoke_req_base_url`, stays, and
 * `yoke_req_original_url` always does. `url` starts with "/" and may have a
 * query; it is copied. Returns 0, -EINVAL when it does not start with "/", or
 * -ENOMEM. (Express: req.url = ...) */
int yoke_req_set_url(yoke_req *req, const char *url);

/* The path of `yoke_req_url`, still percent-encoded: "/7". (Express: req.path.)
 */
const char *yoke_req_path(const yoke_req *req);

/* The same, percent-decoded, for the names of files: "/über uns". NULL for a
 * wrong escape, for "%00", and for an encoded slash, which separates nothing,
 * so that it would have to be a part of a name. */
const char *yoke_req_decoded_path(const yoke_req *req);

/* The path at which the running router is mounted, as the client wrote it:
 * "/users"; "" at the top. (Express: req.baseUrl.) */
const char *yoke_req_base_url(const yoke_req *req);

/* The path of the last route that has matched, as it was registered:
 * "/users/:id"; NULL when none has yet. The second with the paths of the
 * routers around it, "/api/users/:id": what metrics and logs want, also in a
 * callback of `yoke_res_on_finish`. (Express: req.route.path.) */
const char *yoke_req_route_path(const yoke_req *req);
const char *yoke_req_route_full_path(const yoke_req *req);

/* The version that the client speaks, "1.1" or "1.0". (Node: req.httpVersion.)
 */
const char *yoke_req_http_version(const yoke_req *req);

/* ---- Header fields ---- */

/* The value of a field by its name, without regard to case; of several fields
 * with that name the first. NULL when there is none. An absolute target's
 * authority replaces `Host` (RFC 9112 section 3.2.2). (Express: req.get.) */
const char *yoke_req_get(const yoke_req *req, const char *name);

/* The number of fields, and the n-th (from 0) as the client sent it. Returns
 * false, and leaves the two alone, when there is no n-th. (Node:
 * req.rawHeaders.) */
size_t yoke_req_header_count(const yoke_req *req);
bool yoke_req_header_at(const yoke_req *req, size_t n, const char **ret_name,
                        const char **ret_value);

/* A field of the trailer section that followed a chunked body, or NULL. They
 * are kept apart from the header fields (RFC 9110 section 6.5.1), and there
 * are none before the whole body has been read. */
const char *yoke_req_trailer(const yoke_req *req, const char *name);

/* ---- Params and query ---- */

/* The value that `:name` or `*name` matched, percent-decoded; of a wildcard
 * with the slashes between its segments. NULL when the layer that runs has no
 * such param, or the part of the path that has it is missing. A router with
 * `.merge_params` sees the params of the routers around it, too. It never holds
 * a NUL byte: a request with "%00" there has been answered 400, as for a wrong
 * escape. (Express: req.params.) */
const char *yoke_req_param(const yoke_req *req, const char *name);

/* The segments that `*name` matched, each decoded, so that an encoded slash can
 * be told from one that separates: an array with NULL behind its end. Of
 * `:name` it is the one value. NULL and 0 when there is no such param.
 * `ret_count` may be NULL. */
const char *const *yoke_req_param_parts(const yoke_req *req, const char *name,
                                        size_t *ret_count);

/* The number of params, and the n-th; as for header fields. Those of the layer
 * come first, in the order of its path. */
size_t yoke_req_param_count(const yoke_req *req);
bool yoke_req_param_at(const yoke_req *req, size_t n, const char **ret_name,
                       const char **ret_value);

/* What a handler of `yoke_app_param` has attached to the param's value, or
 * NULL. */
void *yoke_req_param_data(const yoke_req *req, const char *name);

/* The value of a query parameter, decoded (`+` is a space; a wrong escape
 * stays as it is); of several the first. "" for `?q` and `?q=`; NULL when
 * there is none. Parsed once, at the first call; parameters after the
 * 1,000th are ignored. (Express: req.query.) */
const char *yoke_req_query(yoke_req *req, const char *name);

/* The number of query parameters, and the n-th; as for header fields. */
size_t yoke_req_query_count(yoke_req *req);
bool yoke_req_query_at(yoke_req *req, size_t n, const char **ret_name,
                       const char **ret_value);

/* ---- The client (its address: yoke/client.h) ---- */

/* True when the connection is lost, so that an answer will reach nobody. A
 * client that has only closed its sending side may still read one; that too is
 * told by `yoke_req_on_close`. */
bool yoke_req_is_aborted(const yoke_req *req);

/* Calls `fn` once if the client closes its side, or the connection is lost,
 * before the answer has been ended. One at a time: a later call replaces it,
 * NULL removes it. (Node: the event 'close'.) */
void yoke_req_on_close(yoke_req *req, void (*fn)(yoke_req *req, void *data),
                       void *data);

/* ---- The body ---- */

/* The body that `yoke_body` collected, and its length; a NUL byte follows it.
 * "" and 0 when the request had none; NULL and 0 when nothing collected it.
 * `ret_len` may be NULL. (Express: req.body, with express.raw.) */
const char *yoke_req_body(const yoke_req *req, size_t *ret_len);

/* Makes `len` bytes, with a NUL behind them, what yoke_req_body gives; for
 * middleware that collects or changes the body in a way of its own. They must
 * live as long as the request: `yoke_req_try_alloc`. */
void yoke_req_set_body(yoke_req *req, const char *ptr, size_t len);

/* The body in pieces, as they arrive, instead of `yoke_body`. `on_data` gets
 * each piece, borrowed for the call; `on_end` follows the last, with 0, or
 * with a negative code when the body did not arrive whole: -YOKE_ECLOSED, the
 * client has gone; -EPROTO, it was malformed, or -ETIMEDOUT, it came too
 * slowly, and yoke has answered. Then nothing more is called, and an answer
 * reaches nobody; the request is over when `on_end` returns, unless that calls
 * `yoke_hold` because something else is under way, and answers later.
 *
 * Implies `yoke_hold`. The client is told to go on (`100 Continue`) if it waits
 * for that.
 *
 * Returns 0, or -EALREADY when the body is already being read or was. (Node: the
 * events 'data' and 'end'.) */
int yoke_req_on_data(yoke_req *req,
                     void (*on_data)(yoke_req *req, const char *ptr, size_t len,
                                     void *data),
                     void (*on_end)(yoke_req *req, int err, void *data),
                     void *data);

/* Holds the pieces back, so that the client is slowed down to the pace of
 * whoever uses them; and lets them come again. (Node: req.pause, req.resume.) */
void yoke_req_pause(yoke_req *req);
void yoke_req_resume(yoke_req *req);

/* ---- Time ---- */

/* The second that it is, since 1970, as in the answer's `Date`. */
int64_t yoke_req_time_s(const yoke_req *req);

/* Milliseconds by the server's clock, which never goes back; its start means
 * nothing. In tests `yoke_test_clock` moves it. */
uint64_t yoke_req_now_ms(const yoke_req *req);

/* Calls `fn` once, in `ms` milliseconds (up to half a second later), unless the
 * answer has been ended or the connection been lost before. It needs no handle
 * of the loop. */
void yoke_req_after(yoke_req *req, uint64_t ms,
                    void (*fn)(yoke_req *req, void *data), void *data);

/* Takes the request away from the handler that holds it: passes an error on in
 * its name, as yoke_next_err does, for which an error handler or yoke itself
 * answers. The handler may come back later and answer or pass on, which reaches
 * nobody and does no harm; as with yoke_hold the request is released then. For
 * limits of one's own, from a callback such as that of yoke_req_after. The
 * connection closes behind the answer.
 *
 * Returns 0, -YOKE_EANSWERED when the head of an answer has gone, or -EBUSY
 * when no handler holds the request. */
int yoke_req_give_up(yoke_req *req, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- Its name in the log ---- */

/* Gives the request a name that its log lines and error answers carry, e.g. the
 * value of `X-Request-Id`; copied. Returns 0, or -EINVAL when it is empty,
 * longer than 200 bytes, or has anything but visible ASCII. */
int yoke_req_set_id(yoke_req *req, const char *id);

/* That name, or NULL. */
const char *yoke_req_id(const yoke_req *req);

/* ---- Memory of the request ---- */

/* `len` bytes, not cleared, that live as long as the request; from an arena,
 * so this is cheap. Never NULL: it ends the process when the system has no
 * memory, so do not let a peer choose `len`. */
void *yoke_req_alloc(yoke_req *req, size_t len);

/* A copy of a text there, and a text by printf's format. Never NULL, as above.
 */
char *yoke_req_strdup(yoke_req *req, const char *text);
char *yoke_req_printf(yoke_req *req, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* As yoke_req_alloc, for a length that a peer chooses: NULL when there is no
 * memory. */
void *yoke_req_try_alloc(yoke_req *req, size_t len);

/* ---- Values that middleware leaves to the handlers below it ---- */

/* Attaches a value under a key, which is an address, so that no two can be the
 * same by accident:
 *
 *     static const char user_key;
 *     yoke_req_attach(req, &user_key, user, user_unref);
 *
 * `free_value`, which may be NULL, is called with it when the answer has been
 * ended, after the callbacks of `yoke_res_on_finish`, or when another value
 * replaces it. A NULL value removes what is there. (Express: req.user = ...) */
void yoke_req_attach(yoke_req *req, const void *key, void *value,
                     void (*free_value)(void *value));

/* That value, or NULL. */
void *yoke_req_attached(const yoke_req *req, const void *key);

/* The application that is running. Borrowed. (Express: req.app.) */
yoke_app *yoke_req_app(const yoke_req *req);

/* One pointer of the handlers' own, which travels down the stack with the
 * request; NULL until it is set. It stays theirs: nobody frees it. (Express:
 * res.locals.) */
void yoke_req_set_data(yoke_req *req, void *data);
void *yoke_req_get_data(const yoke_req *req);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
