/* `ps` goes through the workers one by one, one in each turn of the loop: to
 * find out how much memory a large process takes may keep the kernel busy for a
 * moment. */
#include "cluster/watch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include <yoke/cluster.h>
#include <yoke/error.h>

#include "cluster/control.h"
#include "cluster/deaths.h"
#include "cluster/env_switch.h"
#include "cluster/fleet.h"
#include "cluster/memory.h"
#include "cluster/report.h"
#include "cluster/worker.h"
#include "cluster/workers.h"
#include "core/alloc.h"
#include "net/later.h"

/* ---- ping ---- */

static void ping(struct yk_control_call *call, const json_t *request)
{
    (void)request;
    yk_control_answer(call, json_pack("{s:s, s:i}", "name", yk_control_name(),
                                      "pid", (int)getpid()));
}

/* ---- ps ---- */

/* A `ps` on its way. */
struct survey {
    struct yk_later later;       /* The next worker, */
    struct yk_weighing weighing; /* or how large it is. */
    struct yk_control_call *call;
    json_t *workers;
    int last_id; /* Of the worker that came last. */
    bool with_memory, with_histogram;
};

/* A worker that is there; NULL when there is none behind that id. */
static struct yoke_worker *worker_after(int id)
{
    struct yoke_worker *worker;

    YK_WORKERS_EACH(worker)
    if (worker->id > id && !worker->is_dead && worker->board)
        return worker;
    return NULL;
}

static void add_empty_slots(json_t *workers)
{
    struct yk_slot *slot;

    YK_FLEET_EACH(slot)
    {
        json_t *row = yk_report_slot(slot->number);
        if (row)
            json_array_append_new(workers, row);
    }
}

static void end_survey(struct survey *survey, const struct yk_memory *own)
{
    add_empty_slots(survey->workers);
    json_t *result = json_pack(
        "{s:s, s:o, s:o, s:i, s:o, s:o}", "name", yk_control_name(), "primary",
        yk_report_primary(own), "template", yk_report_template(), "size",
        yk_fleet_size(), "workers", survey->workers, "totals",
        yk_report_totals(survey->with_histogram));

    yk_control_answer(survey->call, result);
    free(survey);
}

static void add_worker(struct survey *survey, const struct yoke_worker *worker,
                       const struct yk_memory *memory)
{
    survey->last_id = worker->id;
    json_array_append_new(
        survey->workers,
        yk_report_worker(worker, memory, survey->with_histogram));
    yk_later_start(&survey->later);
}

/* It may have ended meanwhile: then the next one is weighed. */
static void on_weighed(struct yk_weighing *weighing)
{
    struct survey *survey = YK_CONTAINER_OF(weighing, struct survey, weighing);
    struct yoke_worker *worker = worker_after(survey->last_id);

    if (worker && worker->pid == weighing->pid)
        add_worker(survey, worker, &weighing->found);
    else
        yk_later_start(&survey->later);
}

static void on_weighed_self(struct yk_weighing *weighing)
{
    end_survey(YK_CONTAINER_OF(weighing, struct survey, weighing),
               &weighing->found);
}

static void look_at_next(struct yk_later *later)
{
    struct survey *survey = YK_CONTAINER_OF(later, struct survey, later);
    struct yoke_worker *worker = worker_after(survey->last_id);
    bool is_last = !worker || !yk_control_is_wanted(survey->call);
    pid_t pid = is_last ? getpid() : worker->pid;

    if (survey->with_memory &&
        yk_memory_weigh(&survey->weighing, pid,
                        is_last ? on_weighed_self : on_weighed) == 0)
        return;
    if (is_last)
        end_survey(survey, NULL);
    else
        add_worker(survey, worker, NULL);
}

static void ps(struct yk_control_call *call, const json_t *request)
{
    struct survey *survey = yk_try_alloc(sizeof(*survey));

    if (!survey) {
        yk_control_fail(call, "no-memory", "the primary has no memory left");
        return;
    }
    *survey = (struct survey){
        .call = call,
        .workers = json_array(),
        .with_memory = !json_is_false(json_object_get(request, "memory")),
        .with_histogram = json_is_true(json_object_get(request, "histogram")),
    };
    yk_later_init(&survey->later, look_at_next);
    yk_later_start(&survey->later);
}

/* ---- why ---- */

/* What is asked for; -1: any. */
struct question {
    json_int_t worker, slot;
};

static json_int_t integer_or_any(const json_t *request, const char *name)
{
    const json_t *value = json_object_get(request, name);
    return json_is_integer(value) ? json_integer_value(value) : -1;
}

static bool is_asked_for(const struct yk_death *death,
                         const struct question *question)
{
    if (question->worker >= 0 && death->id != question->worker &&
        death->pid != question->worker)
        return false;
    return question->slot < 0 || death->slot == question->slot;
}

/* The newest last, as in a log. */
static void why(struct yk_control_call *call, const json_t *request)
{
    const struct question question = {integer_or_any(request, "worker"),
                                      integer_or_any(request, "slot")};
    uint64_t count = yk_deaths_count();
    uint64_t first = count > YK_DEATHS_MAX ? count - YK_DEATHS_MAX + 1 : 1;
    json_t *deaths = json_array();

    for (uint64_t number = first; number <= count; number++) {
        const struct yk_death *death = yk_deaths_get(number);
        if (death && is_asked_for(death, &question))
            json_array_append_new(deaths, yk_report_death(death));
    }
    yk_control_answer(call,
                      json_pack("{s:s, s:I, s:o}", "name", yk_control_name(),
                                "count", (json_int_t)count, "deaths", deaths));
}

/* ---- The socket ---- */

static const char *setting(const char *variable)
{
    const char *value = getenv(variable);
    return value && *value ? value : NULL;
}

int yk_watch_start(const char *name, const char *hint)
{
    yk_env_check_switch("YOKE_CONTROL");
    if (yk_env_is_off("YOKE_CONTROL"))
        return 0;
    if (yk_control_register("ping", ping) < 0 ||
        yk_control_register("ps", ps) < 0 ||
        yk_control_register("why", why) < 0)
        return -YOKE_EFULL;
    yk_report_start();
    if (!name)
        name = setting("YOKE_NAME");
    return name ? yk_control_open(name) : yk_control_open_as(hint);
}

void yk_watch_stop(void)
{
    yk_control_close();
}

int yoke_cluster_control(const char *name)
{
    return yoke_cluster_is_worker() ? -YOKE_EROLE : yk_watch_start(name, NULL);
}
