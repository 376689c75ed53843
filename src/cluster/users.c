#include "cluster/users.h"

#include <errno.h>
#include <stdlib.h>

#include "cluster/intake.h"
#include "cluster/line.h"
#include "cluster/port.h"
#include "cluster/seats.h"
#include "cluster/worker.h"
#include "core/alloc.h"
#include "net/listener.h"

#include "core/banned.h"

/* ---- Finding ---- */

struct yk_user *yk_user_find(struct yoke_worker *worker, uint32_t token)
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
    struct yk_user *user = yk_user_find(worker, token);

    return user && !user->has_ended ? user : NULL;
}

struct yk_port *yk_user_port(struct yoke_worker *worker, uint32_t token)
{
    struct yk_user *user = find_current(worker, token);

    return user ? user->port : NULL;
}

bool yk_user_is_at(const struct yk_port *port, const struct yoke_worker *worker)
{
    YK_LIST_EACH(node, &worker->users)
    {
        struct yk_user *user = YK_CONTAINER_OF(node, struct yk_user, of_worker);
        if (user->port == port && !user->has_ended)
            return true;
    }
    return false;
}

/* ---- Coming and going ---- */

int yk_user_add(struct yoke_worker *worker, struct yk_port *port,
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
        yk_user_free(user);
        return err;
    }
    yk_seats_serve(worker->seat, true);
    *ret_user = user;
    return 0;
}

void yk_user_end(struct yk_user *user)
{
    struct yk_port *port = user->port;

    yk_list_remove(&user->node);
    if (port->sched->user_removed)
        port->sched->user_removed(port, user);
    user->state = NULL;
    user->has_ended = true;
    yk_list_add(&port->ended, &user->node);
}

void yk_user_lose_port(struct yk_user *user)
{
    yk_list_remove(&user->node);
    user->port = NULL;
    user->has_ended = true;
}

void yk_user_free(struct yk_user *user)
{
    yk_list_remove(&user->node);
    yk_list_remove(&user->of_worker);
    free(user);
}

void yk_user_unroute_all(struct yoke_worker *worker)
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

/* ---- Room ---- */

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

void yk_user_set_room(struct yoke_worker *worker, uint32_t token, uint32_t room)
{
    struct yk_user *user = find_current(worker, token);

    if (!user)
        return;
    change_room(user, room);
    yk_intake_update(user->port);
    if (room)
        yk_line_deal(user->port);
}

void yk_user_dealt(struct yk_user *user)
{
    if (user->room == YK_ROOM_ANY || user->room == 0)
        return;
    change_room(user, user->room - 1);
    if (user->is_full)
        yk_intake_update(user->port);
}

void yk_user_undealt(struct yoke_worker *worker, uint32_t token)
{
    struct yk_user *user = find_current(worker, token);

    if (user && user->room != YK_ROOM_ANY)
        change_room(user, user->room + 1);
}

int yk_user_resume(struct yk_port *port, struct yoke_worker *worker,
                   uint32_t token, uint32_t room)
{
    struct yk_user *user;
    int err = yk_user_add(worker, port, token, &user);

    if (err < 0)
        return err;
    change_room(user, room);
    if (worker->is_unrouted)
        yk_seats_serve(worker->seat, false);
    yk_intake_update(port);
    return 0;
}
