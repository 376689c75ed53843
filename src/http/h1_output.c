/* The output of a connection: what waits leaves with one write for all answers
 * to one read. What the peer does not take at once is left to the loop; while
 * that goes on, more may be appended behind it. */
#include "http/h1_state.h"

#include "net/flights.h"

/* Vectors of one write. */
#define VECTORS_MAX 16
/* Rounds of work and output for one event. A handler that writes as fast as the
 * peer reads would otherwise keep the loop for itself. */
#define ROUNDS_MAX  8
/* Writes of one round; many are only needed for a long file. */
#define WRITES_MAX  16

bool yk_h1_is_output_full(const struct yk_h1_conn *conn)
{
    const struct yoke_limits *limits = &conn->server->limits;
    return conn->answers_queued >= limits->max_pipeline ||
           conn->out.len > limits->high_water;
}

/* What waits, as vectors; returns their number and, in `*ret_len`, their bytes.
 */
static int take_vectors(const struct yk_h1_conn *conn,
                        struct iovec iov[VECTORS_MAX], size_t *ret_len)
{
    int n = yk_out_vectors(&conn->out, iov, VECTORS_MAX);
    if (n < VECTORS_MAX) {
        *ret_len = conn->out.len;
        return n;
    }
    *ret_len = 0;
    for (int i = 0; i < n; i++)
        *ret_len += iov[i].iov_len;
    return n;
}

/* Leaves what waits to the loop, which sends it as the peer takes it. */
static void write_later(struct yk_h1_conn *conn)
{
    struct iovec iov[VECTORS_MAX];
    int n = take_vectors(conn, iov, &conn->writing_len);
    conn->is_writing = true;
    conn->transport->ops->write(conn->transport, iov, n);
    yk_h1_timeout_write(conn);
}

/* Sends what the peer takes now. */
static void write_now(struct yk_h1_conn *conn)
{
    struct iovec iov[VECTORS_MAX];
    size_t len;
    int n = take_vectors(conn, iov, &len);
    ssize_t sent = conn->transport->ops->try_write(conn->transport, iov, n);
    if (sent < 0) {
        yk_h1_drop(conn);
        return;
    }
    conn->progress_ms = conn->now_ms;
    yk_out_consume(&conn->out, (size_t)sent);
    if ((size_t)sent < len)
        write_later(conn);
}

/* Something waits to be sent, of memory or of a file. */
static bool has_output(struct yk_h1_conn *conn)
{
    if (conn->out.len > 0 || !conn->has_exchange || conn->x.is_ended ||
        conn->file_fd < 0)
        return conn->out.len > 0;
    return yk_h1_file_pump(conn);
}

bool yk_h1_flush(struct yk_h1_conn *conn, int round)
{
    bool was_waited_for = yk_h1_is_output_full(conn) ||
                          (conn->out.len > 0 && (conn->is_over_high_water ||
                                                 conn->phase == YK_H1_CLOSING));

    if (conn->flight)
        yk_flight_set_clear(conn->flight, conn->fd, false);
    for (int writes = 0;
         !conn->is_writing && conn->phase != YK_H1_CLOSED && has_output(conn);
         writes++) {
        if (round < ROUNDS_MAX && writes < WRITES_MAX)
            write_now(conn);
        else
            write_later(conn);
    }
    if (conn->out.len > 0)
        return false;
    if (conn->flight && !conn->x.is_head_sent && !conn->x.is_aborted)
        yk_flight_set_clear(conn->flight, conn->fd, true);
    conn->answers_queued = 0;
    return (was_waited_for || (conn->has_exchange && conn->is_file_over)) &&
           conn->phase != YK_H1_CLOSED;
}
