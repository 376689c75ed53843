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

/* Allocated; NULL without memory, which a primary outlives. */
static char *program_of(const char *path, int fd)
{
    char text[PATH_MAX];

    if (is_script(path))
        return strdup(path);
    snprintf(text, sizeof(text), "/proc/self/fd/%d", fd);
    return strdup(text);
}

/* Opens out of the way of descriptors that children get by number. */
static int open_high(const char *path, int flags)
{
    YK_CLEANUP(yk_close_fd) int low = open(path, flags | O_CLOEXEC);

    if (low < 0)
        return -errno;
    int fd = fcntl(low, F_DUPFD_CLOEXEC, FIRST_FD);
    /* EINVAL: the process may not have so many at all. */
    return fd < 0 ? (errno == EINVAL ? -EMFILE : -errno) : fd;
}

static int open_program(const char *path)
{
    YK_CLEANUP(yk_close_fd) int fd = open_high(path, O_PATH);

    if (fd < 0)
        return fd;
    if (faccessat(fd, "", X_OK, AT_EMPTY_PATH | AT_EACCESS) < 0)
        return -errno;
    return yk_take_fd(&fd);
}

/* Takes all three over, also on failure. */
static int new_generation(unsigned number, char *program, int fd, int file_fd,
                          struct yk_generation **ret)
{
    struct yk_generation *generation = yk_try_alloc(sizeof(*generation));

    if (!generation || !program) {
        yk_close_fd(&fd);
        yk_close_fd(&file_fd);
        free(program);
        free(generation);
        return -ENOMEM;
    }
    *generation = (struct yk_generation){.number = number,
                                         .uses = 1,
                                         .program = program,
                                         .fd = fd,
                                         .file_fd = file_fd};
    count++;
    *ret = generation;
    return 0;
}

int yk_generation_open(const char *path, const char *file,
                       struct yk_generation **ret)
{
    if (!path)
        path = path_of_own();
    YK_CLEANUP(yk_close_fd) int fd = open_program(path);
    YK_CLEANUP(yk_close_fd) int file_fd = file ? open_high(file, O_RDONLY) : -1;
    if (fd < 0)
        return fd;
    if (file && file_fd < 0)
        return file_fd;
    /* Apart: what stands among arguments has no order. */
    char *program = program_of(path, fd);
    return new_generation(++last_number, program, yk_take_fd(&fd),
                          yk_take_fd(&file_fd), ret);
}

const char *yk_generation_culprit(const char *path, const char *file)
{
    if (file && access(file, R_OK) < 0)
        return file;
    return path ? path : path_of_own();
}

int yk_generation_adopt(unsigned number, const char *program, int fd,
                        int file_fd, struct yk_generation **ret)
{
    return new_generation(number, strdup(program), fd, file_fd, ret);
}

unsigned yk_generation_last(void)
{
    return last_number;
}

void yk_generation_set_last(unsigned number)
{
    last_number = number;
}

const char *yk_generation_own_path(void)
{
    return own_path;
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
    yk_close_fd(&generation->file_fd);
    free(generation->program);
    free(generation);
}
