/* The connections that a worker is dealt. */
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "cluster/board.h"
#include "cluster/channel.h"
#include "cluster/remote_listener.h"
#include "cluster/source.h"
#include "cluster/surplus.h"
#include "core/cleanup.h"
#include "net/acceptor.h"
#include "net/handoff.h"

#include "core/banned.h"

/* What a packet of connections leaves to be told to the primary. */
struct outcome {
    bool has_returned;
    bool is_short; /* A descriptor did not come along, for there was no room;
                      or there was no memory for a connection. */
};

/* Whoever got it has given it back at once. */
static bool is_returned(const struct yk_handoff *handoff)
{
    return atomic_load_explicit(handoff->word, memory_order_acquire) ==
           YK_HANDOFF_WORD(handoff->generation, YK_HANDOFF_RETURNED);
}

static bool has_memory(void)
{
    return yk_acceptor_has_memory(YK_ACCEPT_BYTES);
}

/* False: it is to go back. */
static bool deliver(struct yk_remote_listener *remote,
                    const struct yk_message_conn *conn,
                    const struct yk_handoff *handoff, int *fd)
{
    if (*fd < 0 || remote->is_closing || remote->room == 0 || !has_memory())
        return false;
    /* Otherwise the primary has taken it back: another worker has it. */
    if (yk_handoff_move(handoff, YK_HANDOFF_SENT, YK_HANDOFF_TAKEN))
        remote->listener->ops->on_connection(remote->listener, yk_take_fd(fd),
                                             &conn->peer, handoff);
    return true;
}

/* Whatever becomes of it, it was one of those that were offered. */
static bool count_and_deliver(struct yk_remote_listener *remote,
                              const struct yk_message_conn *conn,
                              const struct yk_handoff *handoff, int *fd)
{
    if (remote->offered && remote->offered != YK_ROOM_ANY)
        remote->offered--;
    bool is_delivered = deliver(remote, conn, handoff, fd);
    if (!remote->is_closing)
        yk_remote_update_offer(remote);
    return is_delivered;
}

static void take_conn(const struct yk_message_conn *conn, int *fd,
                      struct outcome *outcome)
{
    struct yk_remote_listener *remote = yk_remote_find(conn->token);
    struct yk_handoff handoff;

    if (conn->index >= YK_BOARD_ENTRIES)
        return;
    handoff.word = &yk_source.board->words[conn->index];
    handoff.generation = conn->generation;
    handoff.was_given = conn->was_given != 0;
    if (remote && !(remote->is_shared && yk_surplus_is_late()) &&
        count_and_deliver(remote, conn, &handoff, fd)) {
        if (is_returned(&handoff))
            outcome->has_returned = outcome->is_short = true;
        return;
    }
    if (yk_handoff_move(&handoff, YK_HANDOFF_SENT, YK_HANDOFF_RETURNED))
        outcome->has_returned = true;
    outcome->is_short |= *fd < 0 || !has_memory();
}

void yk_source_connected(const struct yk_packet *packet)
{
    /* Copied: the packet's room is used again by whatever is read meanwhile. */
    struct yk_message_conn conns[YK_PACKET_FDS];
    size_t count = packet->len / sizeof(conns[0]);
    struct outcome outcome = {.is_short = false};
    int none = -1;

    if (count > YK_PACKET_FDS)
        return;
    memcpy(conns, packet->body, count * sizeof(conns[0]));
    for (size_t i = 0; i < count; i++)
        take_conn(&conns[i],
                  (int)i < packet->fd_count ? &packet->fds[i] : &none,
                  &outcome);
    atomic_thread_fence(memory_order_seq_cst);
    bool is_waited_for = atomic_load_explicit(&yk_source.board->wants_wake,
                                              memory_order_relaxed) &&
                         atomic_exchange(&yk_source.board->wants_wake, 0);
    if (outcome.has_returned || is_waited_for) {
        struct yk_message_wake body = {.is_short = outcome.is_short};
        yk_channel_send(yk_source.channel, YK_MESSAGE_WAKE, &body, sizeof(body),
                        -1);
    }
}
