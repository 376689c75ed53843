/* Round-robin: the primary accepts, and deals the connections strictly in turn.
 *
 *   accept ---> whose turn is it? --ready--> outbox ---> sent with the batch
 *                  |  busy, or nobody can
 *                  v
 *               [queue] ---> dealt when a worker has room, before new ones
 *                  | full
 *                  v
 *               accepts no more: the rest waits in the kernel's backlog
 *
 * A worker that is merely busy is waited for, so that the turns stay exact; one
 * that is late is passed over (dealer.h). Nobody listens (all have died): the
 * backlog waits for a replacement. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <yoke/error.h>
#include <yoke/log.h>

#include "cluster/conn_queue.h"
#include "cluster/dealer.h"
#include "cluster/ports.h"
#include "cluster/sched.h"
#include "core/alloc.h"
#include "net/acceptor.h"

/* New connections that wait in the primary before it stops accepting. */
#define QUEUE_MAX   256
/* Connections that draining takes from the backlog. */
#define BACKLOG_MAX 4096

struct rr {
    struct yk_acceptor acceptor;
    struct yk_conn_queue queue;
    struct yk_port *port;
    bool is_closed; /* The acceptor. */
};

/* ---- Turns ---- */

/* The worker whose turn it is, moved to the end; NULL when it has to be waited
 * for. */
static struct yk_user *take_turn(struct yk_port *port)
{
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

static int deal_one(struct rr *rr, const struct yk_conn *conn)
{
    struct yk_user *user = take_turn(rr->port);

    return user ? yk_dealer_add(user->worker, user->token, conn) : -EAGAIN;
}

static bool should_accept(const struct rr *rr)
{
    return rr->queue.count < QUEUE_MAX && !yk_list_is_empty(&rr->port->users);
}

static void update_acceptor(struct rr *rr)
{
    if (rr->port->is_draining)
        return;
    if (should_accept(rr))
        yk_acceptor_resume(&rr->acceptor);
    else
        yk_acceptor_pause(&rr->acceptor);
}

static void give(struct yk_port *port, const struct yk_conn *conn)
{
    struct rr *rr = port->state;

    if (yk_conn_queue_add_first(&rr->queue, conn) == 0)
        return;
    yoke_log(YOKE_LOG_ERROR, "a connection is closed: no memory");
    close(conn->fd);
}

static void deal(struct yk_port *port)
{
    struct rr *rr = port->state;

    while (rr->queue.count) {
        struct yk_conn conn = *yk_conn_queue_first(&rr->queue);
        /* Out of the queue first: what cannot be sent comes back to its
         * front. */
        yk_conn_queue_remove_first(&rr->queue);
        if (deal_one(rr, &conn) < 0) {
            give(port, &conn);
            break;
        }
    }
    yk_dealer_flush();
    update_acceptor(rr);
    yk_ports_progress();
}

/* ---- New connections ---- */

static void on_accept(struct yk_acceptor *acceptor, int fd,
                      const struct yk_peer *peer)
{
    struct rr *rr = YK_CONTAINER_OF(acceptor, struct rr, acceptor);
    struct yk_conn conn = {.fd = fd, .peer = *peer, .port = rr->port};

    if (rr->queue.count == 0 && deal_one(rr, &conn) == 0)
        return;
    if (yk_conn_queue_add(&rr->queue, &conn) < 0) {
        yoke_log(YOKE_LOG_ERROR, "a connection is closed: no memory");
        close(fd);
    }
    if (!should_accept(rr))
        yk_acceptor_pause(acceptor);
}

static void on_batch(struct yk_acceptor *acceptor)
{
    (void)acceptor;
    yk_dealer_flush();
}

static bool on_shortage(struct yk_acceptor *acceptor, int err)
{
    (void)acceptor;
    if ((err == -EMFILE || err == -ENFILE) && yk_dealer_free_descriptors())
        return true;
    yoke_log(YOKE_LOG_WARN, "connections have to wait: %s", yoke_strerror(err));
    return false;
}

static void on_closed(struct yk_acceptor *acceptor)
{
    struct rr *rr = YK_CONTAINER_OF(acceptor, struct rr, acceptor);
    struct yk_port *port = rr->port;

    rr->is_closed = true;
    if (!port->is_stopping) {
        yk_acceptor_drain(acceptor, BACKLOG_MAX);
        yk_socket_close(&port->socket);
        deal(port);
        return;
    }
    yk_conn_queue_clear(&rr->queue);
    free(rr);
    yk_port_stopped(port);
}

static const struct yk_acceptor_ops acceptor_ops = {
    .on_accept = on_accept,
    .on_batch = on_batch,
    .on_shortage = on_shortage,
    .on_closed = on_closed,
};

/* ---- The policy ---- */

static int start(struct yk_port *port)
{
    struct rr *rr = yk_try_alloc(sizeof(*rr));

    if (!rr)
        return -ENOMEM;
    *rr = (struct rr){.port = port};
    int err = yk_acceptor_open(&rr->acceptor, port->socket.fd, &acceptor_ops);
    if (err < 0) {
        free(rr);
        return err;
    }
    port->state = rr;
    return 0;
}

static void users_changed(struct yk_port *port)
{
    update_acceptor(port->state);
}

static unsigned waiting(const struct yk_port *port)
{
    const struct rr *rr = port->state;

    return rr->queue.count + (port->is_draining && !rr->is_closed);
}

static void drain(struct yk_port *port)
{
    struct rr *rr = port->state;

    yk_acceptor_finish(&rr->acceptor);
}

static void stop(struct yk_port *port)
{
    struct rr *rr = port->state;

    if (!rr->is_closed && !port->is_draining) {
        yk_acceptor_close(&rr->acceptor);
        return;
    }
    if (rr->is_closed)
        on_closed(&rr->acceptor);
}

const struct yk_sched yk_sched_rr = {
    .gives_socket = false,
    .start = start,
    .users_changed = users_changed,
    .give = give,
    .deal = deal,
    .waiting = waiting,
    .drain = drain,
    .stop = stop,
};
