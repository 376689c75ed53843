/* Opening and closing: which backend, which limits, and when the last has been
 * let go of. */
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "core/alloc.h"
#include "net/vitals.h"
#include "store/calls.h"
#include "store/deadlines.h"
#include "store/forks.h"

#include "core/banned.h"

#define TIMEOUT_MS         2000
#define MAX_PENDING        10000
#define MAX_PENDING_BYTES  ((size_t)64 << 20)
#define MAX_VALUE_LEN      ((size_t)1 << 20)
#define LARGEST_VALUE_LEN  ((size_t)512 << 20)
#define LONGEST_TIMEOUT_MS (24u * 3600 * 1000)
#define PREFIX_MAX         100

static const struct yk_store_backend *const backends[] = {
#ifndef YK_WITHOUT_LMDB
    &yk_store_lmdb,
#endif
    &yk_store_memory,
#ifndef YK_WITHOUT_REDIS
    &yk_store_redis,     &yk_store_redis_cluster,
#endif
    &yk_store_memcached,
#ifndef YK_WITHOUT_POSTGRES
    &yk_store_postgres,
#endif
};

bool yk_store_is_foreign(const yoke_store *store)
{
    return store->forks != yk_forks();
}

static uint64_t read_clock(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static uint64_t system_now_ms(void *data)
{
    (void)data;
    return read_clock(CLOCK_REALTIME);
}

static uint64_t system_tick_ms(void *data)
{
    (void)data;
    return read_clock(CLOCK_REALTIME_COARSE);
}

/* ---- Opening ---- */

static const struct yk_store_backend *find_backend(const char *scheme)
{
    for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++)
        for (const char *const *own = backends[i]->schemes; *own; own++)
            if (strcmp(*own, scheme) == 0)
                return backends[i];
    return NULL;
}

/* "lmdb:, memory:, redis:, ..." */
static int refuse_scheme(const char *scheme, char *why)
{
    char list[YOKE_STORE_TEXT_MAX - 32] = "";
    size_t len = 0;

    for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++)
        for (const char *const *own = backends[i]->schemes; *own; own++)
            len += (size_t)snprintf(list + len, sizeof(list) - len,
                                    "%s%s:", len ? ", " : "", *own);
    return yk_store_why(
        why, -EINVAL, "URL: there is no store '%.30s:', only %s", scheme, list);
}

static int check_options(const struct yoke_store_options *options, char *why)
{
    const char *prefix = options->prefix ? options->prefix : "";
    size_t len = strlen(prefix);

    if (len > PREFIX_MAX)
        return yk_store_why(why, -EINVAL, "prefix: longer than %d bytes",
                            PREFIX_MAX);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)prefix[i] <= ' ' || prefix[i] == 0x7f)
            return yk_store_why(why, -EINVAL,
                                "prefix: has a blank or a "
                                "control character in it");
    if (options->max_value_len > LARGEST_VALUE_LEN)
        return yk_store_why(why, -EINVAL, "max_value_len: more than 512 MiB");
    if (options->timeout_ms > LONGEST_TIMEOUT_MS)
        return yk_store_why(why, -EINVAL, "timeout_ms: longer than a day");
    return 0;
}

static void set_limits(yoke_store *store,
                       const struct yoke_store_options *options)
{
    store->timeout_ms = options->timeout_ms ? options->timeout_ms : TIMEOUT_MS;
    store->max_pending =
        options->max_pending ? options->max_pending : MAX_PENDING;
    store->max_pending_bytes = options->max_pending_bytes
                                   ? options->max_pending_bytes
                                   : MAX_PENDING_BYTES;
    store->max_value_len =
        options->max_value_len ? options->max_value_len : MAX_VALUE_LEN;
    store->now_ms = options->now_ms ? options->now_ms : system_now_ms;
    store->tick_ms = options->now_ms ? options->now_ms : system_tick_ms;
    store->now_data = options->now_data;
}

static void free_store(yoke_store *store)
{
    yk_blocks_done(&store->blocks);
    yk_skip_done(&store->topics.by_name);
    yk_remote_give(store->remote);
    free(store->prefix);
    free(store->url);
    free(store);
}

static void on_failed_closed(uv_handle_t *ticker)
{
    free_store(ticker->data);
}

static yoke_store *new_store(const struct yoke_store_options *options,
                             const struct yk_store_backend *backend,
                             const struct yk_url *url)
{
    yoke_store *store = yk_alloc(sizeof(*store));

    store->forks = yk_forks();
    store->backend = backend;
    store->lacks = backend->lacks;
    store->url = yk_strdup(url->shown);
    store->remote = yk_remote_take(store->url);
    store->prefix = yk_strdup(options->prefix ? options->prefix : "");
    store->prefix_len = strlen(store->prefix);
    set_limits(store, options);
    yk_random_init(&store->random);
    yk_topics_init(&store->topics);
    yk_calls_init(store);
    return store;
}

/* What the backends say, and whether they are just trying. */
static enum yoke_store_circuit shown_circuit(const yoke_store *store)
{
    enum yoke_store_circuit circuit = store->stats.circuit;

    return circuit == YOKE_STORE_DOWN && store->attempts > 0 ? YOKE_STORE_TRYING
                                                             : circuit;
}

/* For others to see. */
static void show_circuit(yoke_store *store)
{
    static const enum yk_remote_state states[] = {
        [YOKE_STORE_UP] = YK_REMOTE_CLOSED,
        [YOKE_STORE_DOWN] = YK_REMOTE_OPEN,
        [YOKE_STORE_CONNECTING] = YK_REMOTE_FIRST,
        [YOKE_STORE_TRYING] = YK_REMOTE_HALF_OPEN,
    };
    struct yk_remote *remote = store->remote;

    yk_vitals_set(&remote->connects, store->stats.connects);
    yk_vitals_set(&remote->breaks, store->stats.breaks);
    yk_remote_set(remote, states[shown_circuit(store)]);
}

static int open_url(const struct yoke_store_options *options, const char *text,
                    yoke_store **ret_store, char *why)
{
    const struct yk_store_backend *backend;
    struct yk_url url;
    int err = yk_url_parse(&url, text, why);

    if (err < 0)
        return err;
    backend = find_backend(url.scheme);
    if (!backend)
        return refuse_scheme(url.scheme, why);
    yoke_store *store = new_store(options, backend, &url);
    err = store->backend->open(store, &url, why);
    if (err < 0) {
        uv_close((uv_handle_t *)&store->ticker, on_failed_closed);
        return err;
    }
    show_circuit(store);
    *ret_store = store;
    return 0;
}

/* Whoever reads the reason looks into the program, unless he is told. */
static void name_variable(char *why)
{
    char text[YOKE_STORE_TEXT_MAX];

    snprintf(text, sizeof(text), "%s", why);
    yk_store_why(why, 0, "$YOKE_STORE: %s", text);
}

static int try_open(const struct yoke_store_options *options,
                    yoke_store **ret_store, char *why)
{
    const char *chosen = getenv("YOKE_STORE");
    const char *own = options->url && *options->url ? options->url : "lmdb:";
    bool is_chosen = chosen && *chosen;
    int err = check_options(options, why);

    if (err < 0)
        return err;
    err = open_url(options, is_chosen ? chosen : own, ret_store, why);
    if (err < 0 && is_chosen)
        name_variable(why);
    return err;
}

yoke_store *yoke_store_open_with(const struct yoke_store_options *options)
{
    char why[YOKE_STORE_TEXT_MAX] = "";
    yoke_store *store;
    int err = try_open(options, &store, why);

    if (options->text)
        memcpy(options->text, why, sizeof(why));
    if (err == 0)
        return store;
    if (!options->text)
        yoke_log(YOKE_LOG_ERROR, "the store cannot be opened: %s", why);
    errno = -err;
    return NULL;
}

/* ---- Closing ---- */

static void on_ticker_closed(uv_handle_t *ticker)
{
    yoke_store *store = ticker->data;
    void (*on_closed)(void *data) = store->on_closed;
    void *data = store->closed_data;

    if (store->unanswered > 0 || yk_topics_wait(store)) {
        yk_deadlines_begin(store);
        return; /* The flush that is to come tries again. */
    }
    free_store(store);
    if (on_closed)
        on_closed(data);
}

void yk_store_free(yoke_store *store)
{
    yk_later_stop(&store->flush);
    uv_close((uv_handle_t *)&store->ticker, on_ticker_closed);
}

void yk_store_closed(yoke_store *store)
{
    store->is_backend_gone = true;
    yk_store_wake(store);
}

void yoke_store_close(yoke_store *store, void (*on_closed)(void *data),
                      void *data)
{
    if (!store || store->is_closing)
        return;
    store->is_closing = true;
    store->on_closed = on_closed;
    store->closed_data = data;
    yk_store_wake(store);
}

/* ---- How it is ---- */

const char *yoke_store_url(const yoke_store *store)
{
    return store->url;
}

void yk_store_note_attempt(yoke_store *store, bool begins)
{
    if (begins)
        store->attempts++;
    else
        store->attempts--;
    show_circuit(store);
}

void yk_store_set_circuit(yoke_store *store, enum yoke_store_circuit circuit)
{
    enum yoke_store_circuit before = store->stats.circuit;

    if (before == YOKE_STORE_UP && circuit == YOKE_STORE_DOWN)
        store->stats.breaks++;
    if (before != YOKE_STORE_UP && circuit == YOKE_STORE_UP)
        store->stats.connects++;
    store->stats.circuit = circuit;
    show_circuit(store);
}

void yoke_store_stats(const yoke_store *store,
                      struct yoke_store_stats *ret_stats)
{
    const struct yk_remote *remote = store->remote;
    uint64_t since_ns = yk_vitals_get(&remote->since_ns);

    *ret_stats = store->stats;
    ret_stats->circuit = shown_circuit(store);
    ret_stats->circuit_ms = (yk_now_ns() - since_ns) / 1000000;
    ret_stats->pending = (uint32_t)store->unanswered;
    ret_stats->pending_bytes = store->held_bytes;
    ret_stats->calls = yk_histogram_count(&remote->latency);
    ret_stats->failed = yk_vitals_get(&remote->failed);
    ret_stats->timed_out = yk_vitals_get(&remote->timed_out);
    ret_stats->unavailable = yk_vitals_get(&remote->unavailable);
    ret_stats->latency_us =
        (uint32_t)yk_histogram_quantile(&remote->latency, 0.5);
    ret_stats->p99_us = (uint32_t)yk_histogram_quantile(&remote->latency, 0.99);
}
