#include "net/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <yoke/error.h>

#include "core/probe.h"
#include "net/claims.h"
#include "net/unread.h"
#include "net/vitals.h"

uint32_t yk_stream_count;
const struct yk_stream_helper *yk_stream_helper;

/* Whose each descriptor is that others may take. Written by yk_stream_open. */
static struct yk_stream *by_fd[YK_CLAIMS_MAX];

static struct yk_stream *stream_of(struct yk_transport *t)
{
    return (struct yk_stream *)t;
}

static struct yk_stream *stream_of_handle(uv_handle_t *handle)
{
    return handle->data;
}

static int fd_of(struct yk_transport *t)
{
    return stream_of(t)->fd;
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

/* ---- Resting ---- */

static void init_claim(struct yk_stream *stream, int fd)
{
    stream->rests = stream->is_taken = false;
    stream->claim = yk_claim_of(fd);
    stream->transport.may_rest = stream->claim != NULL;
    if (!stream->claim)
        return;
    by_fd[fd] = stream;
    if (atomic_load(&yk_claims->limit) <= (uint32_t)fd)
        atomic_store(&yk_claims->limit, (uint32_t)fd + 1);
}

static void rest(struct yk_transport *t)
{
    struct yk_stream *stream = stream_of(t);
    /* Of what the primary still answers for it has a copy. And what rests
     * already may have been taken: that is not to be forgotten. */
    if (stream->is_closing || stream->rests || stream->is_taken ||
        (stream->handoff.word && !stream->is_begun))
        return;
    stream->rests = true;
    yk_claim_rest(stream->claim);
}

/* It rests no more, and is this process's unless another one has taken it. */
static void own(struct yk_stream *stream)
{
    if (!stream->rests)
        return;
    stream->rests = false;
    stream->is_taken = !yk_claim_own(stream->claim);
}

static void tell_taken(struct yk_stream *stream)
{
    stream->transport.user->on_read(&stream->transport, -YOKE_ECLOSED);
}

void yk_streams_drop_taken(void)
{
    static uint32_t seen;
    uint32_t taken, limit;

    if (!yk_claims || (taken = atomic_load_explicit(
                           &yk_claims->taken, memory_order_acquire)) == seen)
        return;
    seen = taken;
    limit = atomic_load_explicit(&yk_claims->limit, memory_order_relaxed);
    for (uint32_t fd = 0; fd < limit && fd < YK_CLAIMS_MAX; fd++) {
        uint32_t word = atomic_load(&yk_claims->words[fd]);
        if (YK_CLAIM_STATE(word) != YK_CLAIM_TAKEN || !by_fd[fd])
            continue;
        own(by_fd[fd]);
        tell_taken(by_fd[fd]);
    }
}

/* ---- Reading ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct yk_stream *stream = stream_of_handle(handle);
    (void)suggested;
    yk_turn_begin();
    /* libuv allows a stream to be closed in on_read, but not here. */
    stream->is_waiting = yk_stream_helper && yk_stream_helper->should_wait();
    if (!stream->is_waiting)
        own(stream);
    if (stream->is_waiting || stream->is_taken) {
        *buf = uv_buf_init(NULL, 0);
        return;
    }
    /* Now, not after: if the bytes kill this process, no other worker is to be
     * dealt a connection whose request has been read already. */
    begin(stream);
    buf->len = stream->transport.user->on_room(&stream->transport, &buf->base);
}

static void on_read(uv_stream_t *handle, ssize_t n, const uv_buf_t *buf)
{
    struct yk_stream *stream = handle->data;
    (void)buf;
    if (stream->is_waiting) {
        stream->is_waiting = false;
        yk_stream_helper->release();
        return;
    }
    if (stream->is_taken) {
        tell_taken(stream);
        return;
    }
    if (n == UV_ENOBUFS) {
        uv_read_stop(handle);
        n = 0;
    }
    if (n == UV_EOF)
        n = -YOKE_ECLOSED;
    if (n > 0)
        yk_vitals_add(&yk_vitals->bytes_in, (uint64_t)n);
    stream->transport.user->on_read(&stream->transport, n);
}

static void read_stop(struct yk_transport *t)
{
    uv_read_stop(&stream_of(t)->uv.stream);
}

/* ---- Writing ---- */

static __attribute__((noinline)) ssize_t
send_pieces(int fd, const struct iovec *iov, int n)
{
    struct msghdr msg = {.msg_iov = (struct iovec *)(uintptr_t)iov,
                         .msg_iovlen = (size_t)n};
    return sendmsg(fd, &msg, MSG_NOSIGNAL);
}

/* Not by uv_try_write, which has to find out what is known here: that no write
 * is under way. send(2) is also cheaper than write(2), for the kernel. */
static ssize_t try_write(struct yk_transport *t, const struct iovec *iov, int n)
{
    int fd = stream_of(t)->fd;
    ssize_t sent = n == 1 ? send(fd, iov->iov_base, iov->iov_len, MSG_NOSIGNAL)
                          : send_pieces(fd, iov, n);
    if (sent < 0)
        return errno == EAGAIN || errno == EINTR || errno == ENOBUFS ? 0
                                                                     : -errno;
    yk_vitals_add(&yk_vitals->bytes_out, (uint64_t)sent);
    return sent;
}

static void on_written(uv_write_t *req, int status)
{
    struct yk_stream *stream = stream_of_handle((uv_handle_t *)req->handle);
    yk_turn_begin();
    if (status == 0)
        yk_vitals_add(&yk_vitals->bytes_out, stream->writing_len);
    stream->transport.user->on_written(&stream->transport, status);
}

static void start_write(struct yk_transport *t, const struct iovec *iov, int n)
{
    struct yk_stream *stream = stream_of(t);
    stream->writing_len = 0;
    for (int i = 0; i < n; i++)
        stream->writing_len += iov[i].iov_len;
    int err = uv_write(&stream->write_req, &stream->uv.stream, bufs_of(iov),
                       (unsigned)n, on_written);
    /* Only a handle that is closing refuses; then nothing waits for it. */
    (void)err;
}

static ssize_t send_file(struct yk_transport *t, int fd, uint64_t off,
                         size_t len)
{
    off_t at = (off_t)off;
    ssize_t sent = sendfile(fd_of(t), fd, &at, len);
    if (sent == 0)
        return -ENODATA;
    if (sent > 0) {
        yk_vitals_add(&yk_vitals->bytes_out, (uint64_t)sent);
        return sent;
    }
    /* A file system that cannot: the caller reads the file instead. */
    return errno == EAGAIN || errno == EINTR || errno == EINVAL ||
                   errno == ENOSYS
               ? 0
               : -errno;
}

static size_t unwritten(struct yk_transport *t)
{
    struct yk_stream *stream = stream_of(t);
    size_t ours = uv_stream_get_write_queue_size(&stream->uv.stream);
    int sent = 0; /* And not acknowledged. */
    ioctl(stream->fd, SIOCOUTQ, &sent);
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
    own(stream);
    if (!stream->is_taken)
        uv_shutdown(&stream->shutdown_req, &stream->uv.stream, on_shutdown);
}

/* ---- Closing ---- */

static void set_closing(struct yk_stream *stream)
{
    stream->is_closing = true;
    yk_stream_count--;
}

static void on_closed(uv_handle_t *handle)
{
    struct yk_stream *stream = stream_of_handle(handle);
    yk_vitals_add(&yk_vitals->conns_closed, 1);
    stream->transport.user->on_closed(&stream->transport);
}

static void close_handle(struct yk_stream *stream)
{
    stream->fd = -1;
    uv_close(&stream->uv.handle, on_closed);
}

/* While another process may still hold a copy of the descriptor, closing ours
 * would not end the connection: shutdown does, whoever else holds it. */
static void end_connection(struct yk_stream *stream)
{
    begin(stream);
    if (yk_handoff_is_held(&stream->handoff))
        shutdown(fd_of(&stream->transport), SHUT_RDWR);
}

static void start_close(struct yk_transport *t)
{
    struct yk_stream *stream = stream_of(t);
    if (stream->is_closing)
        return;
    set_closing(stream);
    YK_PROBE1(conn__close, fd_of(t));
    own(stream);
    if (!stream->is_taken)
        end_connection(stream);
    close_handle(stream);
}

static void read_start(struct yk_transport *t)
{
    if (uv_read_start(&stream_of(t)->uv.stream, on_alloc, on_read) < 0)
        start_close(t);
}

/* The system sends the reset when the last copy of the descriptor is closed; who
 * has another one may be stopped. To disconnect (connect(2), AF_UNSPEC) sends it
 * now; should that fail, it comes then. */
static void reset_for_all(struct yk_stream *stream)
{
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    int err = 0;

    if (yk_handoff_is_held(&stream->handoff))
        err = connect(fd_of(&stream->transport), &nobody, sizeof(nobody));
    (void)err;
}

static void start_reset(struct yk_transport *t)
{
    struct yk_stream *stream = stream_of(t);
    if (stream->is_closing)
        return;
    begin(stream);
    own(stream);
    if (!stream->is_taken && stream->uv.handle.type == UV_TCP)
        reset_for_all(stream);
    /* Refused when a FIN is on its way already: then that has to do. */
    if (stream->is_taken || stream->uv.handle.type != UV_TCP ||
        uv_tcp_close_reset(&stream->uv.tcp, on_closed) < 0) {
        start_close(t);
        return;
    }
    stream->fd = -1;
    set_closing(stream);
}

static int give_back(struct yk_transport *t)
{
    struct yk_stream *stream = stream_of(t);
    if (stream->is_begun || stream->is_closing ||
        !yk_handoff_return(&stream->handoff))
        return 0;
    YK_PROBE1(handoff__return, fd_of(t));
    stream->is_begun = true;
    set_closing(stream);
    close_handle(stream);
    return 1;
}

/* A copy: libuv closes the descriptor that it was given. What the primary still
 * answers for goes back to it (give_back), or there would be two. */
static int detach(struct yk_transport *t)
{
    struct yk_stream *stream = stream_of(t);
    own(stream);
    if (stream->is_taken)
        start_close(t);
    if (stream->is_closing || yk_handoff_is_covered(&stream->handoff))
        return -EBUSY;
    int fd = fcntl(fd_of(t), F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    begin(stream);
    set_closing(stream);
    close_handle(stream);
    return fd;
}

static int is_ready(struct yk_transport *t)
{
    int len = 0;
    return ioctl(fd_of(t), FIONREAD, &len) == 0 && len > 0;
}

/* Of UNIX sockets the kernel does not tell: what is given there counts as used. */
static int was_used(struct yk_transport *t)
{
    return stream_of(t)->handoff.was_given && !yk_unread_is_all(fd_of(t));
}

static const struct yk_transport_ops ops = {
    .try_write = try_write,
    .write = start_write,
    .sendfile = send_file,
    .unwritten = unwritten,
    .read_start = read_start,
    .read_stop = read_stop,
    .shutdown = start_shutdown,
    .close = start_close,
    .reset = start_reset,
    .give_back = give_back,
    .detach = detach,
    .rest = rest,
    .was_used = was_used,
    .is_ready = is_ready,
    .fd = fd_of,
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

/* The same as the loop would do, which then need not be asked first whether
 * something has come, nor, for a connection of one request, at all. */
void yk_stream_read_now(struct yk_stream *stream)
{
    struct yk_transport *t = &stream->transport;
    char *room;

    if (!uv_is_active(&stream->uv.handle) || stream->is_closing ||
        (stream->handoff.word && !is_ready(t)))
        return;
    yk_turn_begin();
    begin(stream);
    own(stream);
    if (stream->is_taken) {
        tell_taken(stream);
        return;
    }
    size_t len = t->user->on_room(t, &room);
    /* Without room there is nothing to read, and that is to be known. */
    ssize_t n = len ? read(fd_of(t), room, len) : 0;
    if (n > 0)
        yk_vitals_add(&yk_vitals->bytes_in, (uint64_t)n);
    /* What else there is, the end or an error, the loop finds again. */
    t->user->on_read(t, n > 0 ? n : 0);
}

void yk_stream_open(struct yk_stream *stream, uv_loop_t *loop, int fd,
                    bool is_tcp, const struct yk_handoff *handoff)
{
    yk_vitals_add(&yk_vitals->conns_opened, 1);
    yk_stream_count++;
    YK_PROBE1(conn__accept, fd);
    stream->transport = (struct yk_transport){.ops = &ops};
    stream->handoff = handoff ? *handoff : (struct yk_handoff){.word = NULL};
    stream->is_begun = stream->is_closing = false;
    init_claim(stream, fd);
    if (stream->handoff.word)
        YK_PROBE2(handoff__take, fd, stream->handoff.generation);
    stream->fd = fd;
    if (open_handle(stream, loop, fd, is_tcp) < 0) {
        close(fd);
        stream->fd = -1;
    }
    stream->uv.handle.data = stream;
}
