#include "cluster/handover_fleet.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

#include <yoke/log.h>

#include "cluster/fleet.h"
#include "cluster/generation.h"
#include "cluster/handover.h"
#include "cluster/primary.h"
#include "cluster/seats.h"
#include "cluster/settings.h"
#include "cluster/stdio.h"
#include "cluster/worker.h"
#include "cluster/workers.h"
#include "core/cleanup.h"

#include "core/banned.h"

/* Generations that can be under way; options' max_generations is less. */
#define GENERATIONS_MAX 64

/* Those of the document, while they are handed out. Written by the functions
 * of this file. */
static struct yk_generation *generations[GENERATIONS_MAX];
static int generation_count;

/* ---- Generations ---- */

static bool is_entered(const json_t *array,
                       const struct yk_generation *generation)
{
    size_t i;
    const json_t *entry;

    json_array_foreach(array, i, entry)
    {
        if (yk_handover_int(entry, "number") == generation->number)
            return true;
    }
    return false;
}

static void save_generation(struct yk_handover *handover, json_t *array,
                            const struct yk_generation *generation)
{
    if (!generation || is_entered(array, generation))
        return;
    json_array_append_new(
        array,
        json_pack("{s:i, s:s, s:o, s:o}", "number", (int)generation->number,
                  "program", generation->program, "fd",
                  yk_handover_keep(handover, generation->fd), "file",
                  yk_handover_keep(handover, generation->file_fd)));
}

static json_t *save_generations(struct yk_handover *handover)
{
    json_t *array = json_array();
    struct yoke_worker *worker;
    struct yk_slot *slot;

    save_generation(handover, array, yk_fleet_generation());
    YK_FLEET_EACH(slot)
    save_generation(handover, array, slot->generation);
    YK_WORKERS_EACH(worker)
    if (worker->life)
        save_generation(handover, array, worker->life->generation);
    return array;
}

static struct yk_generation *find_generation(json_int_t number)
{
    for (int i = 0; i < generation_count; i++)
        if (generations[i]->number == number)
            return generations[i];
    return NULL;
}

/* Of one whose primary has died only the number is known: its program is taken
 * to be the one that there is now. */
static int open_generation(const json_t *entry, const char *file)
{
    struct yk_generation **ret = &generations[generation_count];
    int err = yk_generation_open(yoke_cluster_settings()->exec, file, ret);

    if (err < 0)
        return err;
    (*ret)->number = (unsigned)yk_handover_int(entry, "number");
    generation_count++;
    return 0;
}

static int resume_generation(const json_t *entry, const char *file)
{
    int fd = yk_handover_take_fd(entry, "fd");

    if (generation_count == GENERATIONS_MAX)
        return -EPROTO;
    if (fd < 0)
        return open_generation(entry, file);
    int err = yk_generation_adopt((unsigned)yk_handover_int(entry, "number"),
                                  yk_handover_text(entry, "program"), fd,
                                  yk_handover_take_fd(entry, "file"),
                                  &generations[generation_count]);
    if (err == 0)
        generation_count++;
    return err;
}

static int resume_generations(const json_t *root, const char *file)
{
    size_t i;
    const json_t *entry;
    int err = 0;

    json_array_foreach(json_object_get(root, "generations"), i, entry)
    {
        if (err == 0)
            err = resume_generation(entry, file);
    }
    yk_generation_set_last((unsigned)yk_handover_int(root, "last_generation"));
    return err;
}

static void let_go_of_generations(void)
{
    while (generation_count > 0)
        yk_generation_drop(generations[--generation_count]);
}

/* ---- Workers ---- */

static json_t *save_life(const struct yk_life *life)
{
    return json_pack("{s:i, s:i, s:b, s:b, s:I, s:I, s:i}", "state",
                     (int)life->state, "cause", (int)life->cause, "has_cause",
                     life->has_cause, "on_trial", life->is_on_trial, "forked",
                     (json_int_t)life->forked_ms, "ready",
                     (json_int_t)life->ready_ms, "jitter", (int)life->jitter);
}

static json_t *save_pipes(struct yk_handover *handover,
                          const struct yoke_worker *worker)
{
    json_t *pipes = json_array();

    for (int i = 0; i < YOKE_STDIO_MAX; i++) {
        int fd = yoke_worker_stdio(worker, i);
        if (fd >= 0)
            json_array_append_new(pipes,
                                  json_pack("{s:i, s:o}", "number", i, "fd",
                                            yk_handover_keep(handover, fd)));
    }
    return pipes;
}

static json_t *save_worker(struct yk_handover *handover,
                           const struct yoke_worker *worker)
{
    return json_pack(
        "{s:i, s:i, s:i, s:i, s:i, s:I, s:b, s:b, s:b, s:b, s:b,"
        " s:o, s:o, s:o, s:o, s:o}",
        "id", worker->id, "pid", (int)worker->pid, "slot", worker->slot,
        "generation", (int)worker->generation, "seat", worker->seat, "forked",
        (json_int_t)worker->forked_ms, "online", worker->is_online, "listened",
        worker->has_listened, "leaving", worker->is_leaving, "listed",
        worker->is_listed, "unrouted", worker->is_unrouted, "pidfd",
        yk_handover_keep(handover, worker->pidfd), "channel",
        yk_handover_keep(handover, worker->channel.fd), "board",
        yk_handover_keep(handover, worker->board_fd), "pipes",
        save_pipes(handover, worker), "life",
        worker->life ? save_life(worker->life) : json_null());
}

static json_t *save_workers(struct yk_handover *handover)
{
    json_t *array = json_array();
    struct yoke_worker *worker;

    YK_WORKERS_EACH(worker)
    if (!worker->is_dead)
        json_array_append_new(array, save_worker(handover, worker));
    return array;
}

static void resume_pipes(struct yoke_worker *worker, const json_t *entry)
{
    size_t i;
    const json_t *pipe;

    json_array_foreach(json_object_get(entry, "pipes"), i, pipe)
    {
        int fd = yk_handover_take_fd(pipe, "fd");
        if (fd >= 0)
            yk_stdio_resume(worker, (int)yk_handover_int(pipe, "number"), fd);
    }
}

static bool is_true(const json_t *object, const char *name)
{
    return json_is_true(json_object_get(object, name));
}

static int resume_life(struct yoke_worker *worker, const json_t *entry)
{
    struct yk_slot *slot = yk_fleet_slot(worker->slot);
    struct yk_generation *generation = find_generation(worker->generation);
    json_int_t state = yk_handover_int(entry, "state");
    struct yk_life *life;

    if (!slot || !generation || state < 0 || state >= YK_LIFE_DEAD)
        return -EPROTO;
    struct yk_life was = {
        .worker = worker,
        .state = (enum yk_life_state)state,
        .cause = (enum yoke_cause)yk_handover_int(entry, "cause"),
        .has_cause = is_true(entry, "has_cause"),
        .is_on_trial = is_true(entry, "on_trial"),
        .forked_ms = (uint64_t)yk_handover_int(entry, "forked"),
        .ready_ms = (uint64_t)yk_handover_int(entry, "ready"),
        .jitter = (uint32_t)yk_handover_int(entry, "jitter"),
    };
    return yk_life_resume(slot, generation, yk_fleet_limits(), &was, &life);
}

static int adopt(const json_t *entry, struct yoke_worker **ret_worker)
{
    struct yk_adoption from = {
        .id = (int)yk_handover_int(entry, "id"),
        .slot = (int)yk_handover_int(entry, "slot"),
        .generation = (unsigned)yk_handover_int(entry, "generation"),
        .pid = (pid_t)yk_handover_int(entry, "pid"),
        .pidfd = yk_handover_take_fd(entry, "pidfd"),
        .channel_fd = yk_handover_take_fd(entry, "channel"),
        .board_fd = yk_handover_take_fd(entry, "board"),
        .seat = (int)yk_handover_int(entry, "seat"),
        .forked_ms = (uint64_t)yk_handover_int(entry, "forked"),
    };
    return yk_primary_adopt(&from, ret_worker);
}

static void resume_worker(const json_t *entry)
{
    const json_t *life = json_object_get(entry, "life");
    struct yoke_worker *worker;
    int err = adopt(entry, &worker);

    if (err < 0) {
        yoke_log(YOKE_LOG_ERROR, "worker %d cannot be taken over: killed",
                 (int)yk_handover_int(entry, "pid"));
        kill((pid_t)yk_handover_int(entry, "pid"), SIGKILL);
        return;
    }
    worker->is_online = is_true(entry, "online");
    worker->has_listened = is_true(entry, "listened");
    worker->is_leaving = is_true(entry, "leaving");
    worker->is_listed = is_true(entry, "listed");
    worker->is_unrouted = is_true(entry, "unrouted");
    resume_pipes(worker, entry);
    if (json_is_object(life) && resume_life(worker, life) < 0)
        yk_worker_signal(worker, SIGKILL);
}

static void resume_workers(const json_t *root)
{
    size_t i;
    const json_t *entry;

    json_array_foreach(json_object_get(root, "workers"), i, entry)
    {
        resume_worker(entry);
    }
    yk_workers_set_last_id((int)yk_handover_int(root, "last_worker"));
}

/* ---- Slots ---- */

static json_t *save_slot(const struct yk_slot *slot)
{
    const struct yk_life *current = slot->current;

    return json_pack("{s:i, s:i, s:i, s:i, s:o}", "state", (int)slot->state,
                     "worker", current ? current->worker->id : 0, "generation",
                     slot->generation ? (int)slot->generation->number : 0,
                     "restarts", (int)slot->restarts, "ends",
                     yk_causes_report(&slot->ends, false));
}

static json_t *save_slots(void)
{
    json_t *array = json_array();
    struct yk_slot *slot;

    YK_FLEET_EACH(slot)
    json_array_append_new(array, save_slot(slot));
    return array;
}

/* A slot whose worker could not be taken over is to be filled. */
static void resume_slot(struct yk_slot *slot, const json_t *entry)
{
    enum yk_slot_state state =
        (enum yk_slot_state)yk_handover_int(entry, "state");
    const struct yoke_worker *worker =
        yk_workers_find((int)yk_handover_int(entry, "worker"));
    struct yk_life *current = worker ? worker->life : NULL;
    bool is_filled = state == YK_SLOT_STARTING || state == YK_SLOT_SERVING;

    if (is_filled && !current)
        state = YK_SLOT_BACKING_OFF;
    yk_slot_resume(slot, state, is_filled ? current : NULL,
                   find_generation(yk_handover_int(entry, "generation")),
                   (uint32_t)yk_handover_int(entry, "restarts"));
    yk_causes_read(&slot->ends, json_object_get(entry, "ends"));
}

static void resume_slots(const json_t *root)
{
    size_t i;
    const json_t *entry;

    json_array_foreach(json_object_get(root, "slots"), i, entry)
    {
        resume_slot(yk_fleet_slot((int)i + 1), entry);
    }
}

/* ---- All ---- */

void yk_handover_save_fleet(struct yk_handover *handover)
{
    json_t *fleet = json_pack(
        "{s:i, s:i, s:i, s:i, s:o, s:o, s:o, s:o}", "size", yk_fleet_size(),
        "generation", (int)yk_fleet_generation()->number, "last_generation",
        (int)yk_generation_last(), "last_worker", yk_workers_last_id(),
        "loads_fd", yk_handover_keep(handover, yk_seats_fd()), "generations",
        save_generations(handover), "workers", save_workers(handover), "slots",
        save_slots());

    handover->is_short |= !fleet;
    json_object_set_new(handover->root, "fleet", fleet);
}

static int resume(const json_t *fleet,
                  const struct yoke_cluster_options *options)
{
    int size = (int)yk_handover_int(fleet, "size");
    size_t slots = json_array_size(json_object_get(fleet, "slots"));
    struct yk_generation *generation =
        find_generation(yk_handover_int(fleet, "generation"));

    if (!generation || size < 1 || size > YK_WORKERS_MAX ||
        slots > YK_WORKERS_MAX)
        return -EPROTO;
    yk_fleet_resume(options, (int)slots, size, generation);
    resume_workers(fleet);
    resume_slots(fleet);
    return 0;
}

int yk_handover_resume_fleet(const json_t *root,
                             const struct yoke_cluster_options *options)
{
    const json_t *fleet = json_object_get(root, "fleet");
    int loads_fd = yk_handover_take_fd(fleet, "loads_fd");
    int err = loads_fd < 0 ? -EPROTO : yk_seats_adopt(loads_fd);

    if (err == 0)
        err = resume_generations(fleet, options->file);
    if (err == 0)
        err = resume(fleet, options);
    let_go_of_generations();
    return err;
}
