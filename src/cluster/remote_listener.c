#include "cluster/remote_listener.h"

#include <stdlib.h>

#include "cluster/request.h"
#include "core/alloc.h"
#include "core/cleanup.h"

#include "core/banned.h"

/* ---- Places on an address ---- */

/* What is closing has given its place up: the primary hears of that before it
 * hears of the next one, or finds that one a user beside the other. */
static bool is_taken(const struct yk_listen_request *request, uint32_t index)
{
    YK_LIST_EACH(node, &yk_source.remotes)
    {
        struct yk_remote_listener *remote =
            YK_CONTAINER_OF(node, struct yk_remote_listener, node);
        if (!remote->is_closing && remote->key.index == index &&
            yk_listen_is_same(&remote->key, remote->name, &request->listen,
                              request->name))
            return true;
    }
    return false;
}

uint32_t yk_remote_free_index(const struct yk_listen_request *request)
{
    uint32_t index = 0;

    while (is_taken(request, index))
        index++;
    return index;
}

/* ---- Life ---- */

struct yk_remote_listener *
yk_remote_new(struct yk_listener *listener,
              const struct yk_listen_request *request)
{
    struct yk_remote_listener *remote = yk_alloc(sizeof(*remote));

    remote->listener = listener;
    remote->key = request->listen;
    remote->name = yk_strdup(request->name);
    remote->token = request->listen.token;
    remote->fd = remote->spare_fd = remote->ending_fd = -1;
    remote->room = remote->offered = YK_ROOM_ANY;
    yk_later_init(&remote->later, NULL);
    yk_list_add(&yk_source.remotes, &remote->node);
    return remote;
}

struct yk_remote_listener *yk_remote_find(uint32_t token)
{
    YK_LIST_EACH(node, &yk_source.remotes)
    {
        struct yk_remote_listener *remote =
            YK_CONTAINER_OF(node, struct yk_remote_listener, node);
        if (remote->token == token)
            return remote;
    }
    return NULL;
}

static void free_remote(struct yk_remote_listener *remote)
{
    yk_later_stop(&remote->later);
    yk_list_remove(&remote->node);
    yk_close_fd(&remote->fd);
    yk_close_fd(&remote->spare_fd);
    free(remote->name);
    free(remote);
}

void yk_remote_finish_close(struct yk_remote_listener *remote)
{
    struct yk_listener *listener = remote->listener;

    free_remote(remote);
    listener->ops->on_closed(listener);
}

void yk_remote_fail(struct yk_remote_listener *remote, int err,
                    const char *text)
{
    struct yk_listener *listener = remote->listener;

    listener->source = NULL;
    free_remote(remote);
    listener->ops->on_error(listener, err, text);
}
