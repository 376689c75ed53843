#include "cluster/generation.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/cleanup.h"

#include "core/banned.h"

#define OWN      "/proc/self/exe"
/* Out of the way of the descriptors that a child is given by number. */
#define FIRST_FD 64

/* Written by the functions of this file, in the primary. */
static char own_path[PATH_MAX] = OWN;
static unsigned last_number;
static unsigned count;

void yk_generation_init(void)
{
    ssize_t len = readlink(OWN, own_path, sizeof(own_path) - 1);

    if (len > 0)
        own_path[len] = '\0';
    else
        snprintf(own_path, sizeof(own_path), "%s", OWN);
}

const char *yk_generation_own_path(void)
{
    return own_path;
}

void yk_generation_go_on(unsigned number)
{
    last_number = number;
}

unsigned yk_generations(void)
{
    return count;
}

static const char *path_of_own(void)
{
    return last_number == 0 ? OWN : own_path;
}

/* An interpreter opens its script by name, when the descriptor is closed
 * already: a script cannot be kept. */
static bool is_script(const char *path)
{
    YK_CLEANUP(yk_close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
    char mark[2];

    return fd >= 0 && read(fd, mark, sizeof(mark)) == sizeof(mark) &&
           memcmp(mark, "#!", sizeof(mark)) == 0;
}

static char *program_of(const char *path, int fd)
{
    char text[PATH_MAX];

    if (is_script(path))
        return yk_strdup(path);
    snprintf(text, sizeof(text), "/proc/self/fd/%d", fd);
    return yk_strdup(text);
}

int yk_generation_open(const char *path, struct yk_generation **ret)
{
    if (!path)
        path = path_of_own();
    YK_CLEANUP(yk_close_fd) int low = open(path, O_PATH | O_CLOEXEC);
    if (low < 0 || faccessat(low, "", X_OK, AT_EMPTY_PATH | AT_EACCESS) < 0)
        return -errno;
    YK_CLEANUP(yk_close_fd) int fd = fcntl(low, F_DUPFD_CLOEXEC, FIRST_FD);
    if (fd < 0)
        return -errno;
    struct yk_generation *generation = yk_try_alloc(sizeof(*generation));
    if (!generation)
        return -ENOMEM;
    *generation = (struct yk_generation){.number = ++last_number,
                                         .uses = 1,
                                         .program = program_of(path, fd),
                                         .fd = yk_take_fd(&fd)};
    count++;
    *ret = generation;
    return 0;
}

struct yk_generation *yk_generation_use(struct yk_generation *generation)
{
    generation->uses++;
    return generation;
}

void yk_generation_drop(struct yk_generation *generation)
{
    if (!generation || --generation->uses > 0)
        return;
    count--;
    yk_close_fd(&generation->fd);
    free(generation->program);
    free(generation);
}
