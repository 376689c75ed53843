/* Stream servers: connections of any protocol, shared out over the workers as
 * an application's are.
 *
 * (Node: `net.Server`, and what its cluster does with it.) A connection is a
 * libuv stream; reading, writing and timeouts are libuv's. This header adds
 * what the cluster needs to know: when a connection has been begun, and when it
 * is over.
 *
 *     static void on_connection(yoke_net *server, yoke_conn *conn, void *data)
 *     {
 *         yoke_conn_read(conn, alloc, on_read);
 *     }
 *
 *     yoke_net_listen(&(struct yoke_net_options){
 *         .listen.port = 7, .on_connection = on_connection });
 *
 * **Begun.** A connection that the primary has dealt and that has not begun is
 * not lost: when the worker dies, or is to stop, another worker gets it. With
 * `yoke_conn_read` it begins just before its first byte is read. Who speaks
 * first, or reads in a way of his own, calls `yoke_conn_begin`; whoever does
 * neither within on_connection has begun when that returns. */
#ifndef YOKE_NET_H
#define YOKE_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <yoke/listen.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

struct uv_buf_t;
struct uv_handle_s;
struct uv_stream_s;

/* A server: one address, and its connections in this process. */
typedef struct yoke_net yoke_net;

/* A connection. It exists from on_connection until after on_close. */
typedef struct yoke_conn yoke_conn;

/* Options of `yoke_net_listen`. Zero is every field's default. */
struct yoke_net_options {
    struct yoke_listen_options listen; /* Where. Its limits and callbacks do not
                                          count. */
    int max_conns; /* Connections at one time in this process; 0: no limit,
                      negative: none. What comes beyond goes to another worker;
                      when all are at their limit, it waits until one is not,
                      and nothing spins. (Node: maxConnections.) */
    bool drops;    /* What comes beyond is closed instead, at once. (Node:
                      dropMaxConnection.) */

    /* A connection has come. Required. */
    void (*on_connection)(yoke_net *server, yoke_conn *conn, void *data);
    /* It is over: `yoke_conn_close` has been carried out, or it was given to
     * another worker, or cut at the deadline of a stop. Free here what belongs
     * to it. May be NULL. */
    void (*on_close)(yoke_conn *conn, void *data);
    /* The server stops: finish what has begun, and close. Connections that have
     * not begun are not told: they go to another worker, or are closed. NULL:
     * they are waited for. */
    void (*on_drain)(yoke_conn *conn, void *data);
    /* A connection was closed because of `drops`. May be NULL. */
    void (*on_drop)(yoke_net *server, void *data);
    /* It listens, on this address. Once. May be NULL. */
    void (*on_listening)(yoke_net *server, const struct yoke_address *addr,
                         void *data);
    /* It cannot listen; on_closed follows. NULL: the error is logged and
     * `yoke_run` returns 1. */
    void (*on_error)(yoke_net *server, int err, const char *text, void *data);
    /* The last call, once, however it ended; the server is freed after it. May
     * be NULL. */
    void (*on_closed)(yoke_net *server, void *data);
    void *data; /* Handed to all. */
};

/* ---- Servers ---- */

/* Listens; the outcome comes from the loop. `options` is copied, its strings
 * are borrowed for the call. When the process stops, or the worker disconnects,
 * the server does. NULL, with errno set, when nothing is begun: EINVAL without
 * options or `on_connection`, ENAMETOOLONG. It is freed by itself, after
 * on_closed. (Node: net.createServer, server.listen.) */
yoke_net *yoke_net_listen(const struct yoke_net_options *options);

/* The address it listens on, or NULL while it does not yet listen. Borrowed:
 * valid until the server is freed. (Node: server.address.) */
const struct yoke_address *yoke_net_address(const yoke_net *server);

/* Connections that are open now. (Node: server.getConnections.) */
size_t yoke_net_connections(const yoke_net *server);

/* Another limit, as `max_conns`; what is open stays so. (Node:
 * server.maxConnections = ...) */
void yoke_net_set_max_conns(yoke_net *server, int max_conns);

/* Stops this server alone: closes the listener, gives on what has not begun,
 * tells the others (on_drain), waits until they are closed, for `drain_ms`
 * milliseconds, and cuts the rest. Negative: waits for as long as it takes.
 * on_closed follows. Harmless when it stops already. (Node: server.close.) */
void yoke_net_stop(yoke_net *server, int drain_ms);

/* ---- Connections ---- */

/* Its stream: a uv_tcp_t, or a uv_pipe_t on a UNIX socket. Its `data` is yours;
 * do not close it but by yoke_conn_close. */
struct uv_stream_s *yoke_conn_stream(yoke_conn *conn);

/* Its server. */
yoke_net *yoke_conn_server(const yoke_conn *conn);

/* The other side's address as text, and its port; "" and 0 on a UNIX socket
 * (Node: remoteAddress is undefined). Borrowed: as long as the connection. */
const char *yoke_conn_peer(const yoke_conn *conn, int *ret_port);

/* Reads, as uv_read_start with these callbacks; the connection begins just
 * before its first byte is read. Returns 0 or a negative code (libuv's). */
int yoke_conn_read(yoke_conn *conn,
                   void (*alloc)(struct uv_handle_s *stream, size_t suggested,
                                 struct uv_buf_t *buf),
                   void (*on_read)(struct uv_stream_s *stream, ssize_t n,
                                   const struct uv_buf_t *buf));

/* From here on it is this worker's, and is lost if it dies. Harmless when it
 * has begun. */
void yoke_conn_begin(yoke_conn *conn);

/* Closes it; on_close follows from the loop. Writes that are under way are cut
 * off: close in the callback of the last. Harmless when it is closing. (Node:
 * socket.destroy.) */
void yoke_conn_close(yoke_conn *conn);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
