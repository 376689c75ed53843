#include "test/memory.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/error.h>

#include "core/alloc.h"
#include "core/list.h"

static struct yk_memory *memory_of(struct yk_transport *t)
{
    return YK_CONTAINER_OF(t, struct yk_memory, transport);
}

static size_t min(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* ---- The transport's calls ---- */

/* Moves as much as the client will take from the pieces to `out`, and the
 * pieces on. Returns the bytes moved. */
static size_t take(struct yk_memory *m, struct iovec *iov, int n)
{
    size_t taken = 0;
    for (int i = 0; i < n && m->window > 0; i++) {
        size_t len = min(iov[i].iov_len, m->window);
        len = min(len, m->out_max - m->out.len);
        yk_bytes_append(&m->out, iov[i].iov_base, len);
        iov[i].iov_base = (char *)iov[i].iov_base + len;
        iov[i].iov_len -= len;
        taken += len;
        if (m->window != SIZE_MAX)
            m->window -= len;
    }
    if (m->out.len >= m->out_max)
        m->is_broken = true;
    return taken;
}

static void assert_can_write(const struct yk_memory *m)
{
    assert(!m->is_closed && "nothing is written after the close");
    assert(!m->is_shut && "nothing is written after the shutdown");
    assert(!m->is_writing && "one write at a time");
    (void)m;
}

/* Keeps the pieces, not their bytes: those must stay where they are, and under
 * a sanitizer it shows when they do not. */
static void enqueue(struct yk_memory *m, const struct iovec *iov, int n)
{
    if (n > m->queue_capacity) {
        m->queue_capacity = n;
        m->queue = yk_realloc(m->queue, (size_t)n, sizeof(*m->queue));
    }
    if (n > 0)
        memcpy(m->queue, iov, (size_t)n * sizeof(*iov));
    m->queue_len = n;
}

static ssize_t memory_try_write(struct yk_transport *t, const struct iovec *iov,
                                int n)
{
    struct yk_memory *m = memory_of(t);
    assert_can_write(m);
    if (m->is_broken)
        return -EPIPE;
    enqueue(m, iov, n);
    size_t taken = take(m, m->queue, m->queue_len);
    m->queue_len = 0;
    return (ssize_t)taken;
}

static void memory_write(struct yk_transport *t, const struct iovec *iov, int n)
{
    struct yk_memory *m = memory_of(t);
    assert_can_write(m);
    enqueue(m, iov, n);
    m->is_writing = true;
}

static size_t memory_unwritten(struct yk_transport *t)
{
    const struct yk_memory *m = memory_of(t);
    size_t left = 0;
    for (int i = 0; i < m->queue_len; i++)
        left += m->queue[i].iov_len;
    return left;
}

static void memory_read_start(struct yk_transport *t)
{
    struct yk_memory *m = memory_of(t);
    assert(!m->is_closed);
    m->is_reading = true;
}

static void memory_read_stop(struct yk_transport *t)
{
    memory_of(t)->is_reading = false;
}

static void memory_shutdown(struct yk_transport *t)
{
    struct yk_memory *m = memory_of(t);
    assert(!m->is_closed);
    m->is_shut = true;
}

static void memory_close(struct yk_transport *t)
{
    struct yk_memory *m = memory_of(t);
    assert(!m->is_closed && "closed twice");
    m->is_closed = true;
    m->is_reading = false;
}

static void memory_reset(struct yk_transport *t)
{
    memory_of(t)->is_reset = true;
    memory_close(t);
}

/* There is no primary to give it to. */
static int memory_give_back(struct yk_transport *t)
{
    (void)t;
    return 0;
}

static const struct yk_transport_ops memory_ops = {
    .try_write = memory_try_write,
    .write = memory_write,
    .unwritten = memory_unwritten,
    .read_start = memory_read_start,
    .read_stop = memory_read_stop,
    .shutdown = memory_shutdown,
    .close = memory_close,
    .reset = memory_reset,
    .give_back = memory_give_back,
};

/* ---- The client's end ---- */

void yk_memory_init(struct yk_memory *m)
{
    *m = (struct yk_memory){
        .transport.ops = &memory_ops,
        .pace = SIZE_MAX,
        .window = SIZE_MAX,
        .out_max = SIZE_MAX,
    };
}

void yk_memory_done(struct yk_memory *m)
{
    yk_bytes_done(&m->in);
    yk_bytes_done(&m->out);
    free(m->queue);
    m->queue = NULL;
}

void yk_memory_send(struct yk_memory *m, const void *ptr, size_t len)
{
    if (!m->is_hung_up && !m->is_broken)
        yk_bytes_append(&m->in, ptr, len);
}

void yk_memory_hang_up(struct yk_memory *m)
{
    m->is_hung_up = true;
}

void yk_memory_break(struct yk_memory *m)
{
    m->is_broken = true;
}

void yk_memory_set_pace(struct yk_memory *m, size_t n)
{
    m->pace = n;
    m->window = n;
}

void yk_memory_take_more(struct yk_memory *m, size_t n)
{
    m->pace = 0;
    m->window = n;
}

bool yk_memory_has_ended(const struct yk_memory *m)
{
    return m->is_closed || (m->is_shut && !m->is_writing);
}

/* ---- What the loop would do ---- */

static void finish_write(struct yk_memory *m, int err)
{
    m->is_writing = false;
    m->queue_len = 0;
    m->transport.user->on_written(&m->transport, err);
}

/* Drops pieces that have been taken whole. */
static void trim_queue(struct yk_memory *m)
{
    int done = 0;
    while (done < m->queue_len && m->queue[done].iov_len == 0)
        done++;
    m->queue_len -= done;
    if (done > 0)
        memmove(m->queue, m->queue + done,
                (size_t)m->queue_len * sizeof(*m->queue));
}

static bool turn_write(struct yk_memory *m)
{
    if (m->pace > 0)
        m->window = m->pace;
    if (!m->is_writing)
        return false;
    if (m->is_broken) {
        finish_write(m, -EPIPE);
        return true;
    }
    size_t taken = take(m, m->queue, m->queue_len);
    trim_queue(m);
    if (m->queue_len > 0)
        return taken > 0;
    finish_write(m, 0);
    return true;
}

/* One read, of as many bytes as there are, are wanted, and have room. */
static void read_once(struct yk_memory *m)
{
    const struct yk_transport_user *user = m->transport.user;
    size_t len = m->in.len - m->in_taken;
    char *room = NULL;
    size_t size = user->on_room(&m->transport, &room);

    if (size == 0) {
        m->is_reading = false;
        return;
    }
    len = min(len, size);
    if (m->split > 0)
        len = min(len, m->split);
    if (m->in_taken < m->split_at)
        len = min(len, m->split_at - m->in_taken);
    memcpy(room, m->in.ptr + m->in_taken, len);
    m->in_taken += len;
    user->on_read(&m->transport, (ssize_t)len);
}

/* The end of the input, once. As from a socket, it takes room to learn of it,
 * which is then not needed. */
static void read_end(struct yk_memory *m, ssize_t err)
{
    const struct yk_transport_user *user = m->transport.user;
    char *room = NULL;

    if (user->on_room(&m->transport, &room) == 0) {
        m->is_reading = false;
        return;
    }
    m->has_seen_end = true;
    user->on_read(&m->transport, err);
}

static bool turn_read(struct yk_memory *m)
{
    if (!m->is_reading || m->has_seen_end)
        return false;
    if (m->is_broken)
        read_end(m, -ECONNRESET);
    else if (m->in_taken < m->in.len)
        read_once(m);
    else if (m->is_hung_up)
        read_end(m, -YOKE_ECLOSED);
    else
        return false;
    return true;
}

static bool turn_close(struct yk_memory *m)
{
    if (!m->is_closed || m->is_gone)
        return false;
    m->is_gone = true;
    m->is_writing = false;
    m->transport.user->on_closed(&m->transport);
    return true;
}

bool yk_memory_turn(struct yk_memory *m)
{
    /* A write that a close has cut off is not reported: on_closed is. */
    if (m->is_closed)
        return turn_close(m);
    bool has_written = turn_write(m);
    if (m->is_closed)
        return true;
    return turn_read(m) || has_written;
}
