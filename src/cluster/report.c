#include "cluster/report.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include <yoke/cluster.h>
#include <yoke/loop.h>
#include <yoke/version.h>

#include "cluster/board.h"
#include "cluster/causes.h"
#include "cluster/deaths.h"
#include "cluster/fleet.h"
#include "cluster/generation.h"
#include "cluster/memory.h"
#include "cluster/ports.h"
#include "cluster/report_remotes.h"
#include "cluster/template.h"
#include "cluster/templates.h"
#include "cluster/totals.h"
#include "cluster/worker.h"
#include "cluster/workers.h"

/* When the primary started. Written by yk_report_start. */
static uint64_t started_ms;

static json_int_t integer(uint64_t value)
{
    return value > INT64_MAX ? INT64_MAX : (json_int_t)value;
}

/* 0 stands for none. */
static json_t *number_or_null(uint64_t value)
{
    return value ? json_integer(integer(value)) : json_null();
}

/* ---- Groups of fields ---- */

/* Bytes of a worker's: they need not be UTF-8, which JSON is. */
json_t *yk_report_text(const char *text)
{
    json_t *string = text ? json_string(text) : json_null();

    if (string)
        return string;
    size_t len = strlen(text);
    char *clean = malloc(len + 1);
    for (size_t i = 0; clean && i <= len; i++)
        clean[i] = (signed char)text[i] < 0 ? '?' : text[i];
    string = clean ? json_string(clean) : json_null();
    free(clean);
    return string;
}

static json_t *report_answers(const struct yk_tally *tally)
{
    return json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:I}", "1xx", integer(tally->answers[1]),
        "2xx", integer(tally->answers[2]), "3xx", integer(tally->answers[3]),
        "4xx", integer(tally->answers[4]), "5xx", integer(tally->answers[5]),
        "none", integer(tally->answers[0]));
}

json_t *yk_report_latency(const struct yk_histogram *latency)
{
    uint64_t count = yk_histogram_count(latency);
    uint64_t mean = count ? yk_histogram_sum(latency) / count : 0;

    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "mean", integer(mean),
                     "p50", integer(yk_histogram_quantile(latency, 0.5)), "p90",
                     integer(yk_histogram_quantile(latency, 0.9)), "p99",
                     integer(yk_histogram_quantile(latency, 0.99)), "p999",
                     integer(yk_histogram_quantile(latency, 0.999)), "max",
                     integer(yk_histogram_quantile(latency, 1)));
}

/* Only the buckets that have counted something, by their upper ends. */
static json_t *report_buckets(const struct yk_histogram *latency)
{
    json_t *buckets = json_array();

    for (unsigned i = 0; i < YK_HISTOGRAM_BUCKETS; i++) {
        uint64_t n = yk_histogram_at(latency, i);
        if (n > 0)
            json_array_append_new(
                buckets, json_pack("[I, I]", integer(yk_histogram_highest(i)),
                                   integer(n)));
    }
    return buckets;
}

/* What a worker and the totals have in common. `requests` that are open are
 * none of those that the tally has counted. */
static json_t *report_tally(const struct yk_tally *tally, uint64_t open_conns,
                            uint64_t open_requests, bool with_histogram)
{
    json_t *report =
        json_pack("{s:{s:I, s:I, s:I}, s:{s:I, s:I}, s:o, s:{s:I, s:I}, s:o}",
                  "connections", "open", integer(open_conns), "opened",
                  integer(tally->conns_opened), "rejected",
                  integer(tally->conns_rejected), "requests", "open",
                  integer(open_requests), "done",
                  integer(yk_histogram_count(&tally->latency)), "answers",
                  report_answers(tally), "bytes", "in",
                  integer(tally->bytes_in), "out", integer(tally->bytes_out),
                  "latency_us", yk_report_latency(&tally->latency));

    if (report && with_histogram)
        json_object_set_new(report, "latency_buckets",
                            report_buckets(&tally->latency));
    return report;
}

static json_t *report_loop(const struct yk_vitals *vitals)
{
    uint64_t now_ns = yk_now_ns();

    return json_pack(
        "{s:I, s:I, s:I, s:I, s:I}", "lag_us",
        integer(yk_vitals_lag_ns(vitals, now_ns) / 1000), "stalled_ms",
        integer(yk_vitals_stalled_ns(vitals, now_ns) / 1000000), "longest_us",
        integer(yk_vitals_get(&vitals->longest_ns) / 1000), "busy_us",
        integer(yk_vitals_get(&vitals->busy_ns) / 1000), "turns",
        integer(yk_vitals_get(&vitals->turns)));
}

static json_t *report_memory(const struct yk_memory *memory)
{
    if (!memory)
        return json_null();
    return json_pack("{s:o, s:o}", "rss", number_or_null(memory->resident),
                     "pss", number_or_null(memory->share));
}

/* ---- Workers ---- */

static uint64_t open_of(const struct yk_tally *tally)
{
    return tally->conns_opened > tally->conns_closed
               ? tally->conns_opened - tally->conns_closed
               : 0;
}

/* In Node's form nobody keeps a table of states. */
static const char *state_of(const struct yoke_worker *worker)
{
    if (worker->life)
        return yk_life_state_text(worker->life->state);
    if (worker->is_leaving)
        return "draining";
    if (worker->has_listened)
        return "listening";
    return worker->is_online ? "online" : "starting";
}

static uint64_t age_ms(uint64_t since_ms)
{
    uint64_t now_ms = uv_now(yoke_loop());
    return now_ms > since_ms ? now_ms - since_ms : 0;
}

static json_t *last_death_of(int slot)
{
    const struct yk_death *death = slot ? yk_deaths_last_of(slot) : NULL;
    return yk_report_text(death ? death->text : NULL);
}

static uint64_t restarts_of(const struct yk_slot *slot)
{
    return slot ? slot->restarts : 0;
}

static json_t *ends_of(const struct yk_slot *slot)
{
    static const struct yk_causes none;
    return yk_causes_report(slot ? &slot->ends : &none, false);
}

/* Connections that it is to have and has not seen yet. */
static uint64_t waiting_for(const struct yoke_worker *worker)
{
    return yk_copies_coming(&worker->copies) + yk_ports_backlog(worker);
}

json_t *yk_report_worker(const struct yoke_worker *worker,
                         const struct yk_memory *memory, bool with_histogram)
{
    const struct yk_board *board = worker->board;
    const struct yk_slot *slot =
        worker->slot ? yk_fleet_slot(worker->slot) : NULL;
    struct yk_tally tally;

    yk_tally_read(&tally, &board->vitals);
    json_t *report =
        report_tally(&tally, open_of(&tally), yk_flights_count(&board->flights),
                     with_histogram);
    json_t *more = json_pack(
        "{s:i, s:o, s:o, s:i, s:s, s:I, s:o, s:o, s:I, s:o, s:o, s:o}", "id",
        worker->id, "slot", number_or_null((uint64_t)worker->slot), "pid",
        number_or_null((uint64_t)worker->pid), "generation",
        (int)worker->generation, "state", state_of(worker), "uptime_ms",
        integer(age_ms(worker->forked_ms)), "loop", report_loop(&board->vitals),
        "memory", report_memory(memory), "restarts", integer(restarts_of(slot)),
        "ends", ends_of(slot), "last_death", last_death_of(worker->slot),
        "stores", yk_report_remotes(&board->remotes));

    json_object_set_new(more, "waiting",
                        json_integer(integer(waiting_for(worker))));
    json_object_update(report, more);
    json_decref(more);
    return report;
}

json_t *yk_report_slot(int number)
{
    const struct yk_slot *slot = yk_fleet_slot(number);

    if (!slot || slot->current || slot->state == YK_SLOT_EMPTY)
        return NULL;
    return json_pack("{s:n, s:i, s:n, s:s, s:I, s:o, s:o}", "id", "slot",
                     number, "pid", "state", yk_slot_state_text(slot->state),
                     "restarts", integer(slot->restarts), "ends", ends_of(slot),
                     "last_death", last_death_of(number));
}

/* ---- Totals ---- */

json_t *yk_report_totals(bool with_histogram)
{
    struct yk_tally sum = *yk_totals_retired();
    struct yk_tally one;
    struct yoke_worker *worker;
    uint64_t open_conns = 0, open_requests = 0, count = 0;

    YK_WORKERS_EACH(worker)
    {
        if (worker->is_dead)
            continue;
        yk_tally_read(&one, &worker->board->vitals);
        yk_tally_add(&sum, &one);
        open_conns += open_of(&one);
        open_requests += yk_flights_count(&worker->board->flights);
        count++;
    }
    json_t *report =
        report_tally(&sum, open_conns, open_requests, with_histogram);
    json_object_set_new(report, "workers", json_integer(integer(count)));
    json_object_set_new(report, "deaths",
                        json_integer(integer(yk_deaths_accidents())));
    json_object_set_new(report, "ends",
                        yk_causes_report(yk_deaths_causes(), true));
    return report;
}

void yk_report_start(void)
{
    started_ms = uv_now(yoke_loop());
}

uint64_t yk_report_started(void)
{
    return started_ms;
}

void yk_report_set_started(uint64_t ms)
{
    started_ms = ms;
}

json_t *yk_report_primary(const struct yk_memory *memory)
{
    return json_pack(
        "{s:i, s:s, s:I, s:I, s:I, s:o, s:o}", "pid", (int)getpid(), "version",
        yoke_version(), "uptime_ms", integer(age_ms(started_ms)), "waiting",
        integer(yk_ports_waiting()), "backlog", integer(yk_ports_backlog(NULL)),
        "loop", report_loop(yk_vitals), "memory", report_memory(memory));
}

json_t *yk_report_template(void)
{
    const struct yk_template *found = yk_templates_find(yk_fleet_generation());

    if (!found)
        return json_null();
    bool is_ready = found->state == YK_TEMPLATE_READY;
    return json_pack("{s:i, s:s, s:i, s:I, s:I}", "pid", (int)found->pid,
                     "state", is_ready ? "ready" : "loading", "generation",
                     (int)found->generation->number, "forked",
                     integer(found->born), "uptime_ms",
                     integer(age_ms(found->begun_ms)));
}

/* ---- Deaths ---- */

static json_t *report_requests(const struct yk_death *death)
{
    json_t *requests = json_array();

    for (unsigned i = 0; i < death->kept_count; i++) {
        const struct yk_death_request *request = &death->requests[i];
        json_array_append_new(
            requests, json_pack("{s:s, s:I, s:b}", "line", request->line,
                                "open_ms", integer(request->open_ms), "running",
                                request->was_running));
    }
    return requests;
}

json_t *yk_report_death(const struct yk_death *death)
{
    return json_pack(
        "{s:I, s:I, s:i, s:o, s:i, s:i, s:I, s:s, s:o, s:i, s:i, s:b, s:b,"
        " s:i, s:o, s:o}",
        "number", integer(death->number), "time_ms", (json_int_t)death->wall_ms,
        "id", death->id, "slot", number_or_null((uint64_t)death->slot), "pid",
        (int)death->pid, "generation", (int)death->generation, "lived_ms",
        integer(death->lived_ms), "cause", yk_cause_name(death->cause), "text",
        yk_report_text(death->text), "code", death->code, "signal",
        death->signal, "core_dumped", death->core_dumped, "meant",
        death->was_meant, "requests_open", (int)death->open_count, "requests",
        report_requests(death), "stderr", yk_report_text(death->last_said));
}
