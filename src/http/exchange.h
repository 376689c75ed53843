/* An exchange: one request and its answer, whatever the version of HTTP.
 *
 * This is the seam between the protocol and the application. The protocol (an
 * HTTP/1 connection; later an HTTP/2 stream) fills in `request` and calls the
 * server's `on_request`; the application answers through the functions below,
 * at once or later, from the same loop.
 *
 * Life: from `on_request` until the answer has been ended, or the client has
 * gone and `on_close` and `on_finish` have been called. The exchange, its
 * request and its arena are only reused after control has gone back to the
 * loop, so a handler may still look at them in the call in which it ends the
 * answer. An exchange whose client has gone lives on until it is ended: the
 * application must end every exchange it was given.
 *
 * No function here calls a handler from inside; callbacks come from the loop,
 * or from the reading of the input that contains the request. */
#ifndef YK_HTTP_EXCHANGE_H
#define YK_HTTP_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/arena.h"
#include "core/clock.h"
#include "http/headers.h"
#include "http/request.h"

struct yk_exchange;
struct yk_peer;
struct yoke_limits;

/* The application's callbacks of one exchange; any may be NULL. */
struct yk_exchange_events {
    /* A piece of the body; borrowed for the call. */
    void (*on_data)(struct yk_exchange *x, const char *ptr, size_t len);
    /* The body is complete (0), or will not be (-YOKE_ECLOSED: the client has
     * gone; -EPROTO: it was malformed and has been answered;
     * -ETIMEDOUT: it came too slowly and has been answered). */
    void (*on_end)(struct yk_exchange *x, int err);
    /* The connection is lost; x->is_aborted. At most once, and before any other
     * event that tells of it. */
    void (*on_abort)(struct yk_exchange *x);
    /* The client closed its side, or the connection is lost. At most once. */
    void (*on_close)(struct yk_exchange *x);
    /* The bytes that wait fell below high_water; or never will, for the
     * connection has been lost after on_close had told that the client had
     * closed its side. */
    void (*on_drain)(struct yk_exchange *x);
    /* The handler took longer than handler_timeout_ms; the application is to
     * answer 503 now, unless the head has been sent. */
    void (*on_timeout)(struct yk_exchange *x);
    /* The file of yk_exchange_send_file has been sent (0), or could not be:
     * -YOKE_ECLOSED, the client has gone; -errno, -EIO when the file became
     * shorter. Once; the exchange is then to be ended. */
    void (*on_file)(struct yk_exchange *x, int err);
    /* The time of yk_exchange_set_timer is over. */
    void (*on_timer)(struct yk_exchange *x);
    /* The server drains: what would go on for long should end. Once, unless
     * yk_exchange_ask_stop asks again. */
    void (*on_stop)(struct yk_exchange *x);
    /* The answer has been ended, or cut off. Once, always, and last. */
    void (*on_finish)(struct yk_exchange *x);
};

enum yk_body_state {
    YK_READ_NOT_STARTED, /* Nobody has asked for the body. */
    YK_READ_STARTED,     /* Pieces are handed to on_data. */
    YK_READ_DONE,        /* It is complete, or failed. */
};

/* What is up to `trailers` is new in each exchange, and 0 at first unless it says
 * something else; the rest is the same for all of a connection. */
struct yk_exchange {
    /* What the protocol provides. */
    struct yk_request *request;
    enum yk_body_state body_state;
    bool is_paused;    /* on_data is held back. */
    bool is_aborted;   /* The client has gone. */
    bool is_stop_told; /* on_stop has been called. */

    /* The answer. `status` and `headers` are the application's until the head
     * has been sent. */
    int status;                /* 200 until set. */
    struct yk_headers headers; /* Without Date, Connection, Content-Length
                                  and Transfer-Encoding. */
    struct yk_headers *answer_trailers; /* In the arena; NULL: none. */
    const char *date; /* Instead of the time that it is: an answer that was made
                         before. YK_HTTP_DATE_LEN bytes; NULL: now. */
    int64_t content_length; /* Promised for a streamed answer, or -1. */
    uint64_t body_len;      /* Bytes of body written so far. */
    bool closes;            /* The connection is to close behind it. */
    bool has_left;          /* It is whole, by yk_exchange_leave. */
    bool is_head_sent;      /* Status and headers are fixed. */
    bool is_ended;          /* The answer is complete. */

    /* The application's. */
    const struct yk_exchange_events *events; /* NULL: none. */
    void *owner;                             /* Its own pointer. */

    /* The protocol's again. */
    struct yk_headers *trailers;      /* Complete after on_end; may be NULL. */
    struct yk_arena *arena;           /* Memory that lives as long as this. */
    const struct yk_peer *peer;       /* The client's address. */
    const struct yoke_limits *limits; /* The server's, defaults filled in. */
    const struct yk_clock *clock;     /* The server's; NULL: the system's. */
    const struct yk_exchange_ops *ops;
};

/* What a protocol implements; see the functions of the same names. */
struct yk_exchange_ops {
    int (*send)(struct yk_exchange *x, const void *ptr, size_t len);
    ssize_t (*write)(struct yk_exchange *x, const void *ptr, size_t len);
    int (*end)(struct yk_exchange *x);
    void (*cut)(struct yk_exchange *x);
    void (*leave)(struct yk_exchange *x);
    void (*read)(struct yk_exchange *x);
    void (*resume)(struct yk_exchange *x);
    int (*inform)(struct yk_exchange *x, int status,
                  const struct yk_headers *headers);
    int (*send_file)(struct yk_exchange *x, int fd, uint64_t off, uint64_t len);
    void (*set_timer)(struct yk_exchange *x, uint64_t ms);
};

/* The second that it is now, as in the Date header. */
int64_t yk_exchange_now(const struct yk_exchange *x);

/* Asks for the body: on_data and on_end follow, after control has gone back to
 * the protocol. A client that waits for `100 Continue` gets it. Returns 0, or
 * -EALREADY when it was asked for before. */
int yk_exchange_read(struct yk_exchange *x);

/* Holds on_data and on_end back, and lets them come again. */
void yk_exchange_pause(struct yk_exchange *x);
void yk_exchange_resume(struct yk_exchange *x);

/* Sends an interim answer, 1xx, before the answer itself; to a client that
 * would not know what it is (HTTP/1.0), nothing. Returns 0, -YOKE_EANSWERED, or
 * -YOKE_ECLOSED. */
int yk_exchange_inform(struct yk_exchange *x, int status,
                       const struct yk_headers *headers);

/* The whole answer: head, Content-Length, body; ends the exchange. Returns 0,
 * or -YOKE_EANSWERED. */
int yk_exchange_send(struct yk_exchange *x, const void *ptr, size_t len);

/* A piece of the answer; sends the head first. With `content_length` -1 the
 * body is chunked, or for HTTP/1.0 ended by closing. A piece of 0 bytes sends
 * the head alone. Returns the bytes that wait to be sent, or -YOKE_EANSWERED,
 * -YOKE_ECLOSED, -YOKE_ELENGTH or -YOKE_EFULL (nothing of the piece is sent;
 * 16 MiB wait already). */
ssize_t yk_exchange_write(struct yk_exchange *x, const void *ptr, size_t len);

/* The head, and as the body `len` bytes of a file from `off` on. The descriptor
 * stays the caller's, and open until on_file, which always follows, from the
 * loop, unless this fails: -YOKE_EANSWERED, -YOKE_ECLOSED. Nothing else may be
 * written, and the exchange not be ended, before that. Reading the file blocks
 * as long as the disk does. */
int yk_exchange_send_file(struct yk_exchange *x, int fd, uint64_t off,
                          uint64_t len);

/* Calls on_timer once in `ms` milliseconds, up to half a second late; replaces
 * what was set before, 0 clears it. One for an exchange. */
void yk_exchange_set_timer(struct yk_exchange *x, uint64_t ms);

/* Ends the answer; without a body if nothing was written. When fewer bytes were
 * written than promised, the connection closes behind them. Returns 0,
 * -YOKE_EANSWERED, or -YOKE_ELENGTH in that case; it is ended all the same. */
int yk_exchange_end(struct yk_exchange *x);

/* Ends the answer, of which the head has been sent, for the client, and closes
 * the connection in good order, while the application still holds the exchange,
 * which has yet to be ended: memory that somebody may look at stays. Unless it
 * is ended at once, the exchange is told as if the client had gone, from the
 * loop. */
void yk_exchange_leave(struct yk_exchange *x);

/* on_stop is to be called, from the loop, if the server drains, though it has
 * been before: something new has begun that would go on for long. */
void yk_exchange_ask_stop(struct yk_exchange *x);

/* Cuts the connection, the only way to show a client that what it has of the
 * answer is not all of it; from the loop, where on_close follows. The exchange
 * still has to be ended. */
void yk_exchange_cut(struct yk_exchange *x);

#endif
