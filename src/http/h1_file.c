/* Sends a part of a file as the body of an answer.
 *
 *      head    first block        the rest
 *     [out....|pread.......] --> sendfile, sendfile, ... until the peer is full
 *                                then one block by pread, which is left to the
 *                                loop; when it has gone, sendfile again
 *
 * The first block goes with the head, so a small file is one write. sendfile(2)
 * moves the rest from the page cache to the socket without a copy. It cannot be
 * waited for, since libuv waits for writes of memory alone; so when the socket
 * is full, one block of the file is written in that way. A transport without
 * sendfile gets block after block. */
#include "http/h1_state.h"

#include <errno.h>
#include <unistd.h>

#include <yoke/error.h>

/* Most bytes of a file before the output is looked at again, so that a fast
 * peer does not keep the loop for itself; and of one call. */
#define TURN_MAX (1u << 20)
#define CALL_MAX (256u << 10)

static void finish(struct yk_h1_conn *conn, int err)
{
    conn->file_fd = -1;
    conn->file_err = err;
    conn->is_file_over = true;
    yk_h1_touch(conn);
}

static void count(struct yk_h1_conn *conn, size_t len)
{
    conn->file_off += len;
    conn->file_left -= len;
    conn->x.body_len += len;
    if (conn->file_left == 0)
        finish(conn, 0);
}

/* One block of the file to the output. Returns the bytes, or a negative code:
 * -EIO when the file has become shorter. */
static ssize_t read_block(struct yk_h1_conn *conn)
{
    size_t len;
    char *room = yk_out_room(&conn->out, &len);
    if (!room)
        return -ENOMEM;
    if (len > conn->file_left)
        len = (size_t)conn->file_left;
    ssize_t n = pread(conn->file_fd, room, len, (off_t)conn->file_off);
    if (n <= 0)
        return n < 0 ? -errno : -EIO;
    yk_out_commit(&conn->out, (size_t)n);
    return n;
}

/* Appends a block; false when nothing more can come. */
static bool append_block(struct yk_h1_conn *conn)
{
    ssize_t n = read_block(conn);
    if (n > 0)
        count(conn, (size_t)n);
    else
        finish(conn, (int)n);
    return n > 0;
}

/* Moves bytes from file to socket. Returns them; 0 when the peer is full, or
 * there is no such way; or a negative code. */
static ssize_t move(struct yk_h1_conn *conn)
{
    struct yk_transport *t = conn->transport;
    size_t len =
        conn->file_left < CALL_MAX ? (size_t)conn->file_left : CALL_MAX;
    if (!t->ops->sendfile)
        return 0;
    ssize_t n = t->ops->sendfile(t, conn->file_fd, conn->file_off, len);
    if (n > 0) {
        conn->progress_ms = yk_h1_now(conn);
        count(conn, (size_t)n);
    }
    return n;
}

bool yk_h1_file_pump(struct yk_h1_conn *conn)
{
    size_t moved = 0;
    ssize_t n = 0;
    while (conn->file_fd >= 0 && moved < TURN_MAX && (n = move(conn)) > 0)
        moved += (size_t)n;
    if (n < 0 && n != -ENODATA) {
        yk_h1_drop(conn);
        return false;
    }
    if (n == -ENODATA)
        finish(conn, -EIO);
    return conn->file_fd >= 0 && append_block(conn);
}

int yk_h1_send_file(struct yk_exchange *x, int fd, uint64_t off, uint64_t len)
{
    struct yk_h1_conn *conn = yk_h1_conn_of(x);
    x->content_length = (int64_t)len;
    ssize_t waiting = x->ops->write(x, NULL, 0); /* The head. */
    if (waiting < 0)
        return (int)waiting;
    conn->file_fd = fd;
    conn->file_off = off;
    conn->file_left = len;
    if (conn->is_bodiless || len == 0)
        finish(conn, 0);
    else
        append_block(conn);
    return 0;
}

void yk_h1_file_abort(struct yk_h1_conn *conn)
{
    struct yk_exchange *x = &conn->x;
    if (conn->file_fd < 0 && !conn->is_file_over)
        return;
    conn->file_fd = -1;
    conn->is_file_over = false;
    if (!x->is_ended && x->events && x->events->on_file)
        x->events->on_file(x, -YOKE_ECLOSED);
}
