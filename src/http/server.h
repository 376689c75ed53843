/* An HTTP server without its sockets: the connections, what they share, and
 * their clock.
 *
 * It knows neither listeners nor routes. Connections are added with a
 * transport; requests go to `on_request`. Everything that connections of one
 * loop can share (buffers, the Date header, the timer wheel) is here, so that
 * an idle connection is small.
 *
 * The owner drives it: `yk_http_server_tick` about every quarter of a second,
 * and `yk_http_server_flush` once in each turn of the loop, before it sleeps:
 * that sends what handlers have written from callbacks of their own. */
#ifndef YK_HTTP_SERVER_H
#define YK_HTTP_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include <yoke/listen.h>

#include "core/blocks.h"
#include "core/clock.h"
#include "core/list.h"
#include "core/wheel.h"
#include "http/date.h"
#include "http/peer_count.h"

struct yk_exchange;
struct yk_h1_conn;
struct yk_peer;
struct yk_transport;

struct yk_http_server {
    struct yoke_limits limits; /* Defaults filled in. */
    struct yk_clock clock;
    void (*on_request)(struct yk_exchange *x, void *data);
    /* Draining, and the last connection has gone; may be NULL. Once; the
     * server may not be freed before control is back in the loop. */
    void (*on_empty)(struct yk_http_server *server, void *data);
    void *data; /* Handed to both. */

    struct yk_blocks buffers;   /* Read and output buffers. */
    struct yk_blocks arenas;    /* Blocks of the request arenas. */
    struct yk_wheel wheel;      /* The connections' deadlines. */
    struct yk_http_date date;   /* The Date header of this second. */
    struct yk_list conns;       /* Every open connection. */
    struct yk_list pending;     /* Those with something to do in flush. */
    struct yk_peer_count peers; /* Counted only if max_conns_per_ip is set. */
    uint32_t conn_count;
    bool is_draining;
};

/* Takes the socket of a connection that was let go of; the descriptor is the
 * callee's. */
typedef bool yk_http_take_fn(int fd, const struct yk_peer *peer, void *data);

/* How often yk_http_server_tick is to be called, in milliseconds. */
#define YK_HTTP_TICK_MS       250
/* The same while it drains, so that closing is spread finely. */
#define YK_HTTP_DRAIN_TICK_MS 20

/* Sets a server up; fields of `limits` that are 0 get their defaults. Returns
 * 0, or -EINVAL for limits beyond what is possible. */
int yk_http_server_init(struct yk_http_server *server,
                        const struct yoke_limits *limits,
                        const struct yk_clock *clock,
                        void (*on_request)(struct yk_exchange *x, void *data),
                        void *data);

/* Frees what is shared; no connection may be left. */
void yk_http_server_done(struct yk_http_server *server);

/* Meets deadlines. */
void yk_http_server_tick(struct yk_http_server *server);

/* Sends what waits to be sent, and goes on with connections whose exchange has
 * been ended from outside. */
void yk_http_server_flush(struct yk_http_server *server);

/* No new connections: answers carry `Connection: close`, connections that have
 * been idle for a quarter of a second are closed, one after the other
 * (limits.close_spread_ms), those that were dealt but never read are given back.
 * `on_empty` follows when none is left, at once if there is none. What is left
 * after `within_ms` will be cut by the caller (UINT32_MAX: nothing will). */
void yk_http_server_drain(struct yk_http_server *server, uint32_t within_ms);

/* Lets go of up to `max` idle connections (yk_h1_release), those first that
 * have not been asked for longest; `take` gets each, and returns false when it
 * wants no more after it. Returns how many. */
unsigned yk_http_server_release(struct yk_http_server *server, unsigned max,
                                bool ready_only, yk_http_take_fn *take,
                                void *data);

/* Cuts every connection. */
void yk_http_server_abort(struct yk_http_server *server);

/* ---- For connections ---- */

/* Counts a new connection; false when it is one too many (or cannot be counted
 * for want of memory), which is to be forgotten all the same.
 * `*ret_is_counted` says whether it was counted for its address. */
bool yk_http_server_admit(struct yk_http_server *server,
                          const struct yk_peer *peer, bool *ret_is_counted);

/* The connection has gone. */
void yk_http_server_forget(struct yk_http_server *server,
                           const struct yk_peer *peer, bool is_counted);

/* Calls on_empty if the server is draining and has no connection left. */
void yk_http_server_tell_if_empty(struct yk_http_server *server);

#endif
