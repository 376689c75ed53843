#include "net/listener.h"

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

int yk_listener_open(struct yk_listener *listener,
                     const struct yk_listener_ops *ops,
                     const struct yk_listen_spec *spec)
{
    const struct yk_listen_source *source =
        spec->exclusive ? &yk_local_source : process_source;
    int err;

    *listener = (struct yk_listener){.ops = ops, .source = source};
    err = source->open(listener, spec);
    if (err < 0)
        listener->source = NULL;
    return err;
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
