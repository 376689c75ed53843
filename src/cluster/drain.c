#include "cluster/drain.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/types.h>
#include <uv.h>

#include <yoke/log.h>
#include <yoke/loop.h>

#include "cluster/notify.h"
#include "cluster/ports.h"
#include "cluster/primary.h"
#include "cluster/templates.h"
#include "cluster/watch.h"
#include "cluster/worker.h"
#include "cluster/workers.h"
#include "core/alloc.h"
#include "net/deadline.h"
#include "net/later.h"
#include "net/loop.h"
#include "net/service.h"

/* What a worker gets after the deadline to cut its connections. */
#define GRACE_MS  500
/* How long a worker that was killed is waited for. */
#define KILLED_MS 1000

/* The stop of this primary. Written by the functions of this file. */
static struct {
    int timeout_ms;
    bool is_draining;  /* The ports are being emptied. */
    bool has_told;     /* The workers know. */
    bool has_services; /* The primary's own, if it serves itself. */
    struct yk_deadline grace;
} stop;

/* ---- Everybody disconnects ---- */

/* Whoever waits until all workers have gone (yk_drain_disconnect). */
struct waiter {
    struct yk_list node;
    struct yk_later later;
    void (*fn)(void *data);
    void *data;
};

/* Written by the functions below. */
static struct yk_list waiters = {&waiters, &waiters};

static void call_waiter(struct yk_later *later)
{
    struct waiter *waiter = YK_CONTAINER_OF(later, struct waiter, later);

    waiter->fn(waiter->data);
    free(waiter);
}

static void call_waiters(void)
{
    struct yk_list *node;

    if (!yk_list_is_empty(yk_workers()))
        return;
    while ((node = yk_list_take(&waiters)))
        yk_later_start(&YK_CONTAINER_OF(node, struct waiter, node)->later);
}

/* ---- The stop ---- */

static void end_if_done(void)
{
    if (stop.has_told && !stop.has_services && yk_list_is_empty(yk_workers()))
        yk_loop_end();
}

static void on_gone(void)
{
    call_waiters();
    end_if_done();
}

static void tell_worker(struct yoke_worker *worker)
{
    struct yk_message_stop body = {.timeout_ms = stop.timeout_ms};

    worker->is_leaving = true;
    if (!worker->is_connected ||
        yk_channel_send_in_order(&worker->channel, YK_MESSAGE_STOP, &body,
                                 sizeof(body)) < 0)
        yk_worker_signal(worker, SIGTERM);
}

static void tell_workers(void)
{
    struct yoke_worker *worker;

    stop.has_told = true;
    YK_WORKERS_EACH(worker)
    if (!worker->is_dead)
        tell_worker(worker);
    yk_ports_stop();
    end_if_done();
}

static bool is_somebody_useful(void)
{
    struct yoke_worker *worker;

    YK_WORKERS_EACH(worker)
    if (yk_worker_is_useful(worker))
        return true;
    return false;
}

static void on_progress(void)
{
    if (stop.is_draining && !stop.has_told &&
        (yk_ports_waiting() == 0 || !is_somebody_useful()))
        tell_workers();
}

static void on_worker_gone(void)
{
    on_progress();
    on_gone();
}

static void on_services_drained(void *data)
{
    (void)data;
    stop.has_services = false;
    end_if_done();
}

static void begin(int timeout_ms)
{
    stop.timeout_ms = timeout_ms;
    stop.has_services = true;
    yk_notify_stopping();
    yk_primary_stop_forking();
    yk_primary_on_gone(on_worker_gone);
    yk_services_drain(on_services_drained, NULL);
    yk_ports_drain(on_progress);
    stop.is_draining = true;
    on_progress();
}

/* ---- When it takes too long ---- */

static void kill_workers(bool is_overdue)
{
    struct yoke_worker *worker;

    YK_WORKERS_EACH(worker)
    {
        if (worker->is_dead)
            continue;
        worker->is_overdue = is_overdue;
        yk_worker_signal(worker, SIGKILL);
        if (is_overdue)
            yoke_log(YOKE_LOG_WARN,
                     "worker %d did not stop within %d ms: killed",
                     (int)worker->pid, stop.timeout_ms);
    }
}

static void on_grace_over(struct yk_deadline *deadline)
{
    (void)deadline;
    kill_workers(true);
}

static void force(void)
{
    yk_services_abort();
    yk_deadline_init(&stop.grace, on_grace_over);
    yk_deadline_start(&stop.grace, GRACE_MS);
}

/* The loop is over after this; so that nobody finds workers when the primary
 * is gone, their ends are waited for here. */
static void kill_all(void)
{
    struct yoke_worker *worker;

    kill_workers(false);
    YK_WORKERS_EACH(worker)
    {
        struct pollfd end = {.fd = worker->pidfd, .events = POLLIN};
        if (worker->pidfd >= 0)
            poll(&end, 1, KILLED_MS);
    }
}

static int end(int status)
{
    yk_templates_kill();
    yk_watch_stop();
    return status == 0 && yk_primary_ended_uncleanly() ? 1 : status;
}

const struct yk_loop_role yk_drain_role = {
    .stop = begin,
    .force = force,
    .kill = kill_all,
    .end = end,
};

int yk_drain_disconnect(void (*fn)(void *data), void *data)
{
    struct yoke_worker *worker;

    if (fn) {
        struct waiter *waiter = yk_try_alloc(sizeof(*waiter));
        if (!waiter)
            return -ENOMEM;
        *waiter = (struct waiter){.fn = fn, .data = data};
        yk_later_init(&waiter->later, call_waiter);
        yk_list_add(&waiters, &waiter->node);
    }
    YK_WORKERS_EACH(worker)
    yk_primary_disconnect(worker);
    if (!stop.has_told)
        yk_primary_on_gone(on_worker_gone);
    call_waiters();
    return 0;
}
