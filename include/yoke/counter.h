/* Counters and gauges of all workers together.
 *
 *     static yoke_counter *visits;
 *     static yoke_gauge *open_streams;
 *
 *     counters = yoke_counters_open(.store = store);
 *     visits = yoke_counter_of(counters, "visits_total", "Pages shown.");
 *     open_streams = yoke_gauge_of(counters, "open_streams", NULL);
 *     yoke_app_get(app, "/metrics", yoke_with(show_metrics, counters, NULL));
 *
 *     yoke_counter_add(visits, 1);          costs an addition
 *     yoke_gauge_add(open_streams, 1);
 *
 * **Counters** only grow together, whatever workers do: each adds up by itself
 * and tells the store every `flush_ms`, by one call for each counter that has
 * changed. A worker that stops gracefully tells all. One that crashes loses what
 * it has not told, up to `flush_ms` of its counts; one whose store is away keeps
 * counting and tells it later. A call of which is not known whether the store
 * has carried it out is not repeated: rather a count too few than one too many
 * (`doubtful` in the statistics says how many that may be).
 * `yoke_counter_incr` goes through to the store at once and tells the sum.
 *
 * **Gauges** are what is so now: each worker has its own value, and the sum is
 * read. The values of a worker that dies vanish when its lease is over, those of
 * one that stops when it begins to drain.
 *
 * They work with any store. */
#ifndef YOKE_COUNTER_H
#define YOKE_COUNTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yoke/app.h>
#include <yoke/store.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

typedef struct yoke_counters yoke_counters; /* A set; it belongs to the loop. */
typedef struct yoke_counter yoke_counter;   /* One of it, and freed with it. */
typedef struct yoke_gauge yoke_gauge;       /* The same. */

/* Longest name of a counter or gauge, with its labels. */
#define YOKE_METRIC_NAME_MAX 200

/* Options of yoke_counters_open. Zero is every field's default. */
struct yoke_counters_options {
    int reserved_;        /* Leave it. */
    yoke_store *store;    /* Has to outlive the set. */
    const char *name;     /* Before its keys in the store: letters, digits and
                             ".:_-", up to 32; "counters". Copied. */
    uint32_t flush_ms;    /* How often the store is told; 1,000. */
    uint32_t lease_s;     /* For how long gauges outlive a worker; 15, at least
                             3. They are renewed three times as often. */
    uint32_t max_workers; /* That have gauges, on all machines; 128, at most
                             1,000. The same everywhere. */
    size_t max_metrics;   /* Counters and gauges; 1,000 at most, the default. */
};

/* Opens a set. NULL, with errno EINVAL and a line in the log, when there is no
 * store or an option is wrong. */
#define yoke_counters_open(...)                                                \
    yoke_counters_open_with(YOKE_OPTIONS_(yoke_counters_options, __VA_ARGS__))
yoke_counters *
yoke_counters_open_with(const struct yoke_counters_options *options);

/* Tells the store what has not been told and frees the set; then `on_closed`,
 * which may be NULL, is called from the loop. Neither the set nor anything of it
 * may be used any more. NULL is allowed. */
void yoke_counters_close(yoke_counters *set, void (*on_closed)(void *data),
                         void *data);

/* ---- Counters ---- */

/* The counter of that name, made at the first call. A name is as Prometheus has
 * it, perhaps with labels: "answers_total{code=\"200\"}", in whose texts \, " and
 * ends of lines are written \\, \" and \n. `help`, a line about it, may be NULL;
 * both are copied. NULL, with errno EINVAL (and a line in the log) for a wrong
 * name or one that is a gauge's, also with other labels; ENOSPC when there are
 * `max_metrics`. */
yoke_counter *yoke_counter_of(yoke_counters *set, const char *name,
                              const char *help);

/* Counts; `by` is 0 or more. */
void yoke_counter_add(yoke_counter *counter, int64_t by);

/* Counts in the store at once, and tells the sum (yoke_store_incr). `fn` may be
 * NULL. */
void yoke_counter_incr(yoke_counter *counter, int64_t by, yoke_store_fn *fn,
                       void *data);

/* Tells the store now what has been added. */
void yoke_counters_flush(yoke_counters *set);

/* ---- Gauges ---- */

/* The gauge of that name; as counters. */
yoke_gauge *yoke_gauge_of(yoke_counters *set, const char *name,
                          const char *help);

/* This worker's value, 0 until then. */
void yoke_gauge_set(yoke_gauge *gauge, int64_t value);
void yoke_gauge_add(yoke_gauge *gauge, int64_t by);

/* ---- Reading ---- */

struct yoke_metric {
    const char *name, *help; /* `help` may be NULL. */
    bool is_gauge;
    int64_t value; /* Over all workers. */
};

/* All of it is borrowed for the callback. */
struct yoke_metrics {
    int err;                           /* 0, or the store's. */
    const struct yoke_metric *metrics; /* In the order of their making. */
    size_t count;
    size_t workers; /* That have gauges now. */
};

/* Reads all that this process knows by name. What other workers have not told
 * yet is missing. `fn` is called once, from the loop. */
void yoke_counters_read(yoke_counters *set,
                        void (*fn)(const struct yoke_metrics *metrics,
                                   void *data),
                        void *data);

/* Answers with all of them as text, in the format of Prometheus; 503 when the
 * store is away. Implies `yoke_hold`. Whoever asks any worker gets the figures
 * of all: it is one target to be scraped. */
void yoke_counters_show(yoke_counters *set, yoke_res *res);

/* ---- How it is ---- */

struct yoke_counters_stats {
    uint64_t flushes;     /* Calls that told a count. */
    uint64_t pending;     /* Counted, and not told yet. */
    uint64_t doubtful;    /* Told, and perhaps not heard. */
    uint64_t failed;      /* Refused: the sum is no number any more. */
    uint64_t seats_taken; /* Times that a place for gauges was had: 1, unless
                             the store lost it. */
};

/* Fills in how it is now. */
void yoke_counters_stats(yoke_counters *set,
                         struct yoke_counters_stats *ret_stats);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
