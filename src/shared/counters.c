#include "shared/counters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "core/alloc.h"
#include "core/utf8.h"

#include "core/banned.h"

#define FLUSH_MS    1000
#define LEASE_S     15
#define LEASE_MIN_S 3
#define WORKERS     128
#define METRICS     1000

/* ---- Telling ---- */

/* A call that has not been carried out is told again with the next. That is
 * certain only when the connection has been there all the time. */
static bool was_not_heard(const struct yk_metric *metric, int err)
{
    struct yoke_store_stats stats;

    yoke_store_stats(metric->set->options.store, &stats);
    return err == -YOKE_EUNAVAILABLE && stats.breaks == metric->breaks;
}

static void tell(struct yk_metric *metric);

/* What was counted meanwhile. At the end there is no later. */
static void tell_rest(struct yk_metric *metric, int err)
{
    yoke_counters *set = metric->set;

    if (metric->value == 0)
        return;
    if (!set->is_draining && !set->is_closing)
        yk_counters_wake(set);
    else if (err == 0)
        tell(metric);
}

static void on_told(const struct yoke_store_result *result, void *data)
{
    struct yk_metric *metric = data;
    yoke_counters *set = metric->set;
    int64_t by = metric->flying;

    metric->flying = 0;
    if (result->err && was_not_heard(metric, result->err))
        metric->value += by;
    else if (result->err == -ERANGE || result->err == -EDOM) {
        set->stats.failed += (uint64_t)by;
        yoke_log(YOKE_LOG_ERROR, "counter %s: %s", metric->name, result->text);
    } else if (result->err)
        set->stats.doubtful += (uint64_t)by;
    tell_rest(metric, result->err);
    yk_counters_came_back(set);
}

static void tell(struct yk_metric *metric)
{
    yoke_counters *set = metric->set;
    struct yoke_store_stats stats;

    if (metric->is_gauge || metric->value == 0 || metric->flying)
        return;
    yoke_store_stats(set->options.store, &stats);
    metric->breaks = stats.breaks;
    metric->flying = metric->value;
    metric->value = 0;
    set->calls++;
    set->stats.flushes++;
    yoke_store_incr(set->options.store, metric->key, metric->flying, 0, on_told,
                    metric);
}

/* A store that is known to be away is not asked: a call that fails then would
 * leave it open whether it was heard. */
static bool is_away(const yoke_counters *set)
{
    struct yoke_store_stats stats;

    yoke_store_stats(set->options.store, &stats);
    return stats.circuit == YOKE_STORE_DOWN ||
           stats.circuit == YOKE_STORE_TRYING;
}

static void tell_all(yoke_counters *set)
{
    YK_LIST_EACH(node, &set->metrics)
    {
        tell(YK_CONTAINER_OF(node, struct yk_metric, node));
    }
}

void yoke_counters_flush(yoke_counters *set)
{
    tell_all(set);
    set->seat.renew_at_ms = set->seat.rests_until_ms = 0;
    yk_seat_write(set);
}

/* ---- The timer: `flush_ms` after something has changed, else when the lease of
 * the seat needs it. Only for the former it keeps the loop alive. ---- */

static void on_time(uv_timer_t *timer)
{
    yoke_counters *set = timer->data;
    bool has_more = is_away(set);

    set->is_dirty = false;
    uv_unref((uv_handle_t *)timer);
    if (!has_more)
        tell_all(set);
    yk_seat_write(set);
    if (has_more)
        yk_counters_wake(set);
    else if (set->gauge_count > 0 && !set->seat.is_over && !set->is_dirty)
        uv_timer_start(timer, on_time, set->options.lease_s * 1000u / 3, 0);
}

void yk_counters_wake(yoke_counters *set)
{
    if (set->is_dirty || set->is_closing)
        return;
    set->is_dirty = true;
    uv_ref((uv_handle_t *)&set->timer);
    uv_timer_start(&set->timer, on_time, set->options.flush_ms, 0);
}

/* ---- Life ---- */

static void free_metric(struct yk_metric *metric)
{
    yk_list_remove(&metric->node);
    free(metric->name);
    free(metric->help);
    free(metric);
}

static void on_timer_closed(uv_handle_t *handle)
{
    yoke_counters *set = handle->data;

    YK_LIST_EACH(node, &set->metrics)
    {
        free_metric(YK_CONTAINER_OF(node, struct yk_metric, node));
    }
    if (set->on_closed)
        set->on_closed(set->closed_data);
    free(set);
}

static void free_if_idle(yoke_counters *set)
{
    if (!set->is_closing || set->calls > 0 ||
        uv_is_closing((uv_handle_t *)&set->timer))
        return;
    yk_service_remove(&set->service);
    uv_close((uv_handle_t *)&set->timer, on_timer_closed);
}

void yk_counters_came_back(yoke_counters *set)
{
    set->calls--;
    free_if_idle(set);
}

/* From here on each count goes to the store at once: what has begun may still
 * count, and nobody knows which is the last. */
static void on_drain(struct yk_service *service)
{
    yoke_counters *set = YK_CONTAINER_OF(service, yoke_counters, service);

    set->is_draining = true;
    tell_all(set);
    yk_seat_leave(set);
    yk_service_remove(service);
}

static void on_abort(struct yk_service *service)
{
    yk_service_remove(service);
}

static const char *fault(const struct yoke_counters_options *options)
{
    if (!options->store)
        return "they have no store";
    if (options->name && !yk_is_name(options->name))
        return "the name has to be 1 to 32 letters, digits and \".:_-\"";
    if (options->max_workers > YOKE_STORE_MANY_MAX)
        return "max_workers is more than 1,000";
    if (options->max_metrics > METRICS)
        return "max_metrics is more than 1,000";
    if (options->lease_s > 0 && options->lease_s < LEASE_MIN_S)
        return "lease_s is less than 3";
    return NULL;
}

static void fill_in(struct yoke_counters_options *options)
{
    if (options->flush_ms == 0)
        options->flush_ms = FLUSH_MS;
    if (options->lease_s == 0)
        options->lease_s = LEASE_S;
    if (options->max_workers == 0)
        options->max_workers = WORKERS;
    if (options->max_metrics == 0)
        options->max_metrics = METRICS;
}

yoke_counters *
yoke_counters_open_with(const struct yoke_counters_options *options)
{
    const char *why = fault(options);
    const char *name = options->name ? options->name : "counters";

    if (why) {
        yoke_log(YOKE_LOG_ERROR, "counters cannot be opened: %s", why);
        errno = EINVAL;
        return NULL;
    }
    yoke_counters *set = yk_alloc(sizeof(*set));
    set->options = *options;
    fill_in(&set->options);
    memcpy(set->name, name, strlen(name) + 1);
    yk_list_init(&set->metrics);
    yk_random_init(&set->random);
    set->seat.owner = yk_random_next(&set->random);
    set->seat.index =
        (uint32_t)yk_random_below(&set->random, set->options.max_workers);
    uv_timer_init(yoke_loop(), &set->timer);
    uv_unref((uv_handle_t *)&set->timer);
    set->timer.data = set;
    yk_list_init(&set->service.node);
    set->service.drain = on_drain;
    set->service.abort = on_abort;
    yk_service_add(&set->service);
    return set;
}

void yoke_counters_close(yoke_counters *set, void (*on_closed)(void *data),
                         void *data)
{
    if (!set || set->is_closing)
        return;
    set->on_closed = on_closed;
    set->closed_data = data;
    tell_all(set);
    yk_seat_leave(set);
    set->is_closing = true;
    free_if_idle(set);
}

/* ---- Metrics ---- */

/* Letters, digits and "_", no digit at first. */
static size_t word_len(const char *text, bool has_colons)
{
    size_t len = 0;

    for (;; len++) {
        unsigned char c = (unsigned char)text[len];
        bool is_digit = c >= '0' && c <= '9';
        bool is_letter = (c | 0x20) - 'a' + 0u < 26 || c == '_';
        if (!is_letter && !(is_digit && len > 0) && !(c == ':' && has_colons))
            return len;
    }
}

/* "text", with \\, \" and \n in it. Returns what is behind it, or NULL. */
static const char *skip_quoted(const char *text)
{
    if (*text++ != '"')
        return NULL;
    for (; *text != '"'; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return NULL;
        if (*text == '\\' && (!*++text || !strchr("\\\"n", *text)))
            return NULL;
    }
    return text + 1;
}

/* {a="b",c="d"}: one that is wrong, and Prometheus refuses all there is. */
static bool are_labels(const char *text)
{
    do {
        size_t len = word_len(++text, false);
        if (len == 0 || text[len] != '=')
            return false;
        text = skip_quoted(text + len + 1);
    } while (text && *text == ',');
    return text && strcmp(text, "}") == 0;
}

/* As a label, but for colons; then perhaps labels. */
static bool is_metric_name(const char *name)
{
    size_t len = name ? strnlen(name, YOKE_METRIC_NAME_MAX + 1) : 0;
    size_t base = name ? word_len(name, true) : 0;

    if (len == 0 || len > YOKE_METRIC_NAME_MAX || base == 0 ||
        !yk_is_utf8(name, len))
        return false;
    return base == len || (name[base] == '{' && are_labels(name + base));
}

bool yk_metric_is_family(const char *name, const char *base, size_t len)
{
    return strncmp(name, base, len) == 0 &&
           (name[len] == '\0' || name[len] == '{');
}

/* Of all that differ by their labels only there is one kind. */
static bool is_taken(yoke_counters *set, const char *name, bool is_gauge)
{
    YK_LIST_EACH(node, &set->metrics)
    {
        const struct yk_metric *metric =
            YK_CONTAINER_OF(node, struct yk_metric, node);
        if (metric->is_gauge != is_gauge &&
            yk_metric_is_family(metric->name, name, strcspn(name, "{")))
            return true;
    }
    return false;
}

static struct yk_metric *find(yoke_counters *set, const char *name)
{
    YK_LIST_EACH(node, &set->metrics)
    {
        struct yk_metric *metric =
            YK_CONTAINER_OF(node, struct yk_metric, node);
        if (strcmp(metric->name, name) == 0)
            return metric;
    }
    return NULL;
}

static struct yk_metric *add(yoke_counters *set, const char *name,
                             const char *help, bool is_gauge)
{
    struct yk_metric *metric = yk_alloc(sizeof(*metric));

    *metric = (struct yk_metric){
        .set = set,
        .name = yk_strdup(name),
        .help = yk_strdup(help),
        .is_gauge = is_gauge,
    };
    yk_name_make(metric->key, set->name, 'c', name);
    yk_list_add(&set->metrics, &metric->node);
    set->metric_count++;
    set->gauge_count += is_gauge;
    return metric;
}

static struct yk_metric *metric_of(yoke_counters *set, const char *name,
                                   const char *help, bool is_gauge)
{
    bool is_name = is_metric_name(name);

    if (!is_name || is_taken(set, name, is_gauge)) {
        yoke_log(YOKE_LOG_ERROR, "%s \"%s\": %s",
                 is_gauge ? "gauge" : "counter", name ? name : "",
                 is_name ? "the name is taken by one of the other kind"
                         : "not a name: letters, digits, \"_\" and \":\", then "
                           "perhaps labels: {name=\"text\",...}");
        errno = EINVAL;
        return NULL;
    }
    struct yk_metric *metric = find(set, name);
    if (metric)
        return metric;
    if (set->metric_count >= set->options.max_metrics) {
        errno = ENOSPC;
        return NULL;
    }
    return add(set, name, help, is_gauge);
}

yoke_counter *yoke_counter_of(yoke_counters *set, const char *name,
                              const char *help)
{
    return (yoke_counter *)metric_of(set, name, help, false);
}

void yoke_counter_add(yoke_counter *counter, int64_t by)
{
    struct yk_metric *metric = &counter->metric;

    if (by <= 0)
        return;
    if (metric->value > INT64_MAX - by)
        by = INT64_MAX - metric->value;
    metric->value += by;
    if (metric->set->is_draining)
        tell(metric);
    else
        yk_counters_wake(metric->set);
}

void yoke_counter_incr(yoke_counter *counter, int64_t by, yoke_store_fn *fn,
                       void *data)
{
    yoke_store_incr(counter->metric.set->options.store, counter->metric.key, by,
                    0, fn, data);
}

yoke_gauge *yoke_gauge_of(yoke_counters *set, const char *name,
                          const char *help)
{
    return (yoke_gauge *)metric_of(set, name, help, true);
}

void yoke_gauge_set(yoke_gauge *gauge, int64_t value)
{
    yoke_counters *set = gauge->metric.set;

    gauge->metric.value = value;
    if (set->seat.is_over)
        return;
    set->seat.is_dirty = true;
    yk_counters_wake(set);
}

void yoke_gauge_add(yoke_gauge *gauge, int64_t by)
{
    int64_t sum;

    if (!__builtin_add_overflow(gauge->metric.value, by, &sum))
        yoke_gauge_set(gauge, sum);
}

void yoke_counters_stats(yoke_counters *set,
                         struct yoke_counters_stats *ret_stats)
{
    *ret_stats = set->stats;
    ret_stats->pending = 0;
    YK_LIST_EACH(node, &set->metrics)
    {
        struct yk_metric *metric =
            YK_CONTAINER_OF(node, struct yk_metric, node);
        if (!metric->is_gauge)
            ret_stats->pending += (uint64_t)(metric->value + metric->flying);
    }
}
