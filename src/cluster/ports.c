#include "cluster/ports.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include <yoke/error.h>
#include <yoke/loop.h>

#include "cluster/fleet.h"
#include "cluster/intake.h"
#include "cluster/line.h"
#include "cluster/request.h"
#include "cluster/seats.h"
#include "cluster/settings.h"
#include "cluster/shards.h"
#include "cluster/worker.h"
#include "cluster/workers.h"
#include "core/alloc.h"
#include "core/cleanup.h"
#include "net/backlog.h"
#include "net/later.h"
#include "net/listener.h"

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

/* ---- Finding and opening ---- */

static bool is_same(const struct yk_port *port,
                    const struct yk_listen_request *request)
{
    return port->key.index == request->listen.index &&
           yk_listen_is_same(&port->key, port->name, &request->listen,
                             request->name);
}

static bool has_user(const struct yk_port *port,
                     const struct yoke_worker *worker)
{
    YK_LIST_EACH(node, &worker->users)
    {
        struct yk_user *user = YK_CONTAINER_OF(node, struct yk_user, of_worker);
        if (user->port == port && !user->has_ended)
            return true;
    }
    return false;
}

/* It was opened as port 0, and has got the number that is asked for now. */
static bool has_become(const struct yk_port *port,
                       const struct yk_listen_request *request)
{
    struct yk_message_listen key = port->key;

    if (key.port != 0 || request->listen.port == 0)
        return false;
    key.port = port->socket.address.port;
    return yk_listen_is_same(&key, port->name, &request->listen, request->name);
}

static struct yk_port *find(const struct yoke_worker *worker,
                            const struct yk_listen_request *request)
{
    YK_LIST_EACH(node, &ports)
    {
        struct yk_port *port = YK_CONTAINER_OF(node, struct yk_port, node);
        if (port->is_stopping)
            continue;
        if (is_same(port, request) ||
            (has_become(port, request) && !has_user(port, worker)))
            return port;
    }
    return NULL;
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

static int open_socket(struct yk_port *port,
                       const struct yk_listen_request *request,
                       char text[YK_SOCKET_TEXT_MAX])
{
    struct yk_listen_spec spec;

    yk_listen_request_spec(&request->listen, request->name, request->owner,
                           request->group, &spec);
    close_stopping();
    return yk_socket_open(&port->socket, &spec, text);
}

static void free_port(struct yk_port *port)
{
    yk_list_remove(&port->node);
    yk_conn_queue_clear(&port->line);
    yk_socket_close(&port->socket);
    free(port->name);
    free(port);
}

/* Datagrams are nobody's to deal. */
static const struct yk_sched *sched_for(const struct yk_message_listen *key)
{
    return yk_sched_of(key->is_udp ? YOKE_SCHED_NONE : yk_settings_sched());
}

static struct yk_port *new_port(const struct yk_listen_request *request)
{
    struct yk_port *port = yk_try_alloc(sizeof(*port));
    size_t len = strlen(request->name) + 1;
    char *name = yk_try_alloc(len);

    if (!port || !name) {
        free(port);
        free(name);
        return NULL;
    }
    memcpy(name, request->name, len);
    *port = (struct yk_port){.key = request->listen,
                             .name = name,
                             .socket = {.fd = -1},
                             .past_kept = {-1, -1},
                             .sched = sched_for(&request->listen)};
    yk_list_init(&port->node);
    yk_list_init(&port->users);
    yk_list_init(&port->full);
    yk_list_init(&port->ended);
    return port;
}

static int open_port(const struct yk_listen_request *request,
                     struct yk_port **ret_port, char text[YK_SOCKET_TEXT_MAX])
{
    struct yk_port *port = new_port(request);
    int err;

    snprintf(text, YK_SOCKET_TEXT_MAX, "%s", yoke_strerror(-ENOMEM));
    if (!port)
        return -ENOMEM;
    err = open_socket(port, request, text);
    if (err == 0 && port->sched->start) {
        err = port->sched->start(port);
        if (err < 0)
            snprintf(text, YK_SOCKET_TEXT_MAX, "cannot accept connections: %s",
                     yoke_strerror(err));
    }
    if (err < 0) {
        free_port(port);
        return err;
    }
    yk_list_add(&ports, &port->node);
    *ret_port = port;
    return 0;
}

/* ---- Closing ---- */

void yk_port_stopped(struct yk_port *port)
{
    free_port(port);
}

static void free_user(struct yk_user *user)
{
    yk_list_remove(&user->node);
    yk_list_remove(&user->of_worker);
    free(user);
}

static void lose_port(struct yk_user *user)
{
    yk_list_remove(&user->node);
    user->port = NULL;
    user->has_ended = true;
}

static bool is_used(const struct yk_port *port)
{
    return !yk_list_is_empty(&port->users) || !yk_list_is_empty(&port->full);
}

static void stop_port(struct yk_port *port)
{
    struct yoke_worker *worker;

    if (port->is_stopping)
        return;
    port->is_stopping = true;
    yk_list_move_all(&port->users, &port->full);
    yk_list_move_all(&port->users, &port->ended);
    YK_LIST_EACH(node, &port->users)
    lose_port(YK_CONTAINER_OF(node, struct yk_user, node));
    YK_WORKERS_EACH(worker)
    yk_copies_forget(&worker->copies, port);
    port->sched->stop(port);
}

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
        if (is_used(port))
            continue;
        is_waiting = is_coming;
        if (!is_coming)
            stop_port(port);
    }
    if (is_waiting)
        review_later();
}

void yk_ports_keep(void)
{
    are_kept = true;
}

/* ---- Users ---- */

static struct yk_user *find_user(struct yoke_worker *worker, uint32_t token)
{
    YK_LIST_EACH(node, &worker->users)
    {
        struct yk_user *user = YK_CONTAINER_OF(node, struct yk_user, of_worker);
        if (user->token == token)
            return user;
    }
    return NULL;
}

/* One that connections may go to. */
static struct yk_user *find_current(struct yoke_worker *worker, uint32_t token)
{
    struct yk_user *user = find_user(worker, token);

    return user && !user->has_ended ? user : NULL;
}

struct yk_port *yk_ports_of(struct yoke_worker *worker, uint32_t token)
{
    struct yk_user *user = find_current(worker, token);

    return user ? user->port : NULL;
}

static int add_user(struct yoke_worker *worker, struct yk_port *port,
                    uint32_t token, struct yk_user **ret_user)
{
    struct yk_user *user = yk_try_alloc(sizeof(*user));

    if (!user)
        return -ENOMEM;
    *user = (struct yk_user){
        .worker = worker, .port = port, .token = token, .room = YK_ROOM_ANY};
    yk_list_add(&port->users, &user->node);
    yk_list_add(&worker->users, &user->of_worker);
    int err = port->sched->user_added ? port->sched->user_added(port, user) : 0;
    if (err < 0) {
        free_user(user);
        return err;
    }
    yk_seats_serve(worker->seat, true);
    *ret_user = user;
    return 0;
}

/* It stays, for when the worker says CLOSE: then it is told whether others
 * still listen on this very port. */
static void end_user(struct yk_user *user)
{
    struct yk_port *port = user->port;

    yk_list_remove(&user->node);
    if (port->sched->user_removed)
        port->sched->user_removed(port, user);
    user->state = NULL;
    user->has_ended = true;
    yk_list_add(&port->ended, &user->node);
}

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
    if (find_user(worker, token) || (port && has_user(port, worker))) {
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
        reply->err = add_user(worker, port, token, &user);
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

/* Who is full is out of the turns, whatever the policy, and comes back at their
 * end; when all are, nobody accepts. */
static void change_room(struct yk_user *user, uint32_t room)
{
    bool is_full = room == 0;

    user->room = room;
    if (user->is_full == is_full)
        return;
    user->is_full = is_full;
    yk_list_remove(&user->node);
    yk_list_add(is_full ? &user->port->full : &user->port->users, &user->node);
}

void yk_ports_set_room(struct yoke_worker *worker, uint32_t token,
                       uint32_t room)
{
    struct yk_user *user = find_current(worker, token);

    if (!user)
        return;
    change_room(user, room);
    yk_intake_update(user->port);
    if (room)
        yk_line_deal(user->port);
}

void yk_ports_dealt(struct yk_user *user)
{
    if (user->room == YK_ROOM_ANY || user->room == 0)
        return;
    change_room(user, user->room - 1);
    if (user->is_full)
        yk_intake_update(user->port);
}

void yk_ports_undealt(struct yoke_worker *worker, uint32_t token)
{
    struct yk_user *user = find_current(worker, token);

    if (user && user->room != YK_ROOM_ANY)
        change_room(user, user->room + 1);
}

/* Kept for a replacement, the port is open for those who come meanwhile: they
 * wait for it. */
static bool stays_open(struct yk_port *port)
{
    if (is_used(port) || are_kept)
        return true;
    stop_port(port);
    return false;
}

bool yk_ports_leave(struct yoke_worker *worker, uint32_t token)
{
    struct yk_user *user = find_user(worker, token);

    /* Not known any more, by a primary that took over: to say that nobody else
     * listens would make the worker shut the port. */
    if (!user)
        return are_kept;
    struct yk_port *port = user->port;
    bool had_ended = user->has_ended;
    if (!had_ended)
        end_user(user);
    free_user(user);
    /* One that ended before has had its part in that then. */
    return had_ended ? port != NULL : stays_open(port);
}

void yk_ports_unroute(struct yoke_worker *worker)
{
    if (worker->is_unrouted)
        return;
    worker->is_unrouted = true;
    yk_seats_serve(worker->seat, false);
    YK_LIST_EACH(node, &worker->users)
    {
        struct yk_user *user = YK_CONTAINER_OF(node, struct yk_user, of_worker);
        if (!user->has_ended && user->port->sched->unroute)
            user->port->sched->unroute(user->port, user);
    }
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
        end_user(user);
        if (!by_accident)
            stays_open(port);
    }
}

void yk_ports_forget(struct yoke_worker *worker, bool by_accident)
{
    yk_ports_leave_all(worker, by_accident);
    YK_LIST_EACH(node, &worker->users)
    free_user(YK_CONTAINER_OF(node, struct yk_user, of_worker));
}

/* ---- Going on with those of another primary ---- */

struct yk_list *yk_ports(void)
{
    return &ports;
}

static int start_port(struct yk_port *port, const struct yk_shard_past *shards,
                      int shard_count)
{
    port->past = shards;
    port->past_count = shard_count;
    int err = port->sched->start ? port->sched->start(port) : 0;
    port->past = NULL;
    port->past_count = 0;
    return err;
}

int yk_ports_resume(const struct yk_message_listen *key, const char *name,
                    const struct yk_socket *socket,
                    const struct yk_sched *sched, const int kept[YK_SCHED_KEPT],
                    const struct yk_shard_past *shards, int shard_count,
                    struct yk_port **ret_port)
{
    struct yk_listen_request request = {.listen = *key, .name = name};
    struct yk_socket taken = *socket;
    struct yk_port *port = new_port(&request);

    if (!port) {
        yk_socket_close(&taken);
        return -ENOMEM;
    }
    port->socket = taken;
    port->sched = sched;
    memcpy(port->past_kept, kept, sizeof(port->past_kept));
    int err = start_port(port, shards, shard_count);
    for (int i = 0; i < YK_SCHED_KEPT; i++)
        yk_close_fd(&port->past_kept[i]);
    if (err < 0) {
        free_port(port);
        return err;
    }
    yk_list_add(&ports, &port->node);
    *ret_port = port;
    return 0;
}

int yk_ports_resume_user(struct yk_port *port, struct yoke_worker *worker,
                         uint32_t token, uint32_t room)
{
    struct yk_user *user;
    int err = add_user(worker, port, token, &user);

    if (err < 0)
        return err;
    change_room(user, room);
    if (worker->is_unrouted)
        yk_seats_serve(worker->seat, false);
    yk_intake_update(port);
    return 0;
}

/* ---- All ports ---- */

/* How closely a port fits, as the kernel has it: the address itself, all of its
 * family, all there are; 0: not at all. */
static int closeness(const struct yoke_address *own,
                     const struct yoke_address *address)
{
    bool is_ipv6 = strchr(address->host, ':') != NULL;

    if (strcmp(own->host, address->host) == 0)
        return 3;
    if (strcmp(own->host, is_ipv6 ? "::" : "0.0.0.0") == 0)
        return 2;
    return !is_ipv6 && strcmp(own->host, "::") == 0;
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
        int how_close = closeness(own, address);
        if (how_close > closest) {
            closest = how_close;
            best = port;
        }
    }
    return best;
}

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
    stop_port(YK_CONTAINER_OF(node, struct yk_port, node));
}
