#include "cluster/stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <yoke/loop.h>

#include "cluster/events.h"
#include "cluster/settings.h"
#include "cluster/worker.h"
#include "core/alloc.h"
#include "core/cleanup.h"

#include "core/banned.h"

/* Bytes that one event reads; also those of one `output`. */
#define READ_MAX  65536
/* Most that is read of each pipe when its worker has ended: a process that it
 * has left behind may go on writing. */
#define READS_MAX 64

/* The primary's end of one. */
struct yk_pipe {
    uv_poll_t poll;
    struct yoke_worker *worker;
    int number; /* Of the worker's end. */
    int fd;
};

/* Where output is read into. Written by read_some, on the loop's thread. */
static char room[READ_MAX];

/* ---- The primary's ends ---- */

static void free_pipe(uv_handle_t *handle)
{
    free(handle->data);
}

static void close_pipe(struct yk_pipe *one)
{
    one->worker->stdio.pipes[one->number] = NULL;
    uv_close((uv_handle_t *)&one->poll, free_pipe);
    yk_close_fd(&one->fd);
}

/* Returns false when there is no more, for now or for ever: then it is closed.
 * The event may close it, too, by taking it. */
static bool read_some(struct yk_pipe *one)
{
    struct yoke_worker *worker = one->worker;
    int number = one->number;
    ssize_t n = read(one->fd, room, sizeof(room));

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (n <= 0)
        close_pipe(one);
    yk_event_output(worker, number, room, n > 0 ? (size_t)n : 0);
    return n > 0 && worker->stdio.pipes[number] == one;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    read_some(poll->data);
}

/* Standard input is the primary's to write; the others are read. */
static int keep(struct yoke_worker *worker, int number, int *fd)
{
    struct yk_pipe *one = yk_try_alloc(sizeof(*one));

    if (!one)
        return -ENOMEM;
    *one = (struct yk_pipe){.worker = worker, .number = number, .fd = *fd};
    int err = uv_poll_init(yoke_loop(), &one->poll, one->fd);
    if (err < 0) {
        free(one);
        return err;
    }
    one->poll.data = one;
    if (number != STDIN_FILENO)
        uv_poll_start(&one->poll, UV_READABLE, on_readable);
    worker->stdio.pipes[number] = one;
    *fd = -1;
    return 0;
}

void yk_stdio_resume(struct yoke_worker *worker, int number, int fd)
{
    bool is_one = number >= 0 && number < YOKE_STDIO_MAX;

    if (is_one && !worker->stdio.pipes[number])
        keep(worker, number, &fd);
    yk_close_fd(&fd);
}

void yk_stdio_close(struct yoke_worker *worker)
{
    for (int i = 0; i < YOKE_STDIO_MAX; i++)
        if (worker->stdio.pipes[i])
            close_pipe(worker->stdio.pipes[i]);
}

void yk_stdio_finish(struct yoke_worker *worker)
{
    for (int i = STDIN_FILENO + 1; i < YOKE_STDIO_MAX; i++) {
        int reads = 0;
        while (worker->stdio.pipes[i] && reads++ < READS_MAX &&
               read_some(worker->stdio.pipes[i]))
            ;
    }
    yk_stdio_close(worker);
}

/* ---- The worker's ends ---- */

/* Standard output and error are pipes, as programs expect; the others can be
 * read and written by either side. */
static int open_pair(int number, int *ret_ours, int *ret_theirs)
{
    int fds[2];

    if (number > STDERR_FILENO) {
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
            return -errno;
    } else if (pipe2(fds, O_CLOEXEC) < 0) {
        return -errno;
    }
    int ours = number == STDIN_FILENO ? 1 : 0;
    fcntl(fds[ours], F_SETFL, O_NONBLOCK | fcntl(fds[ours], F_GETFL));
    *ret_ours = fds[ours];
    *ret_theirs = fds[!ours];
    return 0;
}

static int give_pipe(struct yoke_worker *worker, int number,
                     struct yk_stdio_given *given)
{
    YK_CLEANUP(yk_close_fd) int ours = -1;
    int err = open_pair(number, &ours, &given->fds[number]);

    if (err < 0)
        return err;
    given->are_ours[number] = true;
    return keep(worker, number, &ours);
}

static int give(struct yoke_worker *worker, int number, int what,
                struct yk_stdio_given *given)
{
    switch (what) {
    case YOKE_STDIO_NONE:
        return 0;
    case YOKE_STDIO_PIPE:
        return give_pipe(worker, number, given);
    case YOKE_STDIO_INHERIT:
        /* This process may have none itself. */
        given->fds[number] = fcntl(number, F_GETFD) < 0 ? -1 : number;
        return 0;
    case YOKE_STDIO_IGNORE:
        given->fds[number] = open("/dev/null", O_RDWR | O_CLOEXEC);
        given->are_ours[number] = true;
        return given->fds[number] < 0 ? -errno : 0;
    }
    given->fds[number] = what - YOKE_STDIO_FIRST_FD;
    return fcntl(given->fds[number], F_GETFD) < 0 ? -errno : 0;
}

int yk_stdio_open(struct yoke_worker *worker,
                  const struct yoke_cluster_settings *settings,
                  struct yk_stdio_given *ret)
{
    *ret = (struct yk_stdio_given){.count = yk_settings_stdio_count(settings)};
    for (int i = 0; i < ret->count; i++)
        ret->fds[i] = -1;
    for (int i = 0; i < ret->count; i++) {
        int err = give(worker, i, yk_settings_stdio(settings, i), ret);
        if (err < 0) {
            yk_stdio_given_close(ret);
            yk_stdio_close(worker);
            return err;
        }
    }
    return 0;
}

void yk_stdio_given_close(struct yk_stdio_given *given)
{
    for (int i = 0; i < given->count; i++) {
        if (given->are_ours[i])
            yk_close_fd(&given->fds[i]);
        given->are_ours[i] = false;
    }
}

/* ---- Public functions ---- */

int yoke_worker_stdio(const yoke_worker *worker, int number)
{
    if (number < 0 || number >= YOKE_STDIO_MAX || !worker->stdio.pipes[number])
        return -1;
    return worker->stdio.pipes[number]->fd;
}

int yoke_worker_take_stdio(yoke_worker *worker, int number)
{
    int fd = yoke_worker_stdio(worker, number);

    if (fd >= 0) {
        worker->stdio.pipes[number]->fd = -1;
        close_pipe(worker->stdio.pipes[number]);
    }
    return fd;
}
