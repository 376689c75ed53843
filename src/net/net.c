/* A stream server.
 *
 *   OPENING --on_listening--> LISTENING --stop--> STOPPING --> listener closed,
 *      |                                             ^         no connections:
 *      `---------------- on_error -------------------'         on_closed, freed
 *
 * What is to become of a connection when the server stops:
 *
 *   begun                 on_drain: the user ends it
 *   dealt, not begun      back to the primary, for another worker
 *   bytes have come       it is served; on_drain when they have been read
 *   silent                closed */
#include <yoke/net.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <yoke/error.h>
#include <yoke/loop.h>

#include "core/alloc.h"
#include "core/list.h"
#include "net/later.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/service.h"
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

struct yoke_net {
    struct yk_listener listener;
    struct yk_service service;
    struct yk_list conns;            /* Those that are not closing. */
    struct yk_later drainer;         /* Calls the on_drain that are owed. */
    uv_timer_t deadline;             /* Of a stop of this server alone. */
    struct yoke_net_options options; /* Without the strings. */
    struct yoke_address address;
    size_t conn_count; /* Until on_close. */
    bool is_listening; /* `address` is known. */
    uint32_t room;     /* As the listener knows it. */
    bool is_stopping;
    bool has_listener; /* It has not been closed. */
};

/* ---- Life ---- */

static void on_deadline_closed(uv_handle_t *handle)
{
    yoke_net *server = handle->data;

    if (server->options.on_closed)
        server->options.on_closed(server, server->options.data);
    /* Last: it may be what the process's end waits for. */
    yk_service_remove(&server->service);
    free(server);
}

static void free_if_done(yoke_net *server)
{
    if (!server->is_stopping || server->has_listener || server->conn_count ||
        uv_is_closing((uv_handle_t *)&server->deadline))
        return;
    yk_later_stop(&server->drainer);
    uv_close((uv_handle_t *)&server->deadline, on_deadline_closed);
}

/* ---- The limit ---- */

static bool is_at_limit(const yoke_net *server)
{
    int max = server->options.max_conns;

    return max < 0 || (max > 0 && server->conn_count >= (size_t)max);
}

/* How many more are taken. */
static uint32_t room_of(const yoke_net *server)
{
    int max = server->options.max_conns;

    if (server->options.drops || max == 0)
        return YK_ROOM_ANY;
    return is_at_limit(server) ? 0
                               : (uint32_t)max - (uint32_t)server->conn_count;
}

static void update_limit(yoke_net *server)
{
    uint32_t room = room_of(server);

    if (!server->is_listening || server->is_stopping || room == server->room)
        return;
    server->room = room;
    yk_listener_set_room(&server->listener, room);
}

/* ---- The end of a connection ---- */

static void on_conn_closed(uv_handle_t *handle)
{
    yoke_conn *conn = (yoke_conn *)handle;
    yoke_net *server = conn->server;

    server->conn_count--;
    yk_vitals_add(&yk_vitals->conns_closed, 1);
    if (server->options.on_close)
        server->options.on_close(conn, server->options.data);
    free(conn);
    update_limit(server);
    free_if_done(server);
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

static void refuse(const struct yk_handoff *handoff, int fd)
{
    end_connection(handoff, fd);
    close(fd);
}

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

/* ---- A new connection ---- */

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
    server->conn_count++;
    yk_vitals_add(&yk_vitals->conns_opened, 1);
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

static bool should_drop(const yoke_net *server)
{
    return is_at_limit(server) &&
           (server->options.drops || server->options.max_conns < 0);
}

static void on_connection(struct yk_listener *listener, int fd,
                          const struct yk_peer *peer,
                          const struct yk_handoff *handoff)
{
    yoke_net *server = YK_CONTAINER_OF(listener, struct yoke_net, listener);

    if (should_drop(server)) {
        refuse(handoff, fd);
        if (server->options.on_drop)
            server->options.on_drop(server, server->options.data);
        return;
    }
    yoke_conn *conn = new_conn(server, peer, handoff);
    if (!conn) {
        refuse(handoff, fd);
        return;
    }
    update_limit(server);
    if (open_stream(conn, fd, peer->family != 0) == 0) {
        start_conn(conn);
        return;
    }
    refuse(handoff, fd);
    close_handle(conn);
}

/* ---- The listener's other events ---- */

static yoke_net *server_of(struct yk_listener *listener)
{
    return YK_CONTAINER_OF(listener, struct yoke_net, listener);
}

static void on_listening(struct yk_listener *listener,
                         const struct yoke_address *addr)
{
    yoke_net *server = server_of(listener);

    server->address = *addr;
    server->is_listening = true;
    update_limit(server);
    if (server->options.on_listening)
        server->options.on_listening(server, &server->address,
                                     server->options.data);
}

static void on_error(struct yk_listener *listener, int err, const char *text)
{
    yoke_net *server = server_of(listener);

    server->has_listener = false;
    server->is_stopping = true;
    if (server->options.on_error)
        server->options.on_error(server, err, text, server->options.data);
    else
        yk_loop_fail("cannot listen: %s", text);
    free_if_done(server);
}

static void on_listener_closed(struct yk_listener *listener)
{
    yoke_net *server = server_of(listener);

    server->has_listener = false;
    free_if_done(server);
}

static const struct yk_listener_ops listener_ops = {
    .on_listening = on_listening,
    .on_error = on_error,
    .on_connection = on_connection,
    .on_closed = on_listener_closed,
};

/* ---- Stopping ---- */

static void stop(yoke_net *server)
{
    if (server->is_stopping)
        return;
    server->is_stopping = true;
    yk_listener_close(&server->listener);
    each_conn(server, drain_conn);
}

static void abort_conns(yoke_net *server)
{
    each_conn(server, yoke_conn_close);
}

static void on_deadline(uv_timer_t *timer)
{
    abort_conns(timer->data);
}

static yoke_net *of_service(struct yk_service *service)
{
    return YK_CONTAINER_OF(service, struct yoke_net, service);
}

static void drain_service(struct yk_service *service)
{
    stop(of_service(service));
}

static void abort_service(struct yk_service *service)
{
    abort_conns(of_service(service));
}

/* ---- Servers ---- */

static yoke_net *new_server(const struct yoke_net_options *options)
{
    yoke_net *server = yk_alloc(sizeof(*server));

    server->options = *options;
    server->options.listen = (struct yoke_listen_options){.reserved_ = 0};
    server->has_listener = true;
    server->room = YK_ROOM_ANY;
    server->service.drain = drain_service;
    server->service.abort = abort_service;
    yk_list_init(&server->conns);
    yk_later_init(&server->drainer, call_drains);
    return server;
}

static void open_deadline(yoke_net *server)
{
    uv_timer_init(yoke_loop(), &server->deadline);
    uv_unref((uv_handle_t *)&server->deadline);
    server->deadline.data = server;
}

yoke_net *yoke_net_listen(const struct yoke_net_options *options)
{
    struct yk_listen_spec spec;

    if (!options || !options->on_connection) {
        errno = EINVAL;
        return NULL;
    }
    yk_listen_spec_of(&options->listen, &spec);
    yoke_net *server = new_server(options);
    int err = yk_listener_open(&server->listener, &listener_ops, &spec);
    if (err < 0) {
        free(server);
        errno = -err;
        return NULL;
    }
    open_deadline(server);
    yk_service_add(&server->service);
    return server;
}

const struct yoke_address *yoke_net_address(const yoke_net *server)
{
    return server->is_listening ? &server->address : NULL;
}

size_t yoke_net_connections(const yoke_net *server)
{
    return server->conn_count;
}

void yoke_net_set_max_conns(yoke_net *server, int max_conns)
{
    server->options.max_conns = max_conns;
    update_limit(server);
}

void yoke_net_stop(yoke_net *server, int drain_ms)
{
    uv_handle_t *deadline = (uv_handle_t *)&server->deadline;

    if (drain_ms >= 0 && !uv_is_closing(deadline)) {
        /* A connection that nobody reads does not keep the loop alive. */
        uv_ref(deadline);
        uv_timer_start(&server->deadline, on_deadline, (uint64_t)drain_ms, 0);
    }
    stop(server);
}

/* ---- Connections ---- */

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
