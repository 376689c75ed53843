/* The answer on its way out, for those who change what others answer: a
 * callback before the head goes, and filters through which the body goes.
 * (Express: the modules on-headers and compression, which replace functions of
 * `res`; here there is a place for it.)
 *
 *     static int shout(yoke_filter *filter, const void *ptr, size_t len,
 *                      enum yoke_filter_step step, void *data)
 *     {
 *         char *text = ...                    the same in capitals
 *         return yoke_filter_pass(filter, text, len);
 *     }
 *
 *     static void on_head(yoke_res *res, void *data)
 *     {
 *         if (yoke_res_expected_len(res) != 0)
 *             yoke_res_filter(res, shout, NULL);
 *     }
 *
 *     static void middleware(yoke_req *req, yoke_res *res)
 *     {
 *         yoke_res_on_head(res, on_head, NULL);
 *         yoke_next(req);
 *     }
 *
 * Answers that nobody touches cost nothing for it. */
#ifndef YOKE_FILTER_H
#define YOKE_FILTER_H

#include <stddef.h>
#include <stdint.h>

#include <yoke/app.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Before the head ---- */

/* Calls `fn` once, when the head of the answer is about to be sent: status and
 * headers are what they will be, and it can still change them. Errors, 404 and
 * files come by, too; not what the protocol answers by itself, to a malformed
 * request. It must not answer or pass on, but can have the answer wait (below).
 * Up to 8; the one added last is called first, so that middleware sees what the
 * middleware below it has made. Returns 0, -YOKE_EFULL for the ninth, -YOKE_EANSWERED when the head has been
 * sent. (npm: on-headers.) */
int yoke_res_on_head(yoke_res *res, void (*fn)(yoke_res *res, void *data),
                     void *data);

/* The length of the body that comes, while such a callback runs; -1 when nobody
 * knows it yet. To HEAD it is what GET would get. */
int64_t yoke_res_expected_len(const yoke_res *res);

/* ---- Waiting before the head ----
 *
 * Something has to be done before the client hears of the answer: what it says
 * has to be stored, for one, so that a client which follows a redirect finds
 * it. The callback before the head begins that, and delays the answer; the
 * callback of that lets it proceed:
 *
 *     static void on_stored(const struct yoke_store_result *result, void *data)
 *     {
 *         if (result->err)
 *             yoke_res_proceed_err(data, 503, NULL, "not stored: %s",
 *                                  result->text);
 *         else
 *             yoke_res_proceed(data);
 *     }
 *
 *     static void on_head(yoke_res *res, void *data)
 *     {
 *         if (yoke_res_delay(res) == 0)
 *             yoke_store_set(store, "last", "x", 1, 0, on_stored, res);
 *     }
 *
 * Nothing of the answer is sent meanwhile, whichever kind it is; for its handler
 * and all others it has been, but status and headers can still be changed. The
 * request stays as long as somebody delays its answer, also if the client has
 * gone. A delay has to end by itself: `handler_timeout_ms` does not end it. */

/* In a callback of yoke_res_on_head: the answer waits until yoke_res_proceed
 * has been called once for each call of this. Returns 0; -YOKE_EANSWERED
 * elsewhere. */
int yoke_res_delay(yoke_res *res);

/* Ends a delay; the last one sends the answer. */
void yoke_res_proceed(yoke_res *res);

/* The same, but the answer becomes an error: `status` is 400 to 599; clients
 * that want JSON find `type`, which may be NULL and must live as long as the
 * request, under "code"; the text goes to the log. The answer keeps its header
 * fields, but for those that described its body, cookies, and `Location`. Error
 * handlers do not see it, for the handlers are through; of a stream, whoever
 * writes it is told that the client has gone. */
void yoke_res_proceed_err(yoke_res *res, int status, const char *type,
                          const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* ---- The body ---- */

typedef struct yoke_filter yoke_filter; /* One filter of one answer. */

/* Why a filter is called. */
enum yoke_filter_step {
    YOKE_FILTER_MORE,  /* A piece; others may follow. */
    YOKE_FILTER_FLUSH, /* Nothing more comes in this turn of the loop: what has
                          been held back should go. No bytes. */
    YOKE_FILTER_END,   /* This was all; once. No bytes. */
};

/* Takes bytes of the body and hands on what becomes of them. Returns 0, or a
 * negative code when it cannot go on: the answer is then a 500 or, when a part
 * of it has been sent, the connection is cut. */
typedef int yoke_filter_fn(yoke_filter *filter, const void *ptr, size_t len,
                           enum yoke_filter_step step, void *data);

/* Sends the body of this answer through `fn`, behind the filters that were
 * added before. To be called before the head goes, best from yoke_res_on_head.
 * An answer that is sent whole is filtered whole, and its Content-Length is
 * the new one; from 64 KiB on it is copied, and goes through in slices, one in a
 * turn of the loop, so that nobody waits for it. One in pieces, and a file,
 * loses its Content-Length. An answer without a body does not call it, nor does
 * HEAD for an answer in pieces. Returns 0, or -YOKE_EANSWERED. */
int yoke_res_filter(yoke_res *res, yoke_filter_fn *fn, void *data);

/* Hands bytes on to the next filter, or to the client; copied. Any number of
 * times in a call of the filter. Returns 0 or a negative code, which the filter
 * returns. */
int yoke_filter_pass(yoke_filter *filter, const void *ptr, size_t len);

/* The answer that it filters. */
yoke_res *yoke_filter_res(const yoke_filter *filter);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
