#include "store/answers.h"

#include <errno.h>

#include <yoke/error.h>

#include "net/vitals.h"
#include "store/call_memory.h"
#include "store/deadlines.h"
#include "store/store.h"

#include "core/banned.h"

/* How long the answer took. What a server has said since the turn before was
 * there when this one began, whatever else has been done in it meanwhile; and
 * the clock need not be read for each call. */
static uint64_t time_of(const struct yk_call *call)
{
    yk_turn_begin();
    if (call->begun_ns < yk_turn.begun_ns)
        return yk_turn.begun_ns - call->begun_ns;
    return yk_turn_now_ns() - call->begun_ns;
}

static void count(yoke_store *store, const struct yk_call *call, int err)
{
    struct yk_remote *remote = store->remote;

    yk_histogram_add(&remote->latency, time_of(call) / 1000);
    if (err == 0)
        return;
    if (err == -ETIMEDOUT)
        yk_vitals_add(&remote->timed_out, 1);
    else if (err == -YOKE_EUNAVAILABLE)
        yk_vitals_add(&remote->unavailable, 1);
    if (err != -ENOENT && err != -YOKE_ECONFLICT)
        yk_vitals_add(&remote->failed, 1);
}

/* The first has come, or the last has gone: a stop waits, and the loop lives, as
 * long as there is one. */
static void note_presence(yoke_store *store)
{
    yk_deadlines_hold_loop(store);
    if (store->unanswered > 0)
        yk_service_add(&store->service);
    else
        yk_service_remove(&store->service);
}

void yk_answers_owe(yoke_store *store, size_t unanswered)
{
    bool is_turn = (store->unanswered == 0) != (unanswered == 0);

    store->unanswered = unanswered;
    yk_vitals_set(&store->remote->open, unanswered);
    if (is_turn)
        note_presence(store);
}

void yk_call_tell(struct yk_call *call, struct yoke_store_result *result)
{
    yoke_store *store = call->store;

    yk_list_remove(&call->all);
    count(store, call, result->err);
    /* What a server says may be nothing. */
    if (!result->text || !*result->text)
        result->text = result->err ? yoke_strerror(result->err) : "";
    if (!result->key)
        result->key = yk_store_bare(store, call->key.ptr);
    if (!result->value)
        result->value = "";
    if (call->fn)
        call->fn(result, call->data);
    /* Last, so that a store that closes is not freed during the callback. */
    yk_answers_owe(store, store->unanswered - 1);
}

/* A lock that another has, and that is waited for. */
static bool is_to_rest(const struct yk_call *call,
                       const struct yoke_store_result *result)
{
    return result->err == -YOKE_ECONFLICT && call->retry_until_ms > 0;
}

void yk_call_answer(struct yk_call *call, struct yoke_store_result *result)
{
    yoke_store *store = call->store;

    if (result->err != -ETIMEDOUT)
        store->timeouts_in_a_row = 0;
    if (is_to_rest(call, result) && yk_call_rest(call))
        return;
    if (!call->is_late)
        yk_call_tell(call, result);
    yk_call_free(call);
    if (store->unanswered == 0 && store->is_closing)
        yk_store_wake(store);
}

void yk_call_fail(struct yk_call *call, int err, const char *text)
{
    struct yoke_store_result result = {.err = err, .text = text};
    yk_call_answer(call, &result);
}

void yk_calls_fail(struct yk_list *calls, int err, const char *text)
{
    struct yk_list *node;

    while ((node = yk_list_take(calls)))
        yk_call_fail(yk_call_of(node), err, text);
}

void yk_calls_abort(yoke_store *store, int err, const char *text)
{
    struct yk_list open;

    /* Not those that the callbacks begin. */
    yk_list_init(&open);
    yk_list_move_all(&open, &store->due);
    yk_list_move_all(&open, &store->open);
    yk_list_move_all(&open, &store->patient);
    while (!yk_list_is_empty(&open)) {
        struct yk_call *call = YK_CONTAINER_OF(open.next, struct yk_call, all);
        struct yoke_store_result result = {.err = err, .text = text};
        call->is_late = true;
        if (call->begun_ns == 0)
            call->begun_ns = yk_now_ns();
        yk_call_tell(call, &result);
        if (call->state == YK_CALL_RUNNING)
            continue;
        yk_list_remove(&call->node);
        yk_call_free(call);
    }
}
