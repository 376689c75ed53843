#include "store/postgres_sweep.h"

#include <yoke/loop.h>

#include "store/postgres_queue.h"

#define PAUSE_MIN_MS  500
#define PAUSE_MAX_MS  16000
/* While steps find something: half of the time is left to others. */
#define STEP_PAUSE_MS 50

static void on_time(uv_timer_t *timer)
{
    struct yk_pg_sweep *sweep = timer->data;
    yk_pg_queue_sweep(sweep->queue);
}

/* From half of it to one and a half. */
static void rest(struct yk_pg_sweep *sweep, uint64_t ms)
{
    uv_timer_start(&sweep->timer, on_time,
                   ms / 2 + yk_random_below(&sweep->random, ms), 0);
}

void yk_pg_sweep_init(struct yk_pg_sweep *sweep)
{
    uv_timer_init(yoke_loop(), &sweep->timer);
    uv_unref((uv_handle_t *)&sweep->timer);
    sweep->timer.data = sweep;
    yk_random_init(&sweep->random);
}

void yk_pg_sweep_start(struct yk_pg_sweep *sweep)
{
    sweep->pause_ms = PAUSE_MIN_MS;
    rest(sweep, sweep->pause_ms);
}

void yk_pg_sweep_stop(struct yk_pg_sweep *sweep)
{
    uv_timer_stop(&sweep->timer);
}

void yk_pg_sweep_done(struct yk_pg_sweep *sweep, int64_t count)
{
    if (count > 0) {
        sweep->pause_ms = PAUSE_MIN_MS;
        rest(sweep, STEP_PAUSE_MS);
        return;
    }
    sweep->pause_ms *= 2;
    if (sweep->pause_ms > PAUSE_MAX_MS)
        sweep->pause_ms = PAUSE_MAX_MS;
    rest(sweep, sweep->pause_ms);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct yk_pg_sweep *sweep = handle->data;
    sweep->on_closed(sweep->owner);
}

void yk_pg_sweep_close(struct yk_pg_sweep *sweep)
{
    uv_close((uv_handle_t *)&sweep->timer, on_timer_closed);
}
