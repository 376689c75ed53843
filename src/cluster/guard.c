#include "cluster/guard.h"

#include <uv.h>

#include <yoke/loop.h>

#include "cluster/board.h"
#include "cluster/message.h"
#include "cluster/worker.h"
#include "net/vitals.h"

/* How long connections may wait without any being taken; as in dealer.c. */
#define LATE_MS   250
/* How often it is looked. */
#define PERIOD_MS 125

/* Those that are WAITING or LATE, and the timer that looks at them. Written by
 * the functions of this file, in the primary. */
static struct yk_list active = {&active, &active};
static uv_timer_t timer;
static bool has_timer;

static const struct yk_vitals *vitals_of(const struct yk_guard *guard)
{
    return &guard->worker->board->vitals;
}

/* ---- States ---- */

static void become_calm(struct yk_guard *guard)
{
    guard->state = YK_GUARD_CALM;
    yk_list_remove(&guard->node);
    yk_backlog_start(&guard->backlog);
}

static void become_late(struct yk_guard *guard)
{
    guard->state = YK_GUARD_LATE;
    guard->turns = yk_vitals_get(&vitals_of(guard)->turns);
    yk_channel_send(&guard->worker->channel, YK_MESSAGE_NUDGE, NULL, 0, -1);
    guard->on_change(guard);
}

static void look_at_waiting(struct yk_guard *guard, uint64_t now_ms)
{
    uint64_t conns = yk_vitals_get(&vitals_of(guard)->conns_opened);

    if (yk_backlog_len(&guard->backlog) == 0) {
        become_calm(guard);
        return;
    }
    if (conns != guard->conns) {
        guard->conns = conns;
        guard->since_ms = now_ms;
    }
    if (now_ms - guard->since_ms >= LATE_MS)
        become_late(guard);
}

static void look_at_late(struct yk_guard *guard)
{
    const struct yk_vitals *vitals = vitals_of(guard);

    if (yk_vitals_get(&vitals->turns) == guard->turns ||
        yk_vitals_stalled_ns(vitals, yk_now_ns()) >= LATE_MS * 1000000ull)
        return;
    become_calm(guard);
    guard->on_change(guard);
}

/* ---- The timer ---- */

static void on_timer(uv_timer_t *handle)
{
    uint64_t now_ms = uv_now(yoke_loop());

    YK_LIST_EACH(node, &active)
    {
        struct yk_guard *guard = YK_CONTAINER_OF(node, struct yk_guard, node);
        if (guard->state == YK_GUARD_WAITING)
            look_at_waiting(guard, now_ms);
        else
            look_at_late(guard);
    }
    if (yk_list_is_empty(&active))
        uv_timer_stop(handle);
}

static void start_timer(void)
{
    if (!has_timer) {
        uv_timer_init(yoke_loop(), &timer);
        uv_unref((uv_handle_t *)&timer);
        has_timer = true;
    }
    if (!uv_is_active((uv_handle_t *)&timer))
        uv_timer_start(&timer, on_timer, PERIOD_MS, PERIOD_MS);
}

static void on_waiting(struct yk_backlog *backlog)
{
    struct yk_guard *guard = YK_CONTAINER_OF(backlog, struct yk_guard, backlog);

    guard->state = YK_GUARD_WAITING;
    guard->since_ms = uv_now(yoke_loop());
    guard->conns = yk_vitals_get(&vitals_of(guard)->conns_opened);
    yk_list_add(&active, &guard->node);
    start_timer();
}

/* ---- Life ---- */

int yk_guard_open(struct yk_guard *guard, int fd,
                  void (*on_change)(struct yk_guard *guard))
{
    *guard = (struct yk_guard){.on_change = on_change};
    yk_list_init(&guard->node);
    return yk_backlog_open(&guard->backlog, fd, on_waiting);
}

void yk_guard_start(struct yk_guard *guard, struct yoke_worker *worker)
{
    yk_guard_stop(guard);
    guard->worker = worker;
    become_calm(guard);
}

void yk_guard_stop(struct yk_guard *guard)
{
    guard->state = YK_GUARD_OFF;
    guard->worker = NULL;
    yk_list_remove(&guard->node);
    yk_backlog_stop(&guard->backlog);
}

void yk_guard_close(struct yk_guard *guard, yk_backlog_fn *on_closed)
{
    yk_guard_stop(guard);
    yk_backlog_close(&guard->backlog, on_closed);
}
