#include "store/deadlines.h"

#include <errno.h>

#include <yoke/loop.h>

#include "store/answers.h"
#include "store/store.h"

#include "core/banned.h"

#define NEVER          UINT64_MAX
/* How often locks that are waited for are looked at. */
#define TICK_MS        8
/* How long a lock that another has is left alone: from 20 to 80 ms. */
#define REST_MS        20
#define REST_JITTER_MS 60
/* So many timeouts, and no answer between them, are suspicious. */
#define TIMEOUTS_MAX   3

void yk_deadlines_init(yoke_store *store)
{
    yk_list_init(&store->open);
    yk_list_init(&store->patient);
    yk_list_init(&store->due);
    yk_deadlines_begin(store);
}

void yk_deadlines_begin(yoke_store *store)
{
    uv_timer_init(yoke_loop(), &store->ticker);
    store->ticker.data = store;
    store->next_look_ms = NEVER;
    yk_deadlines_hold_loop(store);
}

void yk_deadlines_hold_loop(yoke_store *store)
{
    if (store->unanswered > 0)
        uv_ref((uv_handle_t *)&store->ticker);
    else
        uv_unref((uv_handle_t *)&store->ticker);
}

void yk_deadlines_add(struct yk_call *call)
{
    yoke_store *store = call->store;
    yk_list_add(call->retry_until_ms > 0 ? &store->patient : &store->open,
                &call->all);
}

void yk_deadline_set(struct yk_call *call, uint64_t now_ms)
{
    uint64_t from =
        now_ms > call->retry_until_ms ? now_ms : call->retry_until_ms;

    /* The loop's time is that of the turn's beginning: a tick more, so that
     * nothing is given up early. */
    call->due_ms = from + call->store->timeout_ms + TICK_MS;
}

bool yk_call_rest(struct yk_call *call)
{
    yoke_store *store = call->store;
    uint64_t now = uv_now(yoke_loop());

    if (call->retry_until_ms <= now || call->is_late || store->is_closing)
        return false;
    uint64_t rest = REST_MS + yk_random_below(&store->random, REST_JITTER_MS);
    if (now + rest > call->retry_until_ms)
        rest = call->retry_until_ms - now;
    call->state = YK_CALL_RESTING;
    call->due_ms = now + rest;
    yk_store_wake(store);
    return true;
}

/* ---- Ticks ---- */

static struct yk_call *of_all(struct yk_list *node)
{
    return YK_CONTAINER_OF(node, struct yk_call, all);
}

static bool is_due(struct yk_list *node, uint64_t now_ms)
{
    const struct yk_call *call = of_all(node);
    return call->state != YK_CALL_FRESH && call->due_ms <= now_ms;
}

static void move(struct yk_list *to, struct yk_list *node)
{
    yk_list_remove(node);
    yk_list_add(to, node);
}

/* Into a list of their own: what callbacks do changes the others. */
static void collect(yoke_store *store, uint64_t now_ms)
{
    while (!yk_list_is_empty(&store->open) && is_due(store->open.next, now_ms))
        move(&store->due, store->open.next);
    YK_LIST_EACH(node, &store->patient)
    {
        if (is_due(node, now_ms))
            move(&store->due, node);
    }
}

static void try_again(struct yk_call *call)
{
    yoke_store *store = call->store;

    call->state = YK_CALL_FRESH;
    yk_list_add(&store->fresh, &call->node);
    yk_deadlines_add(call);
    yk_store_wake(store);
}

static void give_up(struct yk_call *call)
{
    struct yoke_store_result result = {.err = -ETIMEDOUT};

    call->is_late = true;
    call->store->timeouts_in_a_row++;
    yk_call_tell(call, &result);
}

static void look_at_backend(yoke_store *store)
{
    if (store->timeouts_in_a_row < TIMEOUTS_MAX || !store->backend->suspect)
        return;
    store->timeouts_in_a_row = 0;
    store->backend->suspect(store);
}

static void on_tick(uv_timer_t *timer)
{
    yoke_store *store = timer->data;
    struct yk_list *node;

    collect(store, uv_now(timer->loop));
    while ((node = yk_list_take(&store->due))) {
        if (of_all(node)->state == YK_CALL_RESTING)
            try_again(of_all(node));
        else
            give_up(of_all(node));
    }
    look_at_backend(store);
    if (store->is_closing)
        yk_store_wake(store);
    store->next_look_ms = NEVER;
    yk_deadlines_watch(store);
}

/* When there may be something to do. What is fresh comes last, and has no
 * deadline yet. */
static uint64_t next_look(const yoke_store *store)
{
    if (!yk_list_is_empty(&store->patient))
        return uv_now(yoke_loop()) + TICK_MS;
    if (yk_list_is_empty(&store->open))
        return NEVER;
    const struct yk_call *first = of_all(store->open.next);
    return first->state == YK_CALL_FRESH ? NEVER : first->due_ms;
}

/* What is answered in time does not put the look off: a timer that is near makes
 * each sleep of the loop dear, most of all on a virtual machine, where the
 * kernel asks the host to wake it. */
void yk_deadlines_watch(yoke_store *store)
{
    uint64_t look_ms = next_look(store), now_ms = uv_now(yoke_loop());

    if (look_ms >= store->next_look_ms)
        return;
    store->next_look_ms = look_ms;
    uv_timer_start(&store->ticker, on_tick,
                   look_ms > now_ms ? look_ms - now_ms : 0, 0);
}
