#include "cluster/ports.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include <yoke/error.h>
#include <yoke/loop.h>

#include "cluster/fleet.h"
#include "cluster/intake.h"
#include "cluster/line.h"
#include "cluster/port.h"
#include "cluster/request.h"
#include "cluster/seats.h"
#include "cluster/shards.h"
#include "cluster/users.h"
#include "cluster/worker.h"
#include "cluster/workers.h"
#include "core/cleanup.h"
#include "net/backlog.h"
#include "net/later.h"

#include "core/banned.h"

/* How long a port waits for a worker that is starting. */
#define KEEP_MS 10000

/* The ports. Written by the functions of this file, in the primary. */
static struct yk_list ports = {&ports, &ports};
static bool are_kept;           /* By yk_ports_keep. */
static uv_timer_t review_timer; /* Runs while a port waits for a user. */
static bool has_timer;
static void (*on_drain_progress)(void); /* Of yk_ports_drain; or NULL, */
static struct yk_later progress;        /* and the call of it. */

/* ---- The table ---- */

struct yk_list *yk_ports(void)
{
    return &ports;
}

void yk_ports_add(struct yk_port *port)
{
    yk_list_add(&ports, &port->node);
}

static struct yk_port *find(const struct yoke_worker *worker,
                            const struct yk_listen_request *request)
{
    YK_LIST_EACH(node, &ports)
    {
        struct yk_port *port = YK_CONTAINER_OF(node, struct yk_port, node);
        if (port->is_stopping)
            continue;
        if (yk_port_is_same(port, request) ||
            (yk_port_has_become(port, request) && !yk_user_is_at(port, worker)))
            return port;
    }
    return NULL;
}

struct yk_port *yk_ports_at(const struct yoke_address *address)
{
    struct yk_port *best = NULL;
    int closest = 0;

    YK_LIST_EACH(node, &ports)
    {
        struct yk_port *port = YK_CONTAINER_OF(node, struct yk_port, node);
        const struct yoke_address *own = &port->socket.address;
        if (port->is_stopping || own->is_udp || own->port != address->port)
            continue;
        int how_close = yk_port_closeness(own, address);
        if (how_close > closest) {
            closest = how_close;
            best = port;
        }
    }
    return best;
}

/* ---- Ports that nobody uses ---- */

/* A worker that has been forked but does not listen yet may want the port. */
static bool is_somebody_coming(void)
{
    struct yoke_worker *worker;

    YK_WORKERS_EACH(worker)
    if (yk_worker_is_useful(worker) && !worker->has_listened &&
        uv_now(yoke_loop()) - worker->forked_ms < KEEP_MS)
        return true;
    return false;
}

static void on_review(uv_timer_t *timer)
{
    (void)timer;
    yk_ports_review();
}

static void review_later(void)
{
    if (!has_timer) {
        uv_timer_init(yoke_loop(), &review_timer);
        uv_unref((uv_handle_t *)&review_timer);
        has_timer = true;
    }
    uv_timer_start(&review_timer, on_review, KEEP_MS, 0);
}

void yk_ports_review(void)
{
    bool is_coming = is_somebody_coming();
    bool is_waiting = false;

    if (are_kept)
        return;
    YK_LIST_EACH(node, &ports)
    {
        struct yk_port *port = YK_CONTAINER_OF(node, struct yk_port, node);
        if (yk_port_is_used(port))
            continue;
        is_waiting = is_coming;
        if (!is_coming)
            yk_port_stop(port);
    }
    if (is_waiting)
        review_later();
}

void yk_ports_keep(void)
{
    are_kept = true;
}

/* ---- Listening ---- */

static unsigned count(const struct yk_list *list)
{
    unsigned sum = 0;

    YK_LIST_EACH(node, list)
    sum++;
    return sum;
}

/* An honest worker asks for nothing that it has, and has numbers and places
 * that are free. */
static int check(struct yoke_worker *worker, const struct yk_port *port,
                 uint32_t token, char text[YK_SOCKET_TEXT_MAX])
{
    if (yk_user_find(worker, token) || (port && yk_user_is_at(port, worker))) {
        snprintf(text, YK_SOCKET_TEXT_MAX, "this worker listens there already");
        return -EADDRINUSE;
    }
    if (count(&worker->users) >= YK_LISTENERS_MAX) {
        snprintf(text, YK_SOCKET_TEXT_MAX,
                 "this worker has %d listeners, which is the most",
                 YK_LISTENERS_MAX);
        return -YOKE_EFULL;
    }
    if (!port && count(&ports) >= YK_PORTS_MAX) {
        snprintf(text, YK_SOCKET_TEXT_MAX,
                 "the primary holds %d ports, which is the most", YK_PORTS_MAX);
        return -YOKE_EFULL;
    }
    return 0;
}

/* The sockets of ports that are being closed are closed a moment later; whoever
 * wants the address next must not find it in use. Nothing accepts on them any
 * more. */
static void close_stopping(void)
{
    YK_LIST_EACH(node, &ports)
    {
        struct yk_port *port = YK_CONTAINER_OF(node, struct yk_port, node);
        if (port->is_stopping && !port->is_draining)
            yk_socket_close(&port->socket);
    }
}

static int open_port(const struct yk_listen_request *request,
                     struct yk_port **ret_port, char text[YK_SOCKET_TEXT_MAX])
{
    close_stopping();
    int err = yk_port_open(request, ret_port, text);

    if (err == 0)
        yk_ports_add(*ret_port);
    return err;
}

int yk_ports_listen(struct yoke_worker *worker,
                    const struct yk_listen_request *request,
                    struct yk_message_listen_reply *reply)
{
    uint32_t token = request->listen.token;
    struct yk_port *port = find(worker, request);
    struct yk_user *user = NULL;
    char text[YK_SOCKET_TEXT_MAX] = "";

    *reply = (struct yk_message_listen_reply){
        .token = token, .err = check(worker, port, token, text)};
    if (!port && reply->err == 0)
        reply->err = open_port(request, &port, text);
    if (reply->err == 0)
        reply->err = yk_user_add(worker, port, token, &user);
    if (reply->err < 0) {
        snprintf(reply->text, sizeof(reply->text), "%s",
                 text[0] ? text : yoke_strerror(reply->err));
        if (port)
            yk_ports_review();
        return -1;
    }
    reply->address = port->socket.address;
    reply->ways = port->sched->ways;
    int fd = port->sched->socket ? port->sched->socket(port, user) : -1;
    reply->has_socket = fd >= 0;
    if (fd < 0 && yk_fleet_options() && yk_fleet_options()->survive_ms > 0)
        fd = port->socket.fd; /* For when this primary has gone. */
    return fd;
}

/* ---- Leaving ---- */

/* Kept for a replacement, the port is open for those who come meanwhile: they
 * wait for it. */
static bool stays_open(struct yk_port *port)
{
    if (yk_port_is_used(port) || are_kept)
        return true;
    yk_port_stop(port);
    return false;
}

bool yk_ports_leave(struct yoke_worker *worker, uint32_t token)
{
    struct yk_user *user = yk_user_find(worker, token);

    /* Not known any more, by a primary that took over: to say that nobody else
     * listens would make the worker shut the port. */
    if (!user)
        return are_kept;
    struct yk_port *port = user->port;
    bool had_ended = user->has_ended;
    if (!had_ended)
        yk_user_end(user);
    yk_user_free(user);
    /* One that ended before has had its part in that then. */
    return had_ended ? port != NULL : stays_open(port);
}

void yk_ports_leave_all(struct yoke_worker *worker, bool by_accident)
{
    yk_seats_serve(worker->seat, false);
    YK_LIST_EACH(node, &worker->users)
    {
        struct yk_user *user = YK_CONTAINER_OF(node, struct yk_user, of_worker);
        struct yk_port *port = user->port;
        if (user->has_ended)
            continue;
        yk_user_end(user);
        if (!by_accident)
            stays_open(port);
    }
}

void yk_ports_forget(struct yoke_worker *worker, bool by_accident)
{
    yk_ports_leave_all(worker, by_accident);
    YK_LIST_EACH(node, &worker->users)
    yk_user_free(YK_CONTAINER_OF(node, struct yk_user, of_worker));
}

/* ---- All ports ---- */

void yk_ports_deal(void)
{
    YK_LIST_EACH(node, &ports)
    {
        struct yk_port *port = YK_CONTAINER_OF(node, struct yk_port, node);
        if (!port->is_stopping)
            yk_line_deal(port);
    }
}

/* When all workers are at their limit, a stop cannot wait until they are not:
 * that may be never. */
static unsigned count_hopeful(const struct yk_port *port)
{
    bool is_full =
        yk_list_is_empty(&port->users) && !yk_list_is_empty(&port->full);

    return is_full ? 0 : port->line.count;
}

unsigned yk_ports_waiting(void)
{
    unsigned sum = 0;

    YK_LIST_EACH(node, &ports)
    {
        struct yk_port *port = YK_CONTAINER_OF(node, struct yk_port, node);
        if (!port->is_stopping)
            sum += yk_intake_is_draining(port) + count_hopeful(port);
    }
    return sum;
}

unsigned yk_ports_backlog(const struct yoke_worker *worker)
{
    unsigned sum = 0;

    YK_LIST_EACH(node, &ports)
    {
        const struct yk_port *port =
            YK_CONTAINER_OF(node, struct yk_port, node);
        if (port->is_stopping)
            continue;
        sum += yk_shards_backlog(port, worker);
        if (!worker)
            sum += yk_backlog_of(port->socket.fd);
    }
    return sum;
}

static void tell_progress(struct yk_later *later)
{
    (void)later;
    on_drain_progress();
}

/* Not from here: whoever is told may close all ports, also those that the
 * callers are at. */
void yk_ports_progress(void)
{
    if (on_drain_progress)
        yk_later_start(&progress);
}

void yk_ports_drain(void (*on_progress)(void))
{
    if (!on_drain_progress)
        yk_later_init(&progress, tell_progress);
    on_drain_progress = on_progress;
    YK_LIST_EACH(node, &ports)
    {
        struct yk_port *port = YK_CONTAINER_OF(node, struct yk_port, node);
        if (port->is_draining || port->is_stopping)
            continue;
        port->is_draining = true;
        if (port->sched->drain)
            port->sched->drain(port);
    }
}

void yk_ports_stop(void)
{
    YK_LIST_EACH(node, &ports)
    yk_port_stop(YK_CONTAINER_OF(node, struct yk_port, node));
}
