#include "cluster/intake.h"

#include <errno.h>
#include <stdlib.h>

#include "cluster/dealer.h"
#include "cluster/line.h"
#include "cluster/port.h"
#include "cluster/ports.h"
#include "core/alloc.h"
#include "net/acceptor.h"

/* New connections that wait in the primary before it stops accepting. */
#define LINE_MAX_LEN 256
/* Connections that draining takes from the backlog. */
#define BACKLOG_MAX  4096

struct yk_intake {
    struct yk_acceptor acceptor;
    struct yk_port *port;
    bool is_closed; /* The acceptor. */
};

/* Written by yk_intake_hold. */
static bool is_held;

void yk_intake_hold(bool holds)
{
    is_held = holds;
    YK_LIST_EACH(node, yk_ports())
    {
        struct yk_port *port = YK_CONTAINER_OF(node, struct yk_port, node);
        if (!port->is_stopping)
            yk_intake_update(port);
    }
}

bool yk_intake_is_held(void)
{
    return is_held;
}

bool yk_intake_has_room(const struct yk_port *port)
{
    return !is_held && port->line.count < LINE_MAX_LEN &&
           !yk_list_is_empty(&port->users);
}

void yk_intake_update(struct yk_port *port)
{
    struct yk_intake *intake = port->intake;

    if (port->sched->update)
        port->sched->update(port);
    if (!intake || port->is_draining)
        return;
    if (yk_intake_has_room(port))
        yk_acceptor_resume(&intake->acceptor);
    else
        yk_acceptor_pause(&intake->acceptor);
}

void yk_intake_take(struct yk_port *port, struct yk_acceptor *acceptor, int fd,
                    const struct yk_peer *peer)
{
    struct yk_conn conn = {.fd = fd, .peer = *peer, .port = port};

    yk_line_add(port, &conn);
    if (!yk_intake_has_room(port))
        yk_acceptor_pause(acceptor);
}

static void on_accept(struct yk_acceptor *acceptor, int fd,
                      const struct yk_peer *peer)
{
    struct yk_intake *intake =
        YK_CONTAINER_OF(acceptor, struct yk_intake, acceptor);

    yk_intake_take(intake->port, acceptor, fd, peer);
}

void yk_intake_batch_over(struct yk_acceptor *acceptor)
{
    (void)acceptor;
    yk_dealer_flush();
}

bool yk_intake_is_short(struct yk_acceptor *acceptor, int err)
{
    if ((err == -EMFILE || err == -ENFILE) && yk_dealer_free_descriptors())
        return true;
    return yk_acceptor_tell_shortage(acceptor, err);
}

static void on_closed(struct yk_acceptor *acceptor)
{
    struct yk_intake *intake =
        YK_CONTAINER_OF(acceptor, struct yk_intake, acceptor);
    struct yk_port *port = intake->port;

    intake->is_closed = true;
    if (!port->is_stopping) {
        yk_acceptor_drain(acceptor, BACKLOG_MAX);
        yk_socket_close(&port->socket);
        yk_line_deal(port);
        return;
    }
    free(intake);
    port->intake = NULL;
    yk_port_stopped(port);
}

static const struct yk_acceptor_ops acceptor_ops = {
    .on_accept = on_accept,
    .on_batch = yk_intake_batch_over,
    .on_shortage = yk_intake_is_short,
    .on_closed = on_closed,
};

int yk_intake_start(struct yk_port *port)
{
    struct yk_intake *intake = yk_try_alloc(sizeof(*intake));

    if (!intake)
        return -ENOMEM;
    *intake = (struct yk_intake){.port = port};
    int err =
        yk_acceptor_open(&intake->acceptor, port->socket.fd, &acceptor_ops);
    if (err < 0) {
        free(intake);
        return err;
    }
    port->intake = intake;
    yk_intake_update(port);
    return 0;
}

bool yk_intake_is_draining(const struct yk_port *port)
{
    return port->intake && port->is_draining && !port->intake->is_closed;
}

void yk_intake_drain(struct yk_port *port)
{
    yk_acceptor_finish(&port->intake->acceptor);
}

void yk_intake_stop(struct yk_port *port)
{
    struct yk_intake *intake = port->intake;

    if (intake->is_closed)
        on_closed(&intake->acceptor);
    else if (!port->is_draining)
        yk_acceptor_close(&intake->acceptor);
}
