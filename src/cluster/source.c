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
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <yoke/error.h>
#include <yoke/log.h>

#include "cluster/board.h"
#include "cluster/channel.h"
#include "cluster/gifts.h"
#include "cluster/message.h"
#include "cluster/request.h"
#include "cluster/surplus.h"
#include "core/alloc.h"
#include "core/cleanup.h"
#include "net/acceptor.h"
#include "net/later.h"
#include "net/service.h"

#include "core/banned.h"

/* Connections that closing takes from the backlog. */
#define BACKLOG_MAX 4096

struct remote {
    struct yk_list node;
    struct yk_listener *listener;
    struct yk_message_listen key; /* What it asked for; */
    char *name;                   /* owned. */
    struct yk_acceptor acceptor;  /* When this process accepts itself. */
    struct yk_later later;        /* What is told from the loop. */
    uint32_t token;
    uint32_t accepted; /* In this batch. */
    int fd;            /* The listening socket, or -1. */
    int spare_fd;     /* Where it is dealt its connections: the socket, for when
                          the primary has gone; or -1. */
    int ending_fd;    /* The one the acceptor is letting go of, or -1. */
    uint32_t room;    /* How many connections it takes; any more go back. */
    uint32_t offered; /* How many the primary may still deal. */
    bool is_shared;   /* Other workers accept there, too; */
    bool is_own;      /* or it is this worker's own. */
    bool is_open;     /* The primary has answered. */
    bool stands_in;   /* It accepts for a primary that has gone. */
    bool is_left;     /* It is this worker's own, and no other primary's. */
    bool is_closing;
    bool waits_for_closed; /* The primary has not answered CLOSE yet. */
    bool takes_backlog;    /* Nobody else would. */
    bool has_closed;       /* But for `ending_fd`. */
};

/* The worker's listeners. Written by the functions of this file. */
static struct yk_list remotes = {&remotes, &remotes};
static struct yk_channel *channel;
static struct yk_board *board;
static uint32_t last_token;
static bool is_alone;

static const struct yk_handoff no_handoff;

void yk_source_alone(void)
{
    is_alone = true;
    yk_board_own_all(board);
}

/* ---- Places on an address ---- */

/* What is closing has given its place up: the primary hears of that before it
 * hears of the next one, or finds that one a user beside the other. */
static bool is_taken(const struct yk_listen_request *request, uint32_t index)
{
    YK_LIST_EACH(node, &remotes)
    {
        struct remote *remote = YK_CONTAINER_OF(node, struct remote, node);
        if (!remote->is_closing && remote->key.index == index &&
            yk_listen_is_same(&remote->key, remote->name, &request->listen,
                              request->name))
            return true;
    }
    return false;
}

static uint32_t free_index(const struct yk_listen_request *request)
{
    uint32_t index = 0;

    while (is_taken(request, index))
        index++;
    return index;
}

/* ---- Life ---- */

static struct remote *find(uint32_t token)
{
    YK_LIST_EACH(node, &remotes)
    {
        struct remote *remote = YK_CONTAINER_OF(node, struct remote, node);
        if (remote->token == token)
            return remote;
    }
    return NULL;
}

static void free_remote(struct remote *remote)
{
    yk_later_stop(&remote->later);
    yk_list_remove(&remote->node);
    yk_close_fd(&remote->fd);
    yk_close_fd(&remote->spare_fd);
    free(remote->name);
    free(remote);
}

static void finish_close(struct remote *remote)
{
    struct yk_listener *listener = remote->listener;

    free_remote(remote);
    listener->ops->on_closed(listener);
}

static void fail(struct remote *remote, int err, const char *text)
{
    struct yk_listener *listener = remote->listener;

    listener->source = NULL;
    free_remote(remote);
    listener->ops->on_error(listener, err, text);
}

/* ---- Accepting here ---- */

/* Nothing has come yet. It may be long until something does, and meanwhile only
 * the primary can keep a copy, for when this worker dies. */
static bool is_silent(int fd)
{
    int len = 0;

    return ioctl(fd, FIONREAD, &len) == 0 && len == 0;
}

static bool should_give(const struct remote *remote, int fd)
{
    return (remote->is_shared || remote->is_own) && !remote->is_closing &&
           !is_alone && (is_silent(fd) || yk_surplus_has()) &&
           yk_gifts_room() > 0;
}

static void on_accept(struct yk_acceptor *acceptor, int fd,
                      const struct yk_peer *peer)
{
    struct remote *remote = YK_CONTAINER_OF(acceptor, struct remote, acceptor);

    remote->accepted++;
    if (should_give(remote, fd) && yk_gifts_add(remote->token, fd, peer) == 0)
        return;
    remote->listener->ops->on_connection(remote->listener, fd, peer,
                                         &no_handoff);
}

static void on_batch(struct yk_acceptor *acceptor)
{
    struct remote *remote = YK_CONTAINER_OF(acceptor, struct remote, acceptor);

    yk_gifts_flush();
    if (remote->is_own && remote->accepted)
        yk_surplus_arrived(remote->accepted);
    remote->accepted = 0;
}

static void on_acceptor_closed(struct yk_acceptor *acceptor)
{
    struct remote *remote = YK_CONTAINER_OF(acceptor, struct remote, acceptor);

    if (remote->ending_fd >= 0) {
        yk_close_fd(&remote->ending_fd);
        if (remote->has_closed)
            finish_close(remote);
        return;
    }
    if (remote->takes_backlog)
        yk_acceptor_drain(acceptor, BACKLOG_MAX);
    finish_close(remote);
}

static const struct yk_acceptor_ops acceptor_ops = {
    .needs_bytes = YK_ACCEPT_BYTES,
    .on_accept = on_accept,
    .on_batch = on_batch,
    .on_shortage = yk_acceptor_tell_shortage,
    .on_closed = on_acceptor_closed,
};

/* ---- Giving away ---- */

static int give_remote(struct yk_listener *listener, int fd,
                       const struct yk_peer *peer)
{
    const struct remote *remote = listener->state;

    if (is_alone || yk_gifts_room() == 0)
        return -YOKE_EFULL;
    return yk_gifts_add(remote->token, fd, peer);
}

/* The primary does not want it: it is served here. */
static void on_gift_back(uint32_t token, int fd, const struct yk_peer *peer)
{
    struct remote *remote = find(token);

    if (remote)
        remote->listener->ops->on_connection(remote->listener, fd, peer,
                                             &no_handoff);
    else
        close(fd);
}

void yk_source_init(struct yk_channel *its_channel, struct yk_board *its_board)
{
    channel = its_channel;
    board = its_board;
    yk_gifts_init(its_channel, its_board, on_gift_back);
}

/* ---- Closing ---- */

/* The primary has let go of the socket, so that what is in the backlog is here
 * alone, or is for the others that use it. */
static void close_here(struct remote *remote, bool has_others)
{
    remote->waits_for_closed = false;
    remote->takes_backlog = !has_others || is_alone || remote->is_left;
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
        finish_close(remote);
}

static void close_later(struct yk_later *later)
{
    close_here(YK_CONTAINER_OF(later, struct remote, later), false);
}

/* In the next turn of the loop: by then whoever closes the listener has given
 * back the connections that he had not begun, and the primary finds them; and
 * what this process was woken for has been accepted. What comes from here on is
 * for the others: who knows of the closing finds nobody here any more. */
static void send_close(struct yk_later *later)
{
    struct remote *remote = YK_CONTAINER_OF(later, struct remote, later);
    struct yk_message_token body = {.token = remote->token};

    if (remote->fd >= 0)
        yk_acceptor_pause(&remote->acceptor);
    if (yk_channel_send(channel, YK_MESSAGE_CLOSE, &body, sizeof(body), -1) < 0)
        close_here(remote, false);
    else
        remote->waits_for_closed = true;
}

static void close_remote(struct yk_listener *listener)
{
    struct remote *remote = listener->state;

    yk_later_stop(&remote->later);
    yk_gifts_recall(remote->token);
    remote->is_closing = true;
    remote->later.fn = is_alone ? close_later : send_close;
    yk_later_start(&remote->later);
}

/* ---- Opening ---- */

static void tell_lost(struct yk_later *later)
{
    fail(YK_CONTAINER_OF(later, struct remote, later), -YOKE_ECHANNEL,
         "the primary has gone");
}

static int send_request(const struct yk_listen_request *request)
{
    char body[YK_PACKET_MAX / 2];
    size_t len = yk_listen_request_write(request, body, sizeof(body));

    return yk_channel_send(channel, YK_MESSAGE_LISTEN, body, len, -1);
}

static struct remote *new_remote(struct yk_listener *listener,
                                 const struct yk_listen_request *request)
{
    struct remote *remote = yk_alloc(sizeof(*remote));

    remote->listener = listener;
    remote->key = request->listen;
    remote->name = yk_strdup(request->name);
    remote->token = request->listen.token;
    remote->fd = remote->spare_fd = remote->ending_fd = -1;
    remote->room = remote->offered = YK_ROOM_ANY;
    yk_later_init(&remote->later, tell_lost);
    yk_list_add(&remotes, &remote->node);
    return remote;
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
    request.listen.index = free_index(&request);
    struct remote *remote = new_remote(listener, &request);
    listener->state = remote;
    if (send_request(&request) < 0)
        yk_later_start(&remote->later);
    return 0;
}

/* ---- The limit ---- */

static void offer(struct remote *remote, uint32_t room)
{
    struct yk_message_offer body = {.token = remote->token, .room = room};

    remote->offered = room;
    yk_channel_send(channel, YK_MESSAGE_OFFER, &body, sizeof(body), -1);
}

/* Who accepts himself is asked for nothing, or for as many as may be. Who is
 * dealt his connections is never dealt more than there is room for; so what the
 * primary knows is renewed when it is used up, or too much. */
static void update_offer(struct remote *remote)
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
    struct remote *remote = listener->state;

    if (remote->key.is_udp)
        return;
    remote->room = room;
    if (remote->fd >= 0 && room == 0)
        yk_acceptor_pause(&remote->acceptor);
    else if (remote->fd >= 0)
        yk_acceptor_resume(&remote->acceptor);
    update_offer(remote);
}

/* ---- What the primary says ---- */

/* A socket of its own, or that it is shared, makes no difference to the
 * listener. */
static int take_socket(struct remote *remote, const struct yk_packet *packet,
                       uint32_t ways)
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
                                      &acceptor_ops);
    else
        err =
            yk_acceptor_open(&remote->acceptor, packet->fds[0], &acceptor_ops);
    if (err < 0)
        return err;
    remote->fd = yk_take_fd(&packet->fds[0]);
    if (remote->is_shared || remote->is_own)
        yk_surplus_start(ways & YK_ACCEPT_BALANCED);
    return 0;
}

/* The primary has a user that there is not. */
static void give_up(struct remote *remote, int err)
{
    struct yk_message_token body = {.token = remote->token};
    char text[128];

    snprintf(text, sizeof(text), "the socket cannot be used: %s",
             yoke_strerror(err));
    yk_channel_send(channel, YK_MESSAGE_CLOSE, &body, sizeof(body), -1);
    fail(remote, err, text);
}

/* Whether the socket came along: not when this process has no descriptor left
 * for it. */
static bool lacks_socket(const struct remote *remote,
                         const struct yk_packet *packet,
                         const struct yk_message_listen_reply *reply)
{
    bool has_one = packet->fd_count > 0 && packet->fds[0] >= 0;

    return !has_one && (remote->key.is_udp || reply->has_socket);
}

static void opened(struct remote *remote, const struct yk_packet *packet)
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
    struct remote *remote = find(reply->token);
    if (!remote || remote->is_closing)
        return;
    if (reply->err < 0) {
        /* Copied: the packet's room is used again by what on_error sends. */
        char text[sizeof(reply->text)];
        snprintf(text, sizeof(text), "%s", reply->text);
        fail(remote, reply->err, text);
        return;
    }
    opened(remote, packet);
}

void yk_source_closed(const struct yk_packet *packet)
{
    const struct yk_message_closed *body = packet->body;

    if (packet->len < sizeof(*body))
        return;
    struct remote *remote = find(body->token);
    if (remote && remote->waits_for_closed)
        close_here(remote, body->has_others);
}

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

/* False: it is to go back, for another worker may have memory. */
static bool can_serve(struct outcome *outcome)
{
    bool has_memory = yk_acceptor_has_memory(YK_ACCEPT_BYTES);

    outcome->is_short |= !has_memory;
    return has_memory;
}

/* False: it is to go back. */
static bool deliver(struct remote *remote, const struct yk_message_conn *conn,
                    const struct yk_handoff *handoff, int *fd)
{
    if (*fd < 0 || remote->is_closing || remote->room == 0)
        return false;
    /* Otherwise the primary has taken it back: another worker has it. */
    if (yk_handoff_move(handoff, YK_HANDOFF_SENT, YK_HANDOFF_TAKEN))
        remote->listener->ops->on_connection(remote->listener, yk_take_fd(fd),
                                             &conn->peer, handoff);
    return true;
}

/* Whatever becomes of it, it was one of those that were offered. */
static bool count_and_deliver(struct remote *remote,
                              const struct yk_message_conn *conn,
                              const struct yk_handoff *handoff, int *fd)
{
    if (remote->offered && remote->offered != YK_ROOM_ANY)
        remote->offered--;
    bool is_delivered = deliver(remote, conn, handoff, fd);
    if (!remote->is_closing)
        update_offer(remote);
    return is_delivered;
}

static void take_conn(const struct yk_message_conn *conn, int *fd,
                      struct outcome *outcome)
{
    struct remote *remote = find(conn->token);
    struct yk_handoff handoff;

    if (conn->index >= YK_BOARD_ENTRIES)
        return;
    handoff.word = &board->words[conn->index];
    handoff.generation = conn->generation;
    handoff.was_given = conn->was_given != 0;
    if (remote && !(remote->is_shared && yk_surplus_is_late()) &&
        can_serve(outcome) && count_and_deliver(remote, conn, &handoff, fd)) {
        if (is_returned(&handoff))
            outcome->has_returned = outcome->is_short = true;
        return;
    }
    if (yk_handoff_move(&handoff, YK_HANDOFF_SENT, YK_HANDOFF_RETURNED))
        outcome->has_returned = true;
    outcome->is_short |= *fd < 0;
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
    bool is_waited_for =
        atomic_load_explicit(&board->wants_wake, memory_order_relaxed) &&
        atomic_exchange(&board->wants_wake, 0);
    if (outcome.has_returned || is_waited_for) {
        struct yk_message_wake body = {.is_short = outcome.is_short};
        yk_channel_send(channel, YK_MESSAGE_WAKE, &body, sizeof(body), -1);
    }
}

/* Listeners that are open stay as they are: what they listen on is closed, or
 * will be when the process drains. */
void yk_source_lost(void)
{
    yk_gifts_recall(0);
    YK_LIST_EACH(node, &remotes)
    {
        struct remote *remote = YK_CONTAINER_OF(node, struct remote, node);
        if (remote->waits_for_closed) {
            remote->waits_for_closed = false;
            remote->later.fn = close_later;
            yk_later_start(&remote->later);
        }
    }
}

/* ---- Without a primary, and with another ---- */

static void stand_in(struct remote *remote)
{
    int fd = fcntl(remote->spare_fd, F_DUPFD_CLOEXEC, 0);
    int err = fd < 0 ? -errno
                     : yk_acceptor_open(&remote->acceptor, fd, &acceptor_ops);

    if (err < 0) {
        yoke_log(YOKE_LOG_ERROR, "cannot accept connections: %s",
                 yoke_strerror(err));
        yk_close_fd(&fd);
        return;
    }
    remote->fd = fd;
    remote->stands_in = true;
    if (remote->room == 0)
        yk_acceptor_pause(&remote->acceptor);
}

void yk_source_serve_alone(void)
{
    YK_LIST_EACH(node, &remotes)
    {
        struct remote *remote = YK_CONTAINER_OF(node, struct remote, node);
        if (remote->spare_fd >= 0 && remote->fd < 0 && !remote->is_closing)
            stand_in(remote);
    }
}

void yk_source_rejoin(void)
{
    is_alone = false;
    YK_LIST_EACH(node, &remotes)
    {
        struct remote *remote = YK_CONTAINER_OF(node, struct remote, node);
        remote->is_left |= remote->is_own;
        if (!remote->stands_in || remote->is_closing)
            continue;
        remote->stands_in = false;
        remote->ending_fd = yk_take_fd(&remote->fd);
        yk_acceptor_close(&remote->acceptor);
    }
}

/* Datagrams are not told of: that listener goes on by itself. */
static int introduce(const struct remote *remote)
{
    char body[YK_PACKET_MAX / 2];
    struct yk_listen_request request = {
        .listen = remote->key, .name = remote->name, .owner = "", .group = ""};
    struct yk_message_offer offered = {.token = remote->token,
                                       .room = remote->offered};

    request.listen.is_own = remote->is_own;
    int fd = remote->fd >= 0 ? remote->fd : remote->spare_fd;
    size_t len = yk_listen_request_write(&request, body, sizeof(body));
    int err = yk_channel_send(channel, YK_MESSAGE_LISTEN, body, len, fd);

    if (err == 0 && fd >= 0)
        err = yk_channel_send(channel, YK_MESSAGE_OFFER, &offered,
                              sizeof(offered), -1);
    return err;
}

int yk_source_introduce(void)
{
    YK_LIST_EACH(node, &remotes)
    {
        const struct remote *remote =
            YK_CONTAINER_OF(node, struct remote, node);
        if (remote->is_closing || remote->key.is_udp || !remote->is_open)
            continue;
        int err = introduce(remote);
        if (err < 0)
            return err;
    }
    return 0;
}

const struct yk_listen_source yk_remote_source = {
    .open = open_remote,
    .close = close_remote,
    .give = give_remote,
    .set_room = set_room,
};
