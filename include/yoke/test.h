/* The test client: drives an application without a port.
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
 *     yoke_tr_set(r, "Content-Type", "application/json");
 *     yoke_tr_body(r, "{\"name\":\"ada\"}");
 *     yoke_expect_status(r, 201);
 *     yoke_expect_header(r, "Location", "/users/7");
 *     yoke_test_free(t);
 *
 * A request is sent by the first expectation, or the first call that reads its
 * answer. A handler that answers later (`yoke_hold`) is waited for: the loop
 * runs until the answer has come or, after 10 s, the request counts as
 * unanswered.
 *
 * An expectation that does not hold prints file and line, what was expected,
 * what came, and the whole exchange; then it calls what `yoke_test_on_fail`
 * was given, or abort(). Inside cmocka:
 *
 *     yoke_test_on_fail(_fail);
 */
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

typedef struct yoke_test yoke_test; /* A client of one application. */
typedef struct yoke_tr yoke_tr;     /* One exchange: request and answer. */

/* ---- The client ---- */

/* A client for `app`, which it takes over. An application with a registration
 * error fails at once, with that error. */
#define yoke_test_new(app) yoke_test_new_at((app), NULL, __FILE__, __LINE__)

/* The same with limits and timeouts of its own. */
#define yoke_test_new_with(app, limits)                                        \
    yoke_test_new_at((app), (limits), __FILE__, __LINE__)
yoke_test *yoke_test_new_at(yoke_app *app, const struct yoke_limits *limits,
                            const char *file, int line);

/* Frees the client, its exchanges and the application. Fails when a request is
 * left that was never answered, after waiting for it as above; when memory of
 * the server is still in use; or when a request was made but never sent, for
 * then the test looks at nothing. NULL is allowed. */
void yoke_test_free(yoke_test *t);

/* Called with file and line of each expectation that fails; it must not return
 * (cmocka's `_fail`, longjmp) or the client goes on as if nothing had been.
 * NULL: abort(). For the whole process. */
void yoke_test_on_fail(void (*fn)(const char *file, int line));

/* Lets `ms` milliseconds pass for the server's timeouts; the clock of a client
 * stands still otherwise, at Sun, 06 Nov 1994 08:49:37 GMT. Timers that
 * handlers set in the loop run in real time. */
void yoke_test_clock(yoke_test *t, uint64_t ms);

/* The server drains, as at SIGTERM: it finishes what has begun with
 * `Connection: close`, and closes what is idle after a moment of the clock. */
void yoke_test_drain(yoke_test *t);

/* ---- The request. The pointer belongs to the client and lives as long. ---- */

yoke_tr *yoke_test_get(yoke_test *t, const char *path);
yoke_tr *yoke_test_head(yoke_test *t, const char *path);
yoke_tr *yoke_test_post(yoke_test *t, const char *path);
yoke_tr *yoke_test_put(yoke_test *t, const char *path);
yoke_tr *yoke_test_patch(yoke_test *t, const char *path);
yoke_tr *yoke_test_delete(yoke_test *t, const char *path);
yoke_tr *yoke_test_options(yoke_test *t, const char *path);
yoke_tr *yoke_test_request(yoke_test *t, const char *method, const char *path);

/* Bytes sent as they are, e.g. to see what becomes of a malformed request, or
 * of several in a row (`yoke_tr_next`). */
yoke_tr *yoke_test_raw(yoke_test *t, const void *ptr, size_t len);

/* Adds a header field; sent as given. `Host: test` is sent unless it is set
 * here, `Content-Length` unless set or the body is chunked. */
void yoke_tr_set(yoke_tr *r, const char *name, const char *value);

/* The body: text, or bytes; copied. */
void yoke_tr_body(yoke_tr *r, const char *text);
void yoke_tr_body_bytes(yoke_tr *r, const void *ptr, size_t len);

/* Sends the body in chunks of `chunk_len` bytes instead of with its length. */
void yoke_tr_chunked(yoke_tr *r, size_t chunk_len);

/* Hands the request to the server in reads of `n` bytes. */
void yoke_tr_split(yoke_tr *r, size_t n);

/* The address that `yoke_req_ip` gives; "127.0.0.1" until then. */
void yoke_tr_remote_addr(yoke_tr *r, const char *ip);

/* Closes the client's side after `n` bytes of the request. */
void yoke_tr_abort_after(yoke_tr *r, size_t n);

/* Takes the answer in pieces of `n` bytes, one in each turn of the loop, as a
 * slow client does; 0: takes nothing, until this is called again. `SIZE_MAX`
 * goes back to taking all. Also while the answer comes. */
void yoke_tr_read_slowly(yoke_tr *r, size_t n);

/* ---- The connection. Each exchange has one of its own, which the client
 * leaves open; all of these send the request if it has not been. ---- */

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

int yoke_tr_status(yoke_tr *r);                           /* 0: no answer. */
const char *yoke_tr_header(yoke_tr *r, const char *name); /* NULL: none. */
const char *yoke_tr_text(yoke_tr *r); /* The body; a NUL byte follows it. */
size_t yoke_tr_len(yoke_tr *r);       /* Its length. */
bool yoke_tr_is_closed(yoke_tr *r);   /* The server has closed. */

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

/* ---- Expectations ---- */

/* The status; 0: no answer. */
#define yoke_expect_status(r, status)                                          \
    yoke_expect_status_at((r), (status), __FILE__, __LINE__)

/* The field's value, exactly. */
#define yoke_expect_header(r, name, value)                                     \
    yoke_expect_header_at((r), (name), (value), __FILE__, __LINE__)

/* The field's value has `part` in it. */
#define yoke_expect_header_has(r, name, part)                                  \
    yoke_expect_header_has_at((r), (name), (part), __FILE__, __LINE__)

/* There is no such field. */
#define yoke_expect_no_header(r, name)                                         \
    yoke_expect_no_header_at((r), (name), __FILE__, __LINE__)

/* The body: text, bytes, or a part of it. */
#define yoke_expect_body(r, text)                                              \
    yoke_expect_body_at((r), (text), strlen(text), __FILE__, __LINE__)
#define yoke_expect_body_bytes(r, ptr, len)                                    \
    yoke_expect_body_at((r), (ptr), (len), __FILE__, __LINE__)
#define yoke_expect_body_has(r, part)                                          \
    yoke_expect_body_has_at((r), (part), __FILE__, __LINE__)

/* Status and body at once. */
#define yoke_expect_text(r, status, text)                                      \
    yoke_expect_text_at((r), (status), (text), __FILE__, __LINE__)

/* The server has closed the connection, or has not. */
#define yoke_expect_closed(r, closed)                                          \
    yoke_expect_closed_at((r), (closed), __FILE__, __LINE__)

/* The answer is wrong, and `yoke_tr_error` has `part` in it: for the server's
 * ways of cutting a connection. */
#define yoke_expect_error(r, part)                                             \
    yoke_expect_error_at((r), (part), __FILE__, __LINE__)

/* What the macros call. Each evaluates `r` once. */
void yoke_expect_status_at(yoke_tr *r, int status, const char *file, int line);
void yoke_expect_header_at(yoke_tr *r, const char *name, const char *value,
                           const char *file, int line);
void yoke_expect_header_has_at(yoke_tr *r, const char *name, const char *part,
                               const char *file, int line);
void yoke_expect_no_header_at(yoke_tr *r, const char *name, const char *file,
                              int line);
void yoke_expect_body_at(yoke_tr *r, const void *ptr, size_t len,
                         const char *file, int line);
void yoke_expect_body_has_at(yoke_tr *r, const char *part, const char *file,
                             int line);
void yoke_expect_text_at(yoke_tr *r, int status, const char *text,
                         const char *file, int line);
void yoke_expect_error_at(yoke_tr *r, const char *part, const char *file,
                          int line);
void yoke_expect_closed_at(yoke_tr *r, bool closed, const char *file, int line);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
