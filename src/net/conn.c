/* A connection of a stream server. What is to become of it when the server
 * stops:
 *
 *   begun                 on_drain: the user ends it
 *   dealt, not begun      back to the primary, for another worker
 *   bytes have come       it is served; on_drain when they have been read
 *   silent                closed */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <yoke/loop.h>

#include "core/alloc.h"
#include "net/net.h"
#include "net/vitals.h"

struct yoke_conn {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } uv; /* First: the stream's address is the connection's. */
    struct yk_list node;
    yoke_net *server;
    struct yk_handoff handoff;
    uv_alloc_cb alloc; /* The user's. */
    char peer[YK_PEER_TEXT_MAX];
    int peer_port;
    bool is_begun;
    bool waits_for_read; /* It begins by itself. */
    bool owes_drain;     /* on_drain is to be called. */
    bool is_closing;
};

/* ---- Its end ---- */

static void on_conn_closed(uv_handle_t *handle)
{
    yoke_conn *conn = (yoke_conn *)handle;
    yoke_net *server = conn->server;

    server->conn_count--;
    yk_vitals_add(&yk_vitals->conns_closed, 1);
    if (server->options.on_close)
        server->options.on_close(conn, server->options.data);
    free(conn);
    yk_net_conns_changed(server);
}

static void close_handle(yoke_conn *conn)
{
    conn->is_closing = true;
    yk_list_remove(&conn->node);
    uv_close(&conn->uv.handle, on_conn_closed);
}

/* While another process has a copy, closing ours would not end the connection. */
static void end_connection(const struct yk_handoff *handoff, int fd)
{
    yk_handoff_begin(handoff);
    if (yk_handoff_is_held(handoff))
        shutdown(fd, SHUT_RDWR);
}

void yk_conn_refuse(const struct yk_handoff *handoff, int fd)
{
    end_connection(handoff, fd);
    close(fd);
}

/* ---- The server stops ---- */

static bool has_bytes(const yoke_conn *conn)
{
    uv_os_fd_t fd;
    char byte;

    return uv_fileno(&conn->uv.handle, &fd) == 0 &&
           recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

static void tell_drain(yoke_conn *conn)
{
    yoke_net *server = conn->server;

    conn->owes_drain = false;
    if (server->options.on_drain)
        server->options.on_drain(conn, server->options.data);
}

static void drain_conn(yoke_conn *conn)
{
    if (conn->is_begun)
        tell_drain(conn);
    else if (yk_handoff_return(&conn->handoff))
        close_handle(conn);
    else if (has_bytes(conn))
        conn->owes_drain = true;
    else
        yoke_conn_close(conn);
}

/* Calls `fn` for each connection, whatever that does with all of them. */
static void each_conn(yoke_net *server, void (*fn)(yoke_conn *conn))
{
    struct yk_list left, *node;

    yk_list_init(&left);
    yk_list_move_all(&left, &server->conns);
    while ((node = yk_list_take(&left))) {
        yk_list_add(&server->conns, node);
        fn(YK_CONTAINER_OF(node, struct yoke_conn, node));
    }
}

static void tell_owed_drain(yoke_conn *conn)
{
    if (conn->owes_drain && conn->is_begun)
        tell_drain(conn);
}

static void call_drains(struct yk_later *later)
{
    each_conn(YK_CONTAINER_OF(later, struct yoke_net, drainer),
              tell_owed_drain);
}

void yk_conns_init(yoke_net *server)
{
    yk_list_init(&server->conns);
    yk_later_init(&server->drainer, call_drains);
}

void yk_conns_drain(yoke_net *server)
{
    each_conn(server, drain_conn);
}

void yk_conns_close(yoke_net *server)
{
    each_conn(server, yoke_conn_close);
}

/* ---- Its beginning ---- */

static int open_stream(yoke_conn *conn, int fd, bool is_tcp)
{
    int err;

    if (is_tcp) {
        uv_tcp_init(yoke_loop(), &conn->uv.tcp);
        err = uv_tcp_open(&conn->uv.tcp, fd);
    } else {
        uv_pipe_init(yoke_loop(), &conn->uv.pipe, 0);
        err = uv_pipe_open(&conn->uv.pipe, fd);
    }
    return err;
}

/* NULL without memory. */
static yoke_conn *new_conn(yoke_net *server, const struct yk_peer *peer,
                           const struct yk_handoff *handoff)
{
    yoke_conn *conn = yk_try_alloc(sizeof(*conn));

    if (!conn)
        return NULL;
    *conn = (struct yoke_conn){
        .server = server, .handoff = *handoff, .peer_port = peer->port};
    yk_peer_text(peer, conn->peer);
    yk_list_add(&server->conns, &conn->node);
    yk_vitals_add(&yk_vitals->conns_opened, 1);
    server->conn_count++;
    yk_net_conns_changed(server);
    return conn;
}

static void start_conn(yoke_conn *conn)
{
    yoke_net *server = conn->server;

    server->options.on_connection(server, conn, server->options.data);
    if (!conn->is_closing && !conn->waits_for_read)
        yoke_conn_begin(conn);
    if (!conn->is_closing && server->is_stopping)
        drain_conn(conn);
}

void yk_conn_open(yoke_net *server, int fd, const struct yk_peer *peer,
                  const struct yk_handoff *handoff)
{
    yoke_conn *conn = new_conn(server, peer, handoff);

    if (!conn) {
        yk_conn_refuse(handoff, fd);
        return;
    }
    if (open_stream(conn, fd, peer->family != 0) == 0) {
        start_conn(conn);
        return;
    }
    yk_conn_refuse(handoff, fd);
    close_handle(conn);
}

/* ---- For its user ---- */

struct uv_stream_s *yoke_conn_stream(yoke_conn *conn)
{
    return &conn->uv.stream;
}

yoke_net *yoke_conn_server(const yoke_conn *conn)
{
    return conn->server;
}

const char *yoke_conn_peer(const yoke_conn *conn, int *ret_port)
{
    if (ret_port)
        *ret_port = conn->peer_port;
    return conn->peer;
}

/* libuv asks for memory just before it reads: in time to say that the
 * connection begins. */
static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    yoke_conn *conn = (yoke_conn *)handle;

    yk_turn_begin();
    yoke_conn_begin(conn);
    conn->alloc(handle, suggested, buf);
}

int yoke_conn_read(yoke_conn *conn,
                   void (*alloc)(struct uv_handle_s *, size_t,
                                 struct uv_buf_t *),
                   void (*on_read)(struct uv_stream_s *, ssize_t,
                                   const struct uv_buf_t *))
{
    conn->alloc = alloc;
    conn->waits_for_read = true;
    return uv_read_start(&conn->uv.stream, on_alloc, on_read);
}

void yoke_conn_begin(yoke_conn *conn)
{
    if (conn->is_begun)
        return;
    conn->is_begun = true;
    yk_handoff_begin(&conn->handoff);
    if (conn->owes_drain)
        yk_later_start(&conn->server->drainer);
}

void yoke_conn_close(yoke_conn *conn)
{
    uv_os_fd_t fd;

    if (conn->is_closing)
        return;
    if (uv_fileno(&conn->uv.handle, &fd) == 0)
        end_connection(&conn->handoff, fd);
    close_handle(conn);
}
