#include "cluster/surplus.h"

#include <stdatomic.h>
#include <stddef.h>
#include <uv.h>

#include <yoke/loop.h>

#include "cluster/arrivals.h"
#include "cluster/board.h"
#include "cluster/channel.h"
#include "cluster/gifts.h"
#include "cluster/loads.h"
#include "cluster/message.h"
#include "net/claims.h"
#include "net/service.h"
#include "net/stream.h"
#include "net/vitals.h"

/* A worker that has been in the same turn for this long is no help. */
#define STUCK_NS       3000000
/* A turn that took so long has kept others waiting. */
#define LONG_TURN_NS   1000000
/* One that took so long is told to the primary, but not more often than this. */
#define SLOW_TURN_NS   2000000
#define TELL_NS        UINT64_C(1000000000)
/* By how many connections a worker must have more than another to give one
 * away: as it accepts, and later. */
#define ACCEPT_MARGIN  2
#define IDLE_MARGIN    1
/* And one for so many that it has. */
#define MARGIN_DIV     64
/* How often it looks whether it has too many. */
#define LOOK_MS        10
#define LOOK_NS        (LOOK_MS * 1000000)
/* How often it tries while it releases all. */
#define RELEASE_MS     1
/* And how long it is waited for. */
#define RELEASE_MAX_MS 500

/* This worker's place, and what it does there. Written by the functions of this
 * file. */
static struct {
    struct yk_loads *loads;
    uint32_t seat;
    struct yk_arrivals arrivals;
    struct yk_board *board;
    struct yk_channel *channel;
    uint64_t looked_ns, helped_ns, told_ns;
    uint32_t helpers; /* Workers that had nothing to do at the last look. */
    bool has_started, is_balanced, releases_all;
    uv_prepare_t before_poll;
    uv_timer_t look_timer;
    uv_timer_t release_timer;
    uint64_t release_ms;       /* When releasing all began. */
    void (*on_released)(void); /* Of it; NULL when it has been called. */
} own;

void yk_surplus_init(struct yk_loads *loads, uint32_t seat,
                     struct yk_board *board, struct yk_channel *channel)
{
    own.loads = loads;
    own.seat = seat;
    own.board = board;
    own.channel = channel;
}

/* ---- What there is ---- */

static void publish(void)
{
    struct yk_load *load = &own.loads->seats[own.seat];

    atomic_store_explicit(&load->open, yk_stream_count, memory_order_relaxed);
}

static struct yk_others look(uint64_t now_ns)
{
    struct yk_others others;

    yk_loads_look(own.loads, own.seat, now_ns, STUCK_NS, &others);
    return others;
}

/* Connections that another worker should have. */
static uint32_t surplus_over(const struct yk_others *others, uint32_t open,
                             uint32_t margin)
{
    margin += open / MARGIN_DIV;
    if (others->count == 0 || open <= margin || others->least >= open - margin)
        return 0;
    return open - margin - others->least;
}

void yk_surplus_arrived(uint32_t count)
{
    if (own.loads) {
        own.arrivals.load = &own.loads->seats[own.seat];
        yk_arrivals_add(&own.arrivals, count, yk_stream_count, yk_turn_time());
    }
}

bool yk_surplus_has(void)
{
    if (own.releases_all || !own.is_balanced)
        return own.releases_all;
    publish();
    struct yk_others others = look(yk_now_ns());
    return surplus_over(&others, yk_stream_count + 1, ACCEPT_MARGIN) > 0;
}

/* ---- Giving away ---- */

/* Returns how many it gave. */
static unsigned release(unsigned max, bool ready_only)
{
    unsigned room = yk_gifts_room();

    if (max > room)
        max = room;
    if (max == 0)
        return 0;
    unsigned count = yk_services_release(max, ready_only);
    yk_gifts_flush();
    publish();
    return count;
}

/* The timer makes the loop turn, in which it is looked again. */
static void on_look_again(uv_timer_t *timer)
{
    (void)timer;
}

/* Half of it: the others see what moves only when it has arrived, and it is not
 * to come back. */
static void even_out(uint64_t now_ns)
{
    if (now_ns - own.looked_ns < LOOK_NS)
        return;
    own.looked_ns = now_ns;
    struct yk_others others = look(now_ns);
    uint32_t surplus = surplus_over(&others, yk_stream_count, IDLE_MARGIN);
    if (surplus == 0)
        return;
    release((surplus + 1) / 2, false);
    uv_timer_start(&own.look_timer, on_look_again, LOOK_MS, 0);
}

/* Once for each millisecond that the turn lasts. */
static bool should_help(uint64_t now_ns)
{
    if (now_ns - own.helped_ns < LONG_TURN_NS)
        return false;
    own.helped_ns = now_ns;
    own.helpers = look(now_ns).idle;
    return own.helpers > 0 && yk_gifts_room() > 0;
}

/* One for each that has nothing to do: of two that go to the same worker, one
 * would wait for the other there. */
static void release_ready(void)
{
    release(own.helpers, true);
}

/* Also between two requests that have come in the same turn: the first may have
 * taken long, and the second may again. */
static bool should_wait(void)
{
    uint64_t now_ns = yk_turn_now_ns();

    return now_ns - yk_turn.begun_ns >= LONG_TURN_NS && should_help(now_ns);
}

bool yk_surplus_is_late(void)
{
    if (!own.is_balanced || !yk_turn.is_on)
        return false;
    uint64_t now_ns = yk_turn_now_ns();
    return now_ns - yk_turn.begun_ns >= LONG_TURN_NS && look(now_ns).idle > 0;
}

static const struct yk_stream_helper helper = {.should_wait = should_wait,
                                               .release = release_ready};

/* Others shall take from it the next time. */
static void tell_slow(uint64_t now_ns)
{
    if (now_ns - own.told_ns < TELL_NS)
        return;
    own.told_ns = now_ns;
    yk_channel_try_send(own.channel, YK_MESSAGE_SLOW, NULL, 0, NULL, 0);
}

static void on_before_poll(uv_prepare_t *prepare)
{
    uint64_t now_ns = yk_now_ns();

    (void)prepare;
    publish();
    yk_gifts_settle();
    if (own.is_balanced && !own.releases_all) {
        if (!yk_turn.is_on || now_ns - yk_turn.begun_ns < LONG_TURN_NS)
            even_out(now_ns);
        else if (should_help(now_ns))
            release_ready();
    }
    if (yk_claims) {
        yk_streams_drop_taken();
        if (yk_turn.is_on && now_ns - yk_turn.begun_ns >= SLOW_TURN_NS)
            tell_slow(now_ns);
    }
    atomic_store_explicit(&own.loads->seats[own.seat].busy_since_ns, 0,
                          memory_order_relaxed);
}

/* ---- Giving all away ---- */

static void tell_released(void)
{
    void (*fn)(void) = own.on_released;

    own.on_released = NULL;
    if (fn)
        fn();
}

static void on_release(uv_timer_t *timer)
{
    uint64_t lasted_ms = uv_now(timer->loop) - own.release_ms;
    bool is_done = release(UINT32_MAX, false) == 0 && yk_gifts_count() == 0;

    if (is_done || lasted_ms >= RELEASE_MAX_MS)
        tell_released();
}

void yk_surplus_release_all(void (*on_done)(void))
{
    own.releases_all = true;
    own.on_released = on_done;
    own.release_ms = uv_now(yoke_loop());
    uv_timer_init(yoke_loop(), &own.release_timer);
    uv_timer_start(&own.release_timer, on_release, 0, RELEASE_MS);
    uv_unref((uv_handle_t *)&own.release_timer);
}

/* ---- Start ---- */

void yk_surplus_start(bool is_balanced)
{
    if (!own.loads)
        return;
    own.is_balanced |= is_balanced;
    if (is_balanced) {
        yk_stream_helper = &helper;
        yk_claims = own.board ? &own.board->claims : NULL;
    }
    if (own.has_started)
        return;
    own.has_started = true;
    yk_turn_mirror = &own.loads->seats[own.seat].busy_since_ns;
    uv_timer_init(yoke_loop(), &own.look_timer);
    uv_unref((uv_handle_t *)&own.look_timer);
    uv_prepare_init(yoke_loop(), &own.before_poll);
    uv_prepare_start(&own.before_poll, on_before_poll);
    uv_unref((uv_handle_t *)&own.before_poll);
}
