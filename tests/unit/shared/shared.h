/* What tests of state that is shared have in common: a store in memory whose
 * time, and that of those who use it, is the test's. */
#ifndef YK_TESTS_SHARED_H
#define YK_TESTS_SHARED_H

#include "../unit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include <yoke/yoke.h>

/* The time in milliseconds since 1970. */
static uint64_t clock_ms;
static yoke_store *store;

static inline uint64_t tests_now(void *data)
{
    (void)data;
    return clock_ms;
}

static inline void on_end_of_wait(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

/* Runs the loop until `*count` is at least `n`; fails after a minute. */
static inline void wait_count(const int *count, int n)
{
    uv_timer_t timer;
    bool is_over = false;

    uv_update_time(yoke_loop());
    uv_timer_init(yoke_loop(), &timer);
    timer.data = &is_over;
    uv_timer_start(&timer, on_end_of_wait, 60000, 0);
    while (*count < n && !is_over)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(yoke_loop(), UV_RUN_NOWAIT);
    assert_true(*count >= n);
}

/* Lets everything happen that needs no time. */
static inline void run_turns(void)
{
    for (int i = 0; i < 20; i++)
        uv_run(yoke_loop(), UV_RUN_NOWAIT);
}

static inline void on_store_closed(void *data)
{
    ++*(int *)data;
}

static inline void close_store(yoke_store *which)
{
    int closed = 0;
    yoke_store_close(which, on_store_closed, &closed);
    wait_count(&closed, 1);
}

static inline yoke_store *open_store_at(const char *url)
{
    yoke_store *opened = yoke_store_open(.url = url, .now_ms = tests_now);
    assert_non_null(opened);
    return opened;
}

static inline int set_up_store(void **state)
{
    (void)state;
    unsetenv("YOKE_STORE");
    clock_ms = 1700000000000;
    store = open_store_at("memory:");
    return 0;
}

static inline int tear_down_store(void **state)
{
    (void)state;
    close_store(store);
    return 0;
}

#define WITH_STORE(test)                                                       \
    cmocka_unit_test_setup_teardown(test, set_up_store, tear_down_store)

#endif
