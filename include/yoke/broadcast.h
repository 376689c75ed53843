/* Events for the browsers of all workers and machines: what one worker sends to
 * a channel reaches every page that listens to it, to whichever worker it is
 * connected.
 *
 *     broadcast = yoke_broadcast_open(.store = store, .history = 100);
 *
 *     static void events(yoke_req *req, yoke_res *res)
 *     {
 *         yoke_broadcast_join(broadcast, "news", res);
 *     }
 *
 *     static void say(yoke_req *req, yoke_res *res)
 *     {
 *         yoke_broadcast_send(broadcast, "news", "said",
 *                             yoke_req_body(req, NULL), NULL, NULL);
 *         yoke_res_send_status(res, 204);
 *     }
 *
 * A stream of server-sent events (yoke/sse.h) for each page; one subscription of
 * the store (yoke/store.h) for each channel and worker, however many pages
 * listen.
 *
 * **With a history** the last events of a channel are kept in the store, and
 * each has a number, which is its id. Pages get them in the order of their
 * numbers, each once; whoever comes back (Last-Event-ID) gets what he has missed
 * first, from any worker; and so do all when the connection to the store was
 * lost. (With `Last-Event-ID: 0` one gets all that is kept.) What is not kept any
 * more is told by an event of the type "missed", without data: fetch anew what
 * you derive from events. Sending takes three calls of the store, one after the
 * other.
 *
 * **Without one** events come as the store brings them, without ids; "missed"
 * says when some may have been lost. Sending takes one call.
 *
 * Events that one worker sends to a channel arrive in the order in which it sent
 * them.
 *
 * **Slow pages** hold nobody up: one for which more than `max_waiting` bytes
 * wait is left out until it has taken them, and then gets what it has missed, or
 * "missed"; or its stream is ended (`ends_slow`), and it comes back.
 *
 * **When the process drains** its streams end, and the pages connect to another,
 * each after a time of its own between one and two `retry_ms`.
 *
 * The store has to have channels (yoke_store_has_channels): memcached: has none,
 * and then streams are answered 503, and events -ENOTSUP. With `memory:` it stays
 * in the process. */
#ifndef YOKE_BROADCAST_H
#define YOKE_BROADCAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yoke/sse.h>
#include <yoke/store.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

typedef struct yoke_broadcast yoke_broadcast; /* It belongs to the loop. */

/* Longest name of a channel, in bytes, and most events of a history. */
#define YOKE_BROADCAST_CHANNEL_MAX 80
#define YOKE_BROADCAST_HISTORY_MAX 1000

/* Options of yoke_broadcast_open. Zero is every field's default. */
struct yoke_broadcast_options {
    int reserved_;      /* Leave it. */
    yoke_store *store;  /* Has to outlive it. */
    const char *name;   /* Before its keys and channels in the store: letters,
                             digits and ".:_-", up to 32; "events". Copied. */
    uint32_t history;   /* Events that are kept of each channel; 0: none. The
                             same in all workers. */
    uint32_t history_s; /* For how long; 3,600. (The number of the last is kept
                             for ever: a key for each channel.) */
    uint32_t late_ms;   /* How long to wait for an event that has a number and
                             is not there, before it is passed over, for its
                             sender has died; 1,000. */
    uint32_t max_clients;   /* Streams of this process; 10,000. One more is
                             answered 503. */
    uint32_t max_channels;  /* That it listens to or sends to; 1,000. */
    size_t max_event_len;   /* Of an event's strings together; 64 KiB. */
    size_t max_waiting;     /* Bytes that may wait for a client; 256 KiB. */
    uint32_t max_sending;   /* Events of a channel that are being sent; 1,000 */
    bool ends_slow;         /* See above. */
    uint32_t keep_alive_ms; /* As in yoke/sse.h. */
    uint32_t retry_ms;      /* 1,000 */
    const char *missed;     /* The type of that event; "missed". Copied. */
};

/* Opens one. NULL, with errno EINVAL and a line in the log, when there is no
 * store or an option is wrong. That a store has no channels is a line in the log,
 * too. */
#define yoke_broadcast_open(...)                                               \
    yoke_broadcast_open_with(YOKE_OPTIONS_(yoke_broadcast_options, __VA_ARGS__))
yoke_broadcast *
yoke_broadcast_open_with(const struct yoke_broadcast_options *options);

/* Ends all streams; what is being sent still is. It is freed when that is done,
 * and must not be used any more. NULL is allowed. */
void yoke_broadcast_close(yoke_broadcast *broadcast);

/* ---- Listening ---- */

/* What to do with a stream. Zero is every field's default. */
struct yoke_broadcast_join {
    int reserved_; /* Leave it. */
    /* Called once when the stream is over, whatever ended it. */
    void (*on_leave)(yoke_sse *sse, void *data);
    void *data;
};

/* Answers with the stream of a channel. Implies `yoke_hold`. The stream, which
 * can be sent other events, too; it ends by itself, or by
 * yoke_broadcast_leave, not by yoke_sse_end. NULL when the request has been
 * answered otherwise: HEAD; or 503, for there are too many, the channel's name
 * is wrong, or the store has no channels. A page is told that it listens by its
 * first id or, without a history, by the comment "ready". */
#define yoke_broadcast_join(broadcast, channel, res, ...)                      \
    yoke_broadcast_join_with((broadcast), (channel), (res),                    \
                             YOKE_OPTIONS_(yoke_broadcast_join, __VA_ARGS__))
yoke_sse *yoke_broadcast_join_with(yoke_broadcast *broadcast,
                                   const char *channel, yoke_res *res,
                                   const struct yoke_broadcast_join *options);

/* Ends a stream; calls its on_leave. */
void yoke_broadcast_leave(yoke_broadcast *broadcast, yoke_sse *sse);

/* ---- Sending ---- */

/* How it ended: `err` is 0 when the store has taken it (`id` is its number, 0
 * without a history), or
 * -EINVAL            the channel's name is empty, too long, or has blanks or
 *                    control characters
 * -ENOTSUP           the store has no channels
 * -YOKE_EHEADER      type or id is more than one line
 * -YOKE_ETOOLARGE    over `max_event_len`
 * -YOKE_EFULL        over `max_sending`, or too many channels
 * -ECANCELED         it is closed
 * or the store's. (With a history an event that is kept and cannot be published
 * is tried again for two seconds; and if that was in vain, it comes with the
 * next.) Called once, from the loop, never from inside the call. */
typedef void yoke_broadcast_fn(int err, uint64_t id, void *data);

/* Sends an event to all who listen; `event` may be NULL. All is copied. `fn` may
 * be NULL. With a history `id` of the event is not looked at; `retry_ms` never
 * is. */
void yoke_broadcast_send(yoke_broadcast *broadcast, const char *channel,
                         const char *event, const char *text,
                         yoke_broadcast_fn *fn, void *data);
void yoke_broadcast_send_event(yoke_broadcast *broadcast, const char *channel,
                               const struct yoke_sse_event *event,
                               yoke_broadcast_fn *fn, void *data);

/* ---- How it is ---- */

/* Of this process. */
struct yoke_broadcast_stats {
    uint32_t clients;   /* Streams that are open, */
    uint32_t lagging;   /* of them those that are slow now. */
    uint32_t channels;  /* That are listened to or sent to. */
    uint64_t sent;      /* Events that the store has taken. */
    uint64_t failed;    /* And those that it has not. */
    uint64_t received;  /* Events that came, */
    uint64_t delivered; /* and what clients got of them. */
    uint64_t replayed;  /* Of these: from the history. */
    uint64_t missed;    /* Times that a client was told so. */
    uint64_t slowed;    /* Times that one became too slow. */
    uint64_t refused;   /* Clients that were too many. */
};

/* Fills in how it is now. */
void yoke_broadcast_stats(const yoke_broadcast *broadcast,
                          struct yoke_broadcast_stats *ret_stats);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
