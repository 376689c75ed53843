#include "cluster/death.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "cluster/cgroup.h"

#include "core/banned.h"

void yk_death_read(struct yoke_exit *why, const siginfo_t *info)
{
    if (info->si_code == CLD_EXITED) {
        why->cause = YOKE_CAUSE_EXIT;
        why->code = info->si_status;
        return;
    }
    if (info->si_code == 0) {
        why->cause = YOKE_CAUSE_UNKNOWN;
        return;
    }
    why->cause = YOKE_CAUSE_SIGNAL;
    why->code = -1;
    why->signal = info->si_status;
    why->core_dumped = info->si_code == CLD_DUMPED;
}

/* Both memory.events (v2) and memory.oom_control (v1) have a line
 * "oom_kill N". Only the own group's counts: the first level there is. */
static int read_kills(const char *content, void *data)
{
    const char *line = content;

    while (line && strncmp(line, "oom_kill ", 9) != 0) {
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    return line && sscanf(line, "oom_kill %" SCNu64, (uint64_t *)data) == 1;
}

uint64_t yk_death_memory_kills(const struct yk_cgroup_roots *roots)
{
    uint64_t kills = 0;

    if (!yk_cgroup_walk(roots, NULL, "memory.events", read_kills, &kills))
        yk_cgroup_walk(roots, "memory", "memory.oom_control", read_kills,
                       &kills);
    return kills;
}

static void say_signal(int signum, bool core_dumped, char *out, size_t len)
{
    const char *name = sigabbrev_np(signum);
    const char *core = core_dumped ? ", core dumped" : "";

    if (name)
        snprintf(out, len, "killed by SIG%s%s", name, core);
    else
        snprintf(out, len, "killed by signal %d%s", signum, core);
}

const char *yoke_exit_text(const struct yoke_exit *why)
{
    static char text[512];

    switch (why->cause) {
    case YOKE_CAUSE_EXIT:
        snprintf(text, sizeof(text), "exit code %d", why->code);
        break;
    case YOKE_CAUSE_SIGNAL:
        say_signal(why->signal, why->core_dumped, text, sizeof(text));
        break;
    case YOKE_CAUSE_MEMORY:
        return "killed for memory";
    case YOKE_CAUSE_DEADLINE:
        return "killed, for it did not stop within the deadline";
    case YOKE_CAUSE_STARTUP:
        snprintf(text, sizeof(text), "could not start: %s",
                 why->reason ? why->reason : "for an unknown reason");
        break;
    case YOKE_CAUSE_BOOT:
        return "aborted, for it was not ready in time";
    case YOKE_CAUSE_HUNG:
        return "aborted, for its loop hung";
    case YOKE_CAUSE_REQUEST:
        return "aborted, for a request took too long";
    case YOKE_CAUSE_RECYCLED:
        return "recycled";
    case YOKE_CAUSE_RELOAD:
        return "replaced by a reload";
    case YOKE_CAUSE_SCALED:
        return "not wanted any more";
    case YOKE_CAUSE_UNKNOWN:
        return "it is not known how: its parent was gone";
    }
    return text;
}
