/* The test client: drives an application without a port, or with one.
 *
 * The request is written as bytes, goes through the same parser, and the answer
 * through the same serializer and a strict reader, as over a socket; only the
 * socket is missing. So tests need no free port and no waiting, and run under
 * any sanitizer. (supertest, light-my-request.)
 *
 *     yoke_test *t = yoke_test_new(make_app());
 *     yoke_expect_text(yoke_test_get(t, "/get"), 200, "something");
 *
 *     yoke_tr *r = yoke_test_post(t, "/users");
 *     yoke_tr_jsonf(r, "{\"name\":\"%s\"}", "ada");
 *     yoke_expect_status(r, 201);
 *     yoke_expect_header(r, "Location", "/users/7");
 *     yoke_expect_json_path(r, "$.user.name", "ada");
 *     yoke_test_free(t);
 *
 * There are three kinds of calls: `yoke_test_` is about the client and begins a
 * request, `yoke_tr_` builds a request and reads its answer, `yoke_expect_`
 * fails the test when something does not hold.
 *
 * A request is sent by the first expectation, or the first call that reads its
 * answer. A handler that answers later (`yoke_hold`) is waited for: the loop
 * runs until the answer has come or, after 10 s, the request counts as
 * unanswered.
 *
 * An expectation that does not hold prints file and line, what was expected,
 * what came, and the whole exchange; then the test fails: inside cmocka by its
 * `_fail`, which is found by itself, elsewhere by abort(). See
 * `yoke_test_on_fail`.
 *
 *     test_users.c:12: expected 201 "Created", got 404 "Not Found"
 *         > POST /users HTTP/1.1
 *         ...
 *
 * What is sent by itself: `Host: test` (or the authority of an absolute path),
 * `Content-Length` or `Transfer-Encoding`, the `Content-Type` of a JSON, form
 * or multipart body, an agent's cookies. What a test sets is sent instead, and
 * sent as it is: so wrong requests can be built as well. A request belongs to
 * its client and lives as long; what its calls return, until it is used
 * again. */
#ifndef YOKE_TEST_H
#define YOKE_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <yoke/app.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

struct json_t; /* jansson's */

typedef struct yoke_test yoke_test; /* A client of one application. */
typedef struct yoke_tr yoke_tr;     /* One exchange: request and answer. */

/* ---- The client ---- */

/* A client for `app`, which it takes over; no port is opened. An application
 * with a registration error fails at once, with that error. */
#define yoke_test_new(app) yoke_test_new_at((app), NULL, __FILE__, __LINE__)

/* The same with limits and timeouts of its own. */
#define yoke_test_new_with(app, limits)                                        \
    yoke_test_new_at((app), (limits), __FILE__, __LINE__)

/* The same on a real port of the loopback interface, which the system chooses,
 * or on a UNIX socket in a temporary directory. Every other call means the
 * same, the clock included; but bytes take their time, so a request that is
 * never answered costs a quarter of a second, and reads may be joined on the
 * way. Use it for what only a socket does. */
#define yoke_test_live(app)                                                    \
    yoke_test_live_at((app), NULL, false, __FILE__, __LINE__)
#define yoke_test_live_with(app, limits)                                       \
    yoke_test_live_at((app), (limits), false, __FILE__, __LINE__)
#define yoke_test_live_unix(app)                                               \
    yoke_test_live_at((app), NULL, true, __FILE__, __LINE__)

/* What these call; the place is told when the client fails. */
yoke_test *yoke_test_new_at(yoke_app *app, const struct yoke_limits *limits,
                            const char *file, int line);
yoke_test *yoke_test_live_at(yoke_app *app, const struct yoke_limits *limits,
                             bool is_unix, const char *file, int line);

/* Where a live client's server listens; NULL for one without a port. */
const struct yoke_address *yoke_test_address(const yoke_test *t);

/* Frees the client, its agents, its exchanges and the application. It is an
 * expectation too, and fails, at the place where the client was made, when
 *   - a request is left that was never answered, after waiting for it as above:
 *     it is named, with file and line of its route;
 *   - memory of the server is still in use;
 *   - a request was made but never sent, for then the test looks at nothing;
 *   - a handle that a handler has opened in the loop is neither closed nor
 *     unreferenced (uv_unref): it is named, with the request.
 * NULL is allowed. */
void yoke_test_free(yoke_test *t);

/* Called with file and line of each expectation that fails; it must not return
 * (longjmp), or the client goes on as if nothing had been. NULL, as at the
 * start: cmocka's `_fail` in a program that is linked with cmocka, abort() in
 * others. For the whole process. */
void yoke_test_on_fail(void (*fn)(const char *file, int line));

/* Lets `ms` milliseconds pass: for the server's timeouts (yoke/listen.h), its
 * `Date`, the end of cookies, and for timers that handlers have set in the
 * loop. It costs no real time but about a millisecond for each timer that is
 * called. The server's clock stands still otherwise, at Sun, 06 Nov 1994
 * 08:49:37 GMT; for timers of the loop real time counts as well. */
void yoke_test_clock(yoke_test *t, uint64_t ms);

/* The server drains, as at SIGTERM: it finishes what has begun with
 * `Connection: close`, and closes what is idle after a moment of the clock. */
void yoke_test_drain(yoke_test *t);

/* A field that is sent with every request of this client; replaces one of that
 * name. A request's own goes before it. And no longer. */
void yoke_test_set(yoke_test *t, const char *name, const char *value);
void yoke_test_unset(yoke_test *t, const char *name);

/* Its requests are https for cookies, and carry `X-Forwarded-Proto: https`, as
 * behind a proxy that ends TLS. */
void yoke_test_https(yoke_test *t);

/* ---- Agents: clients that keep cookies ---- */

/* Another client of the same server, with cookies of its own, which it keeps
 * and sends as a browser does (RFC 6265: domain, path, end, Secure). Two agents
 * are two users. It inherits the fields that `t` has now, is used like `t`, and
 * is freed with it. (supertest: request.agent.) */
yoke_test *yoke_test_agent(yoke_test *t);

/* The value of a cookie that would be sent to that URL, "/path" or
 * "https://host/path"; NULL when none would. */
const char *yoke_test_cookie(yoke_test *t, const char *url, const char *name);

/* Puts a cookie into the jar, as if that URL had set it: "a=1; Path=/". */
void yoke_test_set_cookie(yoke_test *t, const char *url,
                          const char *set_cookie);

/* Empties the jar. */
void yoke_test_clear_cookies(yoke_test *t);

/* ---- Beginning a request ---- */

/* A request by that method, to be built and then sent; never NULL. `path` is sent
 * as it is: "/a?b=c", "http://h/a", "*". */
yoke_tr *yoke_test_get(yoke_test *t, const char *path);
yoke_tr *yoke_test_head(yoke_test *t, const char *path);
yoke_tr *yoke_test_post(yoke_test *t, const char *path);
yoke_tr *yoke_test_put(yoke_test *t, const char *path);
yoke_tr *yoke_test_patch(yoke_test *t, const char *path);
yoke_tr *yoke_test_delete(yoke_test *t, const char *path);
yoke_tr *yoke_test_options(yoke_test *t, const char *path);
yoke_tr *yoke_test_query(yoke_test *t, const char *path);
yoke_tr *yoke_test_request(yoke_test *t, const char *method, const char *path);

/* Bytes sent as they are, e.g. to see what becomes of a malformed request, or
 * of several in a row (`yoke_tr_next`). */
yoke_tr *yoke_test_raw(yoke_test *t, const void *ptr, size_t len);
yoke_tr *yoke_test_raw_text(yoke_test *t, const char *text);

/* ---- Building it: before it is sent ---- */

/* Header fields, sent as given. `set` replaces every field of that name,
 * `append` adds one beside them, `unset` also keeps away what is sent by
 * itself: `yoke_tr_unset(r, "Host")`. */
void yoke_tr_set(yoke_tr *r, const char *name, const char *value);
void yoke_tr_setf(yoke_tr *r, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void yoke_tr_append(yoke_tr *r, const char *name, const char *value);
void yoke_tr_unset(yoke_tr *r, const char *name);

/* `Host`, and `Content-Type`. */
void yoke_tr_host(yoke_tr *r, const char *authority);
void yoke_tr_type(yoke_tr *r, const char *type);

/* `Authorization`: Basic (RFC 7617), Bearer (RFC 6750). */
void yoke_tr_basic(yoke_tr *r, const char *user, const char *password);
void yoke_tr_bearer(yoke_tr *r, const char *token);

/* One more cookie; the value is percent-encoded. */
void yoke_tr_cookie(yoke_tr *r, const char *name, const char *value);

/* One more query parameter, behind those of the path; both percent-encoded.
 * NULL: the name alone. */
void yoke_tr_query(yoke_tr *r, const char *name, const char *value);

/* The body: text, or bytes; copied. */
void yoke_tr_body(yoke_tr *r, const char *text);
void yoke_tr_body_bytes(yoke_tr *r, const void *ptr, size_t len);

/* A JSON body, with its type: a value, whose reference it takes over,
 * `yoke_tr_json(r, json_pack("{s:i}", "id", 7))`; or text by printf, which is
 * not checked. */
void yoke_tr_json(yoke_tr *r, struct json_t *value);
void yoke_tr_jsonf(yoke_tr *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* One more field of a form: urlencoded, as a page sends it. */
void yoke_tr_form(yoke_tr *r, const char *name, const char *value);

/* One more part of a multipart body: a field; a file of those bytes (`type`
 * NULL: application/octet-stream); a file of the file system. */
void yoke_tr_field(yoke_tr *r, const char *name, const char *value);
void yoke_tr_file(yoke_tr *r, const char *name, const char *filename,
                  const char *type, const void *ptr, size_t len);
void yoke_tr_attach(yoke_tr *r, const char *name, const char *path);

/* Sends the body in chunks of `chunk_len` bytes instead of with its length; and
 * a field behind the last chunk, which implies chunks. */
void yoke_tr_chunked(yoke_tr *r, size_t chunk_len);
void yoke_tr_set_trailer(yoke_tr *r, const char *name, const char *value);

/* Says HTTP/1.0. */
void yoke_tr_http10(yoke_tr *r);

/* The address that `yoke_req_ip` gives; "127.0.0.1" until then. A live client
 * can come from addresses that begin with 127. */
void yoke_tr_remote_addr(yoke_tr *r, const char *ip);

/* Follows up to `most` redirects; 0 until then. What is asked of the answer is
 * asked of the last one; the one after `most` is the answer. Methods change as
 * in browsers; other hosts get neither cookies of the request's own nor
 * `Authorization`. (supertest: redirects.) */
void yoke_tr_redirects(yoke_tr *r, int most);

/* ---- How it arrives, and how the answer is taken ---- */

/* Hands the request to the server in reads of `n` bytes; 0: in one. */
void yoke_tr_split(yoke_tr *r, size_t n);

/* In two reads, of which the first has `n` bytes. */
void yoke_tr_split_at(yoke_tr *r, size_t n);

/* In one read; and again, on a connection of its own each time, in single bytes
 * and in every way of cutting it in two. All answers have to be the same,
 * byte by byte, and are then looked at as one. The handlers run that often. */
void yoke_tr_split_everywhere(yoke_tr *r);

/* The request's length in bytes, framing included. */
size_t yoke_tr_request_len(yoke_tr *r);

/* Closes the client's side after `n` bytes of the request; or resets the
 * connection then; or after `n` bytes of the answer. */
void yoke_tr_abort_after(yoke_tr *r, size_t n);
void yoke_tr_reset_after(yoke_tr *r, size_t n);
void yoke_tr_reset_after_answer(yoke_tr *r, size_t n);

/* Takes the answer in pieces of `n` bytes, one in each turn of the loop, as a
 * slow client does; 0: takes nothing, until this is called again. `SIZE_MAX`
 * goes back to taking all. Also while the answer comes. */
void yoke_tr_read_slowly(yoke_tr *r, size_t n);

/* Takes `n` bytes more and then nothing. Sends the request. */
void yoke_tr_read_more(yoke_tr *r, size_t n);

/* Bytes of answer that the server holds because the client does not take them:
 * what a handler with back-pressure keeps small. For a live client those of
 * all its connections. Sends the request. */
size_t yoke_tr_backlog(yoke_tr *r);

/* ---- The connection. Each exchange has one of its own, which the client
 * leaves open; all but the first of these send the request. ---- */

/* Sends `r` on the connection of `before`, behind it: in the same read when
 * neither has been sent (pipelining), else when `r` is sent (keep-alive). */
void yoke_tr_after(yoke_tr *r, yoke_tr *before);

/* Sends the request and lets the server get as far as it can, but does not
 * wait for the answer. */
void yoke_tr_send(yoke_tr *r);

/* Sends more bytes as they are: the rest of a body, or another request, whose
 * answer is `yoke_tr_next(r)`. */
void yoke_tr_send_more(yoke_tr *r, const void *ptr, size_t len);

/* Closes the client's side: no more will be sent, answers are still read. */
void yoke_tr_close(yoke_tr *r);

/* Resets the connection: the client is gone. */
void yoke_tr_reset(yoke_tr *r);

/* ---- The answer; each of these sends the request if it has not been ---- */

/* The status; 0: no answer. The value of a field; NULL: none. The body, with a
 * NUL byte behind it, and its length. Whether the server has closed. */
int yoke_tr_status(yoke_tr *r);
const char *yoke_tr_header(yoke_tr *r, const char *name);
const char *yoke_tr_text(yoke_tr *r);
size_t yoke_tr_len(yoke_tr *r);
bool yoke_tr_is_closed(yoke_tr *r);

/* The n-th field of that name, from 0; a trailer; NULL: none. */
const char *yoke_tr_header_nth(yoke_tr *r, const char *name, size_t n);
const char *yoke_tr_trailer(yoke_tr *r, const char *name);

/* The body as JSON, a new reference; NULL when it is none. */
struct json_t *yoke_tr_parse_json(yoke_tr *r);

/* How many interim answers came before it, 100 Continue, 103 Early Hints; the
 * status and a field of the n-th, from 0; 0 and NULL when there is none. */
size_t yoke_tr_interim_count(yoke_tr *r);
int yoke_tr_interim_status(yoke_tr *r, size_t n);
const char *yoke_tr_interim_header(yoke_tr *r, size_t n, const char *name);

/* The number of redirects that were followed, and the path that was asked for
 * last. */
int yoke_tr_redirect_count(yoke_tr *r);
const char *yoke_tr_path(yoke_tr *r);

/* What is wrong with the answer in words, or NULL: it is malformed, was cut
 * off, or has not come. All expectations but those of this and of the
 * connection fail on such an answer; the functions above give what there is. */
const char *yoke_tr_error(yoke_tr *r);

/* Everything the server has sent on this connection, `100 Continue` and
 * framing included. */
const char *yoke_tr_raw(yoke_tr *r, size_t *ret_len);

/* The answer after this one, to the next request of the same bytes; its status
 * is 0 if there is none. */
yoke_tr *yoke_tr_next(yoke_tr *r);

/* ---- Streams ---- */

/* The answer is a stream: its end is not waited for. Expectations look at what
 * has come so far; `_body_has` and `_body_like` wait until it has. */
void yoke_tr_stream(yoke_tr *r);

/* Waits until that many bytes of the body have come, or no more can; returns
 * how many there are. Implies `yoke_tr_stream`. */
size_t yoke_tr_wait_len(yoke_tr *r, size_t len);

/* A server-sent event. The strings live until the next call. */
struct yoke_tr_event {
    const char *event; /* Its type; "message" when none was given. */
    const char *data;  /* Its lines, joined by LF. */
    const char *id;    /* The last id that was given; "" before that. */
    int retry_ms;      /* `retry:` since the last event, or -1. */
    size_t comments;   /* Comments since the last event: keep-alives. */
};

/* Waits for the next event; false when the stream has ended, or none comes.
 * Implies `yoke_tr_stream`. Timers that send events: `yoke_test_clock`. */
bool yoke_tr_sse_next(yoke_tr *r, struct yoke_tr_event *ret_event);

/* ---- Expectations: the answer ----
 *
 * They pass file and line; each evaluates its arguments once. */

/* The status; 0: no answer. */
#define yoke_expect_status(r, status)                                          \
    yoke_expect_status_at((r), (status), __FILE__, __LINE__)

/* One of several: `yoke_expect_status_in(r, 200, 404)`. */
#define yoke_expect_status_in(r, ...)                                          \
    yoke_expect_status_in_at((r), (const int[]){__VA_ARGS__},                  \
                             sizeof((const int[]){__VA_ARGS__}) / sizeof(int), \
                             __FILE__, __LINE__)

/* The field's value, exactly: of several with that name the first. */
#define yoke_expect_header(r, name, value)                                     \
    yoke_expect_header_at((r), (name), (value), __FILE__, __LINE__)

/* One of the fields with that name has that value. */
#define yoke_expect_header_also(r, name, value)                                \
    yoke_expect_header_also_at((r), (name), (value), __FILE__, __LINE__)

/* The field's value has `part` in it. */
#define yoke_expect_header_has(r, name, part)                                  \
    yoke_expect_header_has_at((r), (name), (part), __FILE__, __LINE__)

/* The field's value matches a POSIX extended regular expression, which has
 * [0-9] for \d: `yoke_expect_header_like(r, "ETag", "^W/\"[0-9a-f]+")`. */
#define yoke_expect_header_like(r, name, regex)                                \
    yoke_expect_header_like_at((r), (name), (regex), __FILE__, __LINE__)

/* There is no such field. */
#define yoke_expect_no_header(r, name)                                         \
    yoke_expect_no_header_at((r), (name), __FILE__, __LINE__)

/* The body: text, bytes, a part of it, a match, or its length. */
#define yoke_expect_body(r, text)                                              \
    yoke_expect_body_text_at((r), (text), __FILE__, __LINE__)
#define yoke_expect_body_bytes(r, ptr, len)                                    \
    yoke_expect_body_at((r), (ptr), (len), __FILE__, __LINE__)
#define yoke_expect_body_has(r, part)                                          \
    yoke_expect_body_has_at((r), (part), __FILE__, __LINE__)
#define yoke_expect_body_like(r, regex)                                        \
    yoke_expect_body_like_at((r), (regex), __FILE__, __LINE__)
#define yoke_expect_body_len(r, len)                                           \
    yoke_expect_body_len_at((r), (len), __FILE__, __LINE__)

/* Status and body at once. */
#define yoke_expect_text(r, status, text)                                      \
    yoke_expect_text_at((r), (status), (text), __FILE__, __LINE__)

/* ---- Expectations: JSON, whatever the Content-Type ---- */

/* The body is that JSON, given as text or as a value whose reference is taken
 * over. Members have no order, 1 is 1.0. */
#define yoke_expect_json(r, text)                                              \
    yoke_expect_json_at((r), NULL, (text), __FILE__, __LINE__)
#define yoke_expect_json_value(r, value)                                       \
    yoke_expect_json_value_at((r), (value), __FILE__, __LINE__)

/* The value at a path is that string, whole number, floating-point number or
 * bool: `yoke_expect_json_path(r, "$.users[0].name", "ada")`. `$` is the
 * whole, `.name` and `['a name']` a member, `[0]` an element, `[-1]` the last.
 * `true` and `false` are ints in C before C23: use _json_bool for them. */
#define yoke_expect_json_path(r, path, value)                                  \
    _Generic((value),                                                          \
        char *: yoke_expect_json_string_at,                                    \
        const char *: yoke_expect_json_string_at,                              \
        float: yoke_expect_json_real_at,                                       \
        double: yoke_expect_json_real_at,                                      \
        bool: yoke_expect_json_bool_at,                                        \
        default: yoke_expect_json_integer_at)((r), (path), (value), __FILE__,  \
                                              __LINE__)
#define yoke_expect_json_bool(r, path, value)                                  \
    yoke_expect_json_bool_at((r), (path), (value), __FILE__, __LINE__)
#define yoke_expect_json_null(r, path)                                         \
    yoke_expect_json_null_at((r), (path), __FILE__, __LINE__)

/* The value at a path is that JSON: "[1,2]". */
#define yoke_expect_json_part(r, path, text)                                   \
    yoke_expect_json_at((r), (path), (text), __FILE__, __LINE__)

/* The array or object there has `n` elements; there is nothing there. */
#define yoke_expect_json_count(r, path, n)                                     \
    yoke_expect_json_count_at((r), (path), (n), __FILE__, __LINE__)
#define yoke_expect_no_json_path(r, path)                                      \
    yoke_expect_no_json_path_at((r), (path), __FILE__, __LINE__)

/* ---- Expectations: cookies ---- */

/* What a cookie is to be like; what is left out is not looked at. */
struct yoke_cookie_like {
    int reserved_; /* Leave it; it lets the macro be called without any. */
    const char *path, *domain, *same_site, *priority;
    const char *expires; /* The date as it is sent. */
    long long max_age;   /* Seconds; not 0. */
    int http_only;       /* 1: it is; -1: it is not. So too: */
    int secure;
    int partitioned;
    int persistent; /* It has an end, Max-Age or Expires. */
};

/* The answer sets the cookie, with that value (as it is sent or decoded; NULL:
 * any) and those attributes:
 * `yoke_expect_cookie(r, "sid", NULL, .http_only = 1, .path = "/")`. */
#define yoke_expect_cookie(r, name, value, ...)                                \
    yoke_expect_cookie_at((r), (name), (value),                                \
                          YOKE_OPTIONS_(yoke_cookie_like, __VA_ARGS__),        \
                          __FILE__, __LINE__)

/* It does not set it. */
#define yoke_expect_no_cookie(r, name)                                         \
    yoke_expect_no_cookie_at((r), (name), __FILE__, __LINE__)

/* It makes the client forget it; sets one that the request did not bring; sets
 * one anew that the request did bring. */
#define yoke_expect_cookie_cleared(r, name)                                    \
    yoke_expect_cookie_fate_at((r), (name), YOKE_COOKIE_CLEARED, __FILE__,     \
                               __LINE__)
#define yoke_expect_cookie_new(r, name)                                        \
    yoke_expect_cookie_fate_at((r), (name), YOKE_COOKIE_NEW, __FILE__, __LINE__)
#define yoke_expect_cookie_renewed(r, name)                                    \
    yoke_expect_cookie_fate_at((r), (name), YOKE_COOKIE_RENEWED, __FILE__,     \
                               __LINE__)

/* ---- Expectations: the rest of the exchange ---- */

/* Fields behind a chunked body. */
#define yoke_expect_trailer(r, name, value)                                    \
    yoke_expect_trailer_at((r), (name), (value), __FILE__, __LINE__)
#define yoke_expect_no_trailer(r, name)                                        \
    yoke_expect_no_trailer_at((r), (name), __FILE__, __LINE__)

/* An interim answer with that status came before it, also with that field; or
 * none did. */
#define yoke_expect_interim(r, status)                                         \
    yoke_expect_interim_at((r), (status), NULL, NULL, __FILE__, __LINE__)
#define yoke_expect_interim_header(r, status, name, value)                     \
    yoke_expect_interim_at((r), (status), (name), (value), __FILE__, __LINE__)
#define yoke_expect_no_interim(r)                                              \
    yoke_expect_no_interim_at((r), __FILE__, __LINE__)

/* The server has closed the connection, or has not. */
#define yoke_expect_closed(r, closed)                                          \
    yoke_expect_closed_at((r), (closed), __FILE__, __LINE__)

/* The same, and the answer said so: it has `Connection: close`, or has not. */
#define yoke_expect_closes(r)                                                  \
    yoke_expect_kept_alive_at((r), false, __FILE__, __LINE__)
#define yoke_expect_keeps_alive(r)                                             \
    yoke_expect_kept_alive_at((r), true, __FILE__, __LINE__)

/* The answer is wrong, and `yoke_tr_error` has `part` in it: for the server's
 * ways of cutting a connection. */
#define yoke_expect_error(r, part)                                             \
    yoke_expect_error_at((r), (part), __FILE__, __LINE__)

/* The next server-sent event has that type (NULL: any) and data. */
#define yoke_expect_sse(r, event, data)                                        \
    yoke_expect_sse_at((r), (event), (data), __FILE__, __LINE__)

/* Fails with a text of the test's own, and the exchange: to write expectations
 * of one's own. */
#define yoke_tr_fail(r, ...)                                                   \
    yoke_tr_fail_at((r), __FILE__, __LINE__, __VA_ARGS__)

/* ---- What the macros call, with the place that a failure is told with; for
 * other languages, and for expectations of one's own ---- */

enum yoke_cookie_fate {
    YOKE_COOKIE_CLEARED,
    YOKE_COOKIE_NEW,
    YOKE_COOKIE_RENEWED,
};

void yoke_expect_status_at(yoke_tr *r, int status, const char *file, int line);
void yoke_expect_status_in_at(yoke_tr *r, const int *statuses, size_t n,
                              const char *file, int line);
void yoke_expect_header_at(yoke_tr *r, const char *name, const char *value,
                           const char *file, int line);
void yoke_expect_header_also_at(yoke_tr *r, const char *name, const char *value,
                                const char *file, int line);
void yoke_expect_header_has_at(yoke_tr *r, const char *name, const char *part,
                               const char *file, int line);
void yoke_expect_header_like_at(yoke_tr *r, const char *name, const char *regex,
                                const char *file, int line);
void yoke_expect_no_header_at(yoke_tr *r, const char *name, const char *file,
                              int line);
void yoke_expect_body_at(yoke_tr *r, const void *ptr, size_t len,
                         const char *file, int line);
static inline void yoke_expect_body_text_at(yoke_tr *r, const char *text,
                                            const char *file, int line)
{
    yoke_expect_body_at(r, text, strlen(text), file, line);
}
void yoke_expect_body_has_at(yoke_tr *r, const char *part, const char *file,
                             int line);
void yoke_expect_body_like_at(yoke_tr *r, const char *regex, const char *file,
                              int line);
void yoke_expect_body_len_at(yoke_tr *r, size_t len, const char *file,
                             int line);
void yoke_expect_text_at(yoke_tr *r, int status, const char *text,
                         const char *file, int line);
void yoke_expect_json_at(yoke_tr *r, const char *path, const char *json,
                         const char *file, int line);
void yoke_expect_json_value_at(yoke_tr *r, struct json_t *value,
                               const char *file, int line);
void yoke_expect_json_string_at(yoke_tr *r, const char *path, const char *value,
                                const char *file, int line);
void yoke_expect_json_integer_at(yoke_tr *r, const char *path, long long value,
                                 const char *file, int line);
void yoke_expect_json_real_at(yoke_tr *r, const char *path, double value,
                              const char *file, int line);
void yoke_expect_json_bool_at(yoke_tr *r, const char *path, bool value,
                              const char *file, int line);
void yoke_expect_json_null_at(yoke_tr *r, const char *path, const char *file,
                              int line);
void yoke_expect_json_count_at(yoke_tr *r, const char *path, size_t n,
                               const char *file, int line);
void yoke_expect_no_json_path_at(yoke_tr *r, const char *path, const char *file,
                                 int line);
void yoke_expect_cookie_at(yoke_tr *r, const char *name, const char *value,
                           const struct yoke_cookie_like *like,
                           const char *file, int line);
void yoke_expect_no_cookie_at(yoke_tr *r, const char *name, const char *file,
                              int line);
void yoke_expect_cookie_fate_at(yoke_tr *r, const char *name,
                                enum yoke_cookie_fate fate, const char *file,
                                int line);
void yoke_expect_trailer_at(yoke_tr *r, const char *name, const char *value,
                            const char *file, int line);
void yoke_expect_no_trailer_at(yoke_tr *r, const char *name, const char *file,
                               int line);
void yoke_expect_interim_at(yoke_tr *r, int status, const char *name,
                            const char *value, const char *file, int line);
void yoke_expect_no_interim_at(yoke_tr *r, const char *file, int line);
void yoke_expect_error_at(yoke_tr *r, const char *part, const char *file,
                          int line);
void yoke_expect_closed_at(yoke_tr *r, bool closed, const char *file, int line);
void yoke_expect_kept_alive_at(yoke_tr *r, bool is_kept, const char *file,
                               int line);
void yoke_expect_sse_at(yoke_tr *r, const char *event, const char *data,
                        const char *file, int line);
void yoke_tr_fail_at(yoke_tr *r, const char *file, int line, const char *fmt,
                     ...) __attribute__((format(printf, 4, 5)));

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
