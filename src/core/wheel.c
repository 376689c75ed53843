#include "core/wheel.h"

/* The last slot of a turn, from the next one. */
#define LAST (YK_WHEEL_SLOTS - 2)

void yk_wheel_init(struct yk_wheel *wheel, uint64_t tick_ms, uint64_t now_ms)
{
    *wheel = (struct yk_wheel){
        .tick_ms = tick_ms,
        .now_ms = now_ms,
        .next = now_ms / tick_ms + 1,
    };
    for (int i = 0; i < YK_WHEEL_SLOTS; i++)
        yk_list_init(&wheel->slots[i]);
}

void yk_timer_init(struct yk_timer *timer)
{
    *timer = (struct yk_timer){.deadline_ms = 0};
    yk_list_init(&timer->node);
}

/* Puts the timer into the slot of its deadline, or, when that is more than a
 * turn away, into the last one that is not. One division, of 32 bits: each
 * request, and each call of a store, comes here. */
static void place(struct yk_wheel *wheel, struct yk_timer *timer)
{
    uint64_t next_ms = wheel->next * wheel->tick_ms;
    uint64_t tick = wheel->next;

    if (timer->deadline_ms >= next_ms + LAST * wheel->tick_ms)
        tick += LAST;
    else if (timer->deadline_ms > next_ms)
        tick +=
            (uint32_t)(timer->deadline_ms - next_ms) / (uint32_t)wheel->tick_ms;
    timer->slot_ms = tick * wheel->tick_ms;
    yk_list_add(&wheel->slots[tick % YK_WHEEL_SLOTS], &timer->node);
}

void yk_timer_set(struct yk_wheel *wheel, struct yk_timer *timer,
                  uint64_t deadline_ms)
{
    if (deadline_ms == 0)
        deadline_ms = 1;
    int was_set = timer->deadline_ms != 0;

    timer->deadline_ms = deadline_ms;
    if (was_set && timer->slot_ms <= deadline_ms)
        return;
    if (was_set)
        yk_list_remove(&timer->node);
    else
        wheel->count++;
    place(wheel, timer);
}

void yk_timer_clear(struct yk_wheel *wheel, struct yk_timer *timer)
{
    if (timer->deadline_ms == 0)
        return;
    timer->deadline_ms = 0;
    yk_list_remove(&timer->node);
    wheel->count--;
}

static void meet(struct yk_wheel *wheel, struct yk_timer *timer,
                 void (*fn)(struct yk_timer *, void *), void *data)
{
    if (timer->deadline_ms > wheel->now_ms) {
        place(wheel, timer);
        return;
    }
    timer->deadline_ms = 0;
    wheel->count--;
    fn(timer, data);
}

void yk_wheel_advance(struct yk_wheel *wheel, uint64_t now_ms,
                      void (*fn)(struct yk_timer *, void *), void *data)
{
    uint64_t from = wheel->next;
    if (now_ms <= wheel->now_ms)
        return;
    yk_wheel_skip(wheel, now_ms);
    uint64_t to = wheel->next - 1;
    if (to >= from + YK_WHEEL_SLOTS)
        from = to - YK_WHEEL_SLOTS + 1;

    /* All due slots are emptied into one list first: what `fn` adds must not
     * be met in the same turn. */
    struct yk_list due;
    yk_list_init(&due);
    for (uint64_t tick = from; tick <= to; tick++)
        yk_list_move_all(&due, &wheel->slots[tick % YK_WHEEL_SLOTS]);

    struct yk_list *node;
    while ((node = yk_list_take(&due)))
        meet(wheel, YK_CONTAINER_OF(node, struct yk_timer, node), fn, data);
}
