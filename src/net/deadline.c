#include "net/deadline.h"

#include <yoke/loop.h>

uint64_t yk_deadline_slice_ms(const struct yk_deadline *deadline)
{
    return deadline->left_ms < YK_DEADLINE_SLICE_MS ? deadline->left_ms
                                                    : YK_DEADLINE_SLICE_MS;
}

bool yk_deadline_end_slice(struct yk_deadline *deadline, uint64_t now_ms)
{
    uint64_t slice_ms = yk_deadline_slice_ms(deadline);
    uint64_t took_ms = now_ms - deadline->begun_ms;
    bool has_stood_still = took_ms > slice_ms + YK_DEADLINE_GAP_MS;

    deadline->begun_ms = now_ms;
    if (!has_stood_still)
        deadline->left_ms -=
            took_ms < deadline->left_ms ? took_ms : deadline->left_ms;
    return deadline->left_ms == 0;
}

static void on_timer(uv_timer_t *timer)
{
    struct yk_deadline *deadline = timer->data;

    uv_update_time(yoke_loop());
    if (yk_deadline_end_slice(deadline, uv_now(yoke_loop())))
        deadline->on_passed(deadline);
    else
        uv_timer_start(timer, on_timer, yk_deadline_slice_ms(deadline), 0);
}

void yk_deadline_init(struct yk_deadline *deadline,
                      void (*on_passed)(struct yk_deadline *deadline))
{
    uv_timer_init(yoke_loop(), &deadline->timer);
    deadline->timer.data = deadline;
    deadline->on_passed = on_passed;
    deadline->left_ms = 0;
}

/* The loop's time may be old when something has taken long. */
void yk_deadline_start(struct yk_deadline *deadline, uint64_t ms)
{
    uv_update_time(yoke_loop());
    deadline->left_ms = ms;
    deadline->begun_ms = uv_now(yoke_loop());
    uv_timer_start(&deadline->timer, on_timer, yk_deadline_slice_ms(deadline),
                   0);
}

void yk_deadline_stop(struct yk_deadline *deadline)
{
    uv_timer_stop(&deadline->timer);
}

uint64_t yk_deadline_left_ms(const struct yk_deadline *deadline)
{
    uint64_t in_slice_ms = uv_timer_get_due_in(&deadline->timer);

    return deadline->left_ms - yk_deadline_slice_ms(deadline) + in_slice_ms;
}
