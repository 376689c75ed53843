#include "net/stream.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <yoke/error.h>

static struct yk_stream *stream_of(struct yk_transport *t)
{
    return (struct yk_stream *)t;
}

static struct yk_stream *stream_of_handle(uv_handle_t *handle)
{
    return handle->data;
}

/* uv_buf_t is declared to be a struct iovec on Unix. */
_Static_assert(sizeof(uv_buf_t) == sizeof(struct iovec), "same layout");

static const uv_buf_t *bufs_of(const struct iovec *iov)
{
    return (const uv_buf_t *)iov;
}

static void begin(struct yk_stream *stream)
{
    if (stream->is_begun)
        return;
    stream->is_begun = true;
    yk_handoff_begin(&stream->handoff);
}

/* ---- Reading ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct yk_stream *stream = stream_of_handle(handle);
    (void)suggested;
    /* Now, not after: if the bytes kill this process, no other worker is to be
     * dealt a connection whose request has been read already. */
    begin(stream);
    buf->len = stream->transport.user->on_room(&stream->transport, &buf->base);
}

static void on_read(uv_stream_t *handle, ssize_t n, const uv_buf_t *buf)
{
    struct yk_stream *stream = handle->data;
    (void)buf;
    if (n == UV_ENOBUFS) {
        uv_read_stop(handle);
        n = 0;
    }
    if (n == UV_EOF)
        n = -YOKE_ECLOSED;
    stream->transport.user->on_read(&stream->transport, n);
}

static void read_stop(struct yk_transport *t)
{
    uv_read_stop(&stream_of(t)->uv.stream);
}

/* ---- Writing ---- */

static ssize_t try_write(struct yk_transport *t, const struct iovec *iov, int n)
{
    int sent =
        uv_try_write(&stream_of(t)->uv.stream, bufs_of(iov), (unsigned)n);
    return sent == UV_EAGAIN ? 0 : sent;
}

static void on_written(uv_write_t *req, int status)
{
    struct yk_stream *stream = stream_of_handle((uv_handle_t *)req->handle);
    stream->transport.user->on_written(&stream->transport, status);
}

static void start_write(struct yk_transport *t, const struct iovec *iov, int n)
{
    struct yk_stream *stream = stream_of(t);
    int err = uv_write(&stream->write_req, &stream->uv.stream, bufs_of(iov),
                       (unsigned)n, on_written);
    /* Only a handle that is closing refuses; then nothing waits for it. */
    (void)err;
}

static size_t unwritten(struct yk_transport *t)
{
    struct yk_stream *stream = stream_of(t);
    size_t ours = uv_stream_get_write_queue_size(&stream->uv.stream);
    uv_os_fd_t fd;
    int sent = 0; /* And not acknowledged. */
    if (uv_fileno(&stream->uv.handle, &fd) == 0)
        ioctl(fd, SIOCOUTQ, &sent);
    return ours + (size_t)sent;
}

static void on_shutdown(uv_shutdown_t *req, int status)
{
    (void)req;
    (void)status;
}

static void start_shutdown(struct yk_transport *t)
{
    struct yk_stream *stream = stream_of(t);
    uv_shutdown(&stream->shutdown_req, &stream->uv.stream, on_shutdown);
}

/* ---- Closing ---- */

static void on_closed(uv_handle_t *handle)
{
    struct yk_stream *stream = stream_of_handle(handle);
    stream->transport.user->on_closed(&stream->transport);
}

/* While the primary may still hold a copy of the descriptor, closing ours would
 * not end the connection: shutdown does, whoever else holds it. */
static void end_connection(struct yk_stream *stream)
{
    uv_os_fd_t fd;
    begin(stream);
    if (yk_handoff_is_held(&stream->handoff) &&
        uv_fileno(&stream->uv.handle, &fd) == 0)
        shutdown(fd, SHUT_RDWR);
}

static void start_close(struct yk_transport *t)
{
    struct yk_stream *stream = stream_of(t);
    if (stream->is_closing)
        return;
    stream->is_closing = true;
    end_connection(stream);
    uv_close(&stream->uv.handle, on_closed);
}

static void read_start(struct yk_transport *t)
{
    if (uv_read_start(&stream_of(t)->uv.stream, on_alloc, on_read) < 0)
        start_close(t);
}

static void start_reset(struct yk_transport *t)
{
    struct yk_stream *stream = stream_of(t);
    if (stream->is_closing)
        return;
    begin(stream);
    /* Refused when a FIN is on its way already: then that has to do. */
    if (stream->uv.handle.type != UV_TCP ||
        uv_tcp_close_reset(&stream->uv.tcp, on_closed) < 0) {
        start_close(t);
        return;
    }
    stream->is_closing = true;
}

static int give_back(struct yk_transport *t)
{
    struct yk_stream *stream = stream_of(t);
    if (stream->is_begun || stream->is_closing ||
        !yk_handoff_return(&stream->handoff))
        return 0;
    stream->is_begun = stream->is_closing = true;
    uv_close(&stream->uv.handle, on_closed);
    return 1;
}

static const struct yk_transport_ops ops = {
    .try_write = try_write,
    .write = start_write,
    .unwritten = unwritten,
    .read_start = read_start,
    .read_stop = read_stop,
    .shutdown = start_shutdown,
    .close = start_close,
    .reset = start_reset,
    .give_back = give_back,
};

static int open_handle(struct yk_stream *stream, uv_loop_t *loop, int fd,
                       bool is_tcp)
{
    if (is_tcp) {
        uv_tcp_init(loop, &stream->uv.tcp);
        return uv_tcp_open(&stream->uv.tcp, fd);
    }
    uv_pipe_init(loop, &stream->uv.pipe, 0);
    return uv_pipe_open(&stream->uv.pipe, fd);
}

void yk_stream_open(struct yk_stream *stream, uv_loop_t *loop, int fd,
                    bool is_tcp, const struct yk_handoff *handoff)
{
    stream->transport = (struct yk_transport){.ops = &ops};
    stream->handoff = handoff ? *handoff : (struct yk_handoff){.word = NULL};
    stream->is_begun = stream->is_closing = false;
    if (open_handle(stream, loop, fd, is_tcp) < 0)
        close(fd);
    stream->uv.handle.data = stream;
}
