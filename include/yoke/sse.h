/* Server-sent events: a stream of messages to a page's EventSource (HTML
 * standard, section 9.2).
 *
 *     static void tick(uv_timer_t *timer)
 *     {
 *         yoke_sse_send(timer->data, "tick", "1");
 *     }
 *
 *     static void events(yoke_req *req, yoke_res *res)
 *     {
 *         yoke_sse *sse = yoke_res_sse(res, .retry_ms = 2000);
 *         if (!sse)
 *             return;
 *         yoke_sse_on_close(sse, stop_timer, timer);
 *         ...
 *
 * Each event leaves at once: with the turn of the loop in which it was sent. A
 * stream that has nothing to say sends a comment now and then, so that neither
 * side, nor a proxy between them, takes it for dead.
 *
 * The stream ends when the client goes, when `yoke_sse_end` is called, or when
 * the process drains (a deploy, a scale-down): then it ends by itself and the
 * client connects again, to another process. `on_close` is called once in the
 * first and the last case; afterwards the stream must not be used. */
#ifndef YOKE_SSE_H
#define YOKE_SSE_H

#include <stdint.h>
#include <sys/types.h>

#include <yoke/app.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

typedef struct yoke_sse yoke_sse; /* One stream; it belongs to its answer. */

/* Options of a stream. Zero is every field's default. */
struct yoke_sse_options {
    int reserved_;          /* Leave it. */
    uint32_t keep_alive_ms; /* A comment after so long without an event; 15,000.
                               UINT32_MAX: none. Met within half a second. */
    uint32_t retry_ms;      /* How long the client waits before it connects
                               again; 0: what it likes, mostly 3 s. */
};

/* Begins a stream: sends the head, with `Content-Type: text/event-stream`,
 * `Cache-Control: no-cache` unless it is set, and `X-Accel-Buffering: no`, by
 * which proxies know not to collect events. Implies `yoke_hold`. NULL when there
 * is no stream, and nothing more to do: the answer has been sent before, is to
 * HEAD, is a 500 for a header that was wrong, or the client has gone. In a process
 * that drains already it begins, and ends from the loop: a browser connects
 * again after an end, but never after an error. */
#define yoke_res_sse(res, ...)                                                 \
    yoke_res_sse_with((res), YOKE_OPTIONS_(yoke_sse_options, __VA_ARGS__))
yoke_sse *yoke_res_sse_with(yoke_res *res,
                            const struct yoke_sse_options *options);

/* One event. */
struct yoke_sse_event {
    const char *event; /* Its type; NULL: "message". */
    const char *id;    /* Comes back as Last-Event-ID; NULL: none. */
    const char *data;  /* May have several lines; NULL: none, and then the
                           client sees no event, but notes id and retry. */
    uint32_t retry_ms; /* As in the options; 0: not said. */
};

/* Sends an event. Type and id must be one line without NUL: else -YOKE_EHEADER,
 * and nothing is sent. Returns the bytes that wait for this client, or a
 * negative code as yoke_res_write (-YOKE_EANSWERED once the stream has ended;
 * -ENOMEM): when they are more than the listener's
 * `high_water`, the client is slow, and it is kinder to skip some events than
 * to let them pile up; at 16 MiB they are refused (-YOKE_EFULL). */
ssize_t yoke_sse_send(yoke_sse *sse, const char *event, const char *data);
ssize_t yoke_sse_send_event(yoke_sse *sse, const struct yoke_sse_event *event);

/* For an event that goes to many: it is written once, and what was written is
 * sent to each; several that were written in a row, too.
 *
 *     ssize_t len = yoke_sse_write(&event, bytes, sizeof(bytes));
 *     for each stream:
 *         yoke_sse_send_written(sse, bytes, (size_t)len);
 *
 * yoke_sse_write returns the length of the event, and has written nothing when
 * that is more than `size`; or -YOKE_EHEADER. yoke_sse_send_written is as
 * yoke_sse_send. */
ssize_t yoke_sse_write(const struct yoke_sse_event *event, char *out,
                       size_t size);
ssize_t yoke_sse_send_written(yoke_sse *sse, const void *ptr, size_t len);

/* Sends a comment, the first line of `text`, at most 1,020 bytes, which no page
 * sees. Returns as yoke_sse_send. */
ssize_t yoke_sse_comment(yoke_sse *sse, const char *text);

/* The id of the last event that this client has seen before it lost the
 * connection, or NULL: go on behind it. */
const char *yoke_sse_last_id(const yoke_sse *sse);

/* Calls `fn` once when the client has gone or the process drains. In the latter
 * case it can still send, a farewell; the stream ends when it returns. (While
 * the stream is open, yoke_req_on_close of its request is the stream's.) */
void yoke_sse_on_close(yoke_sse *sse, void (*fn)(yoke_sse *sse, void *data),
                       void *data);

/* Ends the stream. The client will connect again, unless it is answered 204
 * then. */
void yoke_sse_end(yoke_sse *sse);

/* The request it answers. */
yoke_req *yoke_sse_req(const yoke_sse *sse);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
