/* A bucket that fills up again, over a store that can compare and swap.
 *
 * The store has one number of a client, the time at which his bucket will be full
 * (see rate_store.c). It is fetched, moved on by one step for each request that
 * may pass, and put back if it is still what it was; else all of it once more. As
 * no worker has more than one round under way, that does not happen often. */
#include "middleware/rate_shared.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <yoke/error.h>

#include "core/banned.h"

#define NS        1000000
#define TRIES_MAX 1000

static void fetch(struct yk_rate_queue *queue);

static void on_written(const struct yoke_store_result *result, void *data)
{
    struct yk_rate_queue *queue = data;
    bool is_lost = result->err == -YOKE_ECONFLICT || result->err == -ENOENT;
    if (is_lost && ++queue->tries < TRIES_MAX)
        fetch(queue);
    else
        yk_rate_answer(queue, result->err);
}

static void write(struct yk_rate_queue *queue)
{
    yoke_store *store = queue->shared->store;
    uint32_t ttl_s = yk_rate_ttl_s(queue->rate.window_ms);
    char text[24];
    int len = snprintf(text, sizeof(text), "@%" PRIu64, queue->full_at_ns);
    if (queue->version)
        yoke_store_replace(store, queue->key, queue->version, text, (size_t)len,
                           ttl_s, on_written, queue);
    else
        yoke_store_add(store, queue->key, text, (size_t)len, ttl_s, on_written,
                       queue);
}

/* What is refused changes nothing. */
static void decide(struct yk_rate_queue *queue)
{
    uint64_t now_ns = yk_rate_now_ms(queue->shared) * NS;
    struct yk_rate_waiting *one = queue->first;
    struct yoke_rate rate = queue->rate;
    bool is_changed = false;
    for (unsigned i = 0; i < queue->batch; i++, one = one->next) {
        rate.cost = one->cost;
        if (!one->done) {
            is_changed |= yk_rate_give(&queue->full_at_ns, &rate, now_ns);
            continue;
        }
        one->state = yk_rate_take(&queue->full_at_ns, &rate, now_ns);
        is_changed |= one->state.is_allowed;
    }
    if (is_changed)
        write(queue);
    else
        yk_rate_answer(queue, 0);
}

static void on_fetched(const struct yoke_store_result *result, void *data)
{
    struct yk_rate_queue *queue = data;
    const char *text = result->err == 0 ? result->value : "";
    if (result->err < 0 && result->err != -ENOENT) {
        yk_rate_answer(queue, result->err);
        return;
    }
    queue->version = result->err == 0 ? result->version : 0;
    queue->full_at_ns = *text == '@' ? strtoull(text + 1, NULL, 10) : 0;
    decide(queue);
}

static void fetch(struct yk_rate_queue *queue)
{
    yoke_store_get(queue->shared->store, queue->key, on_fetched, queue);
}

void yk_rate_bucket_round(struct yk_rate_queue *queue)
{
    queue->tries = 0;
    fetch(queue);
}
