#include "cluster/shards.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <yoke/error.h>
#include <yoke/log.h>

#include "cluster/dealer.h"
#include "cluster/intake.h"
#include "cluster/line.h"
#include "cluster/port.h"
#include "cluster/users.h"
#include "cluster/worker.h"
#include "core/alloc.h"
#include "core/cleanup.h"
#include "net/backlog.h"
#include "net/handshakes.h"
#include "net/reuseport.h"

#include "core/banned.h"

/* ---- Who accepts ---- */

static bool is_able(const struct yk_shard *shard)
{
    const struct yk_user *owner = shard->owner;

    return owner && !owner->is_full && !owner->worker->is_unrouted &&
           !yk_guard_is_late(&shard->guard);
}

static bool is_anybody_able(const struct yk_shards *shards)
{
    for (int i = 0; i < shards->count; i++)
        if (is_able(shards->of[i]))
            return true;
    return false;
}

static void set_routed(struct yk_shard *shard, bool is_routed)
{
    if (shard->is_routed == is_routed)
        return;
    shard->is_routed = is_routed;
    shard->all->ops->route(shard->all, shard);
}

static void set_accepting(struct yk_shard *shard, bool is_accepting)
{
    if (is_accepting)
        yk_acceptor_resume(&shard->acceptor);
    else
        yk_acceptor_pause(&shard->acceptor);
}

/* While nobody is able, owners keep what is theirs: it would only wait
 * elsewhere. */
static void update_shard(struct yk_shard *shard, bool has_able)
{
    const struct yk_port *port = shard->all->port;
    bool is_owned = shard->owner && (is_able(shard) || !has_able);

    set_routed(shard, is_owned && !port->is_draining &&
                          !shard->owner->worker->is_unrouted);
    set_accepting(shard, !is_owned && yk_intake_has_room(port));
}

static void update(struct yk_shards *shards)
{
    bool has_able = is_anybody_able(shards);

    /* Those that connections are to go to first. */
    for (int i = 0; i < shards->count; i++)
        if (is_able(shards->of[i]))
            update_shard(shards->of[i], has_able);
    for (int i = 0; i < shards->count; i++)
        if (!is_able(shards->of[i]))
            update_shard(shards->of[i], has_able);
}

static void on_guard_change(struct yk_guard *guard)
{
    struct yk_shard *shard = YK_CONTAINER_OF(guard, struct yk_shard, guard);
    struct yk_port *port = shard->all->port;

    update(shard->all);
    if (!yk_guard_is_late(guard))
        yk_line_deal(port);
}

/* ---- Accepting here ---- */

static void on_accept(struct yk_acceptor *acceptor, int fd,
                      const struct yk_peer *peer)
{
    struct yk_shard *shard =
        YK_CONTAINER_OF(acceptor, struct yk_shard, acceptor);

    yk_intake_take(shard->all->port, acceptor, fd, peer);
}

/* ---- Closing ---- */

static void shard_closed(struct yk_shard *shard)
{
    struct yk_shards *shards = shard->all;

    if (--shard->open_count > 0)
        return;
    free(shard);
    if (--shards->open_count == 0 && !shards->port)
        free(shards);
}

static void on_acceptor_closed(struct yk_acceptor *acceptor)
{
    shard_closed(YK_CONTAINER_OF(acceptor, struct yk_shard, acceptor));
}

static void on_backlog_closed(struct yk_backlog *backlog)
{
    struct yk_guard *guard = YK_CONTAINER_OF(backlog, struct yk_guard, backlog);

    shard_closed(YK_CONTAINER_OF(guard, struct yk_shard, guard));
}

static const struct yk_acceptor_ops acceptor_ops = {
    .on_accept = on_accept,
    .on_batch = yk_intake_batch_over,
    .on_shortage = yk_intake_is_short,
    .on_closed = on_acceptor_closed,
};

/* The socket at once, so that the address is free; the rest when the loop has
 * let go of it. */
static void close_shard(struct yk_shard *shard)
{
    yk_acceptor_close(&shard->acceptor);
    yk_guard_close(&shard->guard, on_backlog_closed);
    yk_close_fd(&shard->fd);
}

static void close_all(struct yk_shards *shards)
{
    int count = shards->count;

    shards->ops->close(shards);
    for (int i = 0; i < count; i++)
        close_shard(shards->of[i]);
    shards->port->state = NULL;
    shards->port = NULL;
    if (shards->open_count == 0)
        free(shards);
}

/* ---- Opening ---- */

static int open_handles(struct yk_shard *shard)
{
    int err = yk_acceptor_open(&shard->acceptor, shard->fd, &acceptor_ops);

    if (err < 0)
        return err;
    yk_acceptor_pause(&shard->acceptor);
    shard->open_count = 1;
    err = yk_guard_open(&shard->guard, shard->fd, on_guard_change);
    if (err < 0) {
        yk_acceptor_close(&shard->acceptor);
        return err;
    }
    shard->open_count = 2;
    return 0;
}

/* It is in the group already. */
static int take_socket(struct yk_shard *shard, const struct yk_shard_past *past)
{
    shard->fd = past->fd;
    shard->was_owned = past->slot >= 0;
    shard->slot = past->slot;
    return 0;
}

static int open_socket(struct yk_shard *shard, const struct yk_port *port)
{
    if (shard->number < port->past_count)
        return take_socket(shard, &port->past[shard->number]);
    int err = yk_reuseport_open(port->socket.fd, port->key.backlog, &shard->fd);

    if (err == 0)
        yk_handshakes_defer(shard->fd);
    return err;
}

static int open_shard(struct yk_shard *shard, char text[YK_SHARDS_TEXT_MAX])
{
    struct yk_shards *shards = shard->all;
    int err = open_socket(shard, shards->port);

    if (err == 0)
        err = open_handles(shard);
    if (shard->open_count > 0)
        shards->open_count++;
    snprintf(text, YK_SHARDS_TEXT_MAX, "%s", yoke_strerror(err));
    if (err == 0)
        err = shards->ops->add(shards, shard, text);
    return err;
}

static int add_shard(struct yk_shards *shards, char text[YK_SHARDS_TEXT_MAX])
{
    snprintf(text, YK_SHARDS_TEXT_MAX, "no memory");
    if (shards->count == YK_SHARDS_MAX)
        return -YOKE_EFULL;
    struct yk_shard *shard = yk_try_alloc(sizeof(*shard));
    if (!shard)
        return -ENOMEM;
    *shard =
        (struct yk_shard){.all = shards, .number = shards->count, .fd = -1};
    int err = open_shard(shard, text);
    if (err == 0) {
        shards->of[shards->count++] = shard;
        return 0;
    }
    if (shard->open_count == 2)
        close_shard(shard);
    yk_close_fd(&shard->fd);
    if (shard->open_count == 0)
        free(shard);
    return err;
}

/* Those that there were, or one. */
static int add_first_shards(struct yk_shards *shards,
                            char text[YK_SHARDS_TEXT_MAX])
{
    int err = add_shard(shards, text);

    while (err == 0 && shards->count < shards->port->past_count)
        err = add_shard(shards, text);
    return err;
}

int yk_shards_start(struct yk_port *port, const struct yk_shards_ops *ops,
                    char text[YK_SHARDS_TEXT_MAX])
{
    struct yk_shards *shards = yk_try_alloc(sizeof(*shards));

    snprintf(text, YK_SHARDS_TEXT_MAX, "no memory");
    if (!shards)
        return -ENOMEM;
    *shards = (struct yk_shards){.port = port, .ops = ops};
    int err = ops->open(shards, text);
    if (err == 0)
        err = add_first_shards(shards, text);
    if (err == 0)
        err = yk_intake_start(port);
    if (err < 0) {
        close_all(shards);
        yk_reuseport_leave(port->socket.fd);
        return err;
    }
    yk_handshakes_defer(port->socket.fd);
    port->state = shards;
    return 0;
}

/* ---- Owners ---- */

static bool suits(const struct yk_shard *shard, const struct yk_user *user)
{
    int slot = user->worker->slot;

    if (slot > 0 && shard->was_owned)
        return shard->slot == slot;
    return !shard->owner;
}

static struct yk_shard *find_shard(const struct yk_shards *shards,
                                   const struct yk_user *user)
{
    struct yk_shard *found = NULL;

    for (int i = 0; i < shards->count; i++) {
        struct yk_shard *shard = shards->of[i];
        if (!suits(shard, user))
            continue;
        /* Its own before one that never was anybody's. */
        if (shard->was_owned)
            return shard;
        if (!found)
            found = shard;
    }
    return found;
}

static void set_owner(struct yk_shard *shard, struct yk_user *user)
{
    shard->owner = user;
    if (user) {
        shard->slot = user->worker->slot;
        shard->was_owned = true;
        yk_guard_start(&shard->guard, user->worker);
    } else {
        yk_guard_stop(&shard->guard);
    }
    if (user && shard->is_routed)
        shard->all->ops->route(shard->all, shard);
    update(shard->all);
}

int yk_shards_user_added(struct yk_port *port, struct yk_user *user)
{
    struct yk_shards *shards = port->state;
    char text[YK_SHARDS_TEXT_MAX];
    struct yk_shard *shard = find_shard(shards, user);

    if (!shard) {
        int err = add_shard(shards, text);
        if (err < 0)
            return err;
        shard = shards->of[shards->count - 1];
    }
    user->state = shard;
    set_owner(shard, user);
    yk_intake_update(port);
    return 0;
}

/* Whoever else accepts on the shard: a worker that was to be replaced by one
 * that has failed. */
static struct yk_user *find_other(struct yk_list *users,
                                  const struct yk_shard *shard)
{
    YK_LIST_EACH(node, users)
    {
        struct yk_user *user = YK_CONTAINER_OF(node, struct yk_user, node);
        if (user->state == shard)
            return user;
    }
    return NULL;
}

void yk_shards_user_removed(struct yk_port *port, struct yk_user *user)
{
    struct yk_shard *shard = user->state;

    if (shard->owner == user) {
        struct yk_user *other = find_other(&port->users, shard);
        set_owner(shard, other ? other : find_other(&port->full, shard));
    }
    yk_intake_update(port);
}

/* ---- The other calls of a policy ---- */

struct yk_shards *yk_shards_of(const struct yk_port *port)
{
    return port->sched->socket == yk_shards_socket ? port->state : NULL;
}

unsigned yk_shards_backlog(const struct yk_port *port,
                           const struct yoke_worker *worker)
{
    const struct yk_shards *shards = yk_shards_of(port);
    unsigned sum = 0;

    for (int i = 0; shards && i < shards->count; i++) {
        const struct yk_shard *shard = shards->of[i];
        if (!worker || (shard->owner && shard->owner->worker == worker))
            sum += yk_backlog_of(shard->fd);
    }
    return sum;
}

void yk_shards_unroute(struct yk_port *port, struct yk_user *user)
{
    (void)user;
    update(port->state);
}

void yk_shards_update(struct yk_port *port)
{
    if (port->state)
        update(port->state);
}

int yk_shards_socket(struct yk_port *port, struct yk_user *user)
{
    const struct yk_shard *shard = user->state;

    (void)port;
    return shard->fd;
}

bool yk_shards_is_ready(const struct yk_user *user)
{
    const struct yk_shard *shard = user->state;

    return !yk_guard_is_late(&shard->guard) &&
           yk_dealer_readiness(user->worker) == YK_READY;
}

struct yk_user *yk_shards_take_turn(struct yk_port *port)
{
    YK_LIST_EACH(node, &port->users)
    {
        struct yk_user *user = YK_CONTAINER_OF(node, struct yk_user, node);
        if (!yk_shards_is_ready(user))
            continue;
        yk_list_remove(node);
        yk_list_add(&port->users, node);
        return user;
    }
    return NULL;
}

/* Owners take what is in their queues when they drain. */
void yk_shards_drain(struct yk_port *port)
{
    struct yk_shards *shards = port->state;

    for (int i = 0; i < shards->count; i++)
        yk_handshakes_stop(shards->of[i]->fd);
    update(shards);
    yk_intake_drain(port);
}

void yk_shards_stop(struct yk_port *port)
{
    if (port->state)
        close_all(port->state);
    yk_intake_stop(port);
}
