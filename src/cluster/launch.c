#include "cluster/launch.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cluster/birth.h"
#include "cluster/confine.h"
#include "cluster/fleet.h"
#include "cluster/haven.h"
#include "cluster/heard.h"
#include "cluster/primary.h"
#include "cluster/seats.h"
#include "cluster/settings.h"
#include "cluster/spawn.h"
#include "cluster/template.h"
#include "cluster/templates.h"
#include "cluster/worker.h"
#include "core/alloc.h"
#include "core/cleanup.h"

#include "core/banned.h"

/* ---- What it finds when it starts ---- */

static int take_seat(struct yoke_worker *worker)
{
    int seat = yk_seats_take();

    if (seat < 0)
        return seat;
    worker->seat = seat;
    return 0;
}

/* Without one the worker ends with this primary. */
static int open_haven(const struct yoke_worker *worker)
{
    const struct yoke_cluster_options *options = yk_fleet_options();

    return options && options->survive_ms > 0 ? yk_haven_open(worker->id) : -1;
}

static int welcome(struct yoke_worker *worker, int file_fd)
{
    YK_CLEANUP(yk_close_fd) int haven = open_haven(worker);
    struct yk_message_welcome body = {.seat = (uint32_t)worker->seat,
                                      .has_file = file_fd > 0,
                                      .has_haven = haven >= 0};
    int fds[5] = {worker->board_fd, yk_seats_fd()};
    int count = 2;

    if (body.has_file)
        fds[count++] = file_fd;
    if (body.has_haven) {
        fds[count++] = haven;
        fds[count++] = STDERR_FILENO;
    }
    return yk_channel_try_send(&worker->channel, YK_MESSAGE_WELCOME, &body,
                               sizeof(body), fds, count);
}

int yk_launch_board(struct yoke_worker *worker, int file_fd)
{
    int err = yk_board_create(&worker->board, &worker->board_fd);

    if (err == 0)
        err = yk_copies_init(&worker->copies, worker->board);
    if (err == 0)
        err = take_seat(worker);
    return err < 0 ? err : welcome(worker, file_fd);
}

int yk_launch_take_board(struct yoke_worker *worker)
{
    int err = yk_board_map(worker->board_fd, &worker->board);

    if (err == 0)
        err = yk_copies_init(&worker->copies, worker->board);
    /* There is no copy of what it has, unless all are handed over. */
    worker->copies.has_evicted = true;
    return err;
}

/* ---- Its process ---- */

/* The environment variable by which a worker knows what it is (init.c). */
static void write_identity(const struct yoke_worker *worker, int fd, char *out,
                           size_t len)
{
    snprintf(out, len, "YOKE_WORKER=%d:%d:%d:%u:%d", worker->id, worker->slot,
             fd, worker->generation, worker->is_on_trial);
}

int yk_launch_spawn(struct yoke_worker *worker, const struct yk_fork *how,
                    int fd)
{
    struct yk_stdio_given given;
    struct yk_spawn what;
    char identity[64];

    yk_worker_describe_spawn(worker, &what);
    int err = yk_stdio_open(worker, &worker->settings->values, &given);
    if (err < 0)
        return err;
    write_identity(worker, yk_spawn_channel_number(given.count), identity,
                   sizeof(identity));
    YK_CLEANUP(yk_free_ptr) char **argv = yk_settings_argv();
    YK_CLEANUP(yk_free_ptr) char **envp = yk_spawn_env(how->env, identity);
    if (how->program)
        what.exec = how->program;
    what.confine = how->confine;
    what.argv = argv;
    what.env = envp;
    what.channel_fd = fd;
    what.stdio = given.fds;
    what.stdio_count = given.count;
    err =
        argv && envp ? yk_spawn(&what, &worker->pid, &worker->pidfd) : -ENOMEM;
    yk_stdio_given_close(&given);
    return err;
}

int yk_launch_ask(struct yoke_worker *worker, const struct yk_fork *how, int fd)
{
    YK_CLEANUP(yk_close_fd) int theirs = fd;
    struct yk_template *from;
    struct yk_birth *birth;
    int err = yk_templates_get(how->preloaded, &from);

    if (err == 0)
        err = yk_birth_new(worker, how->confine->cpu, yk_take_fd(&theirs),
                           &birth);
    if (err < 0)
        return err;
    worker->is_listed = false;
    worker->open_count++;
    yk_template_ask(from, birth);
    return 0;
}
