/* The run of a process: what ends it, and with which status. Each run is in a
 * process of its own, for a stop is for good. */
#include "../unit.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <uv.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "net/loop.h"
#include "net/service.h"

/* Keeps the loop alive, as a user's timer does. */
static uv_timer_t ticker;

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

static void keep_alive(void)
{
    uv_timer_init(yoke_loop(), &ticker);
    uv_timer_start(&ticker, on_tick, 10, 10);
}

/* The status of a process that runs `body`. */
static int run(int (*body)(void))
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        yoke_log_set_level(YOKE_LOG_OFF);
        _exit(body());
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int run_empty(void)
{
    return yoke_run();
}

static void an_empty_loop_is_an_end(void **state)
{
    (void)state;
    assert_int_equal(run(run_empty), 0);
}

static int stop_before(void)
{
    keep_alive();
    yoke_stop(5);
    return yoke_run();
}

static void a_stop_before_the_run_counts(void **state)
{
    (void)state;
    assert_int_equal(run(stop_before), 5);
}

static int ask_in_vain(void)
{
    keep_alive();
    yk_loop_fail("port %d is in use", 80);
    return yoke_run();
}

static void a_failure_ends_with_1(void **state)
{
    (void)state;
    assert_int_equal(run(ask_in_vain), 1);
}

static int terminate(void)
{
    keep_alive();
    yk_loop_watch_signals(false);
    raise(SIGTERM);
    return yoke_run();
}

static int interrupt(void)
{
    keep_alive();
    yk_loop_watch_signals(false);
    raise(SIGINT);
    return yoke_run();
}

static void signals_stop_cleanly(void **state)
{
    (void)state;
    assert_int_equal(run(terminate), 0);
    assert_int_equal(run(interrupt), 0);
}

/* A service that drains only when its time has come. */
static struct {
    struct yk_service service;
    uv_timer_t timer;
    int drains, aborts;
    bool ignores_abort;
} slow;

static void drain(struct yk_service *service)
{
    (void)service;
    slow.drains++;
}

static void abort_slow(struct yk_service *service)
{
    slow.aborts++;
    if (!slow.ignores_abort)
        yk_service_remove(service);
}

static void on_done(uv_timer_t *timer)
{
    (void)timer;
    yk_service_remove(&slow.service);
}

static void add_slow(int done_after_ms)
{
    slow.service.drain = drain;
    slow.service.abort = abort_slow;
    yk_service_add(&slow.service);
    keep_alive();
    uv_timer_init(yoke_loop(), &slow.timer);
    if (done_after_ms)
        uv_timer_start(&slow.timer, on_done, (uint64_t)done_after_ms, 0);
}

static int wait_for_service(void)
{
    add_slow(20);
    yoke_stop(3);
    int status = yoke_run();
    return slow.drains == 1 && slow.aborts == 0 ? status : 99;
}

static void a_stop_waits_for_services(void **state)
{
    (void)state;
    assert_int_equal(run(wait_for_service), 3);
}

static int miss_the_deadline(void)
{
    add_slow(0);
    yoke_set_stop_timeout(1);
    yoke_stop(0);
    int status = yoke_run();
    return slow.drains == 1 && slow.aborts == 1 ? status : 99;
}

static void the_deadline_aborts_and_is_no_clean_stop(void **state)
{
    (void)state;
    assert_int_equal(run(miss_the_deadline), 1);
}

static int ignore_the_deadline(void)
{
    slow.ignores_abort = true;
    return miss_the_deadline();
}

static void what_ignores_the_deadline_is_left_behind(void **state)
{
    (void)state;
    assert_int_equal(run(ignore_the_deadline), 1);
}

static void interrupt_again(uv_timer_t *timer)
{
    (void)timer;
    raise(SIGINT);
}

static int interrupt_twice(void)
{
    add_slow(0);
    yk_loop_watch_signals(false);
    raise(SIGINT);
    uv_timer_start(&slow.timer, interrupt_again, 20, 20);
    return yoke_run();
}

static int terminate_and_interrupt(void)
{
    add_slow(0);
    yk_loop_watch_signals(false);
    raise(SIGTERM);
    uv_timer_start(&slow.timer, interrupt_again, 20, 20);
    return yoke_run();
}

static void a_second_sigint_ends_at_once(void **state)
{
    (void)state;
    assert_int_equal(run(interrupt_twice), 130);
    assert_int_equal(run(terminate_and_interrupt), 130);
}

static void terminate_again(uv_timer_t *timer)
{
    (void)timer;
    raise(SIGTERM);
}

static int terminate_twice_once(void)
{
    add_slow(0);
    yk_loop_watch_signals(true);
    raise(SIGTERM);
    uv_timer_start(&slow.timer, terminate_again, 20, 20);
    return yoke_run();
}

static void a_second_sigterm_may_be_the_systems(void **state)
{
    (void)state;
    assert_int_equal(run(terminate_twice_once), -SIGTERM);
}

static int write_to_nobody(void)
{
    int ends[2];

    if (pipe(ends) < 0)
        return 99;
    yoke_run();
    close(ends[0]);
    return write(ends[1], "x", 1) < 0 && errno == EPIPE ? 0 : 98;
}

static void a_peer_that_has_gone_is_no_signal(void **state)
{
    (void)state;
    assert_int_equal(run(write_to_nobody), 0);
}

static void a_negative_deadline_is_refused(void **state)
{
    (void)state;
    assert_int_equal(yoke_set_stop_timeout(-1), -EINVAL);
    assert_int_equal(yoke_set_stop_timeout(0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_loop_is_an_end),
        cmocka_unit_test(a_stop_before_the_run_counts),
        cmocka_unit_test(a_failure_ends_with_1),
        cmocka_unit_test(signals_stop_cleanly),
        cmocka_unit_test(a_stop_waits_for_services),
        cmocka_unit_test(the_deadline_aborts_and_is_no_clean_stop),
        cmocka_unit_test(what_ignores_the_deadline_is_left_behind),
        cmocka_unit_test(a_second_sigint_ends_at_once),
        cmocka_unit_test(a_second_sigterm_may_be_the_systems),
        cmocka_unit_test(a_peer_that_has_gone_is_no_signal),
        cmocka_unit_test(a_negative_deadline_is_refused),
    };
    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
