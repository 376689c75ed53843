#include "cluster/patrol.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <uv.h>

#include <yoke/cluster.h>
#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "cluster/attention.h"
#include "cluster/board.h"
#include "cluster/fleet.h"
#include "cluster/memory.h"
#include "cluster/relief.h"
#include "cluster/rescue.h"
#include "cluster/rollout.h"
#include "cluster/worker.h"
#include "cluster/workers.h"
#include "core/alloc.h"

#include "core/banned.h"

#define PERIOD_MS     1000
/* The shortest, for deadlines that are shorter than that. */
#define PERIOD_MIN_MS 50
/* A round that is later than this by so much shows that the primary stood still
 * itself. */
#define GAP_MS        1000
/* Whose channel ends mostly ends, too, in a moment. */
#define LOST_MS       1000
/* Rounds between two looks at the memory. */
#define MEMORY_ROUNDS 5
#define NS_PER_MS     UINT64_C(1000000)

/* Written by the functions of this file, in the primary. */
static uv_timer_t timer;
static unsigned rounds;
static struct yk_attention attention; /* In nanoseconds. */

/* ---- What hangs ---- */

static uint64_t stalled_ms(const struct yoke_worker *worker, uint64_t now_ns)
{
    uint64_t stalled_ns = yk_vitals_stalled_ns(&worker->board->vitals, now_ns);

    return yk_attention_lasted(&attention, now_ns - stalled_ns) / NS_PER_MS;
}

/* A stopped process (SIGSTOP) looks well as long as nothing is asked of it. */
static bool is_stopped(const struct yoke_worker *worker)
{
    siginfo_t info = {.si_pid = 0};

    return waitid(P_PIDFD, (id_t)worker->pidfd, &info,
                  WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid != 0 && info.si_code == CLD_STOPPED;
}

/* `then_ms` is the loop's time, which is that of the rounds. */
static uint64_t lasted_ms(uint64_t then_ms)
{
    return yk_attention_lasted(&attention, then_ms * NS_PER_MS) / NS_PER_MS;
}

static uint64_t stopped_ms(struct yk_life *life, uint64_t now_ms)
{
    if (!is_stopped(life->worker))
        life->stopped_since_ms = 0;
    else if (life->stopped_since_ms == 0)
        life->stopped_since_ms = now_ms;
    return life->stopped_since_ms ? lasted_ms(life->stopped_since_ms) : 0;
}

static bool hangs(struct yk_life *life, uint64_t now_ns)
{
    uint64_t limit_ms = (uint64_t)yk_fleet_options()->hang_timeout_ms;

    if (limit_ms == 0)
        return false;
    return stalled_ms(life->worker, now_ns) >= limit_ms ||
           stopped_ms(life, now_ns / NS_PER_MS) >= limit_ms;
}

/* ---- What cannot be reached ---- */

/* Its channel has ended, without anybody's wish, for so long. One that notices
 * ends by itself. */
static uint64_t lost_ms(struct yk_life *life, uint64_t now_ms)
{
    const struct yoke_worker *worker = life->worker;

    if (worker->is_connected || worker->is_leaving)
        life->lost_since_ms = 0;
    else if (life->lost_since_ms == 0)
        life->lost_since_ms = now_ms;
    return life->lost_since_ms ? lasted_ms(life->lost_since_ms) : 0;
}

/* It has closed the descriptor by mistake, and does not know: it goes on taking
 * connections, and may mistake one for its channel. */
static void end_lost(struct yk_life *life, uint64_t for_ms)
{
    struct yoke_worker *worker = life->worker;

    if (for_ms >= LOST_MS + (uint64_t)yk_fleet_options()->stop_timeout_ms) {
        yk_life_handle(life, YK_LIFE_HANGS, YOKE_CAUSE_DEADLINE);
        return;
    }
    if (life->is_asked_to_end)
        return;
    life->is_asked_to_end = true;
    yoke_log(YOKE_LOG_WARN,
             "worker %d cannot be reached: its channel has ended; has it "
             "closed a descriptor that is not its own? It is asked to end",
             (int)worker->pid);
    yk_worker_signal(worker, SIGTERM);
}

/* ---- Requests that take too long ---- */

static bool is_overdue(const struct yk_flight *flight, uint64_t limit_ns)
{
    struct yk_flight seen;

    return yk_flight_look(flight, &seen) &&
           yk_attention_lasted(&attention, seen.begun_ns) > limit_ns;
}

static bool has_overdue_request(const struct yoke_worker *worker)
{
    const struct yk_flights *flights = &worker->board->flights;
    uint64_t limit_ns =
        (uint64_t)yk_fleet_options()->request_timeout_ms * NS_PER_MS;

    if (limit_ns == 0)
        return false;
    if (is_overdue(&flights->now, limit_ns))
        return true;
    for (int i = 0; i < YK_FLIGHTS_MAX; i++)
        if (is_overdue(&flights->entries[i], limit_ns))
            return true;
    return false;
}

/* ---- What has had enough ---- */

static bool is_over(const struct yk_life *life, uint64_t value, uint64_t limit)
{
    return limit > 0 && value >= yk_life_own_limit(life, limit);
}

/* What it has had enough of, in words; NULL: of nothing. */
static const char *enough(const struct yk_life *life, uint64_t now_ms)
{
    const struct yoke_cluster_options *options = yk_fleet_options();
    const struct yk_vitals *vitals = &life->worker->board->vitals;

    if (is_over(life, yk_histogram_count(&vitals->latency),
                (uint64_t)options->max_requests))
        return "it has answered enough requests";
    if (is_over(life, now_ms - life->forked_ms,
                (uint64_t)options->max_lifetime_ms))
        return "it has lived long enough";
    return life->is_too_large ? "it has grown too large" : NULL;
}

static void on_replaced(struct yk_slot *slot, int err, const char *text)
{
    if (err < 0 && err != -ESHUTDOWN)
        yoke_log(YOKE_LOG_WARN, "slot %d: the worker stays: %s", slot->number,
                 text);
}

/* When as many are being replaced as may be, the next round tries again. */
static void recycle(struct yk_life *life, const char *why)
{
    struct yk_slot *slot = life->slot;
    int pid = (int)life->worker->pid;

    if (slot->current != life || yk_rollout_is_under_way())
        return;
    if (yk_fleet_replace(slot, slot->generation, YOKE_CAUSE_RECYCLED, false,
                         on_replaced) == 0)
        yoke_log(YOKE_LOG_INFO, "worker %d is replaced: %s", pid, why);
}

/* ---- What is too large ---- */

/* The worker may have ended meanwhile. */
struct look {
    struct yk_weighing weighing;
    int id; /* Of the worker. */
};

static void on_weighed(struct yk_weighing *weighing)
{
    struct look *look = YK_CONTAINER_OF(weighing, struct look, weighing);
    struct yoke_worker *worker = yk_workers_find(look->id);
    uint64_t share = weighing->found.share;

    free(look);
    if (!worker)
        return;
    worker->is_weighed = false;
    if (worker->life &&
        is_over(worker->life, share, yk_fleet_options()->max_memory))
        worker->life->is_too_large = true;
}

/* The share is never more than what is resident, and dearer to know. */
static void weigh(const struct yk_life *life)
{
    struct yoke_worker *worker = life->worker;

    if (worker->is_weighed || !is_over(life, yk_memory_resident(worker->pid),
                                       yk_fleet_options()->max_memory))
        return;
    struct look *look = yk_try_alloc(sizeof(*look));
    if (!look)
        return;
    look->id = worker->id;
    worker->is_weighed =
        yk_memory_weigh(&look->weighing, worker->pid, on_weighed) == 0;
    if (!worker->is_weighed)
        free(look);
}

/* ---- What hangs is ended ---- */

static void abort_hung(struct yoke_worker *worker)
{
    if (worker->life)
        yk_life_handle(worker->life, YK_LIFE_HANGS, YOKE_CAUSE_HUNG);
}

static void abort_overdue(struct yoke_worker *worker)
{
    if (worker->life)
        yk_life_handle(worker->life, YK_LIFE_HANGS, YOKE_CAUSE_REQUEST);
}

/* After what nobody has read has been fetched out of it. */
static void rescue_and(void (*then)(struct yoke_worker *worker),
                       const struct yk_life *life)
{
    int err = yk_rescue_begin(life->worker, then);

    if (err < 0 && err != -EALREADY)
        then(life->worker);
}

/* ---- The round ---- */

static void look_after(struct yk_life *life, uint64_t now_ns)
{
    uint64_t now_ms = uv_now(yoke_loop());

    if (hangs(life, now_ns)) {
        rescue_and(abort_hung, life);
        return;
    }
    if (has_overdue_request(life->worker)) {
        rescue_and(abort_overdue, life);
        return;
    }
    uint64_t for_ms = lost_ms(life, now_ms);
    if (for_ms >= LOST_MS) {
        end_lost(life, for_ms);
        return;
    }
    const char *why =
        life->state == YK_LIFE_READY ? enough(life, now_ms) : NULL;
    if (why)
        recycle(life, why);
    else if (life->state == YK_LIFE_READY && rounds % MEMORY_ROUNDS == 0)
        weigh(life);
}

static void on_round(uv_timer_t *handle)
{
    uint64_t gap_max_ms = uv_timer_get_repeat(handle) + GAP_MS;
    uint64_t now_ns = uv_hrtime();
    struct yoke_worker *worker;

    rounds++;
    yk_attention_round(&attention, now_ns, gap_max_ms * NS_PER_MS);
    yk_relief_check();
    YK_WORKERS_EACH(worker)
    if (worker->life && !worker->is_dead)
        look_after(worker->life, now_ns);
}

static uint64_t shorter(uint64_t period_ms, int limit_ms)
{
    uint64_t quarter_ms = (uint64_t)limit_ms / 4;

    if (limit_ms == 0 || quarter_ms >= period_ms)
        return period_ms;
    return quarter_ms > PERIOD_MIN_MS ? quarter_ms : PERIOD_MIN_MS;
}

void yk_patrol_start(void)
{
    const struct yoke_cluster_options *options = yk_fleet_options();
    uint64_t period_ms = PERIOD_MS;

    period_ms = shorter(period_ms, options->hang_timeout_ms);
    period_ms = shorter(period_ms, options->request_timeout_ms);
    period_ms = shorter(period_ms, options->max_lifetime_ms);
    uv_timer_init(yoke_loop(), &timer);
    uv_timer_start(&timer, on_round, period_ms, period_ms);
    uv_unref((uv_handle_t *)&timer);
}
