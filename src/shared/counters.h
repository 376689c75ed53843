/* A set of counters and gauges, and what its files have for one another:
 * counters.c, which tells the store what was counted; seat.c, this worker's
 * gauges; counters_read.c, all workers' together.
 *
 * In the store:
 *
 *     NAME:c:k:visits_total    the sum, a number
 *     NAME:s:k:17              a seat: the gauges of one worker. It is taken by
 *                              `add` and renewed by `replace`, so no two can
 *                              have the same, and it ends with its lease. Its
 *                              text: a line with the worker's own number, then
 *                              "name<TAB>value" for each gauge. */
#ifndef YK_SHARED_COUNTERS_H
#define YK_SHARED_COUNTERS_H

#include <uv.h>

#include <yoke/counter.h>

#include "core/list.h"
#include "core/random.h"
#include "net/service.h"
#include "shared/names.h"

/* A counter or a gauge. */
struct yk_metric {
    struct yk_list node; /* In the set, in the order of their making. */
    yoke_counters *set;
    char *name, *help;
    bool is_gauge;
    char key[YK_NAME_SIZE]; /* Of a counter. */
    int64_t value;   /* A counter's that has not been told; a gauge's own. */
    int64_t flying;  /* A counter's that is on its way. */
    uint64_t breaks; /* Of the store's connection, when it left. */
};

struct yoke_counter {
    struct yk_metric metric;
};

struct yoke_gauge {
    struct yk_metric metric;
};

/* The place of this worker's gauges in the store. */
struct yk_seat {
    uint64_t owner;   /* A number of this worker's own. */
    uint32_t index;   /* Which, or which is tried. */
    uint32_t refused; /* Tries in a row. */
    uint64_t version; /* 0: it has none. */
    bool is_busy;     /* A call is on its way. */
    bool is_dirty;    /* Values have changed since it was written. */
    bool is_over;     /* It has been given up: the worker drains. */
    uint64_t renew_at_ms;
    uint64_t rests_until_ms; /* All were taken. */
    bool has_warned;         /* Of that. */
};

struct yoke_counters {
    struct yoke_counters_options options; /* Defaults filled in. */
    char name[YK_NAME_MAX + 1];
    struct yk_list metrics;
    size_t metric_count, gauge_count;
    bool is_dirty; /* The timer is set for what was counted. */
    bool is_draining, is_closing;
    unsigned calls; /* On their way. */
    struct yk_seat seat;
    uv_timer_t timer;
    struct yk_service service;
    struct yk_random random;
    struct yoke_counters_stats stats;
    void (*on_closed)(void *data);
    void *closed_data;
};

/* Something is to be told within `flush_ms`. */
void yk_counters_wake(yoke_counters *set);

/* A call has come back; the last frees a set that is closed. */
void yk_counters_came_back(yoke_counters *set);

/* Writes this worker's gauges, if they have changed or their lease needs it. */
void yk_seat_write(yoke_counters *set);

/* Gives the seat back. */
void yk_seat_leave(yoke_counters *set);

/* The key of a seat. */
void yk_seat_key(const yoke_counters *set, uint32_t index,
                 char out[YK_NAME_SIZE]);

/* Whether it is `base`, of `len` bytes, perhaps with labels behind it. */
bool yk_metric_is_family(const char *name, const char *base, size_t len);

#endif
