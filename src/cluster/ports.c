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

#include "cluster/settings.h"
#include "cluster/worker.h"
#include "cluster/workers.h"
#include "core/alloc.h"
#include "net/address.h"
#include "net/listener.h"

#include "core/banned.h"

/* How long a port waits for a worker that is starting. */
#define KEEP_MS 10000

/* The ports. Written by the functions of this file, in the primary. */
static struct yk_list ports = {&ports, &ports};
static bool are_kept;           /* By yk_ports_keep. */
static uv_timer_t review_timer; /* Runs while a port waits for a user. */
static bool has_timer;
static void (*on_drain_progress)(void); /* Of yk_ports_drain; or NULL. */

/* ---- Finding and opening ---- */

static bool is_same(const struct yk_port *port,
                    const struct yk_message_listen *key, const char *name)
{
    return port->key.port == key->port && port->key.index == key->index &&
           port->key.ipv6_only == key->ipv6_only &&
           port->key.name == key->name &&
           strcmp(port->name ? port->name : "", name ? name : "") == 0;
}

static struct yk_port *find(const struct yk_message_listen *key,
                            const char *name)
{
    YK_LIST_EACH(node, &ports)
    {
        struct yk_port *port = YK_CONTAINER_OF(node, struct yk_port, node);
        if (!port->is_stopping && is_same(port, key, name))
            return port;
    }
    return NULL;
}

/* A path that is too long for a socket may be short enough when it is seen
 * from where this process is. */
static const char *shorten(const char *path, char *room, size_t len)
{
    if (strlen(path) <= YK_UNIX_PATH_MAX || !getcwd(room, len))
        return path;
    size_t n = strlen(room);
    if (strncmp(path, room, n) == 0 && path[n] == '/')
        return path + n + 1;
    return path;
}

static int open_socket(struct yk_port *port, char text[YK_SOCKET_TEXT_MAX])
{
    char room[PATH_MAX];
    struct yk_listen_spec spec = {.port = port->key.port,
                                  .backlog = port->key.backlog,
                                  .ipv6_only = port->key.ipv6_only};

    if (port->key.name == YK_NAME_HOST)
        spec.host = port->name;
    if (port->key.name == YK_NAME_PATH)
        spec.path = shorten(port->name, room, sizeof(room));
    return yk_socket_open(&port->socket, &spec, text);
}

static void free_port(struct yk_port *port)
{
    yk_list_remove(&port->node);
    yk_socket_close(&port->socket);
    free(port->name);
    free(port);
}

static struct yk_port *new_port(const struct yk_message_listen *key,
                                const char *name)
{
    struct yk_port *port = yk_try_alloc(sizeof(*port));
    size_t len = name ? strlen(name) + 1 : 0;
    char *copy = name ? yk_try_alloc(len) : NULL;

    if (!port || (name && !copy)) {
        free(port);
        free(copy);
        return NULL;
    }
    if (name)
        memcpy(copy, name, len);
    *port = (struct yk_port){.key = *key,
                             .name = copy,
                             .socket = {.fd = -1},
                             .sched = yk_sched_of(yk_settings_sched())};
    yk_list_init(&port->node);
    yk_list_init(&port->users);
    return port;
}

static int open_port(const struct yk_message_listen *key, const char *name,
                     struct yk_port **ret_port, char text[YK_SOCKET_TEXT_MAX])
{
    struct yk_port *port = new_port(key, name);
    int err;

    snprintf(text, YK_SOCKET_TEXT_MAX, "%s", yoke_strerror(-ENOMEM));
    if (!port)
        return -ENOMEM;
    err = open_socket(port, text);
    if (err == 0) {
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

static void stop_port(struct yk_port *port)
{
    struct yoke_worker *worker;

    if (port->is_stopping)
        return;
    port->is_stopping = true;
    YK_LIST_EACH(node, &port->users)
    free_user(YK_CONTAINER_OF(node, struct yk_user, node));
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
        if (!yk_list_is_empty(&port->users))
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

static int add_user(struct yoke_worker *worker, struct yk_port *port,
                    uint32_t token)
{
    struct yk_user *user = yk_try_alloc(sizeof(*user));

    if (!user)
        return -ENOMEM;
    *user = (struct yk_user){.worker = worker, .port = port, .token = token};
    yk_list_add(&port->users, &user->node);
    yk_list_add(&worker->users, &user->of_worker);
    port->sched->users_changed(port);
    return 0;
}

static void remove_user(struct yk_user *user)
{
    struct yk_port *port = user->port;

    free_user(user);
    if (yk_list_is_empty(&port->users))
        port->sched->users_changed(port);
}

int yk_ports_listen(struct yoke_worker *worker,
                    const struct yk_message_listen *request, const char *name,
                    struct yk_message_listen_reply *reply)
{
    struct yk_port *port = find(request, name);
    char text[YK_SOCKET_TEXT_MAX] = "";

    *reply = (struct yk_message_listen_reply){.token = request->token};
    if (!port)
        reply->err = open_port(request, name, &port, text);
    if (reply->err == 0)
        reply->err = add_user(worker, port, request->token);
    if (reply->err < 0) {
        snprintf(reply->text, sizeof(reply->text), "%s", text);
        if (port)
            yk_ports_review();
        return -1;
    }
    reply->address = port->socket.address;
    return port->sched->gives_socket ? port->socket.fd : -1;
}

/* For a worker whose uses have been ended from here already. */
static bool is_somebody_else_listening(const struct yoke_worker *worker)
{
    struct yoke_worker *other;

    YK_WORKERS_EACH(other)
    if (other != worker && yk_worker_is_useful(other) && other->has_listened)
        return true;
    return false;
}

bool yk_ports_leave(struct yoke_worker *worker, uint32_t token)
{
    struct yk_user *user = find_user(worker, token);

    if (!user)
        return is_somebody_else_listening(worker);
    struct yk_port *port = user->port;
    remove_user(user);
    if (!yk_list_is_empty(&port->users))
        return true;
    if (!are_kept)
        stop_port(port);
    return false;
}

void yk_ports_leave_all(struct yoke_worker *worker, bool by_accident)
{
    YK_LIST_EACH(node, &worker->users)
    {
        struct yk_user *user = YK_CONTAINER_OF(node, struct yk_user, of_worker);
        if (by_accident)
            remove_user(user);
        else
            yk_ports_leave(worker, user->token);
    }
}

/* ---- All ports ---- */

void yk_ports_deal(void)
{
    YK_LIST_EACH(node, &ports)
    {
        struct yk_port *port = YK_CONTAINER_OF(node, struct yk_port, node);
        if (!port->is_stopping && !port->sched->gives_socket)
            port->sched->deal(port);
    }
}

unsigned yk_ports_waiting(void)
{
    unsigned sum = 0;

    YK_LIST_EACH(node, &ports)
    {
        struct yk_port *port = YK_CONTAINER_OF(node, struct yk_port, node);
        if (!port->is_stopping && !port->sched->gives_socket)
            sum += port->sched->waiting(port);
    }
    return sum;
}

void yk_ports_progress(void)
{
    if (on_drain_progress)
        on_drain_progress();
}

void yk_ports_drain(void (*on_progress)(void))
{
    on_drain_progress = on_progress;
    YK_LIST_EACH(node, &ports)
    {
        struct yk_port *port = YK_CONTAINER_OF(node, struct yk_port, node);
        if (port->is_draining || port->is_stopping)
            continue;
        port->is_draining = true;
        if (port->sched->gives_socket)
            stop_port(port);
        else
            port->sched->drain(port);
    }
}

void yk_ports_stop(void)
{
    YK_LIST_EACH(node, &ports)
    stop_port(YK_CONTAINER_OF(node, struct yk_port, node));
}
