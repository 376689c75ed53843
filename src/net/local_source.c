/* A listener's life here:
 *
 *   open ----> OPENING ---> LISTENING ---> CLOSING ---> closed (freed)
 *              |   (loop)                    ^
 *              |`--> FAILED ---> freed       | close, from either
 *
 * What is told from the loop (that it listens, that it failed, that it is
 * closed) goes through `later`. Closing takes from the backlog what is already
 * there, for the kernel would reset it. */
#include "net/local_source.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <yoke/error.h>
#include <yoke/log.h>

#include "core/alloc.h"
#include "net/acceptor.h"
#include "net/later.h"
#include "net/socket.h"

#include "core/banned.h"

/* Connections that closing takes from the backlog; no backlog is longer than
 * this on a stock system (somaxconn). */
#define BACKLOG_MAX 4096

struct local {
    struct yk_listener *listener;
    struct yk_acceptor acceptor;
    struct yk_socket socket;
    struct yk_later later;
    int err;                       /* What went wrong in open, */
    char text[YK_SOCKET_TEXT_MAX]; /* in words. */
};

static const struct yk_handoff no_handoff;

static void on_accept(struct yk_acceptor *acceptor, int fd,
                      const struct yk_peer *peer)
{
    struct local *local = YK_CONTAINER_OF(acceptor, struct local, acceptor);

    local->listener->ops->on_connection(local->listener, fd, peer, &no_handoff);
}

static bool on_shortage(struct yk_acceptor *acceptor, int err)
{
    (void)acceptor;
    yoke_log(YOKE_LOG_WARN, "connections have to wait: %s", yoke_strerror(err));
    return false;
}

static void on_closed(struct yk_acceptor *acceptor)
{
    struct local *local = YK_CONTAINER_OF(acceptor, struct local, acceptor);
    struct yk_listener *listener = local->listener;

    yk_acceptor_drain(acceptor, BACKLOG_MAX);
    yk_socket_close(&local->socket);
    free(local);
    listener->ops->on_closed(listener);
}

static const struct yk_acceptor_ops acceptor_ops = {
    .on_accept = on_accept,
    .on_shortage = on_shortage,
    .on_closed = on_closed,
};

static void tell_failure(struct local *local)
{
    struct yk_listener *listener = local->listener;

    listener->source = NULL;
    listener->ops->on_error(listener, local->err, local->text);
    free(local);
}

static void tell_outcome(struct yk_later *later)
{
    struct local *local = YK_CONTAINER_OF(later, struct local, later);

    if (local->err < 0) {
        tell_failure(local);
        return;
    }
    yk_acceptor_resume(&local->acceptor);
    local->listener->ops->on_listening(local->listener, &local->socket.address);
}

static void open_socket(struct local *local, const struct yk_listen_spec *spec)
{
    local->err = yk_socket_open(&local->socket, spec, local->text);
    if (local->err < 0)
        return;
    local->err =
        yk_acceptor_open(&local->acceptor, local->socket.fd, &acceptor_ops);
    if (local->err == 0) {
        yk_acceptor_pause(&local->acceptor);
        return;
    }
    snprintf(local->text, sizeof(local->text), "cannot accept connections: %s",
             yoke_strerror(local->err));
    yk_socket_close(&local->socket);
}

static int open_local(struct yk_listener *listener,
                      const struct yk_listen_spec *spec)
{
    struct local *local = yk_alloc(sizeof(*local));

    local->listener = listener;
    local->socket.fd = -1;
    listener->state = local;
    open_socket(local, spec);
    yk_later_init(&local->later, tell_outcome);
    yk_later_start(&local->later);
    return 0;
}

static void finish_close(struct yk_later *later)
{
    struct local *local = YK_CONTAINER_OF(later, struct local, later);
    struct yk_listener *listener = local->listener;

    if (local->err < 0) {
        free(local);
        listener->ops->on_closed(listener);
        return;
    }
    yk_acceptor_finish(&local->acceptor);
}

static void close_local(struct yk_listener *listener)
{
    struct local *local = listener->state;

    yk_later_stop(&local->later);
    local->later.fn = finish_close;
    yk_later_start(&local->later);
}

const struct yk_listen_source yk_local_source = {
    .open = open_local,
    .close = close_local,
};
