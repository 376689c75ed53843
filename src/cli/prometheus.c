/* All samples of a metric have to stand together, so it is metric by metric
 * that the clusters are gone through. Counters are those of the totals, which
 * never go back; gauges are those of each worker. */
#include "cli/prometheus.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cli/ask.h"

#include "core/banned.h"

struct metric {
    const char *name, *type, *help;
    const char *outer, *inner; /* Where it stands. */
    double scale;              /* From its unit to the base unit. */
};

static const struct metric totals[] = {
    {"yoke_connections_total", "counter", "Connections opened.", "connections",
     "opened", 1},
    {"yoke_connections_rejected_total", "counter",
     "Connections refused over a limit.", "connections", "rejected", 1},
    {"yoke_requests_total", "counter", "Requests that are over.", "requests",
     "done", 1},
    {"yoke_received_bytes_total", "counter", "Bytes received.", "bytes", "in",
     1},
    {"yoke_sent_bytes_total", "counter", "Bytes sent.", "bytes", "out", 1},
    {"yoke_worker_deaths_total", "counter",
     "Workers that have ended "
     "unasked.",
     "deaths", NULL, 1},
    {"yoke_workers", "gauge", "Workers that are there.", "workers", NULL, 1},
};

static const struct metric queues[] = {
    {"yoke_backlog_connections", "gauge",
     "Connections that nobody has accepted yet.", "primary", "backlog", 1},
    {"yoke_waiting_connections", "gauge",
     "Connections that no worker could be given yet.", "primary", "waiting", 1},
};

static const struct metric gauges[] = {
    {"yoke_worker_waiting_connections", "gauge",
     "Connections that the worker is to have and has not seen.", "waiting",
     NULL, 1},
    {"yoke_worker_connections", "gauge", "Connections that are open.",
     "connections", "open", 1},
    {"yoke_worker_requests", "gauge", "Requests in progress.", "requests",
     "open", 1},
    {"yoke_worker_loop_lag_seconds", "gauge",
     "Longest turn of the loop of late.", "loop", "lag_us", 1e-6},
    {"yoke_worker_resident_bytes", "gauge", "Resident memory.", "memory", "rss",
     1},
    {"yoke_worker_share_bytes", "gauge",
     "Resident memory, shared pages in proportion.", "memory", "pss", 1},
    {"yoke_worker_uptime_seconds", "gauge", "Age.", "uptime_ms", NULL, 1e-3},
};

static void print_help(const struct metric *metric)
{
    printf("# HELP %s %s\n# TYPE %s %s\n", metric->name, metric->help,
           metric->name, metric->type);
}

static void print_total(const struct metric *metric, const json_t *clusters)
{
    const json_t *cluster;
    size_t i;

    print_help(metric);
    json_array_foreach(clusters, i, cluster)
        printf("%s{cluster=\"%s\"} %.15g\n", metric->name,
               yk_ask_text(cluster, "name"),
               (double)yk_ask_number(json_object_get(cluster, "totals"),
                                     metric->outer, metric->inner) *
                   metric->scale);
}

static void print_primary(const struct metric *metric, const json_t *clusters)
{
    const json_t *cluster;
    size_t i;

    print_help(metric);
    json_array_foreach(clusters, i, cluster)
        printf("%s{cluster=\"%s\"} %.15g\n", metric->name,
               yk_ask_text(cluster, "name"),
               (double)yk_ask_number(cluster, metric->outer, metric->inner) *
                   metric->scale);
}

static void print_workers(const struct metric *metric, const json_t *cluster)
{
    const json_t *worker;
    size_t i;

    json_array_foreach(json_object_get(cluster, "workers"), i, worker)
    {
        if (!json_is_integer(json_object_get(worker, "pid")))
            continue;
        printf("%s{cluster=\"%s\",slot=\"%llu\",worker=\"%llu\"} %.15g\n",
               metric->name, yk_ask_text(cluster, "name"),
               (unsigned long long)yk_ask_number(worker, "slot", NULL),
               (unsigned long long)yk_ask_number(worker, "id", NULL),
               (double)yk_ask_number(worker, metric->outer, metric->inner) *
                   metric->scale);
    }
}

/* ---- Stores of workers ---- */

static const struct metric store_metrics[] = {
    {"yoke_store_circuit_seconds", "gauge",
     "For how long a store's circuit has been as it is.", "circuit_ms", NULL,
     1e-3},
    {"yoke_store_open_calls", "gauge", "Calls that are not answered yet.",
     "open", NULL, 1},
    {"yoke_store_calls_total", "counter", "Calls that are over.", "done", NULL,
     1},
    {"yoke_store_failed_total", "counter", "Of these, calls that failed.",
     "failed", NULL, 1},
    {"yoke_store_timed_out_total", "counter", "Of these, by their deadline.",
     "timed_out", NULL, 1},
    {"yoke_store_unavailable_total", "counter",
     "Of these, because the store was away.", "unavailable", NULL, 1},
    {"yoke_store_breaks_total", "counter", "Times that the circuit opened.",
     "breaks", NULL, 1},
};

/* Of one worker's store, to the closing brace, which is the caller's. */
static void print_store_labels(const char *metric, const json_t *cluster,
                               const json_t *worker, const json_t *store)
{
    printf("%s{cluster=\"%s\",slot=\"%llu\",worker=\"%llu\",store=\"", metric,
           yk_ask_text(cluster, "name"),
           (unsigned long long)yk_ask_number(worker, "slot", NULL),
           (unsigned long long)yk_ask_number(worker, "id", NULL));
    for (const char *at = yk_ask_text(store, "name"); *at; at++) {
        if (*at == '"' || *at == '\\')
            putchar('\\');
        putchar(*at);
    }
    putchar('"');
}

/* Calls `print` for every store of every worker. */
static void each_store(const json_t *clusters, const struct metric *metric,
                       void (*print)(const struct metric *metric,
                                     const json_t *cluster,
                                     const json_t *worker, const json_t *store))
{
    const json_t *cluster, *worker, *store;
    size_t i, k, n;

    json_array_foreach(clusters, i, cluster)
    {
        json_array_foreach(json_object_get(cluster, "workers"), k, worker)
        {
            json_array_foreach(json_object_get(worker, "stores"), n, store)
                print(metric, cluster, worker, store);
        }
    }
}

static void print_store(const struct metric *metric, const json_t *cluster,
                        const json_t *worker, const json_t *store)
{
    print_store_labels(metric->name, cluster, worker, store);
    printf("} %.15g\n",
           (double)yk_ask_number(store, metric->outer, NULL) * metric->scale);
}

static void print_circuit(const struct metric *metric, const json_t *cluster,
                          const json_t *worker, const json_t *store)
{
    static const char *const states[] = {"closed", "open", "half-open",
                                         "connecting"};

    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        print_store_labels(metric->name, cluster, worker, store);
        printf(",state=\"%s\"} %d\n", states[i],
               strcmp(yk_ask_text(store, "circuit"), states[i]) == 0);
    }
}

static void print_latency(const struct metric *metric, const json_t *cluster,
                          const json_t *worker, const json_t *store)
{
    static const char *const names[] = {"p50", "p90", "p99"};
    static const char *const quantiles[] = {"0.5", "0.9", "0.99"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        print_store_labels(metric->name, cluster, worker, store);
        printf(",quantile=\"%s\"} %.9g\n", quantiles[i],
               (double)yk_ask_number(store, "latency_us", names[i]) * 1e-6);
    }
}

static void print_stores(const json_t *clusters)
{
    static const struct metric circuit = {
        .name = "yoke_store_circuit",
        .type = "gauge",
        .help = "1 for the state that a store's circuit is in.",
    };
    static const struct metric latency = {
        .name = "yoke_store_seconds",
        .type = "summary",
        .help = "From a call to its answer.",
    };

    print_help(&circuit);
    each_store(clusters, &circuit, print_circuit);
    for (size_t k = 0; k < sizeof(store_metrics) / sizeof(store_metrics[0]);
         k++) {
        print_help(&store_metrics[k]);
        each_store(clusters, &store_metrics[k], print_store);
    }
    print_help(&latency);
    each_store(clusters, &latency, print_latency);
}

/* ---- Answers of clusters ---- */

static void print_answers(const json_t *clusters)
{
    static const char *const classes[] = {"1xx", "2xx", "3xx",
                                          "4xx", "5xx", "none"};
    const json_t *cluster;
    size_t i;

    puts("# HELP yoke_answers_total Answers by class of status.\n"
         "# TYPE yoke_answers_total counter");
    json_array_foreach(clusters, i,
                       cluster) for (size_t k = 0;
                                     k < sizeof(classes) / sizeof(classes[0]);
                                     k++)
        printf("yoke_answers_total{cluster=\"%s\",class=\"%s\"} %llu\n",
               yk_ask_text(cluster, "name"), classes[k],
               (unsigned long long)yk_ask_number(
                   json_object_get(cluster, "totals"), "answers", classes[k]));
}

static void print_ends_of(const json_t *cluster)
{
    json_t *ends = json_object_get(json_object_get(cluster, "totals"), "ends");
    const char *cause;
    json_t *count;

    json_object_foreach(ends, cause, count)
        printf("yoke_worker_ends_total{cluster=\"%s\",cause=\"%s\"} %llu\n",
               yk_ask_text(cluster, "name"), cause,
               (unsigned long long)json_integer_value(count));
}

static void print_ends(const json_t *clusters)
{
    const json_t *cluster;
    size_t i;

    puts("# HELP yoke_worker_ends_total Ends of workers by cause.\n"
         "# TYPE yoke_worker_ends_total counter");
    json_array_foreach(clusters, i, cluster) print_ends_of(cluster);
}

static void print_buckets(const json_t *cluster)
{
    const json_t *result = json_object_get(cluster, "totals");
    const char *name = yk_ask_text(cluster, "name");
    const json_t *pair;
    uint64_t count = 0;
    size_t i;

    json_array_foreach(json_object_get(result, "latency_buckets"), i, pair)
    {
        count += (uint64_t)json_integer_value(json_array_get(pair, 1));
        printf("yoke_request_seconds_bucket{cluster=\"%s\",le=\"%.9g\"} %llu\n",
               name, (double)json_integer_value(json_array_get(pair, 0)) * 1e-6,
               (unsigned long long)count);
    }
    printf("yoke_request_seconds_bucket{cluster=\"%s\",le=\"+Inf\"} %llu\n"
           "yoke_request_seconds_sum{cluster=\"%s\"} %.9g\n"
           "yoke_request_seconds_count{cluster=\"%s\"} %llu\n",
           name, (unsigned long long)count, name,
           (double)yk_ask_number(result, "latency_us", "mean") * 1e-6 *
               (double)count,
           name, (unsigned long long)count);
}

void yk_prometheus_print(const json_t *clusters)
{
    const json_t *cluster;
    size_t i;

    for (size_t k = 0; k < sizeof(totals) / sizeof(totals[0]); k++)
        print_total(&totals[k], clusters);
    print_answers(clusters);
    print_ends(clusters);
    for (size_t k = 0; k < sizeof(queues) / sizeof(queues[0]); k++)
        print_primary(&queues[k], clusters);
    for (size_t k = 0; k < sizeof(gauges) / sizeof(gauges[0]); k++) {
        print_help(&gauges[k]);
        json_array_foreach(clusters, i, cluster)
            print_workers(&gauges[k], cluster);
    }
    print_stores(clusters);
    puts("# HELP yoke_request_seconds From a request's head to the end of its "
         "answer.\n# TYPE yoke_request_seconds histogram");
    json_array_foreach(clusters, i, cluster) print_buckets(cluster);
}
