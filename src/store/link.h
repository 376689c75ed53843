/* A connection to a server that is kept up: what is the same for every server
 * that is spoken to over a socket.
 *
 *            start            resolved, connected      greeted (yk_link_up)
 *   RESTING ------> CONNECTING ----------------> GREETING -----------> UP
 *      ^               |  too long, refused         |  too long         |
 *      '---------------'------- closed -------------'---- broken -------'
 *        after a pause
 *
 * The pause doubles from 25 ms to a second, and part of it is by chance, so that
 * a hundred workers do not come back in the same millisecond. It is counted from
 * the attempt's beginning: one that took its time is followed soon. Names are
 * looked up anew for each attempt, by libuv's threads; of several addresses, an
 * attempt tries one after the other. What is appended in one turn leaves with
 * one write. With TLS (tls.h) the handshake belongs to GREETING. */
#ifndef YK_STORE_LINK_H
#define YK_STORE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "core/random.h"
#include "store/link_out.h"

struct yk_tls;
struct yk_tls_config;

enum yk_link_state {
    YK_LINK_RESTING,
    YK_LINK_CONNECTING,
    YK_LINK_GREETING,
    YK_LINK_UP,
    YK_LINK_CLOSING, /* On the way to RESTING, or to its end. */
};

struct yk_link;

struct yk_link_ops {
    /* Connected: say what has to be said first, and call yk_link_up when the
     * answers are there. */
    void (*on_connected)(struct yk_link *link);
    /* Bytes have come; they may be changed. May call yk_link_break, and must
     * return then. */
    void (*on_bytes)(struct yk_link *link, char *ptr, size_t len);
    /* The connection, or the attempt, is over: whatever was sent will not be
     * answered. `why` is borrowed. */
    void (*on_break)(struct yk_link *link, const char *why);
    /* Once a beat: ask something, for a connection on which nothing has come
     * since the last beat is given up. NULL: it may be silent. */
    void (*on_beat)(struct yk_link *link);
    /* After yk_link_close: its memory is the owner's again. */
    void (*on_closed)(struct yk_link *link);
};

struct yk_link {
    const struct yk_link_ops *ops;
    void *owner;
    const char *path; /* A UNIX socket's; NULL: host and port. Borrowed. */
    const char *host;
    int port;
    const struct yk_tls_config *tls_config; /* NULL: no TLS. Borrowed. */
    uint32_t connect_ms;                    /* How long an attempt may take. */
    uint32_t beat_ms;                       /* How often on_beat is called. */
    bool keeps_loop;                        /* It keeps the loop alive. */
    struct yoke_store *store; /* Is told of attempts; NULL: it is not for
                                 calls. */

    enum yk_link_state state;
    unsigned forks;    /* When it was set up: a fork's copy is dead. */
    bool is_ending;    /* yk_link_close has been called. */
    bool is_resolving; /* The request is libuv's. */
    bool has_heard;    /* Since the last beat. */
    bool is_trying;    /* The store has been told of an attempt. */
    unsigned attempts; /* Since it was up. */
    uint64_t tried_ms; /* When the last one began. */
    struct yk_random random;
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } uv;
    uv_timer_t timer; /* Of the attempt, of the pause, or of the beat. */
    uv_getaddrinfo_t resolve;
    uv_connect_t connect;
    struct addrinfo *found; /* Addresses, during the attempt; owned. */
    unsigned count, next; /* How many, and which is tried next, modulo that; */
    unsigned left;        /* so many have not been. */
    bool is_switching;    /* From one to the next: its socket is closed. */

    /* Output: what is for the socket, what a write under way still needs, and
     * with TLS what has been appended and is not encrypted yet. */
    struct yk_link_out out;
    char *writing;
    bool is_writing;
    bool is_torn; /* Something is missing in `out` or `plain`. */
    uv_write_t write;
    struct yk_tls *tls;
    struct yk_link_out plain;
};

/* The fields from `ops` to `keeps_loop` have been set. Host, port and path may
 * be changed later, and hold from the next attempt on. */
void yk_link_init(struct yk_link *link);

/* How long to wait after that many attempts in vain, the last of which began at
 * `tried_ms` of the loop: half of it is by chance. */
uint64_t yk_link_pause(struct yk_random *random, unsigned attempts,
                       uint64_t tried_ms);

/* Begins the first attempt. Harmless when it has begun. */
void yk_link_start(struct yk_link *link);

/* Ends the pause before the next attempt, if it is in one: there is a reason to
 * think that it will succeed. */
void yk_link_hurry(struct yk_link *link);

/* True when this process has got it by a fork: then it is the parent's, and must
 * not be used. */
bool yk_link_is_foreign(const struct yk_link *link);

/* True while bytes go to and fro: it is GREETING or UP. */
static inline bool yk_link_is_connected(const struct yk_link *link)
{
    return link->state == YK_LINK_UP || link->state == YK_LINK_GREETING;
}

/* Whether it keeps the loop alive. */
void yk_link_hold_loop(struct yk_link *link, bool keeps_loop);

/* It has been greeted. */
void yk_link_up(struct yk_link *link);

/* Adds bytes to what is to be sent, while it is GREETING or UP. Without memory
 * for it, the flush that follows breaks the connection, for half a command
 * would be taken for another. */
void yk_link_append(struct yk_link *link, const void *ptr, size_t len);

/* The same with bytes that the caller puts there himself: first room for at most
 * `len`, or NULL without memory; then how many it has become. */
static inline char *yk_link_room(struct yk_link *link, size_t len);
static inline void yk_link_added(struct yk_link *link, size_t len);

/* Sends it. */
void yk_link_flush(struct yk_link *link);

/* Gives the connection up: on_break, then another attempt. */
void yk_link_break(struct yk_link *link, const char *why);

/* Ends it; on_closed follows from the loop. No on_break. */
void yk_link_close(struct yk_link *link);

/* ---- Inline ---- */

/* For yk_link_room. */
char *yk_link_grow(struct yk_link *link, size_t len);

static inline char *yk_link_room(struct yk_link *link, size_t len)
{
    struct yk_link_out *out = link->tls ? &link->plain : &link->out;

    if (out->size - out->len < len)
        return yk_link_grow(link, len);
    return out->ptr + out->len;
}

static inline void yk_link_added(struct yk_link *link, size_t len)
{
    if (link->tls)
        link->plain.len += len;
    else
        link->out.len += len;
}

#endif
