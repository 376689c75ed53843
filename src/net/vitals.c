#include "net/vitals.h"

#include <stdbool.h>
#include <stddef.h>
#include <time.h>
#include <uv.h>

/* How often the rate of the ticks is found out again. */
#define CALIBRATION_NS UINT64_C(10000000)

/* Where a process counts that shares its vitals with nobody. */
static struct yk_vitals own;
struct yk_vitals *yk_vitals = &own;
struct yk_turn yk_turn;
_Atomic uint64_t *yk_turn_mirror;

/* The handles on either side of the poll, and whether they are there. Written
 * by yk_vitals_watch. */
static uv_prepare_t before_poll;
static uv_check_t after_poll;
static bool is_watching;

/* When both clocks were first looked at together, and when the rate is to be
 * found out next. Written by yk_vitals_watch and calibrate. */
static uint64_t first_ns, first_ticks, calibrate_ns;

/* Out of line: it is the slow way. */
__attribute__((noinline)) uint64_t yk_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void yk_vitals_place(struct yk_vitals *place)
{
    yk_vitals = place ? place : &own;
}

/* The rate of the ticks, from all that has passed since the first look: the
 * longer, the better. */
static void calibrate(struct yk_turn *turn)
{
    uint64_t passed_ns = turn->begun_ns - first_ns;
    uint64_t passed_ticks = turn->begun_ticks - first_ticks;

    calibrate_ns = turn->begun_ns + CALIBRATION_NS;
    if (first_ticks && passed_ns >= CALIBRATION_NS && passed_ticks > 0)
        turn->rate =
            (uint64_t)(((unsigned __int128)passed_ns << 32) / passed_ticks);
}

void yk_turn_begin_now(void)
{
    yk_turn.is_on = 1;
    yk_turn.begun_ns = yk_now_ns();
    yk_turn.begun_ticks = yk_ticks();
    if (yk_turn.begun_ns >= calibrate_ns)
        calibrate(&yk_turn);
    yk_vitals_set(&yk_vitals->due_ns, yk_turn.begun_ns);
    if (yk_turn_mirror)
        yk_vitals_set(yk_turn_mirror, yk_turn.begun_ns);
}

/* ---- The loop ---- */

static void begin_window(struct yk_vitals *vitals, uint64_t now_ns)
{
    uint64_t age_ns = now_ns - yk_vitals_get(&vitals->window_ns);
    bool is_next = age_ns < 2 * YK_VITALS_WINDOW_NS;

    yk_vitals_set(&vitals->before_ns,
                  is_next ? yk_vitals_get(&vitals->recent_ns) : 0);
    yk_vitals_set(&vitals->recent_ns, 0);
    yk_vitals_set(&vitals->window_ns, now_ns);
}

static void raise_to(_Atomic uint64_t *most, uint64_t value)
{
    if (value > yk_vitals_get(most))
        yk_vitals_set(most, value);
}

static void count_turn(struct yk_vitals *vitals, uint64_t now_ns)
{
    uint64_t turn_ns = now_ns - yk_turn.begun_ns;

    yk_vitals_add(&vitals->turns, 1);
    yk_vitals_add(&vitals->busy_ns, turn_ns);
    if (now_ns - yk_vitals_get(&vitals->window_ns) >= YK_VITALS_WINDOW_NS)
        begin_window(vitals, now_ns);
    raise_to(&vitals->recent_ns, turn_ns);
    raise_to(&vitals->longest_ns, turn_ns);
}

static void on_before_poll(uv_prepare_t *prepare)
{
    int sleep_ms = uv_backend_timeout(prepare->loop);
    uint64_t now_ns = yk_turn.is_on ? yk_turn_now_ns() : yk_now_ns();
    uint64_t due_ns = 0;

    if (yk_turn.is_on)
        count_turn(yk_vitals, now_ns);
    yk_turn.is_on = 0;
    /* 0 is said, too, when the poll is yet to hear of new handles, and may
     * sleep for ever. */
    if (sleep_ms > 0)
        due_ns = now_ns + (uint64_t)sleep_ms * 1000000;
    yk_vitals_set(&yk_vitals->due_ns, due_ns);
}

/* What the poll itself called may have been none of ours; timers are next. */
static void on_after_poll(uv_check_t *check)
{
    (void)check;
    yk_turn_begin();
}

void yk_vitals_watch(struct uv_loop_s *loop)
{
    if (is_watching)
        return;
    is_watching = true;
    uv_prepare_init(loop, &before_poll);
    uv_check_init(loop, &after_poll);
    uv_prepare_start(&before_poll, on_before_poll);
    uv_check_start(&after_poll, on_after_poll);
    uv_unref((uv_handle_t *)&before_poll);
    uv_unref((uv_handle_t *)&after_poll);
    first_ns = yk_now_ns();
    first_ticks = yk_ticks_are_steady() ? yk_ticks() : 0;
    yk_turn_begin();
}

/* ---- Reading ---- */

uint64_t yk_vitals_stalled_ns(const struct yk_vitals *vitals, uint64_t now_ns)
{
    uint64_t due_ns = yk_vitals_get(&vitals->due_ns);
    return due_ns == 0 || due_ns > now_ns ? 0 : now_ns - due_ns;
}

uint64_t yk_vitals_lag_ns(const struct yk_vitals *vitals, uint64_t now_ns)
{
    uint64_t lag_ns = yk_vitals_stalled_ns(vitals, now_ns);
    uint64_t recent_ns = yk_vitals_get(&vitals->recent_ns);
    uint64_t before_ns = yk_vitals_get(&vitals->before_ns);
    uint64_t window_ns = yk_vitals_get(&vitals->window_ns);
    uint64_t age_ns = now_ns > window_ns ? now_ns - window_ns : 0;

    if (recent_ns > lag_ns && age_ns < 2 * YK_VITALS_WINDOW_NS)
        lag_ns = recent_ns;
    if (before_ns > lag_ns && age_ns < YK_VITALS_WINDOW_NS)
        lag_ns = before_ns;
    return lag_ns;
}
