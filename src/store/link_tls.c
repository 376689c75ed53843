#include "store/link_tls.h"

#include <errno.h>

#include "store/link_connect.h"
#include "store/tls.h"

#include "core/banned.h"

static void on_tls_send(void *owner, const char *ptr, size_t len)
{
    struct yk_link *link = owner;
    link->is_torn |= !yk_link_out_add(&link->out, ptr, len);
}

static void on_tls_ready(void *owner)
{
    struct yk_link *link = owner;
    link->ops->on_connected(link);
}

static bool on_tls_bytes(void *owner, char *ptr, size_t len)
{
    struct yk_link *link = owner;
    link->ops->on_bytes(link, ptr, len);
    return yk_link_is_connected(link);
}

void yk_link_start_tls(struct yk_link *link)
{
    static const struct yk_tls_ops ops = {
        .send = on_tls_send,
        .on_ready = on_tls_ready,
        .on_bytes = on_tls_bytes,
    };

    link->tls = yk_tls_new(link->tls_config, link->host, &ops, link);
    if (!link->tls)
        yk_link_fail(link, -ENOMEM);
    else if (yk_tls_start(link->tls) < 0)
        yk_link_break(link, yk_tls_why(link->tls));
}

void yk_link_encrypt(struct yk_link *link)
{
    if (link->plain.len == 0)
        return;
    if (yk_tls_write(link->tls, link->plain.ptr, link->plain.len) < 0)
        link->is_torn = true;
    yk_link_out_empty(&link->plain);
}

void yk_link_take_encrypted(struct yk_link *link, const char *ptr, size_t len)
{
    int err = yk_tls_take(link->tls, ptr, len);

    if (!yk_link_is_connected(link))
        return;
    /* Also of a failure: the server is told why. */
    yk_link_flush(link);
    if (err < 0)
        yk_link_break(link, yk_tls_why(link->tls));
}
