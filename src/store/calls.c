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
    memset(&call->is_late, 0,
           sizeof(*call) - offsetof(struct yk_call, is_late));
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

char *yk_call_room(struct yk_call *call, size_t *ret_size)
{
    char *end = call->bytes + (call->value.ptr - call->bytes) + 1;

    end += call->value.len;
    *ret_size = call->is_pooled ? BLOCK_SIZE - (size_t)(end - (char *)call) : 0;
    return end;
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
        yk_wheel_skip(wheel, now_ms);
    yk_timer_set(wheel, &call->timer, due_ms);
}

/* True when a lock is tried again instead of being answered. */
static bool rests(struct yk_call *call, int err)
{
    yoke_store *store = call->store;

    if (err != -YOKE_ECONFLICT || call->retry_until_ms == 0)
        return false;
    uint64_t now = uv_now(yoke_loop());
    if (call->retry_until_ms <= now || call->is_late || store->is_closing)
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

/* None of them may be freed by what a callback does, so all are marked before
 * the first is answered. */
static void hand_over(yoke_store *store)
{
    struct yk_list batch, wrong;
    struct yk_list *node;

    yk_list_init(&batch);
    yk_list_init(&wrong);
    yk_list_move_all(&batch, &store->fresh);
    YK_LIST_EACH(one, &batch)
    {
        struct yk_call *call = yk_call_of(one);
        call->state = YK_CALL_RUNNING;
        if (!call->err)
            continue;
        yk_list_remove(one);
        yk_list_add(&wrong, one);
    }
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
    set_deadlines(store);
    tick_while_needed(store);
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

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

/* Whether one of eight bytes is a blank or a control character: not above 0x20,
 * or 0x7f. A byte that borrows from the next makes that one look wrong, too; but
 * then there is a wrong one. */
static bool has_wrong(uint64_t bytes)
{
    uint64_t delete = bytes ^ EACH_BYTE(0x7f);
    uint64_t is_low = (bytes - EACH_BYTE(0x21)) & ~bytes;
    uint64_t is_delete = (delete - EACH_BYTE(1)) & ~delete;

    return ((is_low | is_delete) & EACH_BYTE(0x80)) != 0;
}

/* Anything but blanks and control characters: what every backend takes. */
static bool is_key_text(const char *key, size_t len)
{
    uint64_t bytes;

    for (; len >= sizeof(bytes); len -= sizeof(bytes), key += sizeof(bytes)) {
        memcpy(&bytes, key, sizeof(bytes));
        if (has_wrong(bytes))
            return false;
    }
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)key[i] <= ' ' || key[i] == 0x7f)
            return false;
    return true;
}

const char *yk_key_fault(const yoke_store *store, const char *key,
                         bool may_be_empty, size_t *ret_len)
{
    size_t len = key ? strnlen(key, YOKE_STORE_KEY_MAX + 1) : 0;

    *ret_len = len;
    if (!key || (len == 0 && !may_be_empty))
        return "the key is empty";
    if (len + store->prefix_len > YOKE_STORE_KEY_MAX)
        return "the key is longer than 250 bytes, with the store's prefix";
    if (!is_key_text(key, len))
        return "the key has a blank or a control character in it";
    return NULL;
}

static const char *lack_of(enum yk_op op)
{
    if (op == YK_OP_PUBLISH)
        return "this store has no channels: memcached: cannot publish";
    if (op == YK_OP_SCAN)
        return "this store does not tell its keys: memcached: cannot scan";
    return "this store cannot do that";
}

/* What is copied of a call. */
struct size {
    size_t key_len, value_len;
};

static const char *fault(const yoke_store *store,
                         const struct yk_call_spec *spec, struct size *size,
                         int *ret_err)
{
    const char *why =
        yk_key_fault(store, spec->key, spec->op == YK_OP_SCAN, &size->key_len);

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
                       struct size size)
{
    yoke_store *store = call->store;
    char *at = call->bytes + 1;

    call->key = (struct yk_slice){at, store->prefix_len + size.key_len};
    if (store->prefix_len > 0)
        at = append(at, store->prefix, store->prefix_len);
    if (size.key_len > 0)
        at = append(at, spec->key, size.key_len);
    *at++ = '\0';
    call->value = (struct yk_slice){at, size.value_len};
    if (size.value_len > 0)
        at = append(at, spec->value, size.value_len);
    *at = '\0';
}

static struct yk_call *
new_call(yoke_store *store, const struct yk_call_spec *spec, struct size size)
{
    size_t rest = sizeof(struct yk_call) + store->prefix_len + size.key_len + 3;
    struct yk_call *call = take_memory(store, rest + size.value_len);

    if (!call) {
        size.value_len = 0;
        while (!(call = take_memory(store, rest)))
            abort();
        call->err = -YOKE_EUNAVAILABLE;
        call->why = "there is no memory";
    }
    call->store = store;
    copy_bytes(call, spec, size);
    return call;
}

/* Counts it among those that are open, and has the loop take it up. */
static void enter(yoke_store *store, struct yk_call *call)
{
    call->state = YK_CALL_FRESH;
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

void yk_call_start(yoke_store *store, const struct yk_call_spec *spec,
                   yoke_store_fn *fn, void *data)
{
    struct size size = {.value_len = spec->len};
    int err = spec->err;
    const char *why = spec->why;

    if (!why)
        why = fault(store, spec, &size, &err);
    if (why)
        size = (struct size){
            .key_len = spec->key ? strnlen(spec->key, YOKE_STORE_KEY_MAX) : 0};
    struct yk_call *call = new_call(store, spec, size);
    call->op = spec->op;
    call->fn = fn;
    call->data = data;
    call->ttl_s = spec->ttl_s;
    call->count = spec->count;
    call->version = spec->version;
    call->number = spec->number;
    if (why) {
        call->err = err;
        call->why = why;
    }
    if (spec->wait_ms > 0)
        call->retry_until_ms = uv_now(yoke_loop()) + spec->wait_ms;
    enter(store, call);
}
