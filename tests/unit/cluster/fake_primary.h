/* A primary without processes, for tests of what supervises them: this stands
 * in for src/cluster/primary.c, and for the clock. Workers are structures that
 * do what a plan says; an hour passes in no time.
 *
 *     fake_plan = (struct fake_plan){.boot_ms = 20};   what the next ones do
 *     fake_run_until(condition, HOUR_MS)
 *
 * To be included by one file of a program, before what it tests is called. */
#ifndef YK_TESTS_FAKE_PRIMARY_H
#define YK_TESTS_FAKE_PRIMARY_H

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include <yoke/cluster.h>
#include <yoke/loop.h>

#include "cluster/events.h"
#include "cluster/life.h"
#include "cluster/primary.h"
#include "cluster/slot.h"
#include "cluster/worker.h"
#include "cluster/workers.h"

#define FAKE_NEVER UINT64_MAX
/* No process has such a number (PID_MAX_LIMIT is 2^22): a signal to it goes
 * nowhere. */
#define FAKE_PID   5000000
#define FAKE_MAX   4096

/* What a worker does. */
struct fake_plan {
    uint64_t boot_ms;  /* Until it is ready, or fails; FAKE_NEVER. */
    bool fails;        /* To start, after that time, and says why; */
    bool crashes;      /* or dies by a signal, then. */
    uint64_t lives_ms; /* From ready to a crash; 0: until it is told to end. */
    uint64_t drain_ms; /* From being told until it ends; FAKE_NEVER. */
    bool drains_badly; /* It crashes instead of ending. */
    uint64_t close_ms; /* From being told until it accepts no more. */
};

struct fake_worker {
    struct yoke_worker worker;
    struct fake_plan plan;
    uint64_t ready_at, closes_at, dies_at;
    bool was_told;
    struct yk_list listener; /* Among its users, as ports.c would have it. */
};

static uint64_t fake_now_ms = 1000;
static bool fake_is_stopping;
static struct fake_worker *fakes[FAKE_MAX];
static unsigned fake_count, fake_forks;
/* Of workers of the first generation, and of those that came later. */
static struct fake_plan fake_old, fake_new;
static unsigned fake_old_generation = 1;
/* So many forks fail with that error, or all. */
static int fake_fork_err, fake_fork_failures;

/* ---- The clock, libuv's too ---- */

int clock_gettime(clockid_t clock, struct timespec *now)
{
    if (clock != CLOCK_MONOTONIC && clock != CLOCK_MONOTONIC_COARSE)
        return (int)syscall(SYS_clock_gettime, clock, now);
    now->tv_sec = (time_t)(fake_now_ms / 1000);
    now->tv_nsec = (long)(fake_now_ms % 1000) * 1000000;
    return 0;
}

/* ---- What primary.c does ---- */

static uint64_t fake_after(uint64_t ms)
{
    return ms == FAKE_NEVER ? FAKE_NEVER : fake_now_ms + ms;
}

int yk_primary_fork(const struct yk_fork *how, struct yoke_worker **ret)
{
    if (fake_is_stopping)
        return -ESHUTDOWN;
    if (fake_fork_failures != 0) {
        fake_fork_failures -= fake_fork_failures > 0;
        return fake_fork_err;
    }
    struct fake_worker *fake = calloc(1, sizeof(*fake));
    if (!fake || fake_count == FAKE_MAX)
        abort();
    fake->plan = how->generation <= fake_old_generation ? fake_old : fake_new;
    fake->worker.slot = how->slot;
    fake->worker.generation = how->generation;
    fake->worker.is_on_trial = how->is_on_trial;
    fake->worker.is_connected = true;
    yk_list_init(&fake->worker.users);
    fake->worker.pid = FAKE_PID + (int)fake_forks++;
    fake->ready_at = fake_after(fake->plan.boot_ms);
    fake->closes_at = fake->dies_at = FAKE_NEVER;
    yk_list_init(&fake->listener);
    yk_workers_add(&fake->worker);
    fakes[fake_count++] = fake;
    *ret = &fake->worker;
    return 0;
}

int yk_primary_adopt(const struct yk_adoption *from, struct yoke_worker **ret)
{
    (void)from;
    (void)ret;
    return -ENOMEM;
}

/* There are no templates. */
void yk_primary_born(struct yoke_worker *worker, pid_t pid, int pidfd)
{
    (void)worker;
    (void)pid;
    (void)pidfd;
}

void yk_primary_stillborn(struct yoke_worker *worker, pid_t pid,
                          const siginfo_t *info, const char *reason)
{
    (void)worker;
    (void)pid;
    (void)info;
    (void)reason;
}

void yk_primary_retire(struct yoke_worker *worker, int timeout_ms)
{
    struct fake_worker *fake = (struct fake_worker *)worker;

    (void)timeout_ms;
    worker->is_leaving = true;
    fake->was_told = true;
    fake->ready_at = FAKE_NEVER;
    fake->dies_at = fake_after(fake->plan.drain_ms);
    fake->closes_at = fake_after(fake->plan.close_ms);
}

bool yk_primary_is_stopping(void)
{
    return fake_is_stopping;
}

void yk_primary_stop_forking(void)
{
    fake_is_stopping = true;
}

bool yk_primary_ended_uncleanly(void)
{
    return false;
}

void yk_primary_reap(struct yoke_worker *worker)
{
    (void)worker;
}

int yk_primary_disconnect(struct yoke_worker *worker)
{
    (void)worker;
    return 0;
}

int yk_primary_hang_up(struct yoke_worker *worker)
{
    (void)worker;
    return 0;
}

void yk_primary_on_gone(void (*fn)(void))
{
    (void)fn;
}

/* ---- What workers do ---- */

static void fake_die(struct fake_worker *fake, const struct yoke_exit *why)
{
    unsigned i = 0;

    while (fakes[i] != fake)
        i++;
    fakes[i] = fakes[--fake_count];
    fake->worker.is_dead = true;
    yk_event_exit(&fake->worker, why);
    yk_workers_remove(&fake->worker);
    free(fake);
}

static void fake_kill(struct fake_worker *fake, int signum)
{
    fake_die(fake,
             &(struct yoke_exit){.signal = signum, .cause = YOKE_CAUSE_SIGNAL});
}

static void fake_boot(struct fake_worker *fake)
{
    const struct fake_plan *plan = &fake->plan;

    fake->ready_at = FAKE_NEVER;
    if (plan->fails)
        fake_die(fake, &(struct yoke_exit){.code = 1,
                                           .cause = YOKE_CAUSE_STARTUP,
                                           .reason = "no database"});
    else if (plan->crashes)
        fake_kill(fake, SIGSEGV);
    else {
        yk_list_add(&fake->worker.users, &fake->listener);
        if (plan->lives_ms)
            fake->dies_at = fake_after(plan->lives_ms);
        yk_event_ready(&fake->worker);
    }
}

static void fake_close(struct fake_worker *fake)
{
    fake->closes_at = FAKE_NEVER;
    yk_list_remove(&fake->listener);
}

static void fake_end(struct fake_worker *fake)
{
    if (fake->was_told && !fake->plan.drains_badly)
        fake_die(fake, &(struct yoke_exit){.cause = YOKE_CAUSE_EXIT});
    else
        fake_kill(fake, SIGSEGV);
}

/* The primary has sent it SIGABRT or SIGKILL. */
static bool fake_was_killed(const struct fake_worker *fake)
{
    return fake->worker.life && fake->worker.life->state == YK_LIFE_STOPPING;
}

/* Whatever is due, of the first worker for which something is. */
static bool fake_act(void)
{
    for (unsigned i = 0; i < fake_count; i++) {
        struct fake_worker *fake = fakes[i];
        if (fake_was_killed(fake))
            fake_kill(fake, SIGKILL);
        else if (fake->dies_at <= fake_now_ms)
            fake_end(fake);
        else if (fake->closes_at <= fake_now_ms)
            fake_close(fake);
        else if (fake->ready_at <= fake_now_ms)
            fake_boot(fake);
        else
            continue;
        return true;
    }
    return false;
}

/* ---- Time passes ---- */

static uint64_t fake_next_ms(void)
{
    uv_loop_t *loop = yoke_loop();
    int timeout = uv_loop_alive(loop) ? uv_backend_timeout(loop) : -1;
    uint64_t next = fake_now_ms + (timeout < 0 ? 1000 : (uint64_t)timeout);

    for (unsigned i = 0; i < fake_count; i++) {
        if (fakes[i]->dies_at < next)
            next = fakes[i]->dies_at;
        if (fakes[i]->closes_at < next)
            next = fakes[i]->closes_at;
        if (fakes[i]->ready_at < next)
            next = fakes[i]->ready_at;
    }
    return next > fake_now_ms ? next : fake_now_ms;
}

/* One turn of the loop; time passes when nothing is to be done now. */
static void fake_turn(uint64_t until_ms)
{
    uv_update_time(yoke_loop());
    while (fake_act())
        uv_run(yoke_loop(), UV_RUN_NOWAIT);
    uv_run(yoke_loop(), UV_RUN_NOWAIT);
    uint64_t next_ms = fake_next_ms();
    fake_now_ms = next_ms < until_ms ? next_ms : until_ms;
}

static bool fake_run_until(bool (*condition)(void), uint64_t ms)
{
    uint64_t end_ms = fake_now_ms + ms;

    while (!condition()) {
        if (fake_now_ms >= end_ms)
            return false;
        fake_turn(end_ms);
    }
    return true;
}

static bool fake_is_never(void)
{
    return false;
}

static inline void fake_pass(uint64_t ms)
{
    fake_run_until(fake_is_never, ms);
}

#endif
