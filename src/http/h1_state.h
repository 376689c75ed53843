/* The inside of an HTTP/1 connection, shared by the files that make it up:
 *
 *   h1_conn.c     its life, its events, and the steps between its phases
 *   h1_close.c    its end
 *   h1_body.c     reading a request's body
 *   h1_answer.c   writing an answer: what the exchange's functions do
 *   h1_output.c   sending what waits
 *   h1_file.c     sending a file as the body
 *   h1_timeout.c  its deadlines
 *   h1_flight.c   what others can see of its requests
 *
 *                 head complete            answered, body read
 *      +------> HEAD ---------> EXCHANGE ----------------------+
 *      |         |  \               | refused, or must close   |
 *      +---------|---\--------------|--------------------------+
 *                |    \ refused     v
 *     idle, EOF  |     `-------> CLOSING    sends what is left
 *                |                  |
 *                |                  v
 *                |               LINGER     FIN sent; what still arrives is
 *                |                  |       read away, so that no reset
 *                v                  v       destroys the answer
 *              CLOSED <-------------+
 *
 * The exchange has a life of its own beside this: it was handed to the
 * application, which may end it long after the connection is lost. The
 * connection's memory goes when the transport has closed and no exchange is
 * open.
 *
 * Everything happens in yk_h1_advance, which is called once for each event from
 * outside (input, room to write, a deadline, the server's flush). What handlers
 * call from inside only changes state; so nothing here is re-entered. */
#ifndef YK_HTTP_H1_STATE_H
#define YK_HTTP_H1_STATE_H

#include "core/arena.h"
#include "core/list.h"
#include "core/wheel.h"
#include "http/exchange.h"
#include "http/h1_chunk.h"
#include "http/h1_conn.h"
#include "http/h1_parse.h"
#include "http/h1_write.h"
#include "http/out.h"
#include "http/server.h"
#include "net/peer.h"
#include "net/transport.h"

/* Milliseconds that a connection lingers at most, and bytes that it reads away
 * then: a client that sends without a pause should still find its answer. */
#define YK_H1_LINGER_MS     5000
#define YK_H1_LINGER_MAX    (4u << 20)
/* A connection that was busy this recently is not idle yet: when draining it
 * gets the time to send one more request and to be told. */
#define YK_H1_DRAIN_IDLE_MS 250
/* Seconds of grace before a body must keep its rate. */
#define YK_H1_RATE_GRACE_MS 5000
/* Unsent bytes at which a handler that ignores back-pressure is stopped. */
#define YK_H1_OUT_MAX       (16u << 20)

enum yk_h1_phase {
    YK_H1_HEAD,     /* Waits for a request's head, or is in the middle. */
    YK_H1_EXCHANGE, /* A request is being answered. */
    YK_H1_CLOSING,  /* The last bytes are being sent. */
    YK_H1_LINGER,   /* FIN has been sent. */
    YK_H1_CLOSED,   /* The transport has been told to close. */
};

struct yk_h1_conn {
    struct yk_exchange x;
    struct yk_http_server *server; /* Borrowed. */
    struct yk_transport *transport;
    void (*on_gone)(struct yk_transport *transport);
    struct yk_list node;    /* In server->conns. */
    struct yk_list pending; /* In server->pending. */
    struct yk_timer timer;  /* In server->wheel. */
    struct yk_arena arena;  /* Memory of the request. */
    struct yk_out out;      /* Bytes on their way out. */
    struct yk_peer peer;

    /* Input: a block of server->buffers, or NULL when there is none.
     *
     *     in      in_keep        in_start      in_end     block_size
     *     |head of the request   |body, next   |room      |
     *
     * Bytes before in_keep are the head of the open exchange and stay. */
    char *in;
    uint32_t in_keep, in_start, in_end;

    struct yk_h1_head *head;      /* In the arena; NULL between requests. */
    struct yk_h1_chunked chunked; /* The body, if it is chunked. */
    struct yk_headers trailers;   /* In the arena. */
    uint32_t trailer_len;         /* Bytes of trailer section so far. */
    uint64_t body_left;           /* The body, if it has a length. */
    uint64_t drained_len;         /* Bytes read away unused. */
    uint64_t rate_len;            /* Bytes of body since rate_ms. */
    size_t writing_len;           /* Bytes of the write under way. */
    size_t unwritten_len;         /* What the peer had not taken at a look. */
    uint32_t answers_queued;      /* Since the output was last empty. */

    struct yk_flight *flight; /* The open exchange's, if it takes long. */
    uint64_t begun_ns;        /* When it began. */
    int fd;                   /* What the transport writes to, or -1. */
    int sent_status;          /* The open exchange's answer has; 0: none yet. */

    int file_fd;        /* The file that is the open answer's body; -1: none. */
    int file_err;       /* What became of it, if is_file_over. */
    uint64_t file_off;  /* What is to be sent next, */
    uint64_t file_left; /* and how much. */
    uint64_t wake_ms;   /* When the application wants on_timer; 0: not. */

    uint64_t now_ms;        /* When yk_h1_advance was called, for its steps. */
    uint64_t since_ms;      /* When the phase, or the wait for a head, began. */
    uint64_t close_ms;      /* When its turn to be closed comes, if it is idle
                               then; since the server drains. */
    uint64_t request_ms;    /* When the request's first byte came. */
    uint64_t rate_ms;       /* When the body began to be read. */
    uint64_t rate_look_ms;  /* When its rate is looked at next. */
    uint64_t write_look_ms; /* When the output's progress is. */
    uint64_t progress_ms;   /* When output last moved. */

    enum yk_h1_phase phase;
    enum yk_h1_framing framing; /* Of the open answer. */
    bool has_exchange;          /* The application has it. */
    bool is_finish_told;        /* on_finish has been called. */
    bool is_close_told;         /* on_close has been called. */
    bool is_body_complete;      /* The whole body has arrived. */
    bool is_continue_sent;      /* 100 Continue, or it is not needed. */
    bool is_busy;               /* Inside yk_h1_advance. */
    bool is_reading;            /* The transport reads. */
    bool is_writing;            /* The transport writes. */
    bool is_over_high_water;
    bool is_file_over;    /* on_file is due. */
    bool is_bodiless;     /* The open answer has no body: HEAD, 204, 304. */
    bool must_close;      /* After this answer. */
    bool must_cut;        /* In the middle of this answer. */
    bool must_drop;       /* There is no memory to go on with. */
    bool must_linger;     /* Unread input may be on its way. */
    bool was_read;        /* At least one byte has come. */
    bool was_used;        /* Another worker has served it before. */
    bool is_peer_counted; /* In server->peers. */
    bool is_peer_closed;  /* The peer has sent FIN. */
    bool is_transport_closed;
};

static inline struct yk_h1_conn *yk_h1_conn_of(struct yk_exchange *x)
{
    return YK_CONTAINER_OF(x, struct yk_h1_conn, x);
}

static inline uint64_t yk_h1_now(const struct yk_h1_conn *conn)
{
    return conn->server->clock.now_ms(conn->server->clock.data);
}

static inline const char *yk_h1_date(struct yk_h1_conn *conn)
{
    struct yk_http_server *server = conn->server;
    return yk_http_date_at(&server->date,
                           server->clock.wall_s(server->clock.data));
}

/* Input that has not been used yet. */
static inline size_t yk_h1_input_len(const struct yk_h1_conn *conn)
{
    return conn->in_end - conn->in_start;
}

/* A new phase, from now on. */
static inline void yk_h1_enter(struct yk_h1_conn *conn, enum yk_h1_phase phase)
{
    conn->phase = phase;
    conn->since_ms = yk_h1_now(conn);
}

/* Between two requests: nothing has been read of the next one, and all has been
 * written of the last one. */
static inline bool yk_h1_is_at_boundary(const struct yk_h1_conn *conn)
{
    return conn->phase == YK_H1_HEAD && !conn->head && !conn->has_exchange &&
           conn->in_start == conn->in_end && conn->out.len == 0 &&
           !conn->is_writing && !conn->is_busy && !conn->is_peer_closed;
}

/* ---- h1_conn.c ---- */

/* Goes on as far as input, output and the application allow. The connection may
 * be gone afterwards. */
void yk_h1_advance(struct yk_h1_conn *conn);

/* Notes that there is something to do: now if yk_h1_advance is running, else in
 * the server's next flush. */
void yk_h1_touch(struct yk_h1_conn *conn);

/* ---- h1_close.c ---- */

/* Answers `error` and closes; an open exchange is told and is no longer
 * answered by the application. */
void yk_h1_refuse(struct yk_h1_conn *conn, enum yk_h1_error error);

/* Closes at once; an open exchange is told. */
void yk_h1_drop(struct yk_h1_conn *conn);

/* The same with a reset. */
void yk_h1_reset(struct yk_h1_conn *conn);

/* The connection was never read from: it goes back to the primary. Returns
 * false when that cannot be. */
bool yk_h1_give_back(struct yk_h1_conn *conn);

/* Lets go of the connection's socket, if it is idle and nothing of the next
 * request has been read: returns a descriptor that is the caller's, and the
 * connection is over. A negative code: it is not idle. `ready_only`: nor has
 * anything come. */
int yk_h1_release(struct yk_h1_conn *conn, bool ready_only);

/* Ends an answer in its middle. */
void yk_h1_cut(struct yk_h1_conn *conn);

/* The answer is whole, but its exchange goes on without the connection. */
void yk_h1_leave(struct yk_h1_conn *conn);

/* The client has closed its side: on_close, once. */
void yk_h1_tell_close(struct yk_h1_conn *conn);

/* ---- h1_flight.c: what the process tells about its requests (net/vitals.h,
 * net/flights.h) ---- */

/* The protocol's last words (net/flights.h) are known from here on. */
void yk_h1_flights_init(void);

/* conn->head is a request, and its handler is about to be called. */
void yk_h1_flight_begin(struct yk_h1_conn *conn);

/* The handler has come back. */
void yk_h1_flight_returned(struct yk_h1_conn *conn);

/* The request is over; counts what came of it. */
void yk_h1_flight_end(struct yk_h1_conn *conn);

/* An answer of the protocol's own; counts it, if no request is open that will
 * be. */
void yk_h1_flight_refused(struct yk_h1_conn *conn, int status);

/* ---- h1_body.c ---- */

/* Prepares for the body of conn->head's request. */
void yk_h1_body_start(struct yk_h1_conn *conn);

/* Uses input: hands it to the application, or reads it away when the answer has
 * been ended. Returns true when something moved. */
bool yk_h1_body_feed(struct yk_h1_conn *conn);

/* True when so much of the body is to come that it is not worth reading. */
bool yk_h1_body_is_too_long_to_drain(const struct yk_h1_conn *conn);

/* ---- h1_answer.c ---- */

extern const struct yk_exchange_ops yk_h1_exchange_ops;

/* ---- h1_output.c ---- */

/* So much waits to be sent that no further request is begun. */
bool yk_h1_is_output_full(const struct yk_h1_conn *conn);

/* Sends what waits, of memory or of a file. Returns true when that has made
 * room for more work. `round` counts the calls for one event: in the last one
 * all is left to the loop. */
bool yk_h1_flush(struct yk_h1_conn *conn, int round);

/* ---- h1_file.c ---- */

/* As yk_exchange_send_file. */
int yk_h1_send_file(struct yk_exchange *x, int fd, uint64_t off, uint64_t len);

/* The output is empty, and a file is being sent: sends of it what the peer takes
 * now, and puts what comes next into the output. False when nothing was put
 * there. */
bool yk_h1_file_pump(struct yk_h1_conn *conn);

/* Nothing more can be sent: the application is told. */
void yk_h1_file_abort(struct yk_h1_conn *conn);

/* ---- h1_timeout.c ---- */

/* Sets the timer for what the connection waits for. */
void yk_h1_timeout_set(struct yk_h1_conn *conn);

/* Whether it is idle, and has been for as long as it may. */
bool yk_h1_timeout_is_idle_over(const struct yk_h1_conn *conn);

/* A write has begun that the peer may take slowly. */
void yk_h1_timeout_write(struct yk_h1_conn *conn);

/* The body's rate counts from now on. */
void yk_h1_timeout_body(struct yk_h1_conn *conn);

/* The timer has passed. The connection may be gone afterwards. */
void yk_h1_timeout_met(struct yk_timer *timer, void *unused);

#endif
