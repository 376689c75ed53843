/* The figures of all workers: counters from the store, with what this worker has
 * not told yet, and the sum of the gauges in all seats. */
#include "shared/counters.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/req.h>
#include <yoke/res.h>

#include "core/alloc.h"

#include "core/banned.h"

struct reading {
    yoke_counters *set;
    void (*fn)(const struct yoke_metrics *metrics, void *data);
    void *data;
    int err;
    unsigned left; /* Calls. */
    size_t count;
    size_t workers;
    struct yoke_metric metrics[];
};

/* ---- Reading ---- */

static void finish(struct reading *reading)
{
    struct yoke_metrics metrics = {
        .err = reading->err,
        .metrics = reading->metrics,
        .count = reading->count,
        .workers = reading->workers,
    };
    yoke_counters *set = reading->set;

    reading->fn(&metrics, reading->data);
    free(reading);
    yk_counters_came_back(set);
}

static void note(struct reading *reading, int err)
{
    if (err && !reading->err)
        reading->err = err;
    if (--reading->left == 0)
        finish(reading);
}

/* What is too much for a number stays at its end. */
static void add(struct yoke_metric *metric, int64_t by)
{
    if (__builtin_add_overflow(metric->value, by, &metric->value))
        metric->value = by > 0 ? INT64_MAX : INT64_MIN;
}

static void on_counters(const struct yoke_store_result *result, void *data)
{
    struct reading *reading = data;
    size_t at = 0;

    for (size_t i = 0; result->err == 0 && i < result->count; i++) {
        while (at < reading->count && reading->metrics[at].is_gauge)
            at++;
        if (at < reading->count && result->items[i].err == 0)
            add(&reading->metrics[at],
                strtoll(result->items[i].value, NULL, 10));
        at++;
    }
    note(reading, result->err);
}

static void add_gauge(struct reading *reading, const char *name, size_t len,
                      int64_t value)
{
    for (size_t i = 0; i < reading->count; i++) {
        struct yoke_metric *metric = &reading->metrics[i];
        if (metric->is_gauge && strlen(metric->name) == len &&
            memcmp(metric->name, name, len) == 0)
            add(metric, value);
    }
}

/* The first line says whose it is. */
static void add_seat(struct reading *reading, const char *text)
{
    const char *line = strchr(text, '\n');

    reading->workers++;
    while (line && *++line) {
        const char *tab = strchr(line, '\t');
        if (!tab)
            return;
        add_gauge(reading, line, (size_t)(tab - line),
                  strtoll(tab + 1, NULL, 10));
        line = strchr(tab, '\n');
    }
}

static void on_seats(const struct yoke_store_result *result, void *data)
{
    struct reading *reading = data;

    for (size_t i = 0; result->err == 0 && i < result->count; i++)
        if (result->items[i].err == 0)
            add_seat(reading, result->items[i].value);
    note(reading, result->err);
}

static void ask_counters(struct reading *reading)
{
    yoke_counters *set = reading->set;
    const char **keys =
        yk_alloc((set->metric_count + 1) * sizeof(const char *));
    size_t n = 0;

    YK_LIST_EACH(node, &set->metrics)
    {
        struct yk_metric *metric =
            YK_CONTAINER_OF(node, struct yk_metric, node);
        reading->metrics[reading->count++] = (struct yoke_metric){
            .name = metric->name,
            .help = metric->help,
            .is_gauge = metric->is_gauge,
            .value = metric->is_gauge ? 0 : metric->value,
        };
        if (!metric->is_gauge)
            keys[n++] = metric->key;
    }
    if (n > 0) {
        reading->left++;
        yoke_store_get_many(set->options.store, keys, n, on_counters, reading);
    }
    free(keys);
}

static void ask_seats(struct reading *reading)
{
    yoke_counters *set = reading->set;
    uint32_t count = set->options.max_workers;
    char(*names)[YK_NAME_SIZE] = yk_alloc(count * sizeof(*names));
    const char **keys = yk_alloc(count * sizeof(*keys));

    for (uint32_t i = 0; i < count; i++) {
        yk_seat_key(set, i, names[i]);
        keys[i] = names[i];
    }
    yoke_store_get_many(set->options.store, keys, count, on_seats, reading);
    free(keys);
    free(names);
}

void yoke_counters_read(yoke_counters *set,
                        void (*fn)(const struct yoke_metrics *metrics,
                                   void *data),
                        void *data)
{
    struct reading *reading = yk_alloc(
        sizeof(*reading) + set->metric_count * sizeof(struct yoke_metric));

    *reading = (struct reading){.set = set, .fn = fn, .data = data, .left = 1};
    set->calls++;
    ask_counters(reading);
    ask_seats(reading);
}

/* ---- As text ---- */

/* Lines of one family have to stand together, below what is said of it. */
static void print_family(FILE *file, const struct yoke_metrics *metrics,
                         size_t first)
{
    const struct yoke_metric *metric = &metrics->metrics[first];
    size_t len = strcspn(metric->name, "{");

    if (metric->help)
        fprintf(file, "# HELP %.*s %.*s\n", (int)len, metric->name,
                (int)strcspn(metric->help, "\r\n\\"), metric->help);
    fprintf(file, "# TYPE %.*s %s\n", (int)len, metric->name,
            metric->is_gauge ? "gauge" : "counter");
    for (size_t i = first; i < metrics->count; i++)
        if (yk_metric_is_family(metrics->metrics[i].name, metric->name, len))
            fprintf(file, "%s %" PRId64 "\n", metrics->metrics[i].name,
                    metrics->metrics[i].value);
}

static bool is_first(const struct yoke_metrics *metrics, size_t n)
{
    const char *name = metrics->metrics[n].name;
    size_t len = strcspn(name, "{");

    for (size_t i = 0; i < n; i++)
        if (yk_metric_is_family(metrics->metrics[i].name, name, len))
            return false;
    return true;
}

static void on_shown(const struct yoke_metrics *metrics, void *data)
{
    yoke_res *res = data;
    char *text = NULL;
    size_t len = 0;

    if (metrics->err) {
        yoke_res_send_status(res, 503);
        return;
    }
    FILE *file = open_memstream(&text, &len);
    if (!file) {
        yoke_res_send_status(res, 503);
        return;
    }
    for (size_t i = 0; i < metrics->count; i++)
        if (is_first(metrics, i))
            print_family(file, metrics, i);
    fclose(file);
    yoke_res_set(res, "Content-Type",
                 "text/plain; version=0.0.4; charset=utf-8");
    yoke_res_send(res, text, len);
    free(text);
}

void yoke_counters_show(yoke_counters *set, yoke_res *res)
{
    yoke_hold(yoke_res_req(res));
    yoke_counters_read(set, on_shown, res);
}
