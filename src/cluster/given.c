#include "cluster/given.h"

#include <string.h>

#include "cluster/board.h"
#include "cluster/channel.h"
#include "cluster/dealer.h"
#include "cluster/intake.h"
#include "cluster/line.h"
#include "cluster/message.h"
#include "cluster/port.h"
#include "cluster/users.h"
#include "cluster/worker.h"
#include "core/cleanup.h"
#include "net/handoff.h"

#include "core/banned.h"

/* Connections that wait in the primary, from which on no more are taken. */
#define LINE_MAX_LEN 256

/* Somebody is ready for it: in the line it would wait for longer than with the
 * giver. A dead giver's has to wait. While the primary is about to be replaced
 * only those are helped that are leaving: what they keep is closed. */
static bool is_wanted(const struct yk_port *port,
                      const struct yoke_worker *giver)
{
    if (port->is_stopping || port->line.count >= LINE_MAX_LEN)
        return false;
    if (yk_intake_is_held() && !giver->is_leaving)
        return false;
    if (giver->is_dead)
        return true;
    YK_LIST_EACH(node, &port->users)
    {
        struct yk_user *user = YK_CONTAINER_OF(node, struct yk_user, node);
        if (yk_dealer_readiness(user->worker) == YK_READY)
            return true;
    }
    return false;
}

static void take(struct yoke_worker *giver, const struct yk_message_give *give,
                 int *fd)
{
    struct yk_port *port = yk_user_port(giver, give->token);
    struct yk_handoff handoff;

    if (give->index >= YK_BOARD_GIFTS)
        return;
    handoff.word = &giver->board->gifts[give->index];
    handoff.generation = give->generation;
    if (*fd < 0 || !port || !is_wanted(port, giver)) {
        yk_handoff_move(&handoff, YK_HANDOFF_SENT, YK_HANDOFF_RETURNED);
        return;
    }
    if (!yk_handoff_move(&handoff, YK_HANDOFF_SENT, YK_HANDOFF_TAKEN))
        return;
    giver->given[give->index] = give->peer;
    struct yk_conn conn = {.fd = yk_take_fd(fd),
                           .peer = give->peer,
                           .port = port,
                           .giver = giver->id};
    yk_line_add(port, &conn);
}

void yk_given(struct yoke_worker *giver, const struct yk_packet *packet)
{
    /* Copied: the packet's room is used again by whatever is read meanwhile. */
    struct yk_message_give gives[YK_PACKET_FDS];
    size_t count = packet->len / sizeof(gives[0]);
    int none = -1;

    if (count > YK_PACKET_FDS)
        return;
    memcpy(gives, packet->body, count * sizeof(gives[0]));
    for (size_t i = 0; i < count; i++)
        take(giver, &gives[i],
             (int)i < packet->fd_count ? &packet->fds[i] : &none);
    yk_dealer_flush();
}
