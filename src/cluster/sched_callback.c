/* By the user's function: the primary accepts, as under `rr`, and asks it for
 * each connection. Without a function, or when it does not choose, it goes by
 * turn. */
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yoke/error.h>
#include <yoke/log.h>

#include "cluster/board.h"
#include "cluster/dealer.h"
#include "cluster/intake.h"
#include "cluster/loads.h"
#include "cluster/port.h"
#include "cluster/sched.h"
#include "cluster/seats.h"
#include "cluster/users.h"
#include "cluster/worker.h"

/* The user's function. Written by yoke_cluster_set_pick. */
static yoke_pick_fn *pick;
static void *pick_data;

/* It has been told that the function is missing, or returns nonsense; once
 * each. Written by the functions below. */
static bool has_told_missing, has_told_nonsense;

/* Who could have the connection: in order of slots and ids, the same each time,
 * so that a function may choose by a hash. Valid within `choose`. */
static struct yk_user *users[YK_SEATS_MAX];
static struct yoke_candidate candidates[YK_SEATS_MAX];

/* The id of the worker that had the last turn. */
static int last_turn;

int yoke_cluster_set_pick(yoke_pick_fn *fn, void *data)
{
    if (yoke_cluster_is_worker())
        return -YOKE_EROLE;
    pick = fn;
    pick_data = data;
    has_told_nonsense = false;
    return 0;
}

static int user_added(struct yk_port *port, struct yk_user *user)
{
    (void)user;
    if (!pick && !has_told_missing)
        yoke_log(YOKE_LOG_WARN, "the policy 'callback' has no function "
                                "(yoke_cluster_set_pick): connections are "
                                "dealt in turn");
    has_told_missing |= !pick;
    yk_intake_update(port);
    return 0;
}

static void user_removed(struct yk_port *port, struct yk_user *user)
{
    (void)user;
    yk_intake_update(port);
}

/* ---- Candidates ---- */

static bool is_before(const struct yoke_worker *a, const struct yoke_worker *b)
{
    return a->slot != b->slot ? a->slot < b->slot : a->id < b->id;
}

/* Nearly sorted already: the workers come in that order. */
static void insert(struct yk_user *user, int count)
{
    int i = count;

    for (; i > 0 && is_before(user->worker, users[i - 1]->worker); i--)
        users[i] = users[i - 1];
    users[i] = user;
}

/* By its board: workers that are dealt everything publish no load. */
static unsigned open_of(struct yoke_worker *worker)
{
    const struct yk_vitals *vitals = &worker->board->vitals;
    const struct yk_load *load = yk_seats_load(worker->seat);
    uint64_t closed = yk_vitals_get(&vitals->conns_closed);
    uint64_t opened = yk_vitals_get(&vitals->conns_opened);

    yk_dealer_load(worker); /* Brings `coming` up to date. */
    return (unsigned)(opened - closed) +
           atomic_load_explicit(&load->coming, memory_order_relaxed);
}

static int find_candidates(struct yk_port *port)
{
    int count = 0;

    YK_LIST_EACH(node, &port->users)
    {
        struct yk_user *user = YK_CONTAINER_OF(node, struct yk_user, node);
        if (count < YK_SEATS_MAX &&
            yk_dealer_readiness(user->worker) == YK_READY)
            insert(user, count++);
    }
    for (int i = 0; i < count; i++)
        candidates[i] =
            (struct yoke_candidate){.worker = users[i]->worker,
                                    .slot = users[i]->worker->slot,
                                    .open = open_of(users[i]->worker)};
    return count;
}

/* ---- Choosing ---- */

/* The first with a greater id than the last one's, or else the smallest. */
static struct yk_user *take_turn(int count)
{
    struct yk_user *next = NULL, *first = NULL;

    for (int i = 0; i < count; i++) {
        int id = users[i]->worker->id;
        if (!first || id < first->worker->id)
            first = users[i];
        if (id > last_turn && (!next || id < next->worker->id))
            next = users[i];
    }
    if (!next)
        next = first;
    last_turn = next->worker->id;
    return next;
}

static int ask(const struct yk_conn *conn, int count)
{
    char text[YK_PEER_TEXT_MAX];
    const struct yk_peer *peer = &conn->peer;
    struct yoke_peer_info info = {.family = peer->family ? peer->family : -1,
                                  .port = peer->port,
                                  .address = yk_peer_text(peer, text),
                                  .ip = peer->ip,
                                  .ip_len = peer->family == 4   ? 4
                                            : peer->family == 6 ? 16
                                                                : 0,
                                  .listener = &conn->port->socket.address};

    return pick(&info, candidates, count, pick_data);
}

static void tell_nonsense(int index, int count)
{
    if (!has_told_nonsense)
        yoke_log(YOKE_LOG_ERROR,
                 "the function of yoke_cluster_set_pick chose %d of %d "
                 "workers: connections that it does so for are dealt in turn",
                 index, count);
    has_told_nonsense = true;
}

/* What the function has done to the worker may make it a bad choice. */
static bool is_still_ready(int index)
{
    return yk_dealer_readiness(users[index]->worker) == YK_READY;
}

static struct yk_user *choose(struct yk_port *port, const struct yk_conn *conn)
{
    int count = find_candidates(port);

    (void)port;
    if (count == 0)
        return NULL;
    int index = pick ? ask(conn, count) : -1;
    if (index < -1 || index >= count) {
        tell_nonsense(index, count);
        index = -1;
    }
    if (index >= 0 && is_still_ready(index))
        return users[index];
    return take_turn(index >= 0 ? find_candidates(port) : count);
}

const struct yk_sched yk_sched_callback = {
    .policy = YOKE_SCHED_CALLBACK,
    .name = "callback",
    .start = yk_intake_start,
    .user_added = user_added,
    .user_removed = user_removed,
    .choose = choose,
    .drain = yk_intake_drain,
    .stop = yk_intake_stop,
};
