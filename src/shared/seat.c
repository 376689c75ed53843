/* The seat of this worker's gauges: taken, renewed, given back.
 *
 *     none --add--> has it --replace, replace ...--> given back (delete)
 *       ^  \ taken by another: the next            |
 *       |   `------.                               |
 *       `----------+----------- lost --------------'
 *
 * After a call of which nobody knows whether it was carried out, what is there
 * may be its own: the seat is read, and its first line says whose it is. */
#include "shared/counters.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "core/alloc.h"

#include "core/banned.h"

#define LINE_SIZE (YOKE_METRIC_NAME_MAX + 32)

void yk_seat_key(const yoke_counters *set, uint32_t index,
                 char out[YK_NAME_SIZE])
{
    char text[16];

    snprintf(text, sizeof(text), "%" PRIu32, index);
    yk_name_make(out, set->name, 's', text);
}

/* ---- What stands there ---- */

static size_t write_owner(const yoke_counters *set, char *out, size_t size)
{
    return (size_t)snprintf(out, size, "%016" PRIx64 "\n", set->seat.owner);
}

/* Freed by the caller; NULL when there is no memory. */
static char *write_gauges(yoke_counters *set, size_t *ret_len)
{
    size_t size = (set->gauge_count + 1) * LINE_SIZE;
    char *text = yk_try_alloc(size);

    if (!text)
        return NULL;
    size_t len = write_owner(set, text, size);
    YK_LIST_EACH(node, &set->metrics)
    {
        struct yk_metric *metric =
            YK_CONTAINER_OF(node, struct yk_metric, node);
        if (metric->is_gauge)
            len += (size_t)snprintf(text + len, size - len, "%s\t%" PRId64 "\n",
                                    metric->name, metric->value);
    }
    *ret_len = len;
    return text;
}

/* ---- Writing ---- */

static void on_written(const struct yoke_store_result *result, void *data);
static void on_read(const struct yoke_store_result *result, void *data);

static void put(yoke_counters *set)
{
    struct yk_seat *seat = &set->seat;
    yoke_store *store = set->options.store;
    char key[YK_NAME_SIZE];
    size_t len;
    char *text = write_gauges(set, &len);

    if (!text)
        return;
    yk_seat_key(set, seat->index, key);
    seat->is_busy = true;
    seat->is_dirty = false;
    set->calls++;
    if (seat->version)
        yoke_store_replace(store, key, seat->version, text, len,
                           set->options.lease_s, on_written, set);
    else
        yoke_store_add(store, key, text, len, set->options.lease_s, on_written,
                       set);
    free(text);
}

static uint64_t quarter_of_lease_ms(const yoke_counters *set)
{
    return set->options.lease_s * UINT64_C(1000) / 4;
}

static void has_it(yoke_counters *set, uint64_t version)
{
    struct yk_seat *seat = &set->seat;

    seat->refused = 0;
    seat->has_warned = false;
    seat->version = version;
    seat->renew_at_ms = uv_now(yoke_loop()) + quarter_of_lease_ms(set);
}

/* Another has it: the next, until all have been tried. */
static void go_on(yoke_counters *set)
{
    struct yk_seat *seat = &set->seat;

    seat->version = 0;
    seat->index = (seat->index + 1) % set->options.max_workers;
    if (++seat->refused < set->options.max_workers) {
        put(set);
        return;
    }
    /* All is asked again in a while, and not with each change. */
    seat->refused = 0;
    seat->is_dirty = true;
    seat->rests_until_ms = uv_now(yoke_loop()) + quarter_of_lease_ms(set);
    if (!seat->has_warned)
        yoke_log(YOKE_LOG_WARN,
                 "gauges: all %" PRIu32 " workers' places are taken; trying "
                 "again",
                 set->options.max_workers);
    seat->has_warned = true;
}

static void look_whose(yoke_counters *set)
{
    char key[YK_NAME_SIZE];

    yk_seat_key(set, set->seat.index, key);
    set->seat.is_busy = true;
    set->calls++;
    yoke_store_get(set->options.store, key, on_read, set);
}

/* It came back when the worker had begun to leave: that is to be done now. */
static bool leaves(yoke_counters *set)
{
    if (!set->seat.is_over)
        return false;
    set->seat.is_over = false;
    yk_seat_leave(set);
    return true;
}

static void on_written(const struct yoke_store_result *result, void *data)
{
    yoke_counters *set = data;
    struct yk_seat *seat = &set->seat;
    bool was_new = seat->version == 0;

    seat->is_busy = false;
    if (result->err == 0) {
        has_it(set, result->version);
        set->stats.seats_taken += was_new;
    } else if (result->err == -ENOENT)
        seat->version = 0;
    if (!leaves(set) && result->err == -YOKE_ECONFLICT)
        look_whose(set);
    else if (result->err)
        seat->is_dirty = true;
    if (seat->is_dirty && !seat->is_over)
        yk_counters_wake(set);
    yk_counters_came_back(set);
}

static void on_read(const struct yoke_store_result *result, void *data)
{
    yoke_counters *set = data;
    struct yk_seat *seat = &set->seat;
    char owner[32];
    size_t len = write_owner(set, owner, sizeof(owner));

    seat->is_busy = false;
    bool is_own = result->err == 0 && result->len >= len &&
                  memcmp(result->value, owner, len) == 0;
    if (is_own)
        has_it(set, result->version);
    if (leaves(set)) {
        yk_counters_came_back(set);
        return;
    }
    if (is_own)
        put(set);
    else if (result->err == 0 || result->err == -ENOENT)
        go_on(set);
    else {
        seat->is_dirty = true;
        yk_counters_wake(set);
    }
    yk_counters_came_back(set);
}

void yk_seat_write(yoke_counters *set)
{
    struct yk_seat *seat = &set->seat;
    uint64_t now = uv_now(yoke_loop());
    bool is_due = seat->version && now >= seat->renew_at_ms;
    bool rests = !seat->version && now < seat->rests_until_ms;

    if (seat->is_busy || seat->is_over || rests || (!seat->is_dirty && !is_due))
        return;
    put(set);
}

/* ---- Leaving ---- */

static void on_left(const struct yoke_store_result *result, void *data)
{
    (void)result;
    yk_counters_came_back(data);
}

void yk_seat_leave(yoke_counters *set)
{
    struct yk_seat *seat = &set->seat;
    char key[YK_NAME_SIZE];

    if (seat->is_over)
        return;
    seat->is_over = true;
    if (seat->is_busy || !seat->version)
        return;
    yk_seat_key(set, seat->index, key);
    seat->version = 0;
    set->calls++;
    yoke_store_delete(set->options.store, key, on_left, set);
}
