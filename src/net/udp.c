/* A bound UDP handle: the user's libuv handle and a listener of ours, which end
 * together.
 *
 *   bind --> ASKED --on_socket--> BOUND --.
 *              |  `--on_error-----------. | close
 *              `------ close ---------> CLOSING --> handle and listener
 *                                                   closed: on_closed, freed */
#include <yoke/udp.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <yoke/error.h>
#include <yoke/loop.h>

#include "core/alloc.h"
#include "core/list.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/service.h"

struct udp {
    struct yk_list node;
    struct yk_listener listener;
    struct yk_service service;
    uv_udp_t *handle;
    struct yoke_udp_options options; /* Without its strings. */
    void *user_data;                 /* handle->data, while it closes. */
    uint8_t open_count;              /* Handle and listener. */
    bool is_closing;
};

/* The bound handles of this process. Written by yoke_udp_bind and release. */
static struct yk_list bound = {&bound, &bound};

static struct udp *find(const uv_udp_t *handle)
{
    YK_LIST_EACH(node, &bound)
    {
        struct udp *udp = YK_CONTAINER_OF(node, struct udp, node);
        if (udp->handle == handle)
            return udp;
    }
    return NULL;
}

/* ---- The end ---- */

static void release(struct udp *udp)
{
    uv_udp_t *handle = udp->handle;
    struct yoke_udp_options options = udp->options;

    if (--udp->open_count > 0)
        return;
    handle->data = udp->user_data;
    yk_list_remove(&udp->node);
    yk_service_remove(&udp->service);
    free(udp);
    if (options.on_closed)
        options.on_closed(handle, options.data);
}

static void on_handle_closed(uv_handle_t *handle)
{
    release(handle->data);
}

static void close_udp(struct udp *udp)
{
    if (udp->is_closing)
        return;
    udp->is_closing = true;
    udp->user_data = udp->handle->data;
    udp->handle->data = udp;
    yk_listener_close(&udp->listener);
    uv_close((uv_handle_t *)udp->handle, on_handle_closed);
}

static struct udp *of_service(struct yk_service *service)
{
    return YK_CONTAINER_OF(service, struct udp, service);
}

static void end_service(struct yk_service *service)
{
    close_udp(of_service(service));
}

/* ---- The listener's events ---- */

static struct udp *of_listener(struct yk_listener *listener)
{
    return YK_CONTAINER_OF(listener, struct udp, listener);
}

static void tell_error(struct udp *udp, int err, const char *text)
{
    if (udp->options.on_error)
        udp->options.on_error(udp->handle, err, text, udp->options.data);
    else
        yk_loop_fail("cannot bind: %s", text);
    close_udp(udp);
}

static void on_error(struct yk_listener *listener, int err, const char *text)
{
    tell_error(of_listener(listener), err, text);
}

/* libuv sets SO_REUSEADDR on whatever it opens, which for datagrams would let
 * others take the address. */
static int open_handle(struct udp *udp, int fd)
{
    int reuses = udp->options.reuse_addr;
    int err = uv_udp_open(udp->handle, fd);

    if (err == 0)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuses, sizeof(reuses));
    return err;
}

static void on_socket(struct yk_listener *listener, int fd)
{
    struct udp *udp = of_listener(listener);
    int err = open_handle(udp, fd);

    if (err == 0)
        return;
    close(fd);
    tell_error(udp, err, yoke_strerror(err));
}

static void on_listening(struct yk_listener *listener,
                         const struct yoke_address *addr)
{
    struct udp *udp = of_listener(listener);

    if (udp->options.on_listening)
        udp->options.on_listening(udp->handle, addr, udp->options.data);
}

static void on_listener_closed(struct yk_listener *listener)
{
    release(of_listener(listener));
}

static const struct yk_listener_ops listener_ops = {
    .on_listening = on_listening,
    .on_error = on_error,
    .on_closed = on_listener_closed,
    .on_socket = on_socket,
};

/* ---- Public functions ---- */

static struct yk_listen_spec spec_of(const struct yoke_udp_options *options)
{
    return (struct yk_listen_spec){
        .fd_name = options->fd_name,
        .fd = options->fd,
        .host = options->host,
        .port = options->port,
        .is_udp = true,
        .ipv6_only = options->ipv6_only,
        .exclusive = options->exclusive,
        .reuse_addr = options->reuse_addr,
        .reuse_port = options->reuse_port,
    };
}

int yoke_udp_bind(struct uv_udp_s *handle,
                  const struct yoke_udp_options *options)
{
    if (!handle || !options)
        return -EINVAL;
    struct yk_listen_spec spec = spec_of(options);
    struct udp *udp = yk_alloc(sizeof(*udp));
    int err = yk_listener_open(&udp->listener, &listener_ops, &spec);
    if (err == 0)
        err = uv_udp_init(yoke_loop(), handle);
    if (err < 0) {
        free(udp);
        return err;
    }
    udp->handle = handle;
    udp->options = *options;
    udp->options.host = udp->options.fd_name = NULL;
    udp->open_count = 2;
    udp->service.drain = end_service;
    udp->service.abort = end_service;
    yk_list_add(&bound, &udp->node);
    yk_service_add(&udp->service);
    return 0;
}

void yoke_udp_close(struct uv_udp_s *handle)
{
    struct udp *udp = find(handle);

    if (udp)
        close_udp(udp);
}
