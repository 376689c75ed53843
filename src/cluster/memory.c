#include "cluster/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "net/threads.h"

#include "core/banned.h"

/* The beginning of a small file of the process; its length, or -1. */
static ssize_t read_file(pid_t pid, const char *name, char *out, size_t size)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    YK_CLEANUP(yk_close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t len = read(fd, out, size - 1);
    if (len >= 0)
        out[len] = '\0';
    return len;
}

uint64_t yk_memory_resident(pid_t pid)
{
    char text[256];
    uint64_t pages;

    if (read_file(pid, "statm", text, sizeof(text)) < 0 ||
        sscanf(text, "%*u %" SCNu64, &pages) != 1)
        return 0;
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t yk_memory_share(pid_t pid)
{
    char text[2048];
    uint64_t kib;

    if (read_file(pid, "smaps_rollup", text, sizeof(text)) < 0)
        return 0;
    const char *line = strstr(text, "\nPss:");
    if (!line || sscanf(line, " Pss: %" SCNu64, &kib) != 1)
        return 0;
    return kib * 1024;
}

/* ---- In a thread ---- */

static void look(uv_work_t *work)
{
    struct yk_weighing *weighing = work->data;

    weighing->found.resident = yk_memory_resident(weighing->pid);
    weighing->found.share = yk_memory_share(weighing->pid);
}

static void on_looked(uv_work_t *work, int status)
{
    struct yk_weighing *weighing = work->data;

    (void)status;
    weighing->fn(weighing);
}

int yk_memory_weigh(struct yk_weighing *weighing, pid_t pid,
                    void (*fn)(struct yk_weighing *weighing))
{
    *weighing = (struct yk_weighing){.pid = pid, .fn = fn};
    weighing->work.data = weighing;
    return yk_threads_queue(&weighing->work, look, on_looked);
}
