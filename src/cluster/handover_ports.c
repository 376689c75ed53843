#include "cluster/handover_ports.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include <yoke/error.h>
#include <yoke/log.h>

#include "cluster/handover.h"
#include "cluster/port.h"
#include "cluster/ports.h"
#include "cluster/sched.h"
#include "cluster/shards.h"
#include "cluster/users.h"
#include "cluster/worker.h"
#include "cluster/workers.h"
#include "core/alloc.h"

#include "core/banned.h"

/* ---- Saving ---- */

json_t *yk_handover_key(const struct yk_message_listen *key)
{
    return json_pack(
        "{s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "index",
        (int)key->index, "port", key->port, "backlog", key->backlog, "fd",
        key->fd, "mode", key->mode, "name", key->name, "is_udp", key->is_udp,
        "ipv6_only", key->ipv6_only, "reuse_addr", key->reuse_addr,
        "readable_all", key->readable_all, "writable_all", key->writable_all);
}

json_t *yk_handover_socket(struct yk_handover *handover,
                           const struct yk_socket *socket)
{
    const struct yoke_address *address = &socket->address;

    return json_pack("{s:o, s:i, s:b, s:i, s:s, s:s?, s:I, s:I}", "fd",
                     yk_handover_keep(handover, socket->fd), "family",
                     address->family, "is_udp", address->is_udp, "port",
                     address->port, "host", address->host, "path", socket->path,
                     "dev", (json_int_t)socket->dev, "ino",
                     (json_int_t)socket->ino);
}

static void save_users(json_t *array, const struct yk_list *users)
{
    YK_LIST_EACH(node, users)
    {
        const struct yk_user *user =
            YK_CONTAINER_OF(node, struct yk_user, node);
        json_array_append_new(array, json_pack("{s:i, s:I, s:I}", "worker",
                                               user->worker->id, "token",
                                               (json_int_t)user->token, "room",
                                               (json_int_t)user->room));
    }
}

static json_t *save_shards(struct yk_handover *handover,
                           const struct yk_port *port)
{
    const struct yk_shards *shards = yk_shards_of(port);
    json_t *array = json_array();

    for (int i = 0; shards && i < shards->count; i++) {
        const struct yk_shard *shard = shards->of[i];
        json_array_append_new(
            array,
            json_pack("{s:o, s:i}", "fd", yk_handover_keep(handover, shard->fd),
                      "slot", shard->was_owned ? shard->slot : -1));
    }
    return array;
}

static json_t *save_kept(struct yk_handover *handover,
                         const struct yk_port *port)
{
    json_t *array = json_array();
    int fds[YK_SCHED_KEPT] = {-1, -1};

    if (port->sched->kept)
        port->sched->kept(port, fds);
    for (int i = 0; i < YK_SCHED_KEPT; i++)
        json_array_append_new(
            array,
            json_pack("{s:o}", "fd", yk_handover_keep(handover, fds[i])));
    return array;
}

static json_t *save_port(struct yk_handover *handover,
                         const struct yk_port *port)
{
    json_t *users = json_array();

    save_users(users, &port->users);
    save_users(users, &port->full);
    return json_pack("{s:s, s:o, s:o, s:i, s:o, s:o, s:o}", "name", port->name,
                     "key", yk_handover_key(&port->key), "socket",
                     yk_handover_socket(handover, &port->socket), "policy",
                     (int)port->sched->policy, "shards",
                     save_shards(handover, port), "kept",
                     save_kept(handover, port), "users", users);
}

void yk_handover_save_ports(struct yk_handover *handover)
{
    json_t *array = json_array();

    YK_LIST_EACH(node, yk_ports())
    {
        const struct yk_port *port =
            YK_CONTAINER_OF(node, struct yk_port, node);
        if (port->is_stopping)
            continue;
        handover->is_short |=
            json_array_append_new(array, save_port(handover, port)) < 0;
    }
    json_object_set_new(handover->root, "ports", array);
}

/* ---- Resuming ---- */

static void read_key(const json_t *object, struct yk_message_listen *key)
{
    *key = (struct yk_message_listen){
        .index = (uint32_t)yk_handover_int(object, "index"),
        .port = (int32_t)yk_handover_int(object, "port"),
        .backlog = (int32_t)yk_handover_int(object, "backlog"),
        .fd = (int32_t)yk_handover_int(object, "fd"),
        .mode = (int32_t)yk_handover_int(object, "mode"),
        .name = (uint8_t)yk_handover_int(object, "name"),
        .is_udp = (uint8_t)yk_handover_int(object, "is_udp"),
        .ipv6_only = (uint8_t)yk_handover_int(object, "ipv6_only"),
        .reuse_addr = (uint8_t)yk_handover_int(object, "reuse_addr"),
        .readable_all = (uint8_t)yk_handover_int(object, "readable_all"),
        .writable_all = (uint8_t)yk_handover_int(object, "writable_all"),
    };
}

static int read_socket(const json_t *object, struct yk_socket *socket)
{
    const char *path = yk_handover_text(object, "path");
    struct yoke_address *address = &socket->address;

    *socket = (struct yk_socket){
        .fd = yk_handover_take_fd(object, "fd"),
        .dev = (dev_t)yk_handover_int(object, "dev"),
        .ino = (ino_t)yk_handover_int(object, "ino"),
    };
    address->family = (int)yk_handover_int(object, "family");
    address->port = (int)yk_handover_int(object, "port");
    address->is_udp = json_is_true(json_object_get(object, "is_udp"));
    snprintf(address->host, sizeof(address->host), "%s",
             yk_handover_text(object, "host"));
    if (socket->fd < 0)
        return -EPROTO;
    socket->path = *path ? yk_strdup(path) : NULL;
    return 0;
}

static int read_shards(const json_t *array, struct yk_shard_past *past)
{
    size_t i;
    const json_t *entry;
    int count = 0;

    json_array_foreach(array, i, entry)
    {
        if (count == YK_SHARDS_MAX)
            break;
        past[count].fd = yk_handover_take_fd(entry, "fd");
        past[count].slot = (int)yk_handover_int(entry, "slot");
        count++;
    }
    return count;
}

static void read_kept(const json_t *array, int kept[YK_SCHED_KEPT])
{
    for (int i = 0; i < YK_SCHED_KEPT; i++)
        kept[i] = yk_handover_take_fd(json_array_get(array, (size_t)i), "fd");
}

static void resume_users(struct yk_port *port, const json_t *array)
{
    size_t i;
    const json_t *entry;

    json_array_foreach(array, i, entry)
    {
        struct yoke_worker *worker =
            yk_workers_find((int)yk_handover_int(entry, "worker"));
        int err =
            worker ? yk_user_resume(port, worker,
                                    (uint32_t)yk_handover_int(entry, "token"),
                                    (uint32_t)yk_handover_int(entry, "room"))
                   : 0;
        if (err < 0)
            yoke_log(YOKE_LOG_ERROR,
                     "worker %d gets no connection from here: %s",
                     (int)worker->pid, yoke_strerror(err));
    }
}

static int resume_port(const json_t *entry)
{
    static struct yk_shard_past past[YK_SHARDS_MAX];
    const struct yk_sched *sched =
        yk_sched_of((enum yoke_sched)yk_handover_int(entry, "policy"));
    int count = read_shards(json_object_get(entry, "shards"), past);
    struct yk_message_listen key;
    struct yk_socket socket;
    struct yk_port *port;
    int kept[YK_SCHED_KEPT];

    read_kept(json_object_get(entry, "kept"), kept);
    read_key(json_object_get(entry, "key"), &key);
    int err = read_socket(json_object_get(entry, "socket"), &socket);
    if (err == 0)
        err = sched ? yk_port_resume(&key, yk_handover_text(entry, "name"),
                                     &socket, sched, kept, past, count, &port)
                    : -EPROTO;
    if (err < 0)
        return err;
    yk_ports_add(port);
    resume_users(port, json_object_get(entry, "users"));
    return 0;
}

void yk_handover_resume_ports(const json_t *root)
{
    size_t i;
    const json_t *entry;

    json_array_foreach(json_object_get(root, "ports"), i, entry)
    {
        int err = resume_port(entry);
        if (err < 0)
            yoke_log(YOKE_LOG_ERROR, "a port cannot be taken over: %s",
                     yoke_strerror(err));
    }
}
