/* Round-robin: the primary accepts, and deals the connections strictly in turn.
 *
 *   accept ---> whose turn is it? --ready--> outbox ---> sent with the batch
 *                  |  busy, or nobody can
 *                  v
 *               [line] ---> dealt when a worker has room, before new ones
 *                  | full
 *                  v
 *               accepts no more: the rest waits in the kernel's backlog
 *
 * A worker that is merely busy is waited for, so that the turns stay exact; one
 * that is late is passed over (dealer.h). Nobody listens (all have died): the
 * backlog waits for a replacement. */
#include <stddef.h>

#include "cluster/dealer.h"
#include "cluster/intake.h"
#include "cluster/port.h"
#include "cluster/sched.h"
#include "cluster/users.h"

static int user_added(struct yk_port *port, struct yk_user *user)
{
    (void)user;
    yk_intake_update(port);
    return 0;
}

static void user_removed(struct yk_port *port, struct yk_user *user)
{
    (void)user;
    yk_intake_update(port);
}

/* The worker whose turn it is, moved to the end; NULL when it has to be waited
 * for. */
static struct yk_user *choose(struct yk_port *port, const struct yk_conn *conn)
{
    (void)conn;
    YK_LIST_EACH(node, &port->users)
    {
        struct yk_user *user = YK_CONTAINER_OF(node, struct yk_user, node);
        switch (yk_dealer_readiness(user->worker)) {
        case YK_READY:
            yk_list_remove(node);
            yk_list_add(&port->users, node);
            return user;
        case YK_BUSY:
            return NULL;
        case YK_LATE:
            break;
        }
    }
    return NULL;
}

const struct yk_sched yk_sched_rr = {
    .policy = YOKE_SCHED_RR,
    .name = "rr",
    .start = yk_intake_start,
    .user_added = user_added,
    .user_removed = user_removed,
    .choose = choose,
    .drain = yk_intake_drain,
    .stop = yk_intake_stop,
};
