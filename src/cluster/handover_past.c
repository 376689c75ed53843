#include "cluster/handover_past.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "cluster/causes.h"
#include "cluster/deaths.h"
#include "cluster/handover.h"
#include "cluster/report.h"
#include "cluster/totals.h"

#include "core/banned.h"

/* ---- Totals: the words of a tally, in order ---- */

#define WORDS (sizeof(struct yk_tally) / sizeof(uint64_t))

_Static_assert(sizeof(struct yk_tally) % sizeof(uint64_t) == 0,
               "a tally is nothing but words");

union tally {
    struct yk_tally tally;
    uint64_t words[WORDS];
};

static json_t *save_totals(void)
{
    union tally retired = {.tally = *yk_totals_retired()};
    json_t *array = json_array();

    for (size_t i = 0; i < WORDS; i++)
        json_array_append_new(array,
                              json_integer((json_int_t)retired.words[i]));
    return array;
}

/* Another version may count other things: then it begins anew. */
static void resume_totals(const json_t *array)
{
    union tally retired;

    if (json_array_size(array) != WORDS)
        return;
    for (size_t i = 0; i < WORDS; i++)
        retired.words[i] =
            (uint64_t)json_integer_value(json_array_get(array, i));
    yk_totals_restore(&retired.tally);
}

/* ---- Deaths ---- */

static json_t *save_requests(const struct yk_death *death)
{
    json_t *array = json_array();

    for (unsigned i = 0; i < death->kept_count; i++)
        json_array_append_new(
            array, json_pack("{s:o, s:I, s:b}", "line",
                             yk_report_text(death->requests[i].line), "open_ms",
                             (json_int_t)death->requests[i].open_ms, "running",
                             death->requests[i].was_running));
    return array;
}

static json_t *save_death(const struct yk_death *death)
{
    return json_pack(
        "{s:I, s:I, s:i, s:i, s:i, s:i, s:I, s:i, s:i, s:i, s:b, s:b, s:i,"
        " s:o, s:o, s:o}",
        "number", (json_int_t)death->number, "wall_ms",
        (json_int_t)death->wall_ms, "id", death->id, "slot", death->slot, "pid",
        (int)death->pid, "generation", (int)death->generation, "lived_ms",
        (json_int_t)death->lived_ms, "cause", (int)death->cause, "code",
        death->code, "signal", death->signal, "core", death->core_dumped,
        "meant", death->was_meant, "open", (int)death->open_count, "text",
        yk_report_text(death->text), "said", yk_report_text(death->last_said),
        "requests", save_requests(death));
}

static json_t *save_deaths(void)
{
    json_t *array = json_array();
    uint64_t count = yk_deaths_count();

    for (uint64_t number = 1; number <= count; number++) {
        const struct yk_death *death = yk_deaths_get(number);
        if (death)
            json_array_append_new(array, save_death(death));
    }
    return array;
}

static void read_requests(const json_t *array, struct yk_death *death,
                          struct yk_death_request *requests)
{
    size_t i;
    const json_t *entry;

    json_array_foreach(array, i, entry)
    {
        struct yk_death_request *request = &requests[death->kept_count];
        if (death->kept_count == YK_DEATH_REQUESTS_MAX)
            return;
        death->kept_count++;
        snprintf(request->line, sizeof(request->line), "%s",
                 yk_handover_text(entry, "line"));
        request->open_ms = (uint64_t)yk_handover_int(entry, "open_ms");
        request->was_running = json_is_true(json_object_get(entry, "running"));
    }
}

static void resume_death(const json_t *entry)
{
    struct yk_death_request requests[YK_DEATH_REQUESTS_MAX];
    struct yk_death death = {
        .number = (uint64_t)yk_handover_int(entry, "number"),
        .wall_ms = yk_handover_int(entry, "wall_ms"),
        .id = (int)yk_handover_int(entry, "id"),
        .slot = (int)yk_handover_int(entry, "slot"),
        .pid = (pid_t)yk_handover_int(entry, "pid"),
        .generation = (unsigned)yk_handover_int(entry, "generation"),
        .lived_ms = (uint64_t)yk_handover_int(entry, "lived_ms"),
        .cause = (enum yoke_cause)yk_handover_int(entry, "cause"),
        .code = (int)yk_handover_int(entry, "code"),
        .signal = (int)yk_handover_int(entry, "signal"),
        .core_dumped = json_is_true(json_object_get(entry, "core")),
        .was_meant = json_is_true(json_object_get(entry, "meant")),
        .open_count = (unsigned)yk_handover_int(entry, "open"),
        .requests = requests,
    };
    const json_t *said = json_object_get(entry, "said");

    snprintf(death.text, sizeof(death.text), "%s",
             yk_handover_text(entry, "text"));
    read_requests(json_object_get(entry, "requests"), &death, requests);
    yk_deaths_resume(&death, json_string_value(said));
}

static void resume_deaths(const json_t *array)
{
    size_t i;
    const json_t *entry;

    json_array_foreach(array, i, entry)
    {
        resume_death(entry);
    }
}

/* ---- Both ---- */

void yk_handover_save_past(struct yk_handover *handover)
{
    json_object_set_new(handover->root, "started_ms",
                        json_integer((json_int_t)yk_report_started()));
    json_object_set_new(handover->root, "totals", save_totals());
    json_object_set_new(handover->root, "deaths", save_deaths());
    json_object_set_new(handover->root, "accidents",
                        json_integer((json_int_t)yk_deaths_accidents()));
    json_object_set_new(handover->root, "ends",
                        yk_causes_report(yk_deaths_causes(), false));
}

void yk_handover_resume_past(const json_t *root)
{
    uint64_t started_ms = (uint64_t)yk_handover_int(root, "started_ms");
    struct yk_causes ends;

    if (started_ms)
        yk_report_set_started(started_ms);
    resume_totals(json_object_get(root, "totals"));
    resume_deaths(json_object_get(root, "deaths"));
    yk_deaths_set_accidents((uint64_t)yk_handover_int(root, "accidents"));
    yk_causes_read(&ends, json_object_get(root, "ends"));
    yk_deaths_set_causes(&ends);
}
