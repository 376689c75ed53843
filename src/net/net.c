/* A stream server.
 *
 *   OPENING --on_listening--> LISTENING --stop--> STOPPING --> listener closed,
 *      |                                             ^         no connections:
 *      `---------------- on_error -------------------'         on_closed, freed */
#include "net/net.h"

#include <errno.h>
#include <stdlib.h>

#include <yoke/error.h>
#include <yoke/loop.h>

#include "core/alloc.h"
#include "net/loop.h"

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

/* ---- Its connections ---- */

void yk_net_conns_changed(yoke_net *server)
{
    update_limit(server);
    free_if_done(server);
}

static bool should_drop(const yoke_net *server)
{
    return is_at_limit(server) &&
           (server->options.drops || server->options.max_conns < 0);
}

/* ---- The listener's events ---- */

static yoke_net *server_of(struct yk_listener *listener)
{
    return YK_CONTAINER_OF(listener, struct yoke_net, listener);
}

static void on_connection(struct yk_listener *listener, int fd,
                          const struct yk_peer *peer,
                          const struct yk_handoff *handoff)
{
    yoke_net *server = server_of(listener);

    if (should_drop(server)) {
        yk_conn_refuse(handoff, fd);
        if (server->options.on_drop)
            server->options.on_drop(server, server->options.data);
        return;
    }
    yk_conn_open(server, fd, peer, handoff);
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
    yk_conns_drain(server);
}

static void on_deadline(uv_timer_t *timer)
{
    yk_conns_close(timer->data);
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
    yk_conns_close(of_service(service));
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
    yk_conns_init(server);
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
