/* Calls are not carried out where they are made but in the next turn of the
 * loop, all together: so a callback never comes from inside a call, and a
 * backend gets what belongs together in one piece, for one transaction or one
 * write. It costs no time: the turn begins when this one's callbacks have run,
 * before the loop sleeps (net/later.h), and before a server writes its answers.
 *
 * Deadlines are in a wheel of 8 ms. Calls that the backend can answer at once
 * need none, so only those get one that it has kept. */
#include "store/calls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/error.h>
#include <yoke/loop.h>

#include "core/alloc.h"
#include "net/vitals.h"
#include "store/store.h"

#include "core/banned.h"

#define TICK_MS        8
/* Calls with so little in them come from a pool: a key and a session's data. */
#define BLOCK_SIZE     1024
#define BLOCKS_KEPT    256
/* How long a lock that another has is left alone: from 20 to 80 ms. */
#define REST_MS        20
#define REST_JITTER_MS 60
/* So many timeouts, and no answer between them, are suspicious. */
#define TIMEOUTS_MAX   3

/* ---- Memory ---- */

static size_t size_of(const struct yk_call *call)
{
    return call->key.len + call->value.len;
}

static struct yk_call *take_memory(yoke_store *store, size_t size)
{
    bool is_pooled = size <= BLOCK_SIZE;
    struct yk_call *call =
        is_pooled ? yk_blocks_take(&store->blocks) : yk_try_alloc(size);

    if (!call)
        return NULL;
    memset(call, 0, sizeof(*call));
    call->is_pooled = is_pooled;
    return call;
}

static void free_call(struct yk_call *call)
{
    yoke_store *store = call->store;

    yk_timer_clear(&store->wheel, &call->timer);
    store->held--;
    store->held_bytes -= size_of(call);
    if (call->is_pooled)
        yk_blocks_give(&store->blocks, call);
    else
        free(call);
}

/* ---- Answers ---- */

static void count(yoke_store *store, const struct yk_call *call, int err)
{
    struct yk_remote *remote = store->remote;

    yk_turn_begin();
    yk_histogram_add(&remote->latency,
                     (yk_turn_now_ns() - call->begun_ns) / 1000);
    if (err == 0)
        return;
    if (err == -ETIMEDOUT)
        yk_vitals_add(&remote->timed_out, 1);
    else if (err == -YOKE_EUNAVAILABLE)
        yk_vitals_add(&remote->unavailable, 1);
    if (err != -ENOENT && err != -YOKE_ECONFLICT)
        yk_vitals_add(&remote->failed, 1);
}

static void count_open(yoke_store *store, size_t unanswered)
{
    store->unanswered = unanswered;
    yk_vitals_set(&store->remote->open, unanswered);
}

/* Tells the user. The call stays. */
static void tell(struct yk_call *call, struct yoke_store_result *result)
{
    yoke_store *store = call->store;

    yk_list_remove(&call->all);
    count(store, call, result->err);
    if (!result->text)
        result->text = result->err ? yoke_strerror(result->err) : "";
    if (!result->key)
        result->key = yk_store_bare(store, call->key.ptr);
    if (!result->value)
        result->value = "";
    if (call->fn)
        call->fn(result, call->data);
    /* Last, so that a store that closes is not freed during the callback. */
    count_open(store, store->unanswered - 1);
    if (store->unanswered == 0)
        yk_service_remove(&store->service);
}

static void set_timer(struct yk_call *call, uint64_t now_ms, uint64_t due_ms)
{
    struct yk_wheel *wheel = &call->store->wheel;

    /* The wheel stood still while it was empty. */
    if (wheel->count == 0)
        yk_wheel_init(wheel, TICK_MS, now_ms);
    yk_timer_set(wheel, &call->timer, due_ms);
}

/* True when a lock is tried again instead of being answered. */
static bool rests(struct yk_call *call, int err)
{
    yoke_store *store = call->store;
    uint64_t now = uv_now(yoke_loop());

    if (err != -YOKE_ECONFLICT || call->retry_until_ms <= now ||
        call->is_late || store->is_closing)
        return false;
    uint64_t rest = REST_MS + yk_random_below(&store->random, REST_JITTER_MS);
    if (now + rest > call->retry_until_ms)
        rest = call->retry_until_ms - now;
    call->state = YK_CALL_RESTING;
    set_timer(call, now, now + rest);
    yk_store_wake(store);
    return true;
}

void yk_call_answer(struct yk_call *call, struct yoke_store_result *result)
{
    yoke_store *store = call->store;

    if (result->err != -ETIMEDOUT)
        store->timeouts_in_a_row = 0;
    if (rests(call, result->err))
        return;
    if (!call->is_late)
        tell(call, result);
    free_call(call);
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
    yk_list_move_all(&open, &store->open);
    yk_list_move_all(&open, &store->undated);
    while (!yk_list_is_empty(&open)) {
        struct yk_call *call = YK_CONTAINER_OF(open.next, struct yk_call, all);
        struct yoke_store_result result = {.err = err, .text = text};
        call->is_late = true;
        tell(call, &result);
        if (call->state == YK_CALL_RUNNING)
            continue;
        yk_list_remove(&call->node);
        free_call(call);
    }
}

/* ---- Deadlines ---- */

static void on_due(struct yk_timer *timer, void *data)
{
    struct yk_call *call = YK_CONTAINER_OF(timer, struct yk_call, timer);
    yoke_store *store = data;
    struct yoke_store_result result = {.err = -ETIMEDOUT};

    if (call->state == YK_CALL_RESTING) {
        call->state = YK_CALL_FRESH;
        yk_list_add(&store->fresh, &call->node);
        yk_list_remove(&call->all);
        yk_list_add(&store->undated, &call->all);
        yk_store_wake(store);
        return;
    }
    call->is_late = true;
    store->timeouts_in_a_row++;
    tell(call, &result);
}

static void on_tick(uv_timer_t *timer)
{
    yoke_store *store = timer->data;

    yk_wheel_advance(&store->wheel, uv_now(timer->loop), on_due, store);
    if (store->timeouts_in_a_row >= TIMEOUTS_MAX && store->backend->suspect) {
        store->timeouts_in_a_row = 0;
        store->backend->suspect(store);
    }
    if (store->is_closing)
        yk_store_wake(store);
    if (store->wheel.count > 0)
        return;
    uv_timer_stop(timer);
    store->is_ticking = false;
}

static void tick_while_needed(yoke_store *store)
{
    if (store->wheel.count == 0 || store->is_ticking)
        return;
    store->is_ticking = true;
    uv_timer_start(&store->ticker, on_tick, TICK_MS, TICK_MS);
}

/* For what the backend has not answered at once. */
static void set_deadlines(yoke_store *store)
{
    uint64_t now = uv_now(yoke_loop());

    while (!yk_list_is_empty(&store->undated)) {
        struct yk_call *call =
            YK_CONTAINER_OF(store->undated.next, struct yk_call, all);
        /* Those that callbacks have begun meanwhile come last. */
        if (call->state == YK_CALL_FRESH)
            return;
        yk_list_remove(&call->all);
        yk_list_add(&store->open, &call->all);
        if (call->state == YK_CALL_RESTING)
            continue;
        /* The loop's time is that of the turn's beginning: a tick more, so that
         * nothing is given up early. */
        uint64_t until =
            now > call->retry_until_ms ? now : call->retry_until_ms;
        set_timer(call, now, until + store->timeout_ms + TICK_MS);
    }
}

/* ---- The flush ---- */

static void hand_over(yoke_store *store)
{
    struct yk_list fresh, batch;
    struct yk_list *node;

    yk_list_init(&fresh);
    yk_list_init(&batch);
    yk_list_move_all(&fresh, &store->fresh);
    while ((node = yk_list_take(&fresh))) {
        struct yk_call *call = yk_call_of(node);
        call->state = YK_CALL_RUNNING;
        if (call->err) {
            yk_call_fail(call, call->err, call->why);
            continue;
        }
        yk_list_add(&batch, &call->node);
    }
    if (!yk_list_is_empty(&batch))
        store->backend->run(store, &batch);
}

static void on_flush(struct yk_later *later)
{
    yoke_store *store = YK_CONTAINER_OF(later, yoke_store, flush);

    yk_topics_flush(store);
    hand_over(store);
    set_deadlines(store);
    tick_while_needed(store);
    if (!store->is_closing || store->unanswered > 0 || store->is_backend_closed)
        return;
    store->is_backend_closed = true;
    yk_topics_end(store, -ECANCELED);
    store->backend->close(store);
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
    yk_blocks_init(&store->blocks, BLOCK_SIZE, BLOCKS_KEPT);
    yk_list_init(&store->fresh);
    yk_list_init(&store->open);
    yk_list_init(&store->undated);
    yk_later_init(&store->flush, on_flush);
    yk_wheel_init(&store->wheel, TICK_MS, uv_now(yoke_loop()));
    uv_timer_init(yoke_loop(), &store->ticker);
    store->ticker.data = store;
    yk_list_init(&store->service.node);
    store->service.drain = on_drain;
    store->service.abort = on_abort;
}

/* ---- Beginning ---- */

/* Anything but blanks and control characters: what every backend takes. */
static bool is_key_text(const char *key, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)key[i] <= ' ' || key[i] == 0x7f)
            return false;
    return true;
}

const char *yk_key_fault(const yoke_store *store, const char *key,
                         bool may_be_empty, int *ret_err)
{
    size_t len = key ? strnlen(key, YOKE_STORE_KEY_MAX + 1) : 0;
    const char *why = NULL;

    if (!key || (len == 0 && !may_be_empty))
        why = "the key is empty";
    else if (len + store->prefix_len > YOKE_STORE_KEY_MAX)
        why = "the key is longer than 250 bytes, with the store's prefix";
    else if (!is_key_text(key, len))
        why = "the key has a blank or a control character in it";
    if (why)
        *ret_err = -EINVAL;
    return why;
}

static const char *lack_of(enum yk_op op)
{
    if (op == YK_OP_PUBLISH)
        return "this store has no channels: memcached: cannot publish";
    if (op == YK_OP_SCAN)
        return "this store does not tell its keys: memcached: cannot scan";
    return "this store cannot do that";
}

static const char *fault(const yoke_store *store,
                         const struct yk_call_spec *spec, int *ret_err)
{
    const char *why =
        yk_key_fault(store, spec->key, spec->op == YK_OP_SCAN, ret_err);

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
    return NULL;
}

/* Out of line: for lengths that cannot be large, compilers choose an
 * instruction that takes 20 ns to begin (rep movs). */
__attribute__((noinline)) static char *append(char *at, const char *ptr,
                                              size_t len)
{
    memcpy(at, ptr, len);
    return at + len;
}

/* Copies prefix, key and value behind the call, each with a NUL. */
static void copy_bytes(struct yk_call *call, const struct yk_call_spec *spec,
                       size_t key_len)
{
    yoke_store *store = call->store;
    char *at = call->bytes;

    call->key = (struct yk_slice){at, store->prefix_len + key_len};
    if (store->prefix_len > 0)
        at = append(at, store->prefix, store->prefix_len);
    at = append(at, spec->key ? spec->key : "", key_len);
    *at++ = '\0';
    call->value = (struct yk_slice){at, spec->len};
    if (spec->len > 0)
        at = append(at, spec->value, spec->len);
    *at = '\0';
}

static struct yk_call *new_call(yoke_store *store, struct yk_call_spec *spec)
{
    size_t key_len = spec->key ? strnlen(spec->key, YOKE_STORE_KEY_MAX) : 0;
    size_t rest = sizeof(struct yk_call) + store->prefix_len + key_len + 2;
    struct yk_call *call = take_memory(store, rest + spec->len);

    if (!call) {
        spec->len = 0;
        spec->err = -YOKE_EUNAVAILABLE;
        spec->why = "there is no memory";
        while (!(call = take_memory(store, rest)))
            abort();
    }
    call->store = store;
    copy_bytes(call, spec, key_len);
    return call;
}

/* Counts it among those that are open, and has the loop take it up. */
static void enter(yoke_store *store, struct yk_call *call)
{
    yk_list_init(&call->all);
    yk_list_init(&call->node);
    yk_timer_init(&call->timer);
    yk_turn_begin();
    call->begun_ns = yk_turn_now_ns();
    store->held++;
    store->held_bytes += size_of(call);
    if (store->unanswered == 0)
        yk_service_add(&store->service);
    count_open(store, store->unanswered + 1);
    yk_list_add(&store->undated, &call->all);
    yk_list_add(&store->fresh, &call->node);
    yk_store_wake(store);
}

void yk_call_start(yoke_store *store, const struct yk_call_spec *given,
                   yoke_store_fn *fn, void *data)
{
    struct yk_call_spec spec = *given;

    if (!spec.why)
        spec.why = fault(store, &spec, &spec.err);
    if (spec.why)
        spec.len = 0;
    struct yk_call *call = new_call(store, &spec);
    call->op = spec.op;
    call->fn = fn;
    call->data = data;
    call->err = spec.err;
    call->why = spec.why;
    call->ttl_s = spec.ttl_s;
    call->count = spec.count;
    call->version = spec.version;
    call->number = spec.number;
    if (spec.wait_ms > 0)
        call->retry_until_ms = uv_now(yoke_loop()) + spec.wait_ms;
    enter(store, call);
}
