/* How a connection comes to its end: by itself, by an error of the client's, or
 * because it goes to another process. */
#include <errno.h>

#include <yoke/error.h>

#include "http/h1_state.h"
#include "net/flights.h"

void yk_h1_tell_close(struct yk_h1_conn *conn)
{
    struct yk_exchange *x = &conn->x;
    if (!conn->has_exchange || conn->is_close_told || x->is_ended)
        return;
    conn->is_close_told = true;
    if (x->events && x->events->on_close)
        x->events->on_close(x);
}

/* A writer that waits for room, and has heard already that the client has closed
 * its side, would never hear of anything again. */
static void wake_writer(struct yk_h1_conn *conn)
{
    struct yk_exchange *x = &conn->x;
    if (!conn->is_over_high_water || x->is_ended)
        return;
    conn->is_over_high_water = false;
    if (x->events && x->events->on_drain)
        x->events->on_drain(x);
}

/* From here on the application's answer goes nowhere; it still has to end it.
 */
static void abort_exchange(struct yk_h1_conn *conn, int err)
{
    struct yk_exchange *x = &conn->x;
    if (!conn->has_exchange || x->is_aborted)
        return;
    x->is_aborted = true;
    if (!x->is_ended && x->events && x->events->on_abort)
        x->events->on_abort(x);
    yk_flight_set_clear(conn->flight, conn->fd, false);
    bool was_reading = x->body_state == YK_READ_STARTED;
    x->body_state = YK_READ_DONE;
    if (was_reading && !x->is_ended && x->events && x->events->on_end)
        x->events->on_end(x, err);
    yk_h1_file_abort(conn);
    if (conn->is_close_told)
        wake_writer(conn);
    yk_h1_tell_close(conn);
}

static void close_now(struct yk_h1_conn *conn,
                      void (*how)(struct yk_transport *t))
{
    if (conn->phase == YK_H1_CLOSED)
        return;
    yk_h1_enter(conn, YK_H1_CLOSED);
    yk_timer_clear(&conn->server->wheel, &conn->timer);
    abort_exchange(conn, -YOKE_ECLOSED);
    how(conn->transport);
    yk_h1_touch(conn);
}

void yk_h1_drop(struct yk_h1_conn *conn)
{
    close_now(conn, conn->transport->ops->close);
}

void yk_h1_reset(struct yk_h1_conn *conn)
{
    close_now(conn, conn->transport->ops->reset);
}

bool yk_h1_give_back(struct yk_h1_conn *conn)
{
    if (conn->was_read || conn->phase != YK_H1_HEAD ||
        !conn->transport->ops->give_back(conn->transport))
        return false;
    yk_h1_enter(conn, YK_H1_CLOSED);
    yk_timer_clear(&conn->server->wheel, &conn->timer);
    return true;
}

int yk_h1_release(struct yk_h1_conn *conn, bool ready_only)
{
    const struct yk_transport_ops *ops = conn->transport->ops;

    if (!yk_h1_is_at_boundary(conn) || !ops->detach)
        return -EBUSY;
    if (ready_only && !(ops->is_ready && ops->is_ready(conn->transport)))
        return -EAGAIN;
    int fd = ops->detach(conn->transport);
    if (fd < 0)
        return fd;
    yk_h1_enter(conn, YK_H1_CLOSED);
    yk_timer_clear(&conn->server->wheel, &conn->timer);
    return fd;
}

static int errno_of(enum yk_h1_error error)
{
    if (error == YK_H1_TRUNCATED)
        return -YOKE_ECLOSED;
    return yk_h1_error_status(error) == 408 ? -ETIMEDOUT : -EPROTO;
}

void yk_h1_refuse(struct yk_h1_conn *conn, enum yk_h1_error error)
{
    bool is_head = conn->head && conn->head->request.is_head;
    if (conn->phase >= YK_H1_CLOSING)
        return;
    yk_h1_enter(conn, YK_H1_CLOSING);
    conn->must_linger = true;
    if (!conn->has_exchange || !conn->x.is_head_sent) {
        yk_h1_write_refusal(&conn->out, error, yk_h1_date(conn), !is_head);
        yk_h1_flight_refused(conn, yk_h1_error_status(error));
    }
    abort_exchange(conn, errno_of(error));
    yk_h1_touch(conn);
}

/* What has been queued still goes out; that more was to come shows in its
 * framing, or else only a reset can say it. */
void yk_h1_cut(struct yk_h1_conn *conn)
{
    if (conn->framing == YK_H1_FRAME_CLOSE) {
        yk_h1_reset(conn);
        return;
    }
    yk_h1_enter(conn, YK_H1_CLOSING);
    conn->must_linger = true;
    abort_exchange(conn, -YOKE_ECLOSED);
}

void yk_h1_leave(struct yk_h1_conn *conn)
{
    yk_h1_enter(conn, YK_H1_CLOSING);
    conn->must_linger |= !conn->is_body_complete || yk_h1_input_len(conn) > 0;
    abort_exchange(conn, -YOKE_ECLOSED);
}
