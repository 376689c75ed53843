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
#include <string.h>

#include <yoke/error.h>

#include "core/alloc.h"
#include "core/cleanup.h"
#include "net/acceptor.h"
#include "net/later.h"
#include "net/socket.h"

#include "core/banned.h"

/* Connections that closing takes from the backlog; no backlog is longer than
 * this on a stock system (somaxconn). */
#define BACKLOG_MAX 4096

struct local {
    struct yk_list node;
    struct yk_listener *listener;
    struct yk_acceptor acceptor;
    struct yk_socket socket;
    struct yk_later later;
    char *fd_name;                 /* As in the spec; owned, */
    unsigned index;                /* and the place among those that use it. */
    bool is_udp;                   /* There is no acceptor. */
    int err;                       /* What went wrong in open, */
    char text[YK_SOCKET_TEXT_MAX]; /* in words. */
};

/* The listeners of this process; written by open and free_local. */
static struct yk_list locals = {&locals, &locals};

static const struct yk_handoff no_handoff;

static void free_local(struct local *local)
{
    yk_list_remove(&local->node);
    yk_socket_close(&local->socket);
    free(local->fd_name);
    free(local);
}

static void on_accept(struct yk_acceptor *acceptor, int fd,
                      const struct yk_peer *peer)
{
    struct local *local = YK_CONTAINER_OF(acceptor, struct local, acceptor);

    local->listener->ops->on_connection(local->listener, fd, peer, &no_handoff);
}

static void on_closed(struct yk_acceptor *acceptor)
{
    struct local *local = YK_CONTAINER_OF(acceptor, struct local, acceptor);
    struct yk_listener *listener = local->listener;

    yk_acceptor_drain(acceptor, BACKLOG_MAX);
    free_local(local);
    listener->ops->on_closed(listener);
}

static const struct yk_acceptor_ops acceptor_ops = {
    .needs_bytes = YK_ACCEPT_BYTES,
    .on_accept = on_accept,
    .on_shortage = yk_acceptor_tell_shortage,
    .on_closed = on_closed,
};

static void tell_failure(struct local *local)
{
    struct yk_listener *listener = local->listener;

    listener->source = NULL;
    listener->ops->on_error(listener, local->err, local->text);
    free_local(local);
}

static void tell_listening(struct local *local)
{
    struct yk_listener *listener = local->listener;
    struct yoke_address address = local->socket.address;

    if (local->is_udp)
        listener->ops->on_socket(listener, yk_take_fd(&local->socket.fd));
    else
        yk_acceptor_resume(&local->acceptor);
    if (listener->source)
        listener->ops->on_listening(listener, &address);
}

static void tell_outcome(struct yk_later *later)
{
    struct local *local = YK_CONTAINER_OF(later, struct local, later);

    if (local->err < 0)
        tell_failure(local);
    else
        tell_listening(local);
}

/* The lowest place that no other listener on this name has. */
static unsigned free_index(const struct local *local)
{
    unsigned index = 0;

    for (bool is_free = false; !is_free;) {
        is_free = true;
        YK_LIST_EACH(node, &locals)
        {
            struct local *other = YK_CONTAINER_OF(node, struct local, node);
            if (other != local && other->fd_name && other->index == index &&
                other->is_udp == local->is_udp &&
                strcmp(other->fd_name, local->fd_name) == 0)
                is_free = false;
        }
        index += !is_free;
    }
    return index;
}

static void open_socket(struct local *local, const struct yk_listen_spec *spec)
{
    struct yk_listen_spec whole = *spec;

    whole.index = local->index;
    local->err = yk_socket_open(&local->socket, &whole, local->text);
    if (local->err < 0 || local->is_udp)
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
    local->is_udp = spec->is_udp;
    yk_list_add(&locals, &local->node);
    local->fd_name = yk_strdup(spec->fd_name);
    if (spec->fd_name)
        local->index = free_index(local);
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

    if (local->err == 0 && !local->is_udp) {
        yk_acceptor_finish(&local->acceptor);
        return;
    }
    free_local(local);
    listener->ops->on_closed(listener);
}

static void close_local(struct yk_listener *listener)
{
    struct local *local = listener->state;

    yk_later_stop(&local->later);
    local->later.fn = finish_close;
    yk_later_start(&local->later);
}

/* Whoever has no room leaves the rest in the backlog. */
static void set_room(struct yk_listener *listener, uint32_t room)
{
    struct local *local = listener->state;

    if (local->is_udp)
        return;
    if (room == 0)
        yk_acceptor_pause(&local->acceptor);
    else
        yk_acceptor_resume(&local->acceptor);
}

const struct yk_listen_source yk_local_source = {
    .open = open_local,
    .close = close_local,
    .set_room = set_room,
};
