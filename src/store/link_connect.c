#include "store/link_connect.h"

#include <stdio.h>

#include <yoke/loop.h>

#include "core/banned.h"

#define KEEP_ALIVE_S 15

static void switch_address(struct yk_link *link);

/* An attempt at a host has none until it has found an address. */
static bool has_target(const struct yk_link *link)
{
    return link->path || link->found;
}

bool yk_link_has_socket(const struct yk_link *link)
{
    return link->state == YK_LINK_GREETING || link->state == YK_LINK_UP ||
           (link->state == YK_LINK_CONNECTING && has_target(link) &&
            !link->is_switching);
}

/* ---- An attempt ---- */

static void take_stream(struct yk_link *link)
{
    link->uv.handle.data = link;
    link->connect.data = link;
    if (!link->keeps_loop)
        uv_unref(&link->uv.handle);
}

static void on_connect(uv_connect_t *req, int status)
{
    struct yk_link *link = req->data;

    if (link->state != YK_LINK_CONNECTING || link->is_switching ||
        yk_link_is_foreign(link))
        return;
    if (status == 0)
        yk_link_greet(link);
    else if (link->left > 0)
        switch_address(link);
    else
        yk_link_fail(link, status);
}

static void connect_unix(struct yk_link *link)
{
    uv_pipe_init(yoke_loop(), &link->uv.pipe, 0);
    take_stream(link);
    uv_pipe_connect(&link->connect, &link->uv.pipe, link->path, on_connect);
}

/* The next of the addresses that have been found. */
static const struct sockaddr *take_address(struct yk_link *link)
{
    const struct addrinfo *one = link->found;

    for (unsigned skip = link->next++ % link->count; skip > 0; skip--)
        one = one->ai_next;
    link->left--;
    return one->ai_addr;
}

static void connect_tcp(struct yk_link *link)
{
    const struct sockaddr *addr = take_address(link);

    uv_tcp_init(yoke_loop(), &link->uv.tcp);
    take_stream(link);
    uv_tcp_nodelay(&link->uv.tcp, 1);
    uv_tcp_keepalive(&link->uv.tcp, 1, KEEP_ALIVE_S);
    int err = uv_tcp_connect(&link->connect, &link->uv.tcp, addr, on_connect);
    if (err < 0 && link->left > 0)
        switch_address(link);
    else if (err < 0)
        yk_link_fail(link, err);
}

/* The attempt may have been given up meanwhile. */
static void on_switched(uv_handle_t *handle)
{
    struct yk_link *link = handle->data;

    link->is_switching = false;
    if (link->state == YK_LINK_CONNECTING)
        connect_tcp(link);
    else
        yk_link_rest(link);
}

static void switch_address(struct yk_link *link)
{
    link->is_switching = true;
    uv_close(&link->uv.handle, on_switched);
}

/* All of them are tried in one attempt, each time beginning with another: one
 * that does not even refuse takes the time of all. */
static void take_found(struct yk_link *link, struct addrinfo *found)
{
    link->found = found;
    link->count = 0;
    for (const struct addrinfo *one = found; one; one = one->ai_next)
        link->count++;
    link->left = link->count;
    link->next = link->attempts;
    connect_tcp(link);
}

static void on_resolved(uv_getaddrinfo_t *req, int status,
                        struct addrinfo *found)
{
    struct yk_link *link = req->data;

    link->is_resolving = false;
    if (link->state == YK_LINK_CONNECTING && status == 0) {
        take_found(link, found);
        return;
    }
    uv_freeaddrinfo(found);
    if (link->state == YK_LINK_CONNECTING)
        yk_link_fail(link, status);
    else if (link->is_ending)
        yk_link_end_if_let_go(link);
}

static void resolve(struct yk_link *link)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    char port[16];

    snprintf(port, sizeof(port), "%d", link->port);
    link->resolve.data = link;
    link->is_resolving = true;
    int err = uv_getaddrinfo(yoke_loop(), &link->resolve, on_resolved,
                             link->host, port, &hints);
    if (err == 0)
        return;
    link->is_resolving = false;
    yk_link_fail(link, err);
}

void yk_link_forget_addresses(struct yk_link *link)
{
    if (link->found)
        uv_freeaddrinfo(link->found);
    link->found = NULL;
}

void yk_link_connect(struct yk_link *link)
{
    if (link->path)
        connect_unix(link);
    else
        resolve(link);
}
