#include "store/postgres_sweep.h"

#include <yoke/loop.h>

#include "store/postgres_queue.h"

#define PAUSE_MIN_MS  500
#define PAUSE_MAX_MS  16000
/* Between the steps of a walk: most of the time is left to others. */
#define STEP_PAUSE_MS 50
/* Of the usual 8 KiB: a megabyte, and so 20 of them a second. */
#define STEP_BLOCKS   128
/* Removed in one step. */
#define STEP_MAX      1000

static void make_step(uv_timer_t *timer)
{
    struct yk_pg_sweep *sweep = timer->data;
    struct yk_pg_params *params = &sweep->params;

    params->count = 0;
    yk_pg_number(params, sweep->block);
    yk_pg_number(params, sweep->block + STEP_BLOCKS);
    yk_pg_number(params, STEP_MAX);
    yk_pg_queue_sweep(sweep->queue, params);
}

/* From half of it to one and a half. */
static void rest(struct yk_pg_sweep *sweep, uint64_t ms)
{
    uv_timer_start(&sweep->timer, make_step,
                   ms / 2 + yk_random_below(&sweep->random, ms), 0);
}

void yk_pg_sweep_init(struct yk_pg_sweep *sweep)
{
    uv_timer_init(yoke_loop(), &sweep->timer);
    uv_unref((uv_handle_t *)&sweep->timer);
    sweep->timer.data = sweep;
    yk_random_init(&sweep->random);
}

static void begin_walk(struct yk_pg_sweep *sweep)
{
    sweep->block = 0;
    sweep->found = 0;
    rest(sweep, sweep->pause_ms);
}

void yk_pg_sweep_start(struct yk_pg_sweep *sweep)
{
    sweep->pause_ms = PAUSE_MIN_MS;
    begin_walk(sweep);
}

void yk_pg_sweep_stop(struct yk_pg_sweep *sweep)
{
    uv_timer_stop(&sweep->timer);
}

static void end_walk(struct yk_pg_sweep *sweep, bool is_mine)
{
    sweep->pause_ms = sweep->found > 0 ? PAUSE_MIN_MS : sweep->pause_ms * 2;
    if (!is_mine || sweep->pause_ms > PAUSE_MAX_MS)
        sweep->pause_ms = PAUSE_MAX_MS;
    begin_walk(sweep);
}

uint64_t yk_pg_sweep_done(struct yk_pg_sweep *sweep, const PGresult *result)
{
    bool is_mine = result && yk_pg_number_at(result, 0, 0);
    uint64_t removed = is_mine ? (uint64_t)yk_pg_number_at(result, 0, 1) : 0;

    sweep->found += removed;
    /* With so many there may be more in the same blocks. */
    if (removed < STEP_MAX)
        sweep->block += STEP_BLOCKS;
    if (is_mine && sweep->block < yk_pg_number_at(result, 0, 2))
        rest(sweep, STEP_PAUSE_MS);
    else
        end_walk(sweep, is_mine);
    return removed;
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
