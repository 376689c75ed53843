/* Sending messages, as users do it (yoke/message.h). */
#include <yoke/message.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <yoke/error.h>

#include "cluster/channel.h"
#include "cluster/worker.h"
#include "core/alloc.h"
#include "core/cleanup.h"

#include "core/banned.h"

/* Whom to tell what became of a message. */
struct waiter {
    yoke_worker *worker;
    void (*on_done)(yoke_worker *worker, int err, int *fds, int fd_count,
                    void *data);
    void *data;
};

static void tell(int err, int *fds, int fd_count, void *data)
{
    struct waiter *waiter = data;

    waiter->on_done(waiter->worker, err, fds, fd_count, waiter->data);
    free(waiter);
}

static void close_all(int *fds, int count)
{
    for (int i = 0; i < count; i++)
        yk_close_fd(&fds[i]);
}

/* What goes are copies, also of what is taken over: that is closed as soon as
 * the message is accepted, so that a caller who uses it once more gets an error
 * rather than somebody else's descriptor. */
static int copy_descriptors(const struct yoke_send *message,
                            int fds[YOKE_SEND_FDS_MAX])
{
    for (int i = 0; i < message->fd_count; i++) {
        fds[i] = fcntl(message->fds[i], F_DUPFD_CLOEXEC, 0);
        if (fds[i] >= 0)
            continue;
        int err = errno == EMFILE ? -EMFILE : -EINVAL;
        close_all(fds, i);
        return err;
    }
    return 0;
}

static bool is_valid(const yoke_worker *worker, const struct yoke_send *message)
{
    return worker && message && (message->ptr || message->len == 0) &&
           (message->fds || message->fd_count == 0) && message->fd_count >= 0 &&
           message->fd_count <= YOKE_SEND_FDS_MAX;
}

static struct waiter *new_waiter(yoke_worker *worker,
                                 const struct yoke_send *message)
{
    struct waiter *waiter = yk_try_alloc(sizeof(*waiter));

    if (waiter)
        *waiter = (struct waiter){worker, message->on_done, message->data};
    return waiter;
}

ssize_t yoke_worker_send_with(yoke_worker *worker,
                              const struct yoke_send *message)
{
    int fds[YOKE_SEND_FDS_MAX];

    if (!is_valid(worker, message))
        return -EINVAL;
    int err = copy_descriptors(message, fds);
    if (err < 0)
        return err;
    YK_CLEANUP(yk_free_ptr) struct waiter *waiter = NULL;
    struct yk_outgoing outgoing = {.ptr = message->ptr,
                                   .len = message->len,
                                   .fds = fds,
                                   .fd_count = message->fd_count};
    ssize_t waiting = -YOKE_EFULL;
    if (message->on_done && (waiter = new_waiter(worker, message))) {
        outgoing.on_done = tell;
        outgoing.data = waiter;
    }
    if (waiter || !message->on_done)
        waiting = yk_channel_send_message(&worker->channel, &outgoing);
    if (waiting < 0) {
        close_all(fds, message->fd_count);
        return waiting;
    }
    waiter = NULL; /* The channel's now. */
    for (int i = 0; i < message->fd_count && !message->keep_open; i++)
        close(message->fds[i]);
    return waiting;
}

ssize_t yoke_worker_send_fd(yoke_worker *worker, const void *ptr, size_t len,
                            int fd)
{
    return yoke_worker_send_with(
        worker,
        &(struct yoke_send){.ptr = ptr, .len = len, .fds = &fd, .fd_count = 1});
}

ssize_t yoke_worker_send(yoke_worker *worker, const void *ptr, size_t len)
{
    struct yk_outgoing outgoing = {.ptr = ptr, .len = len};

    if (!worker || (!ptr && len > 0))
        return -EINVAL;
    return yk_channel_send_message(&worker->channel, &outgoing);
}
