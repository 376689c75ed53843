/* One remote listener:
 *
 *   open --LISTEN--> ASKED --LISTEN_REPLY--> OPEN --close: CLOSE--> CLOSING
 *                      |  \                                          |
 *                      |   `-- error: on_error, freed                | CLOSED,
 *                      `-- close: CLOSE -------------------------->--' acceptor
 *                                                                      closed
 *                                                                    v
 *                                                            on_closed, freed
 *
 * A connection that comes for a listener that is closing, or full, is returned,
 * and the primary deals it to another worker.
 *
 * Listeners on one address have a place each, the lowest that is free, so that
 * the primary can tell the first listener on port 0 of every worker from the
 * second. */
#include "cluster/source.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include <yoke/error.h>

#include "cluster/board.h"
#include "cluster/channel.h"
#include "cluster/gifts.h"
#include "cluster/message.h"
#include "cluster/remote_listener.h"
#include "cluster/request.h"
#include "cluster/surplus.h"
#include "core/cleanup.h"
#include "net/acceptor.h"
#include "net/later.h"

#include "core/banned.h"

struct yk_source yk_source = {
    .remotes = {&yk_source.remotes, &yk_source.remotes}};
static uint32_t last_token;

void yk_source_alone(void)
{
    yk_source.is_alone = true;
    yk_board_own_all(yk_source.board);
}

void yk_source_init(struct yk_channel *its_channel, struct yk_board *its_board)
{
    yk_source.channel = its_channel;
    yk_source.board = its_board;
    yk_gifts_init(its_channel, its_board, yk_source_gift_back);
}

/* ---- Closing ---- */

/* The primary has let go of the socket, so that what is in the backlog is here
 * alone, or is for the others that use it. */
static void close_here(struct yk_remote_listener *remote, bool has_others)
{
    remote->waits_for_closed = false;
    remote->takes_backlog =
        !has_others || yk_source.is_alone || remote->is_left;
    /* Beside others in its group a socket that lets no handshake begin would
     * keep their clients waiting: so it is quick. */
    if (remote->fd >= 0 && remote->is_left)
        yk_acceptor_hurry(&remote->acceptor);
    else if (remote->fd >= 0 && remote->takes_backlog)
        yk_acceptor_finish(&remote->acceptor);
    else if (remote->fd >= 0)
        yk_acceptor_close(&remote->acceptor);
    else if (remote->ending_fd >= 0)
        remote->has_closed = true;
    else
        yk_remote_finish_close(remote);
}

static void close_later(struct yk_later *later)
{
    close_here(YK_CONTAINER_OF(later, struct yk_remote_listener, later), false);
}

/* In the next turn of the loop: by then whoever closes the listener has given
 * back the connections that he had not begun, and the primary finds them; and
 * what this process was woken for has been accepted. What comes from here on is
 * for the others: who knows of the closing finds nobody here any more. */
static void send_close(struct yk_later *later)
{
    struct yk_remote_listener *remote =
        YK_CONTAINER_OF(later, struct yk_remote_listener, later);
    struct yk_message_token body = {.token = remote->token};

    if (remote->fd >= 0)
        yk_acceptor_pause(&remote->acceptor);
    if (yk_channel_send(yk_source.channel, YK_MESSAGE_CLOSE, &body,
                        sizeof(body), -1) < 0)
        close_here(remote, false);
    else
        remote->waits_for_closed = true;
}

static void close_remote(struct yk_listener *listener)
{
    struct yk_remote_listener *remote = listener->state;

    yk_later_stop(&remote->later);
    yk_gifts_recall(remote->token);
    remote->is_closing = true;
    remote->later.fn = yk_source.is_alone ? close_later : send_close;
    yk_later_start(&remote->later);
}

/* ---- Opening ---- */

static void tell_lost(struct yk_later *later)
{
    yk_remote_fail(YK_CONTAINER_OF(later, struct yk_remote_listener, later),
                   -YOKE_ECHANNEL, "the primary has gone");
}

static int send_request(const struct yk_listen_request *request)
{
    char body[YK_PACKET_MAX / 2];
    size_t len = yk_listen_request_write(request, body, sizeof(body));

    return yk_channel_send(yk_source.channel, YK_MESSAGE_LISTEN, body, len, -1);
}

static int open_remote(struct yk_listener *listener,
                       const struct yk_listen_spec *spec)
{
    char room[YK_REQUEST_NAME_MAX];
    struct yk_listen_request request;
    int err = yk_listen_request_of(&request, spec, room);

    if (err < 0)
        return err;
    request.listen.token = ++last_token;
    request.listen.index = yk_remote_free_index(&request);
    struct yk_remote_listener *remote = yk_remote_new(listener, &request);
    listener->state = remote;
    if (send_request(&request) < 0) {
        remote->later.fn = tell_lost;
        yk_later_start(&remote->later);
    }
    return 0;
}

/* ---- The limit ---- */

static void offer(struct yk_remote_listener *remote, uint32_t room)
{
    struct yk_message_offer body = {.token = remote->token, .room = room};

    remote->offered = room;
    yk_channel_send(yk_source.channel, YK_MESSAGE_OFFER, &body, sizeof(body),
                    -1);
}

/* Who accepts himself is asked for nothing, or for as many as may be. Who is
 * dealt his connections is never dealt more than there is room for; so what the
 * primary knows is renewed when it is used up, or too much. */
void yk_remote_update_offer(struct yk_remote_listener *remote)
{
    uint32_t room = remote->room;

    if (remote->fd >= 0)
        room = room ? YK_ROOM_ANY : 0;
    if (room == remote->offered ||
        (room > remote->offered && remote->offered && room != YK_ROOM_ANY))
        return;
    offer(remote, room);
}

static void set_room(struct yk_listener *listener, uint32_t room)
{
    struct yk_remote_listener *remote = listener->state;

    if (remote->key.is_udp)
        return;
    remote->room = room;
    if (remote->fd >= 0 && room == 0)
        yk_acceptor_pause(&remote->acceptor);
    else if (remote->fd >= 0)
        yk_acceptor_resume(&remote->acceptor);
    yk_remote_update_offer(remote);
}

/* ---- What the primary says ---- */

/* A socket of its own, or that it is shared, makes no difference to the
 * listener. */
static int take_socket(struct yk_remote_listener *remote,
                       const struct yk_packet *packet, uint32_t ways)
{
    int err = 0;

    if (!remote->key.is_udp && !(ways & (YK_ACCEPT_SHARED | YK_ACCEPT_OWN))) {
        remote->spare_fd = yk_take_fd(&packet->fds[0]);
        return 0;
    }
    if (remote->key.is_udp) {
        remote->listener->ops->on_socket(remote->listener,
                                         yk_take_fd(&packet->fds[0]));
        return 0;
    }
    remote->is_shared = ways & YK_ACCEPT_SHARED;
    remote->is_own = ways & YK_ACCEPT_OWN;
    if (remote->is_shared)
        err = yk_acceptor_open_shared(&remote->acceptor, packet->fds[0],
                                      &yk_remote_acceptor_ops);
    else
        err = yk_acceptor_open(&remote->acceptor, packet->fds[0],
                               &yk_remote_acceptor_ops);
    if (err < 0)
        return err;
    remote->fd = yk_take_fd(&packet->fds[0]);
    if (remote->is_shared || remote->is_own)
        yk_surplus_start(ways & YK_ACCEPT_BALANCED);
    return 0;
}

/* The primary has a user that there is not. */
static void give_up(struct yk_remote_listener *remote, int err)
{
    struct yk_message_token body = {.token = remote->token};
    char text[128];

    snprintf(text, sizeof(text), "the socket cannot be used: %s",
             yoke_strerror(err));
    yk_channel_send(yk_source.channel, YK_MESSAGE_CLOSE, &body, sizeof(body),
                    -1);
    yk_remote_fail(remote, err, text);
}

/* Whether the socket came along: not when this process has no descriptor left
 * for it. */
static bool lacks_socket(const struct yk_remote_listener *remote,
                         const struct yk_packet *packet,
                         const struct yk_message_listen_reply *reply)
{
    bool has_one = packet->fd_count > 0 && packet->fds[0] >= 0;

    return !has_one && (remote->key.is_udp || reply->has_socket);
}

static void opened(struct yk_remote_listener *remote,
                   const struct yk_packet *packet)
{
    const struct yk_message_listen_reply *reply = packet->body;
    struct yoke_address address = reply->address;
    struct yk_listener *listener = remote->listener;
    int err = lacks_socket(remote, packet, reply) ? -EMFILE : 0;

    if (err == 0 && packet->fd_count > 0)
        err = take_socket(remote, packet, reply->ways);
    if (err < 0) {
        give_up(remote, err);
        return;
    }
    remote->is_open = true;
    if (listener->source)
        listener->ops->on_listening(listener, &address);
}

void yk_source_replied(const struct yk_packet *packet)
{
    const struct yk_message_listen_reply *reply = packet->body;

    if (packet->len < sizeof(*reply))
        return;
    struct yk_remote_listener *remote = yk_remote_find(reply->token);
    if (!remote || remote->is_closing)
        return;
    if (reply->err < 0) {
        /* Copied: the packet's room is used again by what on_error sends. */
        char text[sizeof(reply->text)];
        snprintf(text, sizeof(text), "%s", reply->text);
        yk_remote_fail(remote, reply->err, text);
        return;
    }
    opened(remote, packet);
}

void yk_source_closed(const struct yk_packet *packet)
{
    const struct yk_message_closed *body = packet->body;

    if (packet->len < sizeof(*body))
        return;
    struct yk_remote_listener *remote = yk_remote_find(body->token);
    if (remote && remote->waits_for_closed)
        close_here(remote, body->has_others);
}

/* Listeners that are open stay as they are: what they listen on is closed, or
 * will be when the process drains. */
void yk_source_lost(void)
{
    yk_gifts_recall(0);
    YK_LIST_EACH(node, &yk_source.remotes)
    {
        struct yk_remote_listener *remote =
            YK_CONTAINER_OF(node, struct yk_remote_listener, node);
        if (remote->waits_for_closed) {
            remote->waits_for_closed = false;
            remote->later.fn = close_later;
            yk_later_start(&remote->later);
        }
    }
}

const struct yk_listen_source yk_remote_source = {
    .open = open_remote,
    .close = close_remote,
    .give = yk_source_give,
    .set_room = set_room,
};
