/* Accepting in a worker: some of what comes is given to the primary, to be dealt
 * to others (gifts.h, surplus.h). */
#include <stdbool.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <yoke/error.h>

#include "cluster/gifts.h"
#include "cluster/remote_listener.h"
#include "cluster/surplus.h"
#include "core/cleanup.h"
#include "net/acceptor.h"

#include "core/banned.h"

/* Connections that closing takes from the backlog. */
#define BACKLOG_MAX 4096

static const struct yk_handoff no_handoff;

/* Nothing has come yet. It may be long until something does, and meanwhile only
 * the primary can keep a copy, for when this worker dies. */
static bool is_silent(int fd)
{
    int len = 0;

    return ioctl(fd, FIONREAD, &len) == 0 && len == 0;
}

static bool should_give(const struct yk_remote_listener *remote, int fd)
{
    return (remote->is_shared || remote->is_own) && !remote->is_closing &&
           !yk_source.is_alone && (is_silent(fd) || yk_surplus_has()) &&
           yk_gifts_room() > 0;
}

static void on_accept(struct yk_acceptor *acceptor, int fd,
                      const struct yk_peer *peer)
{
    struct yk_remote_listener *remote =
        YK_CONTAINER_OF(acceptor, struct yk_remote_listener, acceptor);

    remote->accepted++;
    if (should_give(remote, fd) && yk_gifts_add(remote->token, fd, peer) == 0)
        return;
    remote->listener->ops->on_connection(remote->listener, fd, peer,
                                         &no_handoff);
}

static void on_batch(struct yk_acceptor *acceptor)
{
    struct yk_remote_listener *remote =
        YK_CONTAINER_OF(acceptor, struct yk_remote_listener, acceptor);

    yk_gifts_flush();
    if (remote->is_own && remote->accepted)
        yk_surplus_arrived(remote->accepted);
    remote->accepted = 0;
}

static void on_acceptor_closed(struct yk_acceptor *acceptor)
{
    struct yk_remote_listener *remote =
        YK_CONTAINER_OF(acceptor, struct yk_remote_listener, acceptor);

    if (remote->ending_fd >= 0) {
        yk_close_fd(&remote->ending_fd);
        if (remote->has_closed)
            yk_remote_finish_close(remote);
        return;
    }
    if (remote->takes_backlog)
        yk_acceptor_drain(acceptor, BACKLOG_MAX);
    yk_remote_finish_close(remote);
}

const struct yk_acceptor_ops yk_remote_acceptor_ops = {
    .needs_bytes = YK_ACCEPT_BYTES,
    .on_accept = on_accept,
    .on_batch = on_batch,
    .on_shortage = yk_acceptor_tell_shortage,
    .on_closed = on_acceptor_closed,
};

/* ---- Giving away ---- */

int yk_source_give(struct yk_listener *listener, int fd,
                   const struct yk_peer *peer)
{
    const struct yk_remote_listener *remote = listener->state;

    if (yk_source.is_alone || yk_gifts_room() == 0)
        return -YOKE_EFULL;
    return yk_gifts_add(remote->token, fd, peer);
}

/* The primary does not want it: it is served here. */
void yk_source_gift_back(uint32_t token, int fd, const struct yk_peer *peer)
{
    struct yk_remote_listener *remote = yk_remote_find(token);

    if (remote)
        remote->listener->ops->on_connection(remote->listener, fd, peer,
                                             &no_handoff);
    else
        close(fd);
}
