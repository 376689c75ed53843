/* memory: a store in the memory of this process, for tests and for programs
 * that are one process.
 *
 * Records in a skip list, which has them in order for scans. What has expired
 * is removed when it is met, and by a sweep that looks at a few hundred each
 * second. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/error.h>
#include <yoke/loop.h>

#include "core/alloc.h"
#include "store/record.h"
#include "store/skip.h"
#include "store/store.h"

#include "core/banned.h"

#define MAX_SIZE  ((uint64_t)256 << 20)
#define SWEEP_MS  1000
#define SWEEP_MAX 512
/* What a record costs beside its bytes, about. */
#define OVERHEAD  128

/* What the nodes of the list carry. */
struct entry {
    uint64_t version;
    uint64_t expires_ms;
    size_t len;
    char value[]; /* A NUL is behind it. */
};

struct memory {
    struct yk_skip entries;
    uint64_t size, max_size; /* Bytes. */
    uint64_t version;        /* Of the last write. */
    uv_timer_t sweeper;
    char swept[YOKE_STORE_KEY_MAX + 2]; /* How far the sweep has come. */
    size_t swept_len;
    yoke_store *store;
};

/* ---- Records ---- */

static size_t cost(size_t key_len, const struct entry *entry)
{
    return OVERHEAD + key_len + entry->len;
}

static void erase(struct memory *memory, struct yk_slice key)
{
    struct yk_skip_node *node = yk_skip_find(&memory->entries, key);

    if (!node)
        return;
    struct entry *entry = node->item;
    memory->size -= cost(key.len, entry);
    yk_skip_remove(&memory->entries, key);
    free(entry);
}

static struct entry *new_entry(const struct yk_record *record)
{
    struct entry *entry = yk_try_alloc(sizeof(*entry) + record->value.len + 1);

    if (!entry)
        return NULL;
    *entry = (struct entry){
        .version = record->version,
        .expires_ms = record->expires_ms,
        .len = record->value.len,
    };
    if (entry->len > 0)
        memcpy(entry->value, record->value.ptr, entry->len);
    entry->value[entry->len] = '\0';
    return entry;
}

static int put(struct memory *memory, struct yk_slice key,
               const struct yk_record *record)
{
    struct yk_skip_node *node = yk_skip_find(&memory->entries, key);
    struct entry *old = node ? node->item : NULL;
    struct entry *entry = new_entry(record);

    if (!entry)
        return -YOKE_EUNAVAILABLE;
    uint64_t size =
        memory->size + cost(key.len, entry) - (old ? cost(key.len, old) : 0);
    /* Whatever shrinks may always be stored. */
    bool is_full = size > memory->max_size && size > memory->size;
    if (is_full || (!node && !yk_skip_add(&memory->entries, key, entry))) {
        free(entry);
        return -YOKE_EUNAVAILABLE;
    }
    if (node)
        node->item = entry;
    free(old);
    memory->size = size;
    return 0;
}

static struct yk_record read_record(const struct yk_skip_node *node)
{
    const struct entry *entry = node ? node->item : NULL;

    if (!entry)
        return (struct yk_record){.exists = false};
    return (struct yk_record){
        .exists = true,
        .version = entry->version,
        .expires_ms = entry->expires_ms,
        .value = {entry->value, entry->len},
    };
}

/* ---- Calls ---- */

/* What a key is kept under: its space, then the key (yk_call_inner_key). */
static struct yk_slice inner_key(char *out, char space, struct yk_slice key)
{
    out[0] = space;
    memcpy(out + 1, key.ptr, key.len);
    return (struct yk_slice){out, key.len + 1};
}

static void change(struct memory *memory, struct yk_call *call, uint64_t now_ms)
{
    struct yk_slice key = yk_call_inner_key(call, yk_record_space(call));
    struct yk_record there = read_record(yk_skip_find(&memory->entries, key));
    struct yk_outcome outcome;
    int err = 0;

    yk_record_apply(call, &there, now_ms, memory->version + 1, &outcome);
    if (outcome.change == YK_ERASE)
        erase(memory, key);
    else if (outcome.change == YK_PUT) {
        memory->version++;
        err = put(memory, key, &outcome.record);
    }
    if (err < 0)
        yk_call_fail(call, err, "the store has reached its max_size");
    else
        yk_call_answer(call, &outcome.result);
}

static bool begins_with(const struct yk_skip_node *node, struct yk_slice prefix)
{
    return node->key_len >= prefix.len &&
           memcmp(node->key, prefix.ptr, prefix.len) == 0;
}

/* The node at which a page begins: behind the cursor, or where the prefix
 * does. */
static struct yk_skip_node *first_of_page(struct memory *memory,
                                          struct yk_call *call,
                                          struct yk_slice prefix)
{
    char room[YOKE_STORE_KEY_MAX + 2];

    if (call->value.len == 0)
        return yk_skip_from(&memory->entries, prefix);
    struct yk_slice last = inner_key(room, YK_SPACE_VALUE, call->value);
    struct yk_skip_node *node = yk_skip_from(&memory->entries, last);
    return node && node->key_len == last.len &&
                   memcmp(node->key, last.ptr, last.len) == 0
               ? yk_skip_next(node)
               : node;
}

static void scan(struct memory *memory, struct yk_call *call)
{
    struct yoke_store_item items[YOKE_STORE_MANY_MAX];
    struct yk_slice prefix = yk_call_inner_key(call, YK_SPACE_VALUE);
    struct yk_skip_node *node = first_of_page(memory, call, prefix);
    uint64_t now = yk_store_now(memory->store);
    struct yoke_store_result result = {.items = items};

    /* It looks at so many, not at all that have expired in a row. */
    for (uint32_t seen = 0; node && begins_with(node, prefix); seen++) {
        struct yk_record record = read_record(node);
        if (seen == call->count)
            break;
        result.cursor = node->key + 1;
        if (yk_record_is_live(&record, now))
            items[result.count++] = (struct yoke_store_item){
                .key = yk_store_bare(memory->store, node->key + 1)};
        node = yk_skip_next(node);
    }
    if (!node || !begins_with(node, prefix))
        result.cursor = NULL;
    yk_call_answer(call, &result);
}

static void publish(struct memory *memory, struct yk_call *call)
{
    struct yoke_store_result result = {.err = 0};

    yk_topics_tell(memory->store, call->key, call->value.ptr, call->value.len);
    yk_call_answer(call, &result);
}

static void run_memory(yoke_store *store, struct yk_list *calls)
{
    uint64_t now_ms = yk_store_now(store);
    struct yk_list *node;

    while ((node = yk_list_take(calls))) {
        struct yk_call *call = yk_call_of(node);
        if (call->op == YK_OP_SCAN)
            scan(store->state, call);
        else if (call->op == YK_OP_PUBLISH)
            publish(store->state, call);
        else
            change(store->state, call, now_ms);
    }
}

/* ---- The sweep ---- */

static void on_sweep(uv_timer_t *timer)
{
    struct memory *memory = timer->data;
    struct yk_slice from = {memory->swept, memory->swept_len};
    struct yk_skip_node *node = yk_skip_from(&memory->entries, from);
    uint64_t now = yk_store_now(memory->store);

    for (int i = 0; i < SWEEP_MAX && node; i++) {
        struct yk_record record = read_record(node);
        struct yk_slice key = {node->key, node->key_len};
        node = yk_skip_next(node);
        if (yk_record_is_live(&record, now))
            continue;
        erase(memory, key);
        memory->store->stats.swept++;
    }
    memory->swept_len = node ? node->key_len : 0;
    if (node)
        memcpy(memory->swept, node->key, node->key_len);
}

/* ---- Opening and closing ---- */

static int open_memory(yoke_store *store, struct yk_url *url, char *why)
{
    uint64_t max_size = MAX_SIZE;
    int err = yk_url_size(url, "max_size", UINT64_MAX, &max_size, why);

    if (err == 0 && (url->has_hosts || *url->path))
        err = yk_store_why(why, -EINVAL,
                           "URL: nothing but options may follow memory:");
    if (err == 0)
        err = yk_url_check_params(url, why);
    if (err < 0)
        return err;
    struct memory *memory = yk_alloc(sizeof(*memory));
    memory->max_size = max_size;
    memory->store = store;
    yk_skip_init(&memory->entries);
    uv_timer_init(yoke_loop(), &memory->sweeper);
    memory->sweeper.data = memory;
    uv_timer_start(&memory->sweeper, on_sweep, SWEEP_MS, SWEEP_MS);
    uv_unref((uv_handle_t *)&memory->sweeper);
    store->state = memory;
    return 0;
}

static void on_sweeper_closed(uv_handle_t *handle)
{
    struct memory *memory = handle->data;
    struct yk_skip_node *node = memory->entries.heads[0];

    for (; node; node = yk_skip_next(node))
        free(node->item);
    yk_skip_done(&memory->entries);
    yk_store_closed(memory->store);
    free(memory);
}

static void close_memory(yoke_store *store)
{
    struct memory *memory = store->state;
    uv_close((uv_handle_t *)&memory->sweeper, on_sweeper_closed);
}

static const char *const schemes[] = {"memory", NULL};

const struct yk_store_backend yk_store_memory = {
    .schemes = schemes,
    .open = open_memory,
    .run = run_memory,
    .close = close_memory,
};
