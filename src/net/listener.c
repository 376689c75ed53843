#include "net/listener.h"

#include <errno.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "net/later.h"
#include "net/local_source.h"

/* Where this process's listeners come from. Written by yk_listener_set_source,
 * before any is opened. */
static const struct yk_listen_source *process_source = &yk_local_source;

void yk_listener_set_source(const struct yk_listen_source *source)
{
    process_source = source ? source : &yk_local_source;
}

void yk_listen_spec_of(const struct yoke_listen_options *options,
                       struct yk_listen_spec *ret_spec)
{
    *ret_spec = (struct yk_listen_spec){
        .fd_name = options->fd_name,
        .fd = options->fd,
        .path = options->path,
        .host = options->host,
        .port = options->port,
        .ipv6_only = options->ipv6_only,
        .exclusive = options->exclusive,
        .reuse_port = options->reuse_port,
        .readable_all = options->readable_all,
        .writable_all = options->writable_all,
        .backlog = options->backlog,
        .mode = options->mode,
        .owner = options->owner,
        .group = options->group,
    };
}

int yk_listener_open(struct yk_listener *listener,
                     const struct yk_listener_ops *ops,
                     const struct yk_listen_spec *spec)
{
    const struct yk_listen_source *source =
        spec->exclusive || spec->reuse_port ? &yk_local_source : process_source;
    int err;

    *listener = (struct yk_listener){.ops = ops, .source = source};
    err = source->open(listener, spec);
    if (err < 0)
        listener->source = NULL;
    return err;
}

bool yk_listener_can_give(const struct yk_listener *listener)
{
    return listener->source && listener->source->give;
}

int yk_listener_give(struct yk_listener *listener, int fd,
                     const struct yk_peer *peer)
{
    return yk_listener_can_give(listener)
               ? listener->source->give(listener, fd, peer)
               : -EOPNOTSUPP;
}

/* The answer to closing what is closed, from the loop like any other. */
struct belated {
    struct yk_later later;
    struct yk_listener *listener;
};

static void tell_closed(struct yk_later *later)
{
    struct belated *belated = YK_CONTAINER_OF(later, struct belated, later);
    struct yk_listener *listener = belated->listener;

    free(belated);
    listener->ops->on_closed(listener);
}

void yk_listener_close(struct yk_listener *listener)
{
    const struct yk_listen_source *source = listener->source;

    if (source) {
        listener->source = NULL;
        source->close(listener);
        return;
    }
    struct belated *belated = yk_alloc(sizeof(*belated));
    belated->listener = listener;
    yk_later_init(&belated->later, tell_closed);
    yk_later_start(&belated->later);
}

void yk_listener_set_room(struct yk_listener *listener, uint32_t room)
{
    if (listener->source)
        listener->source->set_room(listener, room);
}
