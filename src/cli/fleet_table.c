/* Every cell is text first; the widths follow from what is there, so the
 * columns are as narrow as they can be. */
#include "cli/fleet_table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli/amount.h"
#include "cli/ask.h"
#include "core/alloc.h"
#include "core/histogram.h"

#include "core/banned.h"

#define CELL_MAX 72

enum column {
    SLOT,
    ID,
    PID,
    GENERATION,
    STATE,
    UPTIME,
    CONNS,
    OPEN,
    REQUESTS,
    RATE,
    P50,
    P99,
    LAG,
    RSS,
    PSS,
    RESTARTS,
    LAST_DEATH,
    COLUMNS
};

static const char *const heads[COLUMNS] = {
    "SLOT",  "ID",   "PID",  "GEN",      "STATE",     "UPTIME",
    "CONNS", "OPEN", "REQS", "REQ/S",    "P50",       "P99",
    "LAG",   "RSS",  "PSS",  "RESTARTS", "LAST DEATH"};

/* Text stands left, numbers right. */
static bool is_left(int column)
{
    return column == STATE || column == LAST_DEATH;
}

struct row {
    char cells[COLUMNS][CELL_MAX];
};

static void set(struct row *row, enum column column, const char *text)
{
    snprintf(row->cells[column], CELL_MAX, "%s", text);
}

static void set_count(struct row *row, enum column column, uint64_t count)
{
    char text[YK_AMOUNT_MAX];

    set(row, column, yk_amount_count(count, text));
}

/* ---- Numbers over a time ---- */

static void add_buckets(struct yk_histogram *histogram, const json_t *object)
{
    const json_t *buckets = json_object_get(object, "latency_buckets");
    const json_t *pair;
    size_t i;

    json_array_foreach(buckets, i, pair)
    {
        json_int_t top = json_integer_value(json_array_get(pair, 0));
        json_int_t n = json_integer_value(json_array_get(pair, 1));
        if (top >= 0 && n > 0)
            yk_histogram_add_to(histogram, yk_histogram_bucket((uint64_t)top),
                                (uint64_t)n);
    }
}

static uint64_t passed(const json_t *now, const json_t *before,
                       const char *outer, const char *inner)
{
    uint64_t new = yk_ask_number(now, outer, inner);
    uint64_t old = yk_ask_number(before, outer, inner);
    return new > old ? new - old : 0;
}

static void set_latency(struct row *row, const json_t *now,
                        const json_t *before)
{
    struct yk_histogram *both = yk_alloc(2 * sizeof(*both));
    char text[YK_AMOUNT_MAX];

    add_buckets(&both[0], now);
    add_buckets(&both[1], before);
    yk_histogram_subtract(&both[0], &both[1]);
    if (yk_histogram_count(&both[0]) > 0) {
        set(row, P50, yk_amount_us(yk_histogram_quantile(&both[0], 0.5), text));
        set(row, P99,
            yk_amount_us(yk_histogram_quantile(&both[0], 0.99), text));
    }
    free(both);
}

/* `ms` is the time over which the requests came. */
static void set_rate(struct row *row, const json_t *now, const json_t *before,
                     uint64_t ms)
{
    uint64_t done = passed(now, before, "requests", "done");

    if (ms > 0)
        set_count(row, RATE,
                  (uint64_t)((double)done * 1000 / (double)ms + 0.5));
}

/* What workers and totals have in common. */
static void set_counts(struct row *row, const json_t *now, const json_t *before,
                       uint64_t ms)
{
    set_count(row, CONNS, yk_ask_number(now, "connections", "open"));
    set_count(row, OPEN, yk_ask_number(now, "requests", "open"));
    set_count(row, REQUESTS, yk_ask_number(now, "requests", "done"));
    set_rate(row, now, before, ms);
    set_latency(row, now, before);
}

/* ---- Rows ---- */

static void set_number(struct row *row, enum column column,
                       const json_t *worker, const char *name)
{
    char text[YK_AMOUNT_MAX];
    const json_t *value = json_object_get(worker, name);

    if (!json_is_integer(value))
        return;
    snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(value));
    set(row, column, text);
}

static void set_bytes(struct row *row, enum column column, const json_t *worker,
                      const char *name)
{
    char text[YK_AMOUNT_MAX];
    uint64_t bytes = yk_ask_number(worker, "memory", name);

    if (bytes)
        set(row, column, yk_amount_bytes(bytes, text));
}

static void fill_worker(struct row *row, const json_t *now,
                        const json_t *before)
{
    uint64_t age_ms = yk_ask_number(now, "uptime_ms", NULL);
    char text[YK_AMOUNT_MAX];

    set_number(row, SLOT, now, "slot");
    set_number(row, ID, now, "id");
    set_number(row, PID, now, "pid");
    set_number(row, GENERATION, now, "generation");
    set_number(row, RESTARTS, now, "restarts");
    set(row, STATE, yk_ask_text(now, "state"));
    set(row, LAST_DEATH, yk_ask_text(now, "last_death"));
    if (!json_is_integer(json_object_get(now, "pid")))
        return;
    set(row, UPTIME, yk_amount_age(age_ms, text));
    set(row, LAG, yk_amount_us(yk_ask_number(now, "loop", "lag_us"), text));
    set_bytes(row, RSS, now, "rss");
    set_bytes(row, PSS, now, "pss");
    set_counts(row, now, before,
               before ? passed(now, before, "uptime_ms", NULL) : age_ms);
}

static uint64_t sum_of(const json_t *workers, const char *outer,
                       const char *inner)
{
    const json_t *worker;
    uint64_t sum = 0;
    size_t i;

    json_array_foreach(workers, i, worker) sum +=
        yk_ask_number(worker, outer, inner);
    return sum;
}

/* PSS can be added up; RSS would count shared pages many times. */
static void fill_total(struct row *row, const json_t *now, const json_t *before)
{
    const json_t *primary = json_object_get(now, "primary");
    const json_t *primary_before = json_object_get(before, "primary");
    const json_t *workers = json_object_get(now, "workers");
    uint64_t pss = sum_of(workers, "memory", "pss") +
                   yk_ask_number(primary, "memory", "pss");
    char text[YK_AMOUNT_MAX];

    set(row, STATE, "total");
    set_counts(row, json_object_get(now, "totals"),
               json_object_get(before, "totals"),
               passed(primary, primary_before, "uptime_ms", NULL));
    set(row, PSS, pss ? yk_amount_bytes(pss, text) : "");
    set_count(row, RESTARTS, sum_of(workers, "restarts", NULL));
}

static const json_t *find_worker(const json_t *cluster, json_int_t id)
{
    const json_t *worker;
    size_t i;

    json_array_foreach(
        json_object_get(cluster, "workers"), i,
        worker) if (json_integer_value(json_object_get(worker, "id")) ==
                    id) return worker;
    return NULL;
}

/* ---- Printing ---- */

static void print_row(FILE *out, const struct row *row,
                      const int widths[COLUMNS], int columns)
{
    char line[COLUMNS * (CELL_MAX + 2) + 1];
    int len = 0;

    for (int i = 0; i < COLUMNS; i++)
        if (widths[i])
            len += snprintf(line + len, sizeof(line) - (size_t)len,
                            is_left(i) ? "%-*s  " : "%*s  ", widths[i],
                            row->cells[i]);
    while (len > 0 && line[len - 1] == ' ')
        len--;
    if (columns > 0 && len > columns)
        len = columns;
    fprintf(out, "%.*s\n", len, line);
}

/* By slot, and in it by id; those without a slot by id. */
static int compare_rows(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    long by_slot =
        strtol(x->cells[SLOT], NULL, 10) - strtol(y->cells[SLOT], NULL, 10);
    long by_id =
        strtol(x->cells[ID], NULL, 10) - strtol(y->cells[ID], NULL, 10);

    if (by_slot)
        return by_slot < 0 ? -1 : 1;
    return by_id < 0 ? -1 : by_id > 0;
}

/* A column in which nothing stands but its head is left out. */
static void measure(const struct row *rows, size_t count, int widths[COLUMNS])
{
    for (int i = 0; i < COLUMNS; i++) {
        size_t most = 0;
        for (size_t k = 1; k < count; k++)
            if (strlen(rows[k].cells[i]) > most)
                most = strlen(rows[k].cells[i]);
        if (most > 0 && most < strlen(heads[i]))
            most = strlen(heads[i]);
        widths[i] = (int)most;
    }
}

/* ", template 4711", if there is one. */
static const char *tell_template(const json_t *now, char out[64])
{
    const json_t *found = json_object_get(now, "template");
    bool is_loading = strcmp(yk_ask_text(found, "state"), "loading") == 0;

    out[0] = '\0';
    if (json_is_object(found))
        snprintf(out, 64, ", template %llu%s",
                 (unsigned long long)yk_ask_number(found, "pid", NULL),
                 is_loading ? " (loading)" : "");
    return out;
}

static void print_title(FILE *out, const json_t *now,
                        const struct yk_fleet_room *room)
{
    const json_t *primary = json_object_get(now, "primary");
    const json_t *totals = json_object_get(now, "totals");
    char age[YK_AMOUNT_MAX], waiting[64] = "", template[64], line[320];
    uint64_t deaths = yk_ask_number(totals, "deaths", NULL);

    if (yk_ask_number(primary, "waiting", NULL))
        snprintf(waiting, sizeof(waiting), ", %llu connections wait",
                 (unsigned long long)yk_ask_number(primary, "waiting", NULL));
    snprintf(line, sizeof(line),
             "%s: primary %llu, up %s, %llu %s, %llu %s%s%s",
             yk_ask_text(now, "name"),
             (unsigned long long)yk_ask_number(primary, "pid", NULL),
             yk_amount_age(yk_ask_number(primary, "uptime_ms", NULL), age),
             (unsigned long long)yk_ask_number(totals, "workers", NULL),
             yk_ask_number(totals, "workers", NULL) == 1 ? "worker" : "workers",
             (unsigned long long)deaths, deaths == 1 ? "death" : "deaths",
             tell_template(now, template), waiting);
    if (room->columns > 0)
        fprintf(out, "%.*s\n", room->columns, line);
    else
        fprintf(out, "%s\n", line);
}

void yk_fleet_table_print(FILE *out, const json_t *now, const json_t *before,
                          const struct yk_fleet_room *room)
{
    const json_t *workers = json_object_get(now, "workers");
    size_t count = json_array_size(workers);
    struct row *rows = yk_alloc((count + 2) * sizeof(*rows));
    int widths[COLUMNS];
    const json_t *worker;
    size_t i;

    for (int k = 0; k < COLUMNS; k++)
        set(&rows[0], (enum column)k, heads[k]);
    json_array_foreach(workers, i, worker) fill_worker(
        &rows[i + 1], worker,
        find_worker(before, json_integer_value(json_object_get(worker, "id"))));
    qsort(rows + 1, count, sizeof(*rows), compare_rows);
    fill_total(&rows[count + 1], now, before);
    measure(rows, count + 2, widths);
    print_title(out, now, room);
    print_row(out, &rows[0], widths, room->columns);
    /* The title, the head and the totals stay, whatever the room. */
    for (i = 1; i <= count; i++)
        if (room->rows == 0 || (int)i + 3 <= room->rows)
            print_row(out, &rows[i], widths, room->columns);
    print_row(out, &rows[count + 1], widths, room->columns);
    free(rows);
}
