/* Calls are not carried out where they are made but in the next turn of the
 * loop, all together: so a callback never comes from inside a call, and a
 * backend gets what belongs together in one piece, for one transaction or one
 * write. It costs no time: the turn begins when this one's callbacks have run,
 * before the loop sleeps (net/later.h), and before a server writes its answers. */
#include "store/calls.h"

#include <errno.h>
#include <string.h>

#include <yoke/error.h>
#include <yoke/loop.h>

#include "net/vitals.h"
#include "store/answers.h"
#include "store/call_memory.h"
#include "store/deadlines.h"
#include "store/key.h"
#include "store/store.h"

#include "core/banned.h"

/* ---- Beginning ---- */

static const char *lack_of(enum yk_op op)
{
    if (op == YK_OP_PUBLISH)
        return "this store has no channels: memcached: cannot publish";
    if (op == YK_OP_SCAN)
        return "this store does not tell its keys: memcached: cannot scan";
    return "this store cannot do that";
}

/* What is wrong with a call, or NULL; stores its key's length. */
static const char *fault(const yoke_store *store,
                         const struct yk_call_spec *spec, size_t *ret_key_len,
                         int *ret_err)
{
    const char *why =
        yk_key_fault(store, spec->key, spec->op == YK_OP_SCAN, ret_key_len);

    *ret_err = -EINVAL;
    if (why)
        return why;
    if (yk_store_is_foreign(store)) {
        *ret_err = -YOKE_EROLE;
        return "the store was opened before a fork: open it in each worker";
    }
    if (store->is_closing) {
        *ret_err = -ECANCELED;
        return "the store is closed";
    }
    if (store->lacks & YK_OP_BIT(spec->op)) {
        *ret_err = -ENOTSUP;
        return lack_of(spec->op);
    }
    if (spec->len > store->max_value_len) {
        *ret_err = -YOKE_ETOOLARGE;
        return "the value is larger than max_value_len";
    }
    if (store->held >= store->max_pending ||
        store->held_bytes + spec->len > store->max_pending_bytes) {
        *ret_err = -YOKE_EUNAVAILABLE;
        return "too many calls are under way";
    }
    *ret_err = 0;
    return NULL;
}

/* Counts it among those that are open, and has the loop take it up. */
static void enter(yoke_store *store, struct yk_call *call)
{
    call->state = YK_CALL_FRESH;
    yk_answers_owe(store, store->unanswered + 1);
    yk_deadlines_add(call);
    yk_list_add(&store->fresh, &call->node);
    yk_store_wake(store);
}

/* Of what is wrong, only the key is kept, for the answer. */
static struct yk_call *make(yoke_store *store, const struct yk_call_spec *spec)
{
    struct yk_call_bytes bytes = {.key = spec->key};
    const char *why = spec->why;
    int err = spec->err;

    if (!why)
        why = fault(store, spec, &bytes.key_len, &err);
    if (why) {
        bytes.key_len = spec->key ? strnlen(spec->key, YOKE_STORE_KEY_MAX) : 0;
    } else {
        bytes.value = spec->value;
        bytes.value_len = spec->len;
    }
    struct yk_call *call = yk_call_new(store, &bytes);
    if (why) {
        call->err = err;
        call->why = why;
    }
    return call;
}

void yk_call_start(yoke_store *store, const struct yk_call_spec *spec,
                   yoke_store_fn *fn, void *data)
{
    struct yk_call *call = make(store, spec);

    call->op = spec->op;
    call->fn = fn;
    call->data = data;
    call->ttl_s = spec->ttl_s;
    call->count = spec->count;
    call->version = spec->version;
    call->number = spec->number;
    if (spec->wait_ms > 0)
        call->retry_until_ms = uv_now(yoke_loop()) + spec->wait_ms;
    enter(store, call);
}

/* ---- The flush ---- */

/* Their time begins. What is found wrong goes to `wrong`. */
static void begin(struct yk_list *batch, struct yk_list *wrong)
{
    uint64_t now_ms = uv_now(yoke_loop());

    yk_turn_begin();
    uint64_t now_ns = yk_turn_now_ns();
    YK_LIST_EACH(one, batch)
    {
        struct yk_call *call = yk_call_of(one);
        call->state = YK_CALL_RUNNING;
        yk_deadline_set(call, now_ms);
        if (call->begun_ns == 0)
            call->begun_ns = now_ns;
        if (!call->err)
            continue;
        yk_list_remove(one);
        yk_list_add(wrong, one);
    }
}

/* None of them may be freed by what a callback does, so all have begun before
 * the first is answered. */
static void hand_over(yoke_store *store)
{
    struct yk_list batch, wrong;
    struct yk_list *node;

    if (yk_list_is_empty(&store->fresh))
        return;
    yk_list_init(&batch);
    yk_list_init(&wrong);
    yk_list_move_all(&batch, &store->fresh);
    begin(&batch, &wrong);
    while ((node = yk_list_take(&wrong)))
        yk_call_fail(yk_call_of(node), yk_call_of(node)->err,
                     yk_call_of(node)->why);
    if (!yk_list_is_empty(&batch))
        store->backend->run(store, &batch);
}

/* The last step is taken again when callbacks have begun something meanwhile. */
static void close_on(yoke_store *store)
{
    if (store->unanswered > 0 || yk_topics_wait(store))
        return;
    if (!store->is_backend_closed) {
        store->is_backend_closed = true;
        yk_topics_end(store, -ECANCELED);
        store->backend->close(store);
    } else if (store->is_backend_gone)
        yk_store_free(store);
}

static void on_flush(struct yk_later *later)
{
    yoke_store *store = YK_CONTAINER_OF(later, yoke_store, flush);

    yk_topics_flush(store);
    hand_over(store);
    yk_deadlines_watch(store);
    if (store->is_closing)
        close_on(store);
}

void yk_store_wake(yoke_store *store)
{
    yk_later_start(&store->flush);
}

/* A stop of the process waits for what is open, until its deadline. */
static void on_drain(struct yk_service *service)
{
    (void)service;
}

static void on_abort(struct yk_service *service)
{
    yoke_store *store = YK_CONTAINER_OF(service, yoke_store, service);
    yk_calls_abort(store, -ECANCELED, "the process ends");
}

void yk_calls_init(yoke_store *store)
{
    yk_call_memory_init(store);
    yk_deadlines_init(store);
    yk_list_init(&store->fresh);
    yk_later_init(&store->flush, on_flush);
    yk_list_init(&store->service.node);
    store->service.drain = on_drain;
    store->service.abort = on_abort;
}
