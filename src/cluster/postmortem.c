#include "cluster/postmortem.h"

#include "cluster/cgroup.h"
#include "cluster/death.h"
#include "cluster/life.h"
#include "cluster/worker.h"

#include "core/banned.h"

/* Of this memory group, when last looked at. Written here, in the primary. */
static uint64_t memory_kills;

void yk_postmortem_begin(void)
{
    memory_kills = yk_death_memory_kills(&yk_cgroup_system);
}

bool yk_postmortem_is_clean(const struct yoke_exit *why)
{
    return why->signal == SIGTERM || why->signal == SIGINT ||
           (why->signal == 0 && why->code == 0);
}

/* What the supervised form meant to happen, if that is what happened. */
static void explain(const struct yoke_worker *worker, struct yoke_exit *why)
{
    const struct yk_life *life = worker->life;

    if (!life || !life->has_cause)
        return;
    bool was_aborted = why->signal == SIGABRT || why->signal == SIGKILL ||
                       why->cause == YOKE_CAUSE_UNKNOWN;
    if (life->state == YK_LIFE_STOPPING ? was_aborted
                                        : yk_postmortem_is_clean(why))
        why->cause = life->cause;
}

void yk_postmortem(struct yoke_worker *worker, const siginfo_t *info,
                   struct yoke_exit *why)
{
    yk_death_read(why, info);
    explain(worker, why);
    if (why->signal == SIGKILL || why->cause == YOKE_CAUSE_UNKNOWN) {
        uint64_t kills = yk_death_memory_kills(&yk_cgroup_system);
        if (why->cause != YOKE_CAUSE_SIGNAL && why->cause != YOKE_CAUSE_UNKNOWN)
            ; /* It is known. */
        else if (worker->is_overdue)
            why->cause = YOKE_CAUSE_DEADLINE;
        else if (kills > memory_kills)
            why->cause = YOKE_CAUSE_MEMORY;
        memory_kills = kills;
    }
    if (worker->reason && why->cause == YOKE_CAUSE_EXIT) {
        why->cause = YOKE_CAUSE_STARTUP;
        why->reason = worker->reason;
    }
}
