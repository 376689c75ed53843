/* The answer. (Express: res.)
 *
 * Here are status, headers, and bodies that are sent whole or in pieces. This
 * header brings in the rest: yoke/field.h, header fields with a meaning;
 * yoke/cookie.h; yoke/file.h, files; yoke/sse.h, events; yoke/etag.h;
 * yoke/filter.h, for those who change what others answer.
 *
 * An answer is either sent whole (`yoke_res_text`, `_html`, `_json`, `_send`,
 * `_redirect`, `_end`) or in pieces (`yoke_res_write` ..., then
 * `yoke_res_end`). Status and headers are set before. A second answer is
 * refused: the call returns -YOKE_EANSWERED, is logged, and the first answer
 * stands.
 *
 * Functions that return int give 0, or a negative code. Ignoring it is safe:
 * an illegal header, for one, turns the whole answer into a 500, and the log
 * says why; so does NULL for a text, -EINVAL. What answers returns, beside its
 * own codes: -YOKE_EANSWERED for a second answer; -YOKE_ELENGTH when the body
 * has another length than a `Content-Length` promised; or the code of the call
 * before that has turned it into a 500. `Date`, `Transfer-Encoding` and
 * `Connection` are yoke's business: setting one is refused (but see
 * yoke_res_date). `Content-Length` is known by itself, unless it is set
 * for an answer in pieces. */
#ifndef YOKE_RES_H
#define YOKE_RES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <yoke/app.h>
#include <yoke/cookie.h>
#include <yoke/etag.h>
#include <yoke/field.h>
#include <yoke/file.h>
#include <yoke/filter.h>
#include <yoke/sse.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

struct json_t; /* jansson's */

/* ---- Status and headers ---- */

/* Sets the status; 200 until then. Out of 200-999: -YOKE_ESTATUS, and the
 * answer becomes a 500. -YOKE_EANSWERED when the head has been sent. (Express:
 * res.status.) */
int yoke_res_status(yoke_res *res, int status);

/* The status as set so far. (Node: res.statusCode.) */
int yoke_res_get_status(const yoke_res *res);

/* Sets a header field, replacing all of that name; the value is copied.
 * -YOKE_EHEADER when the name is not a token, or the value has a control
 * character (CR and LF among them: response splitting), or the field is
 * yoke's; -YOKE_ETOOLARGE for more than 256 fields; the answer becomes a 500.
 * -YOKE_EANSWERED when the head has been sent. A `Content-Length` set here is a promise: fewer or more bytes than
 * promised cut the connection. (Express: res.set.) */
int yoke_res_set(yoke_res *res, const char *name, const char *value);
int yoke_res_setf(yoke_res *res, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds a field beside those of the same name. Returns as yoke_res_set.
 * (Express: res.append.) */
int yoke_res_append(yoke_res *res, const char *name, const char *value);

/* What `Date` says, in seconds since 1970, for an answer that was made before,
 * as a cache's is; without it, the second in which the head goes (RFC 9110
 * section 6.6.1). -YOKE_EANSWERED when the head has been sent. An error that
 * takes the answer's place has a Date of its own. */
int yoke_res_date(yoke_res *res, int64_t second);

/* Removes every field of that name. -YOKE_EANSWERED when the head has been sent.
 * (Node: res.removeHeader.) */
int yoke_res_remove(yoke_res *res, const char *name);

/* The value of the first field of that name as set so far, or NULL. Borrowed
 * until it is set again. (Express: res.get.) */
const char *yoke_res_get(const yoke_res *res, const char *name);

/* The number of fields set so far, and the n-th, from 0; borrowed until one is
 * set or removed. Returns false, and leaves the two alone, when there is no n-th.
 * `Content-Length` and what yoke sets itself are not among them. (Node:
 * res.getHeaders.) */
size_t yoke_res_header_count(const yoke_res *res);
bool yoke_res_header_at(const yoke_res *res, size_t n, const char **ret_name,
                        const char **ret_value);

/* ---- A whole answer ---- */

/* Text, as `text/plain; charset=utf-8`, or as HTML, unless Content-Type is
 * set. `text` is copied. (Express: res.send(string).) */
int yoke_res_text(yoke_res *res, const char *text);
int yoke_res_html(yoke_res *res, const char *html);

/* Text by printf's format. What a client has sent is an argument, never the
 * format. */
int yoke_res_textf(yoke_res *res, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Bytes, as `application/octet-stream` unless Content-Type is set. They are
 * copied if they cannot be sent at once. (Express: res.send(buffer).) */
int yoke_res_send(yoke_res *res, const void *ptr, size_t len);

/* A JSON value as `application/json; charset=utf-8`. Takes the reference over:
 * `yoke_res_json(res, json_pack("{s:i}", "id", 7))`. A NULL value (json_pack
 * failed), or one that contains itself, gives a 500 and -EINVAL; no memory for
 * its text a 500 and -ENOMEM. Compact, unless the application has set
 * "json spaces"; with "json escape" the text is fit to stand in a page.
 * (Express: res.json.) */
int yoke_res_json(yoke_res *res, struct json_t *value);

/* The same, as a call of the function that the query parameter "callback" (the
 * setting "jsonp callback name") names, in `text/javascript`; without one as
 * JSON. Only for pages that know no CORS. (Express: res.jsonp.) */
int yoke_res_jsonp(yoke_res *res, struct json_t *value);

/* The status, and its reason phrase as the text. (Express: res.sendStatus.) */
int yoke_res_send_status(yoke_res *res, int status);

/* Sends the client elsewhere: `Location: url`, and one line of text or HTML,
 * as it likes better. `status` 0 is 302. The URL is sent as given, except that
 * bytes which are illegal in one are percent-encoded. Do not send users to
 * addresses that came from outside. -YOKE_ESTATUS unless 300 to 399,
 * -YOKE_EHEADER for a control character in the URL (CR and LF among them),
 * -EINVAL for NULL: each a 500. (Express: res.redirect.) */
int yoke_res_redirect(yoke_res *res, int status, const char *url);

/* Sends the client back, by 302, to the page it came from, if that is one of
 * this very site: `Referer` has its protocol and host. Else to `fallback`.
 * Returns as yoke_res_redirect. (Express has dropped res.redirect('back'), which
 * followed any Referer.) */
int yoke_res_redirect_back(yoke_res *res, const char *fallback);

/* Answers with what the client likes best of some representations, each a type
 * (or extension) and the handler that makes it:
 *
 *     yoke_res_format(res, {"json", as_json}, {"html", as_html},
 *                     {"default", as_text});
 *
 * Sets Content-Type, with charset, and `Vary: Accept`, and calls that handler,
 * as if it were this one. "default", if there is one, is called without a type
 * when nothing is acceptable; without it that is 406, an error that names what
 * there is. (Express: res.format.) */
struct yoke_form {
    const char *type;
    yoke_fn *fn;
};
#define yoke_res_format(res, ...)                                              \
    yoke_res_format_of((res), (const struct yoke_form[]){__VA_ARGS__},         \
                       sizeof((const struct yoke_form[]){__VA_ARGS__}) /       \
                           sizeof(struct yoke_form))
void yoke_res_format_of(yoke_res *res, const struct yoke_form *forms, size_t n);

/* Ends the answer: without a body if nothing was written, else after the last
 * piece. `req` and `res` must not be used afterwards. (Node: res.end.) */
int yoke_res_end(yoke_res *res);

/* ---- An answer in pieces ---- */

/* Sends the head if it has not gone yet, and a piece of the body; copied if it
 * cannot be sent at once. Without a Content-Length the body is chunked (for an
 * HTTP/1.0 client: ended by closing). Implies `yoke_hold` until `yoke_res_end`.
 *
 * Returns the bytes that wait to be sent on this connection: when that is over
 * the listener's `high_water`, wait for `on_drain` before the next. Or a
 * negative code: -YOKE_EANSWERED after the end, -YOKE_ECLOSED when the client
 * has gone, -YOKE_ELENGTH for more than was promised, -YOKE_EFULL when more
 * than 16 MiB wait already, -ENOMEM, or that of a header before it which has
 * turned the answer into a 500. (Node: res.write.) */
ssize_t yoke_res_write(yoke_res *res, const void *ptr, size_t len);

/* Calls `fn` each time the bytes that wait have fallen below `high_water` after
 * having been above. Also when they never will, for a client that had closed its
 * side, as yoke_req_on_close has told, is lost: yoke_res_write then returns
 * -YOKE_ECLOSED, and the answer is to be ended. One at a time: a later call
 * replaces it, NULL removes it. (Node: the event 'drain'.) */
void yoke_res_on_drain(yoke_res *res, void (*fn)(yoke_res *res, void *data),
                       void *data);

/* Calls `fn` once when this answer has been ended or can no longer be: the
 * moment for a log line or to release what the answer needed. Nothing can be
 * added to the answer in it; `req` and `res` can still be read. Up to 8; they
 * are called last first. Returns 0, -YOKE_EFULL for the ninth, or
 * -YOKE_EANSWERED when the answer has been ended. (Node: 'finish', 'close'.)
 */
int yoke_res_on_finish(yoke_res *res, void (*fn)(yoke_res *res, void *data),
                       void *data);

/* True once the head has been sent: status and headers are fixed. (Express:
 * res.headersSent.) */
bool yoke_res_is_sent(const yoke_res *res);

/* Bytes of body sent so far, for access logs. */
size_t yoke_res_body_len(const yoke_res *res);

/* The request that this answers. (Express: res.req.) */
yoke_req *yoke_res_req(const yoke_res *res);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
