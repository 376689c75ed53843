#include "cluster/relief.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/pidfd.h>
#include <unistd.h>
#include <uv.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "cluster/board.h"
#include "cluster/connection.h"
#include "cluster/dealer.h"
#include "cluster/intake.h"
#include "cluster/life.h"
#include "cluster/line.h"
#include "cluster/message.h"
#include "cluster/port.h"
#include "cluster/users.h"
#include "cluster/worker.h"
#include "cluster/workers.h"
#include "core/cleanup.h"
#include "core/probe.h"
#include "net/unread.h"
#include "net/vitals.h"

/* A turn that has taken so long is long. */
#define LONG_NS   2000000
/* How often it looks, */
#define PERIOD_MS 2
/* and for how long after the last long turn that it heard of. */
#define WATCH_MS  3000
/* Connections of a worker that are looked at in one round. */
#define LOOK_MAX  64

/* Written by the functions of this file, in the primary. */
static uv_timer_t timer;
static bool has_timer;
static uint64_t until_ms;

/* ---- Who is busy, and who is not ---- */

/* A process that is stopped looks as if it slept; the patrol finds it. */
static bool is_stopped(const struct yoke_worker *worker)
{
    return worker->life && worker->life->stopped_since_ms != 0;
}

static bool is_busy(const struct yoke_worker *worker, uint64_t now_ns)
{
    return worker->seat >= 0 && !worker->is_dead &&
           (is_stopped(worker) || yk_dealer_busy_ns(worker, now_ns) >= LONG_NS);
}

static bool is_idle(struct yoke_worker *worker, uint64_t now_ns)
{
    if (worker->seat < 0 || !worker->has_listened || worker->is_unrouted ||
        worker->rests_until_ms || !yk_worker_is_useful(worker) ||
        is_stopped(worker) || yk_dealer_busy_ns(worker, now_ns) != 0)
        return false;
    yk_dealer_load(worker);
    return yk_copies_coming(&worker->copies) == 0;
}

static unsigned count_idle(uint64_t now_ns)
{
    struct yoke_worker *worker;
    unsigned count = 0;

    YK_WORKERS_EACH(worker)
    count += is_idle(worker, now_ns);
    return count;
}

/* ---- Taking ---- */

static int fetch(struct yoke_worker *worker, int number)
{
    int fd = pidfd_getfd(worker->pidfd, number, 0);

    if (fd >= 0 || errno == EBADF || errno == ESRCH || errno == EMFILE ||
        errno == ENFILE)
        return fd;
    worker->is_shut = true;
    yoke_log(YOKE_LOG_DEBUG,
             "while worker %d is busy, its connections have to wait: they "
             "cannot be fetched: %s",
             (int)worker->pid, yoke_strerror(-errno));
    return -1;
}

/* Somebody else would answer it at once. */
static bool has_idle_user(const struct yk_port *port,
                          const struct yoke_worker *owner)
{
    uint64_t now_ns = yk_now_ns();

    YK_LIST_EACH(node, &port->users)
    {
        struct yk_user *user = YK_CONTAINER_OF(node, struct yk_user, node);
        if (user->worker != owner && is_idle(user->worker, now_ns))
            return true;
    }
    return false;
}

/* Returns true when it has been dealt. */
static bool take(struct yoke_worker *worker, int number, uint32_t word)
{
    YK_CLEANUP(yk_close_fd) int fd = fetch(worker, number);
    struct yk_conn conn;

    if (fd < 0 || yk_unread_count(fd) <= 0 || !yk_conn_describe(&conn, fd) ||
        conn.port->is_stopping || !has_idle_user(conn.port, worker) ||
        !yk_claims_take(&worker->board->claims, number, word))
        return false;
    conn.fd = yk_take_fd(&fd);
    conn.giver = worker->id;
    YK_PROBE2(handoff__relieve, worker->id, conn.fd);
    yk_line_add(conn.port, &conn);
    return true;
}

/* Returns how many of its connections have been dealt to others. */
static unsigned relieve(struct yoke_worker *worker, unsigned max)
{
    struct yk_claims *claims = &worker->board->claims;
    uint32_t left = YK_CLAIMS_MAX, word;
    unsigned count = 0;
    int fd;

    for (int i = 0; i < LOOK_MAX && count < max && !worker->is_shut; i++) {
        if (!yk_claims_next(claims, &worker->claims_cursor, &left, &fd, &word))
            break;
        count += take(worker, fd, word);
    }
    if (count > 0 && !worker->is_relieved)
        /* One that was stopped asleep would not notice. */
        yk_channel_try_send(&worker->channel, YK_MESSAGE_NUDGE, NULL, 0, NULL,
                            0);
    worker->is_relieved |= count > 0;
    return count;
}

static void relieve_all(void)
{
    uint64_t now_ns = yk_now_ns();
    unsigned idle = UINT32_MAX; /* Not counted yet. */
    struct yoke_worker *worker;

    YK_WORKERS_EACH(worker)
    {
        if (!is_busy(worker, now_ns)) {
            worker->is_relieved = false;
            continue;
        }
        if (idle == UINT32_MAX)
            idle = count_idle(now_ns);
        idle -= relieve(worker, idle);
    }
    yk_dealer_flush();
}

/* ---- When ---- */

static void on_timer(uv_timer_t *handle)
{
    if (uv_now(handle->loop) >= until_ms) {
        uv_timer_stop(handle);
        return;
    }
    if (!yk_intake_is_held())
        relieve_all();
}

void yk_relief_watch(void)
{
    if (!has_timer) {
        uv_timer_init(yoke_loop(), &timer);
        uv_unref((uv_handle_t *)&timer);
        has_timer = true;
    }
    until_ms = uv_now(yoke_loop()) + WATCH_MS;
    if (!uv_is_active((uv_handle_t *)&timer))
        uv_timer_start(&timer, on_timer, 0, PERIOD_MS);
}

void yk_relief_check(void)
{
    uint64_t now_ns = yk_now_ns();
    struct yoke_worker *worker;

    YK_WORKERS_EACH(worker)
    if (is_busy(worker, now_ns)) {
        yk_relief_watch();
        return;
    }
}
