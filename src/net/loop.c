#include "net/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "net/deadline.h"
#include "net/service.h"
#include "net/standard.h"
#include "net/vitals.h"

#include "core/banned.h"

#define STOP_TIMEOUT_MS 30000
/* How long a stop may take after its deadline, when all is cut. */
#define FORCE_MS        1000

/* This process's run. Written by the functions of this file, on the loop's
 * thread. */
static struct {
    uv_signal_t terminate, interrupt;
    struct yk_deadline deadline;
    const struct yk_loop_role *role;
    int timeout_ms;    /* Deadline of a graceful stop. */
    int status;        /* What yoke_run will return. */
    int signum;        /* What began the stop, or 0. */
    bool has_standard; /* Descriptors 0 to 2 are open. */
    bool is_watching;  /* The handles above are set up. */
    bool is_stopping;
    bool is_forced; /* The deadline has passed. */
    bool is_ended;  /* Perhaps while the loop ran for somebody else. */
} run = {.role = &yk_loop_alone, .timeout_ms = STOP_TIMEOUT_MS};

/* Without a loop there is nothing that a program of ours could do. */
static _Noreturn void die_without_loop(void)
{
    yoke_log(YOKE_LOG_ERROR, "there is no event loop: %s",
             yoke_strerror(-errno));
    exit(1);
}

struct uv_loop_s *yoke_loop(void)
{
    if (!run.has_standard) {
        run.has_standard = true;
        yk_standard_open();
    }
    uv_loop_t *loop = uv_default_loop();
    if (!loop)
        die_without_loop();
    return loop;
}

void yk_loop_set_role(const struct yk_loop_role *role)
{
    run.role = role;
}

int yk_loop_stop_signal(void)
{
    return run.signum;
}

bool yk_loop_is_stopping(void)
{
    return run.is_stopping;
}

void yk_loop_end(void)
{
    run.is_ended = true;
    uv_stop(yoke_loop());
}

static uint64_t force_ms(void)
{
    return run.role->force_ms ? (uint64_t)run.role->force_ms : FORCE_MS;
}

static void on_deadline(struct yk_deadline *deadline)
{
    if (run.is_forced) {
        yk_loop_end();
        return;
    }
    run.is_forced = true;
    if (run.status == 0)
        run.status = 1;
    yk_deadline_start(deadline, force_ms());
    run.role->force();
}

void yk_loop_stop(int timeout_ms)
{
    if (run.is_stopping)
        return;
    if (timeout_ms < 0)
        timeout_ms = run.timeout_ms;
    run.is_stopping = true;
    yk_loop_watch_signals(false);
    yk_deadline_start(&run.deadline, (uint64_t)timeout_ms);
    run.role->stop(timeout_ms);
}

uint32_t yk_loop_time_left_ms(void)
{
    uint64_t left_ms;

    if (!run.is_stopping || run.is_forced)
        return run.is_stopping ? 0 : UINT32_MAX;
    left_ms = yk_deadline_left_ms(&run.deadline);
    return left_ms < UINT32_MAX ? (uint32_t)left_ms : UINT32_MAX;
}

void yoke_stop(int status)
{
    run.status = status;
    yk_loop_stop(-1);
}

int yoke_set_stop_timeout(int timeout_ms)
{
    if (timeout_ms < 0)
        return -EINVAL;
    run.timeout_ms = timeout_ms;
    return 0;
}

/* ---- Signals ---- */

static void stop_at_once(void)
{
    run.status = 128 + SIGINT;
    run.role->kill();
    yk_loop_end();
}

static void on_signal(uv_signal_t *handle, int signum)
{
    (void)handle;
    if (run.role->ignores && run.role->ignores(signum))
        return;
    if (run.is_stopping) {
        /* After SIGTERM the first SIGINT already is the second request. */
        if (signum == SIGINT)
            stop_at_once();
        return;
    }
    run.signum = signum;
    yk_loop_stop(-1);
}

/* The handles do not keep the loop alive: a program that has nothing left to
 * wait for ends, signals or not. */
void yk_loop_watch_signals(bool once)
{
    uv_loop_t *loop = yoke_loop();

    if (run.is_watching)
        return;
    run.is_watching = true;
    yk_deadline_init(&run.deadline, on_deadline);
    uv_signal_init(loop, &run.terminate);
    uv_signal_init(loop, &run.interrupt);
    if (once)
        uv_signal_start_oneshot(&run.terminate, on_signal, SIGTERM);
    else
        uv_signal_start(&run.terminate, on_signal, SIGTERM);
    uv_signal_start(&run.interrupt, on_signal, SIGINT);
    uv_unref((uv_handle_t *)&run.deadline.timer);
    uv_unref((uv_handle_t *)&run.terminate);
    uv_unref((uv_handle_t *)&run.interrupt);
}

/* ---- Failure ---- */

void yk_loop_fail_quietly(void)
{
    if (run.status == 0)
        run.status = 1;
    yk_loop_stop(-1);
}

void yk_loop_fail(const char *fmt, ...)
{
    char text[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (run.role->fail)
        run.role->fail(text);
    else
        yoke_log(YOKE_LOG_ERROR, "%s", text);
    yk_loop_fail_quietly();
}

/* ---- The run ---- */

int yoke_run(void)
{
    /* A peer that has gone is an error of write(2), not the end of the
     * process; and so is a log file that may not grow (RLIMIT_FSIZE). */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    yk_vitals_watch(yoke_loop());
    yk_loop_watch_signals(false);
    if (!run.is_ended)
        uv_run(yoke_loop(), UV_RUN_DEFAULT);
    yk_deadline_stop(&run.deadline);
    fflush(NULL);
    return run.role->end ? run.role->end(run.status) : run.status;
}

/* ---- Alone ---- */

static void end_drained(void *data)
{
    (void)data;
    yk_loop_end();
}

static void stop_alone(int timeout_ms)
{
    (void)timeout_ms;
    yk_services_drain(end_drained, NULL);
}

static void force_alone(void)
{
    yoke_log(YOKE_LOG_WARN, "the deadline for stopping has passed: "
                            "cutting the connections that are still open");
    yk_services_abort();
}

static void kill_alone(void)
{
}

const struct yk_loop_role yk_loop_alone = {
    .stop = stop_alone,
    .force = force_alone,
    .kill = kill_alone,
};
