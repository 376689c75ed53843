#include "cluster/line.h"

#include <errno.h>
#include <unistd.h>

#include <yoke/log.h>

#include "cluster/dealer.h"
#include "cluster/intake.h"
#include "cluster/port.h"
#include "cluster/ports.h"
#include "cluster/users.h"

static int deal_one(struct yk_port *port, const struct yk_conn *conn)
{
    struct yk_user *user = port->sched->choose(port, conn);
    int err = user ? yk_dealer_add(user->worker, user->token, conn) : -EAGAIN;

    if (err == 0)
        yk_user_dealt(user);
    return err;
}

static void lose(const struct yk_conn *conn)
{
    yoke_log(YOKE_LOG_ERROR, "a connection is closed: no memory");
    close(conn->fd);
}

void yk_line_add(struct yk_port *port, const struct yk_conn *conn)
{
    if (port->line.count == 0 && deal_one(port, conn) == 0)
        return;
    if (yk_conn_queue_add(&port->line, conn) < 0)
        lose(conn);
}

void yk_line_add_first(struct yk_port *port, const struct yk_conn *conn)
{
    if (yk_conn_queue_add_first(&port->line, conn) < 0)
        lose(conn);
}

void yk_line_deal(struct yk_port *port)
{
    while (port->line.count) {
        struct yk_conn conn = *yk_conn_queue_first(&port->line);
        /* Out of the line first: what cannot be sent comes back to its
         * front. */
        yk_conn_queue_remove_first(&port->line);
        if (deal_one(port, &conn) < 0) {
            yk_line_add_first(port, &conn);
            break;
        }
    }
    yk_dealer_flush();
    yk_intake_update(port);
    yk_ports_progress();
}
