#include "net/crash_place.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#include "net/crash_line.h"

#include "core/banned.h"

#define FRAMES_MAX 48

/* A module that was loaded through a descriptor is named by that: what it
 * stands for says more. */
static void put_module(struct yk_crash_line *line, const struct link_map *map)
{
    char path[256];
    const char *name = map->l_name[0] ? map->l_name : program_invocation_name;
    ssize_t len = -1;

    if (strncmp(name, "/proc/self/fd/", 14) == 0)
        len = readlink(name, path, sizeof(path) - 1);
    if (len > 0) {
        path[len] = '\0';
        name = path;
    }
    yk_crash_put(line, name);
}

static void report_frame(void *address)
{
    struct dl_find_object module;
    struct yk_crash_line line;

    yk_crash_line_begin(&line);
    yk_crash_put(&line, "  at ");
    if (_dl_find_object(address, &module) == 0 && module.dlfo_link_map) {
        const struct link_map *map = module.dlfo_link_map;
        put_module(&line, map);
        yk_crash_put(&line, "+");
        yk_crash_put_hex(&line, (uintptr_t)address - map->l_addr);
    } else {
        yk_crash_put_hex(&line, (uintptr_t)address);
    }
    yk_crash_line_end(&line);
}

void yk_crash_report_place(uintptr_t program_counter)
{
    void *frames[FRAMES_MAX];
    int count = backtrace(frames, FRAMES_MAX);
    int first = 0;

    for (int i = 0; i < count; i++)
        if ((uintptr_t)frames[i] == program_counter)
            first = i;
    for (int i = first; i < count; i++)
        if (i == first || frames[i] != frames[i - 1])
            report_frame(frames[i]);
}
