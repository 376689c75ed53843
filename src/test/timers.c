/* libuv has no way to set its clock, so the timers are set anew, each for the
 * time that is left of its own. The only way to do that without its callback is
 * uv_timer_again, which takes the repeat for the time; with a repeat of 0 it
 * does nothing, so a timer that is due becomes due in a millisecond. */
#include "test/timers.h"

#include <stdbool.h>
#include <uv.h>

#include <yoke/loop.h>

struct step {
    uint64_t ms;  /* How far to move; or the least that was found. */
    bool has_due; /* A timer is due. */
};

static bool is_running_timer(uv_handle_t *handle)
{
    return handle->type == UV_TIMER && uv_is_active(handle) &&
           !uv_is_closing(handle);
}

static void find_next(uv_handle_t *handle, void *data)
{
    struct step *step = data;
    if (!is_running_timer(handle))
        return;
    uint64_t left = uv_timer_get_due_in((uv_timer_t *)handle);
    left = left > 0 ? left : 1;
    if (step->ms == 0 || left < step->ms)
        step->ms = left;
}

uint64_t yk_timers_next_ms(void)
{
    struct step step = {0};
    uv_walk(yoke_loop(), find_next, &step);
    return step.ms;
}

static void move(uv_handle_t *handle, void *data)
{
    uv_timer_t *timer = (uv_timer_t *)handle;
    struct step *step = data;
    if (!is_running_timer(handle))
        return;
    uint64_t left = uv_timer_get_due_in(timer);
    uint64_t repeat = uv_timer_get_repeat(timer);
    left = left > step->ms ? left - step->ms : 0;
    step->has_due |= left == 0;
    uv_timer_set_repeat(timer, left > 0 ? left : 1);
    uv_timer_again(timer);
    uv_timer_set_repeat(timer, repeat);
}

/* uv_run would go on to wait for what comes next. */
static void set_flag(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
    uv_stop(timer->loop);
}

static void close_quietly(uv_timer_t *timer)
{
    uv_close((uv_handle_t *)timer, NULL);
    uv_run(yoke_loop(), UV_RUN_NOWAIT);
}

/* Runs the loop until a timer that is set last, for the same moment as those
 * that are due, has been called: then so have they. */
static void run_due(void)
{
    bool is_over = false;
    uv_timer_t last;

    uv_timer_init(yoke_loop(), &last);
    last.data = &is_over;
    uv_timer_start(&last, set_flag, 1, 0);
    while (!is_over)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    close_quietly(&last);
}

void yk_timers_advance(uint64_t ms)
{
    struct step step = {.ms = ms};
    uv_walk(yoke_loop(), move, &step);
    if (step.has_due)
        run_due();
}
