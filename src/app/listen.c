/* A server: an application on a listener.
 *
 *   listener --fd--> HTTP connections --request--> application
 *
 * Here the three are joined, and driven from the loop: a timer meets the
 * connections' deadlines, running only while there are connections; and before
 * each sleep of the loop what handlers have written is sent.
 *
 *                            stop, or the     listener closed,
 *           on_listening    process drains    connections gone
 *   OPENING -----------> LISTENING ----> CLOSING ----> handles closed, freed
 *      |                                                ^
 *      +------------------ on_error --------------------+ */
#include <yoke/listen.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include <uv.h>

#include <yoke/app.h>
#include <yoke/error.h>
#include <yoke/loop.h>

#include "app/handle.h"
#include "core/alloc.h"
#include "http/h1_socket.h"
#include "http/server.h"
#include "net/later.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/service.h"

struct yoke_server {
    struct yk_http_server http;
    struct yk_listener listener;
    struct yk_service service;
    struct yk_later failure; /* Tells of an error from the loop. */
    yoke_app *app;           /* Owned. */
    uv_timer_t tick;         /* Runs while there are deadlines. */
    uv_prepare_t flush;
    uv_timer_t deadline; /* Of a stop of this server alone. */
    struct yoke_address address;
    void (*on_listening)(yoke_server *, const struct yoke_address *, void *);
    void (*on_error)(int err, const char *text, void *);
    void *data;
    int open_err;      /* What opening the listener gave. */
    int handles_open;  /* uv handles that have not been closed. */
    bool is_listening; /* `address` is known. */
    bool is_stopping;  /* Drain has begun. */
    bool has_listener; /* The listener has not been closed. */
    bool has_conns;    /* on_empty has not been called. */
};

/* ---- The clock ---- */

static uint64_t loop_now(void *data)
{
    return uv_now(data);
}

static int64_t wall_now(void *data)
{
    (void)data;
    return time(NULL);
}

static struct yk_clock loop_clock(void)
{
    return (struct yk_clock){loop_now, wall_now, yoke_loop()};
}

/* ---- Life ---- */

static void on_handle_closed(uv_handle_t *handle)
{
    yoke_server *server = handle->data;
    if (--server->handles_open > 0)
        return;
    yk_http_server_done(&server->http);
    yoke_app_free(server->app);
    free(server);
}

static void close_handles(yoke_server *server)
{
    yk_service_remove(&server->service);
    yk_later_stop(&server->failure);
    uv_close((uv_handle_t *)&server->tick, on_handle_closed);
    uv_close((uv_handle_t *)&server->flush, on_handle_closed);
    uv_close((uv_handle_t *)&server->deadline, on_handle_closed);
}

static void close_if_done(yoke_server *server)
{
    if (server->is_stopping && !server->has_listener && !server->has_conns)
        close_handles(server);
}

static void on_empty(struct yk_http_server *http, void *data)
{
    yoke_server *server = YK_CONTAINER_OF(http, struct yoke_server, http);
    (void)data;
    server->has_conns = false;
    close_if_done(server);
}

/* ---- Driving the connections ---- */

static void on_tick(uv_timer_t *timer)
{
    yoke_server *server = timer->data;
    yk_http_server_tick(&server->http);
    if (server->http.wheel.count == 0)
        uv_timer_stop(timer);
}

static void on_prepare(uv_prepare_t *prepare)
{
    yoke_server *server = prepare->data;
    yk_http_server_flush(&server->http);
}

static void start_tick(yoke_server *server)
{
    if (!uv_is_active((uv_handle_t *)&server->tick))
        uv_timer_start(&server->tick, on_tick, YK_HTTP_TICK_MS,
                       YK_HTTP_TICK_MS);
}

/* What is still open after `within_ms` is cut. */
static void stop(yoke_server *server, uint32_t within_ms)
{
    if (server->is_stopping)
        return;
    server->is_stopping = true;
    yk_listener_close(&server->listener);
    yk_http_server_drain(&server->http, within_ms);
    if (server->http.wheel.count > 0)
        uv_timer_start(&server->tick, on_tick, YK_HTTP_DRAIN_TICK_MS,
                       YK_HTTP_DRAIN_TICK_MS);
}

static void on_deadline(uv_timer_t *timer)
{
    yoke_server *server = timer->data;
    yk_http_server_abort(&server->http);
}

/* The handles serve the connections; they do not keep the loop alive. */
static void open_handle(yoke_server *server, uv_handle_t *handle)
{
    handle->data = server;
    uv_unref(handle);
    server->handles_open++;
}

static void open_handles(yoke_server *server)
{
    uv_loop_t *loop = yoke_loop();
    uv_timer_init(loop, &server->tick);
    uv_timer_init(loop, &server->deadline);
    uv_prepare_init(loop, &server->flush);
    open_handle(server, (uv_handle_t *)&server->tick);
    open_handle(server, (uv_handle_t *)&server->deadline);
    open_handle(server, (uv_handle_t *)&server->flush);
    uv_prepare_start(&server->flush, on_prepare);
}

/* ---- The listener's events ---- */

static yoke_server *server_of(struct yk_listener *listener)
{
    return YK_CONTAINER_OF(listener, struct yoke_server, listener);
}

static void on_listening(struct yk_listener *listener,
                         const struct yoke_address *addr)
{
    yoke_server *server = server_of(listener);
    server->address = *addr;
    server->is_listening = true;
    if (server->on_listening)
        server->on_listening(server, &server->address, server->data);
}

static void on_error(struct yk_listener *listener, int err, const char *text)
{
    yoke_server *server = server_of(listener);
    server->has_listener = server->has_conns = false;
    server->is_stopping = true;
    if (server->on_error)
        server->on_error(err, text, server->data);
    else
        yk_loop_fail("cannot listen: %s", text);
    close_handles(server);
}

static void on_connection(struct yk_listener *listener, int fd,
                          const struct yk_peer *peer,
                          const struct yk_handoff *handoff)
{
    yoke_server *server = server_of(listener);
    yk_h1_socket_start(&server->http, yoke_loop(), fd, peer, handoff);
    /* It was on its way when the stop began: it is waited for as well, unless
     * there was no memory for it. */
    if (server->is_stopping && server->http.conn_count > 0) {
        server->has_conns = true;
        server->http.on_empty = on_empty;
    }
    start_tick(server);
}

static void on_listener_closed(struct yk_listener *listener)
{
    yoke_server *server = server_of(listener);
    server->has_listener = false;
    close_if_done(server);
}

static const struct yk_listener_ops listener_ops = {
    .on_listening = on_listening,
    .on_error = on_error,
    .on_connection = on_connection,
    .on_closed = on_listener_closed,
};

/* ---- The process's stop ---- */

static void drain_service(struct yk_service *service)
{
    stop(YK_CONTAINER_OF(service, struct yoke_server, service),
         yk_loop_time_left_ms());
}

/* What cannot be given away after all is served here, as if it had just come. */
static bool give_conn(int fd, const struct yk_peer *peer, void *data)
{
    yoke_server *server = data;
    if (yk_listener_give(&server->listener, fd, peer) == 0)
        return true;
    yk_h1_socket_start(&server->http, yoke_loop(), fd, peer, NULL);
    return false;
}

static unsigned release_service(struct yk_service *service, unsigned max,
                                bool ready_only)
{
    yoke_server *server = YK_CONTAINER_OF(service, struct yoke_server, service);
    if (!yk_listener_can_give(&server->listener))
        return 0;
    return yk_http_server_release(&server->http, max, ready_only, give_conn,
                                  server);
}

static void abort_service(struct yk_service *service)
{
    yoke_server *server = YK_CONTAINER_OF(service, struct yoke_server, service);
    yk_http_server_abort(&server->http);
}

/* ---- Public functions ---- */

static void tell_failure(struct yk_later *later)
{
    yoke_server *server = YK_CONTAINER_OF(later, struct yoke_server, failure);
    on_error(&server->listener, server->open_err,
             yoke_strerror(server->open_err));
}

static void open_listener(yoke_server *server,
                          const struct yoke_listen_options *options)
{
    struct yk_listen_spec spec;

    yk_listen_spec_of(options, &spec);
    server->open_err =
        yk_listener_open(&server->listener, &listener_ops, &spec);
    if (server->open_err < 0)
        yk_later_start(&server->failure);
}

static yoke_server *server_new(yoke_app *app,
                               const struct yoke_listen_options *options)
{
    struct yk_clock clock = loop_clock();
    yoke_server *server = yk_alloc(sizeof(*server));
    if (yk_http_server_init(&server->http, &options->limits, &clock,
                            yk_app_handle, app) < 0) {
        free(server);
        return NULL;
    }
    server->http.on_empty = on_empty;
    server->app = app;
    server->on_listening = options->on_listening;
    server->on_error = options->on_error;
    server->data = options->data;
    server->has_listener = server->has_conns = true;
    server->service.drain = drain_service;
    server->service.release = release_service;
    server->service.abort = abort_service;
    yk_later_init(&server->failure, tell_failure);
    open_handles(server);
    return server;
}

yoke_server *yoke_app_listen_with(yoke_app *app,
                                  const struct yoke_listen_options *options)
{
    const char *error = yk_app_prepare(app);
    if (error) {
        yk_loop_fail("%s", error);
        yoke_app_free(app);
        return NULL;
    }
    yoke_server *server = server_new(app, options);
    if (!server) {
        yk_loop_fail("a limit of the listener is too high: max_head_len, "
                     "max_target_len and max_line_len are at most 16384, "
                     "max_fields is at most 100");
        yoke_app_free(app);
        return NULL;
    }
    open_listener(server, options);
    yk_service_add(&server->service);
    return server;
}

const struct yoke_address *yoke_server_address(const yoke_server *server)
{
    return server->is_listening ? &server->address : NULL;
}

size_t yoke_server_connections(const yoke_server *server)
{
    return server->http.conn_count;
}

/* Whoever sent it may have had it blocking; the flag is shared with him. */
static int prepare_conn(int fd, struct yk_peer *ret_peer)
{
    struct sockaddr_storage addr = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof(addr);
    int flags;
    if (getpeername(fd, (struct sockaddr *)&addr, &len) < 0)
        return -errno;
    if ((flags = fcntl(fd, F_GETFL)) < 0 ||
        fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
        return -errno;
    yk_peer_from_sockaddr(ret_peer, (const struct sockaddr *)&addr);
    return 0;
}

int yoke_server_accept(yoke_server *server, int fd)
{
    struct yk_peer peer;
    if (server->is_stopping)
        return -ESHUTDOWN;
    int err = prepare_conn(fd, &peer);
    if (err < 0)
        return err;
    yk_h1_socket_start(&server->http, yoke_loop(), fd, &peer, NULL);
    start_tick(server);
    return 0;
}

void yoke_server_stop(yoke_server *server, int drain_ms)
{
    uint32_t within_ms = drain_ms > 0 ? (uint32_t)drain_ms : 0;
    uv_timer_start(&server->deadline, on_deadline, within_ms, 0);
    stop(server, within_ms);
}
