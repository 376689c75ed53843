/* A window that slides, over a store that can count.
 *
 *      now - window                                         now
 *            |                                               |
 *     |....x.|..x.....|........|.. ... ..|........|xx......|xX
 *      oldest                                       newest
 *
 * Time is cut into slices, a fifth of the window each, and each slice has a
 * counter. A round adds those who wait to the newest, by an operation that is
 * atomic over all machines, and the sum that it gets is their place in the queue:
 * whoever is at most the limit, with those of the older slices, which nobody
 * changes any more, may pass. The others are taken back. So nobody is refused
 * before the limit has been reached, and nobody let through after that, however
 * many come at once.
 *
 * The oldest slice counts as a whole: no window, wherever it begins, has more
 * than the limit, and a request is remembered for up to a fifth longer. */
#include "middleware/rate_shared.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/banned.h"

#define SLICES YK_RATE_SLICES

static uint64_t at_least_none(int64_t count)
{
    return count > 0 ? (uint64_t)count : 0;
}

/* When a slice, of those in `counts`, does not count any more. */
static uint64_t leaves_in_ms(const struct yk_rate_queue *queue, int place)
{
    uint64_t number = queue->newest - SLICES + (uint64_t)place;
    return (number + SLICES + 1) * queue->slice_ms - queue->now_ms;
}

static uint64_t total(const struct yk_rate_queue *queue)
{
    uint64_t sum = 0;
    for (int i = 0; i <= SLICES; i++)
        sum += at_least_none(queue->counts[i]);
    return sum;
}

/* When so many have left. */
static uint64_t fewer_in_ms(const struct yk_rate_queue *queue, uint64_t count)
{
    uint64_t gone = 0;
    for (int i = 0; i <= SLICES; i++) {
        gone += at_least_none(queue->counts[i]);
        if (gone >= count)
            return leaves_in_ms(queue, i);
    }
    return leaves_in_ms(queue, SLICES);
}

/* The state when `taken` of them all have been taken. */
static void tell_state(const struct yk_rate_queue *queue,
                       struct yk_rate_waiting *one, uint64_t taken)
{
    struct yoke_rate_state *state = &one->state;
    uint64_t limit = queue->rate.limit;
    state->taken_at = queue->newest;
    if (taken < limit)
        state->remaining = limit - taken;
    if (taken + one->cost > limit)
        state->next_in_ms = fewer_in_ms(queue, taken + one->cost - limit);
    if (taken > 0)
        state->full_in_ms = fewer_in_ms(queue, taken);
}

/* Who may pass, in their order, when so many have been taken before; returns what
 * the others would have taken. */
static int64_t admit(struct yk_rate_queue *queue, uint64_t taken)
{
    uint64_t limit = queue->rate.limit;
    struct yk_rate_waiting *one = queue->first;
    int64_t refused = 0;
    for (unsigned i = 0; i < queue->batch; i++, one = one->next) {
        bool is_allowed = one->cost <= limit && taken + one->cost <= limit;
        one->state = (struct yoke_rate_state){.is_allowed = is_allowed};
        if (is_allowed)
            taken += one->cost;
        else if (one->cost <= limit)
            refused += (int64_t)one->cost;
    }
    return refused;
}

/* The newest counter has been moved on by the whole round. */
static void decide(struct yk_rate_queue *queue)
{
    uint64_t sum = total(queue);
    uint64_t taken = sum > queue->batch_cost ? sum - queue->batch_cost : 0;
    int64_t refused = admit(queue, taken);
    struct yk_rate_waiting *one = queue->first;
    queue->counts[SLICES] -= refused;
    for (unsigned i = 0; i < queue->batch; i++, one = one->next) {
        if (one->state.is_allowed)
            taken += one->cost;
        tell_state(queue, one, taken);
    }
    if (refused > 0)
        yoke_store_incr(queue->shared->store, queue->slice_key, -refused,
                        yk_rate_ttl_s(queue->rate.window_ms), NULL, NULL);
}

static void on_answer(struct yk_rate_queue *queue, int err)
{
    if (err < 0)
        queue->err = err;
    if (--queue->calls > 0)
        return;
    if (queue->err == 0)
        decide(queue);
    yk_rate_answer(queue, queue->err);
}

static void on_counted(const struct yoke_store_result *result, void *data)
{
    struct yk_rate_queue *queue = data;
    queue->counts[SLICES] = result->number;
    on_answer(queue, result->err);
}

static void on_older(const struct yoke_store_result *result, void *data)
{
    struct yk_rate_queue *queue = data;
    for (size_t i = 0; i < result->count && i < SLICES; i++) {
        const char *text = result->items[i].value;
        queue->counts[i] = text ? strtoll(text, NULL, 10) : 0;
    }
    on_answer(queue, result->err);
}

static void write_key(const char *of, uint64_t slice,
                      char key[YOKE_STORE_KEY_MAX + 1])
{
    snprintf(key, YOKE_STORE_KEY_MAX + 1, "%s:%" PRIu64, of, slice);
}

static uint64_t slice_ms(const struct yoke_rate *rate)
{
    return (rate->window_ms + SLICES - 1) / SLICES;
}

/* Until the last window that a slice is in has gone. */
static uint32_t kept_s(const struct yoke_rate *rate)
{
    return yk_rate_ttl_s(rate->window_ms + 2 * slice_ms(rate));
}

/* Both are on their way together: one round trip. */
static void ask(struct yk_rate_queue *queue)
{
    yoke_store *store = queue->shared->store;
    char older[SLICES][YOKE_STORE_KEY_MAX + 1];
    const char *keys[SLICES];
    write_key(queue->key, queue->newest, queue->slice_key);
    for (uint64_t i = 0; i < SLICES; i++) {
        write_key(queue->key, queue->newest - SLICES + i, older[i]);
        keys[i] = older[i];
    }
    yoke_store_incr(store, queue->slice_key, (int64_t)queue->batch_cost,
                    kept_s(&queue->rate), on_counted, queue);
    yoke_store_get_many(store, keys, SLICES, on_older, queue);
}

void yk_rate_window_round(struct yk_rate_queue *queue)
{
    queue->err = 0;
    queue->calls = 2;
    queue->now_ms = yk_rate_now_ms(queue->shared);
    queue->slice_ms = slice_ms(&queue->rate);
    queue->newest = queue->now_ms / queue->slice_ms;
    ask(queue);
}

/* One that counts no more is left alone. */
void yk_rate_window_give(struct yk_rate_shared *shared, const char *key,
                         const struct yoke_rate *rate, uint64_t slice)
{
    char slice_key[YOKE_STORE_KEY_MAX + 1];
    if (slice + SLICES < yk_rate_now_ms(shared) / slice_ms(rate))
        return;
    write_key(key, slice, slice_key);
    yoke_store_incr(shared->store, slice_key, -(int64_t)yk_rate_cost(rate),
                    kept_s(rate), NULL, NULL);
}

void yk_rate_window_reset(struct yk_rate_shared *shared, const char *key,
                          const struct yoke_rate *rate)
{
    uint64_t newest = yk_rate_now_ms(shared) / slice_ms(rate);
    char slice_key[YOKE_STORE_KEY_MAX + 1];
    for (uint64_t i = 0; i <= SLICES; i++) {
        write_key(key, newest - i, slice_key);
        yoke_store_delete(shared->store, slice_key, yk_rate_on_forgotten, NULL);
    }
}
