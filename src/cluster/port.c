#include "cluster/port.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/error.h>

#include "cluster/request.h"
#include "cluster/settings.h"
#include "cluster/users.h"
#include "cluster/worker.h"
#include "cluster/workers.h"
#include "core/alloc.h"
#include "core/cleanup.h"
#include "net/listener.h"

#include "core/banned.h"

/* ---- What was asked for ---- */

bool yk_port_is_same(const struct yk_port *port,
                     const struct yk_listen_request *request)
{
    return port->key.index == request->listen.index &&
           yk_listen_is_same(&port->key, port->name, &request->listen,
                             request->name);
}

/* It was opened as port 0, and has got the number that is asked for now. */
bool yk_port_has_become(const struct yk_port *port,
                        const struct yk_listen_request *request)
{
    struct yk_message_listen key = port->key;

    if (key.port != 0 || request->listen.port == 0)
        return false;
    key.port = port->socket.address.port;
    return yk_listen_is_same(&key, port->name, &request->listen, request->name);
}

int yk_port_closeness(const struct yoke_address *own,
                      const struct yoke_address *address)
{
    bool is_ipv6 = strchr(address->host, ':') != NULL;

    if (strcmp(own->host, address->host) == 0)
        return 3;
    if (strcmp(own->host, is_ipv6 ? "::" : "0.0.0.0") == 0)
        return 2;
    return !is_ipv6 && strcmp(own->host, "::") == 0;
}

/* ---- Opening ---- */

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

static int open_socket(struct yk_port *port,
                       const struct yk_listen_request *request,
                       char text[YK_SOCKET_TEXT_MAX])
{
    struct yk_listen_spec spec;

    yk_listen_request_spec(&request->listen, request->name, request->owner,
                           request->group, &spec);
    return yk_socket_open(&port->socket, &spec, text);
}

int yk_port_open(const struct yk_listen_request *request,
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
    *ret_port = port;
    return 0;
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

int yk_port_resume(const struct yk_message_listen *key, const char *name,
                   const struct yk_socket *socket, const struct yk_sched *sched,
                   const int kept[YK_SCHED_KEPT],
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
    *ret_port = port;
    return 0;
}

/* ---- Closing ---- */

void yk_port_stopped(struct yk_port *port)
{
    free_port(port);
}

bool yk_port_is_used(const struct yk_port *port)
{
    return !yk_list_is_empty(&port->users) || !yk_list_is_empty(&port->full);
}

void yk_port_stop(struct yk_port *port)
{
    struct yoke_worker *worker;

    if (port->is_stopping)
        return;
    port->is_stopping = true;
    yk_list_move_all(&port->users, &port->full);
    yk_list_move_all(&port->users, &port->ended);
    YK_LIST_EACH(node, &port->users)
    yk_user_lose_port(YK_CONTAINER_OF(node, struct yk_user, node));
    YK_WORKERS_EACH(worker)
    yk_copies_forget(&worker->copies, port);
    port->sched->stop(port);
}
