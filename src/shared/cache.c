#include "shared/cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "core/alloc.h"
#include "shared/cache_job.h"
#include "shared/cache_look.h"
#include "shared/cache_waiters.h"

#include "core/banned.h"

#define TTL_S         60
#define NOTHING_TTL_S 5
#define ERROR_TTL_S   1
#define JITTER        10
#define LEASE_S       10
#define WAIT_MS       10000
#define MAX_FLIGHTS   10000
#define MAX_WAITERS   100000
#define KEPT          64 /* Free jobs and waiters. */
#define TICK_MS       10

/* ---- Opening and closing ---- */

static uint64_t system_now_ms(void *data)
{
    struct timespec now;

    (void)data;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void set_default(uint32_t *value, uint32_t fallback)
{
    if (*value == 0)
        *value = fallback;
}

static void fill_in(struct yoke_cache_options *options)
{
    set_default(&options->ttl_s, TTL_S);
    set_default(&options->nothing_ttl_s, NOTHING_TTL_S);
    set_default(&options->error_ttl_s, ERROR_TTL_S);
    set_default(&options->lease_s, LEASE_S);
    set_default(&options->wait_ms, WAIT_MS);
    set_default(&options->max_flights, MAX_FLIGHTS);
    set_default(&options->max_waiters, MAX_WAITERS);
    if (options->jitter == 0 || options->jitter > 100)
        options->jitter = JITTER;
    if (options->jitter < 0)
        options->jitter = 0;
    if (options->max_value_len == 0)
        options->max_value_len = SIZE_MAX;
    if (!options->now_ms)
        options->now_ms = system_now_ms;
}

static void on_later(struct yk_later *later);
static void on_tick(uv_timer_t *timer);

yoke_cache *yoke_cache_open_with(const struct yoke_cache_options *options)
{
    const char *name = options->name ? options->name : "cache";

    if (!options->store || !yk_is_name(name)) {
        yoke_log(YOKE_LOG_ERROR, "a cache cannot be opened: %s",
                 options->store ? "its name has to be 1 to 32 letters, digits "
                                  "and \".:_-\""
                                : "it has no store");
        errno = EINVAL;
        return NULL;
    }
    yoke_cache *cache = yk_alloc(sizeof(*cache));
    cache->options = *options;
    fill_in(&cache->options);
    memcpy(cache->name, name, strlen(name) + 1);
    for (size_t i = 0; i < YK_CACHE_BUCKETS; i++)
        yk_list_init(&cache->table[i]);
    yk_list_init(&cache->ready);
    yk_list_init(&cache->resting);
    yk_list_init(&cache->refused);
    yk_later_init(&cache->later, on_later);
    uv_timer_init(yoke_loop(), &cache->timer);
    cache->timer.data = cache;
    yk_blocks_init(&cache->jobs, sizeof(yoke_cache_job), KEPT);
    yk_blocks_init(&cache->waiters, sizeof(struct yk_cache_waiter), KEPT);
    yk_random_init(&cache->random);
    return cache;
}

static void on_timer_closed(uv_handle_t *handle)
{
    yoke_cache *cache = handle->data;

    yk_blocks_done(&cache->jobs);
    yk_blocks_done(&cache->waiters);
    free(cache);
}

void yk_cache_free_if_idle(yoke_cache *cache)
{
    if (!cache->is_closing || cache->stats.flights > 0 ||
        !yk_list_is_empty(&cache->refused) ||
        uv_is_closing((uv_handle_t *)&cache->timer))
        return;
    yk_later_stop(&cache->later);
    uv_close((uv_handle_t *)&cache->timer, on_timer_closed);
}

void yoke_cache_close(yoke_cache *cache)
{
    if (!cache || cache->is_closing)
        return;
    cache->is_closing = true;
    yk_later_start(&cache->later);
}

/* ---- From the loop ---- */

static void answer_refused(yoke_cache *cache)
{
    struct yk_list refused, *node;

    yk_list_init(&refused);
    yk_list_move_all(&refused, &cache->refused);
    while ((node = yk_list_take(&refused))) {
        struct yk_cache_waiter *waiter =
            YK_CONTAINER_OF(node, struct yk_cache_waiter, node);
        struct yoke_cache_result result = {
            .err = waiter->err, .key = "", .value = "", .how = YOKE_CACHE_MISS};
        if (waiter->fn)
            waiter->fn(&result, waiter->data);
        yk_blocks_give(&cache->waiters, waiter);
    }
}

static void on_later(struct yk_later *later)
{
    yoke_cache *cache = YK_CONTAINER_OF(later, yoke_cache, later);
    struct yk_list ready, *node;

    answer_refused(cache);
    yk_list_init(&ready);
    yk_list_move_all(&ready, &cache->ready);
    while ((node = yk_list_take(&ready)))
        yk_cache_job_on_ready(YK_CONTAINER_OF(node, yoke_cache_job, ready));
    yk_cache_free_if_idle(cache);
}

/* Each rests for as long as it likes; they are few. */
static void on_tick(uv_timer_t *timer)
{
    yoke_cache *cache = timer->data;

    YK_LIST_EACH(node, &cache->resting)
    {
        yoke_cache_job *job = YK_CONTAINER_OF(node, yoke_cache_job, rest);
        if (job->due_ms > uv_now(timer->loop))
            continue;
        yk_list_remove(node);
        yk_cache_look(job);
    }
    if (yk_list_is_empty(&cache->resting))
        uv_timer_stop(timer);
}

void yk_cache_rest(yoke_cache_job *job)
{
    yoke_cache *cache = job->cache;

    yk_list_add(&cache->resting, &job->rest);
    if (!uv_is_active((uv_handle_t *)&cache->timer))
        uv_timer_start(&cache->timer, on_tick, TICK_MS, TICK_MS);
}

/* ---- How it is ---- */

void yoke_cache_stats(const yoke_cache *cache,
                      struct yoke_cache_stats *ret_stats)
{
    *ret_stats = cache->stats;
}
