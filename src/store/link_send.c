/* What a link sends: all that has been appended in a turn, with one write. What
 * the socket does not take at once is libuv's until it does; what is appended
 * meanwhile waits for that. */
#include <errno.h>
#include <stdlib.h>

#include "store/link.h"
#include "store/link_connect.h"
#include "store/link_tls.h"

#include "core/banned.h"

char *yk_link_grow(struct yk_link *link, size_t len)
{
    struct yk_link_out *out = link->tls ? &link->plain : &link->out;
    char *room = yk_link_out_room(out, len);

    link->is_torn |= !room;
    return room;
}

void yk_link_append(struct yk_link *link, const void *ptr, size_t len)
{
    struct yk_link_out *out = link->tls ? &link->plain : &link->out;
    link->is_torn |= !yk_link_out_add(out, ptr, len);
}

static void on_written(uv_write_t *req, int status)
{
    struct yk_link *link = req->data;

    if (!yk_link_is_connected(link))
        return;
    free(link->writing);
    link->writing = NULL;
    link->is_writing = false;
    if (status < 0)
        yk_link_fail(link, status);
    else
        yk_link_flush(link);
}

/* What the socket does not take is left to libuv, with its buffer. */
static void write_rest(struct yk_link *link, size_t sent)
{
    uv_buf_t buf =
        uv_buf_init(link->out.ptr + sent, (unsigned)(link->out.len - sent));

    link->writing = link->out.ptr;
    link->is_writing = true;
    link->out = (struct yk_link_out){NULL, 0, 0};
    link->write.data = link;
    int err = uv_write(&link->write, &link->uv.stream, &buf, 1, on_written);
    if (err < 0)
        yk_link_fail(link, err);
}

void yk_link_flush(struct yk_link *link)
{
    if (link->is_writing || !yk_link_is_connected(link))
        return;
    if (link->tls)
        yk_link_encrypt(link);
    if (link->is_torn) {
        yk_link_fail(link, -ENOMEM);
        return;
    }
    if (link->out.len == 0)
        return;
    uv_buf_t buf = uv_buf_init(link->out.ptr, (unsigned)link->out.len);
    int n = uv_try_write(&link->uv.stream, &buf, 1);
    if (n < 0 && n != UV_EAGAIN) {
        yk_link_fail(link, n);
        return;
    }
    size_t sent = n > 0 ? (size_t)n : 0;
    if (sent < link->out.len)
        write_rest(link, sent);
    else
        yk_link_out_empty(&link->out);
}
