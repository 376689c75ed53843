#include "cluster/exit_watch.h"

#include <yoke/loop.h>

#include "core/banned.h"

/* The first call from the loop comes before it polls. */
static void look(struct yk_later *later)
{
    struct yk_exit_watch *watch =
        YK_CONTAINER_OF(later, struct yk_exit_watch, later);

    if (!watch->has_polled) {
        watch->has_polled = true;
        yk_later_start(later);
        return;
    }
    watch->has_polled = false;
    watch->on_end(watch->poll.data);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct yk_exit_watch *watch =
        YK_CONTAINER_OF(poll, struct yk_exit_watch, poll);

    (void)status;
    (void)events;
    uv_poll_stop(poll);
    yk_later_start(&watch->later);
}

void yk_exit_watch_init(struct yk_exit_watch *watch, void (*on_end)(void *data))
{
    watch->has_polled = false;
    watch->on_end = on_end;
    yk_later_init(&watch->later, look);
}

int yk_exit_watch_start(struct yk_exit_watch *watch, int pidfd, void *data)
{
    int err = uv_poll_init(yoke_loop(), &watch->poll, pidfd);

    if (err < 0)
        return err;
    watch->poll.data = data;
    yk_exit_watch_again(watch);
    return 0;
}

void yk_exit_watch_again(struct yk_exit_watch *watch)
{
    uv_poll_start(&watch->poll, UV_READABLE, on_readable);
}

void yk_exit_watch_close(struct yk_exit_watch *watch, uv_close_cb on_closed)
{
    yk_later_stop(&watch->later);
    uv_close((uv_handle_t *)&watch->poll, on_closed);
}
