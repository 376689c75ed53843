/* A bound UDP handle that takes commands, a datagram each, and answers to the
 * sender. By the public header alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include <yoke/udp.h>

#include "place.h"

struct endpoint {
    uv_udp_t handle;
    bool closes_listening;
};

static void alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    static char room[1024];

    (void)handle;
    (void)suggested;
    *buf = uv_buf_init(room, sizeof(room) - 1);
}

static void on_datagram(uv_udp_t *handle, ssize_t n, const uv_buf_t *buf,
                        const struct sockaddr *from, unsigned flags)
{
    char answer[128];

    (void)flags;
    if (n <= 0 || !from)
        return;
    buf->base[n] = '\0';
    place_command(buf->base, answer, sizeof(answer));
    uv_buf_t out = uv_buf_init(answer, (unsigned)strlen(answer));
    if (!uv_is_closing((uv_handle_t *)handle))
        uv_udp_try_send(handle, &out, 1, from);
}

static void on_listening(struct uv_udp_s *handle,
                         const struct yoke_address *address, void *data)
{
    struct endpoint *endpoint = data;

    printf("%d binds udp%d %s %d\n", (int)getpid(), address->family,
           address->host, address->port);
    if (endpoint->closes_listening)
        yoke_udp_close(handle);
    else
        uv_udp_recv_start(handle, alloc, on_datagram);
}

static void on_error(struct uv_udp_s *handle, int err, const char *text,
                     void *data)
{
    (void)handle;
    (void)data;
    printf("%d cannot bind: %s: %s\n", (int)getpid(), strerrorname_np(-err),
           text);
}

static void on_closed(struct uv_udp_s *handle, void *data)
{
    (void)handle;
    printf("%d closed a handle\n", (int)getpid());
    free(data);
}

static void close_it(void *data)
{
    yoke_udp_close(&((struct endpoint *)data)->handle);
}

void place_open_udp(const struct place *place)
{
    struct endpoint *endpoint = calloc(1, sizeof(*endpoint));
    const struct yk_listen_spec *spec = &place->spec;
    struct yoke_udp_options options = {
        .fd_name = spec->fd_name,
        .fd = spec->fd,
        .host = spec->host,
        .port = spec->port,
        .ipv6_only = spec->ipv6_only,
        .exclusive = spec->exclusive,
        .reuse_addr = spec->reuse_addr,
        .reuse_port = spec->reuse_port,
        .on_listening = on_listening,
        .on_error = on_error,
        .on_closed = on_closed,
        .data = endpoint,
    };

    endpoint->closes_listening = place->closes_listening;
    int err = yoke_udp_bind(&endpoint->handle, &options);
    if (err < 0)
        printf("%d cannot bind at once: %d\n", (int)getpid(), err);
    else
        place_add(close_it, endpoint);
}
