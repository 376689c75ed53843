/* A worker's listeners while it has no primary, and when it has another one. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>

#include <yoke/error.h>
#include <yoke/log.h>

#include "cluster/channel.h"
#include "cluster/remote_listener.h"
#include "cluster/request.h"
#include "cluster/source.h"
#include "core/cleanup.h"

static void stand_in(struct yk_remote_listener *remote)
{
    int fd = fcntl(remote->spare_fd, F_DUPFD_CLOEXEC, 0);
    int err = fd < 0 ? -errno
                     : yk_acceptor_open(&remote->acceptor, fd,
                                        &yk_remote_acceptor_ops);

    if (err < 0) {
        yoke_log(YOKE_LOG_ERROR, "cannot accept connections: %s",
                 yoke_strerror(err));
        yk_close_fd(&fd);
        return;
    }
    remote->fd = fd;
    remote->stands_in = true;
    if (remote->room == 0)
        yk_acceptor_pause(&remote->acceptor);
}

void yk_source_serve_alone(void)
{
    YK_LIST_EACH(node, &yk_source.remotes)
    {
        struct yk_remote_listener *remote =
            YK_CONTAINER_OF(node, struct yk_remote_listener, node);
        if (remote->spare_fd >= 0 && remote->fd < 0 && !remote->is_closing)
            stand_in(remote);
    }
}

void yk_source_rejoin(void)
{
    yk_source.is_alone = false;
    YK_LIST_EACH(node, &yk_source.remotes)
    {
        struct yk_remote_listener *remote =
            YK_CONTAINER_OF(node, struct yk_remote_listener, node);
        remote->is_left |= remote->is_own;
        if (!remote->stands_in || remote->is_closing)
            continue;
        remote->stands_in = false;
        remote->ending_fd = yk_take_fd(&remote->fd);
        yk_acceptor_close(&remote->acceptor);
    }
}

/* Datagrams are not told of: that listener goes on by itself. */
static int introduce(const struct yk_remote_listener *remote)
{
    char body[YK_PACKET_MAX / 2];
    struct yk_listen_request request = {
        .listen = remote->key, .name = remote->name, .owner = "", .group = ""};
    struct yk_message_offer offered = {.token = remote->token,
                                       .room = remote->offered};

    request.listen.is_own = remote->is_own;
    int fd = remote->fd >= 0 ? remote->fd : remote->spare_fd;
    size_t len = yk_listen_request_write(&request, body, sizeof(body));
    int err =
        yk_channel_send(yk_source.channel, YK_MESSAGE_LISTEN, body, len, fd);

    if (err == 0 && fd >= 0)
        err = yk_channel_send(yk_source.channel, YK_MESSAGE_OFFER, &offered,
                              sizeof(offered), -1);
    return err;
}

int yk_source_introduce(void)
{
    YK_LIST_EACH(node, &yk_source.remotes)
    {
        const struct yk_remote_listener *remote =
            YK_CONTAINER_OF(node, struct yk_remote_listener, node);
        if (remote->is_closing || remote->key.is_udp || !remote->is_open)
            continue;
        int err = introduce(remote);
        if (err < 0)
            return err;
    }
    return 0;
}
