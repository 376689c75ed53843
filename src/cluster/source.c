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
 * A connection that comes for a listener that is closing is returned, and the
 * primary deals it to another worker.
 *
 * Listeners on one address are counted, so that the primary can tell the first
 * listener on port 0 of every worker from the second. */
#include "cluster/source.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <yoke/error.h>
#include <yoke/log.h>

#include "cluster/board.h"
#include "cluster/channel.h"
#include "cluster/message.h"
#include "core/alloc.h"
#include "core/cleanup.h"
#include "net/acceptor.h"
#include "net/later.h"
#include "net/service.h"

#include "core/banned.h"

/* Connections that closing takes from the backlog. */
#define BACKLOG_MAX  4096
/* Longest host or path. */
#define NAME_MAX_LEN PATH_MAX

/* Listeners on one address: how often it was asked for. */
struct address {
    struct yk_list node;
    struct yk_message_listen key; /* Without token and index. */
    char *name;
    uint32_t next_index;
    uint32_t count; /* Forgotten when there are none. */
};

struct remote {
    struct yk_list node;
    struct yk_listener *listener;
    struct address *address;
    struct yk_acceptor acceptor; /* When this process accepts itself. */
    struct yk_later later;       /* What is told from the loop. */
    uint32_t token;
    uint32_t index;
    int fd; /* The listening socket, or -1. */
    bool is_closing;
    bool waits_for_closed; /* The primary has not answered CLOSE yet. */
    bool takes_backlog;    /* Nobody else would. */
};

/* The worker's listeners. Written by the functions of this file. */
static struct yk_list remotes = {&remotes, &remotes};
static struct yk_list addresses = {&addresses, &addresses};
static struct yk_channel *channel;
static struct yk_board *board;
static uint32_t last_token;
static bool is_alone;

static const struct yk_handoff no_handoff;

void yk_source_init(struct yk_channel *its_channel, struct yk_board *its_board)
{
    channel = its_channel;
    board = its_board;
}

void yk_source_alone(void)
{
    is_alone = true;
    yk_board_own_all(board);
}

/* ---- Addresses ---- */

static struct address *find_address(const struct yk_message_listen *key,
                                    const char *name)
{
    YK_LIST_EACH(node, &addresses)
    {
        struct address *address = YK_CONTAINER_OF(node, struct address, node);
        if (address->key.port == key->port && address->key.name == key->name &&
            address->key.ipv6_only == key->ipv6_only &&
            strcmp(address->name, name) == 0)
            return address;
    }
    return NULL;
}

static struct address *use_address(const struct yk_message_listen *key,
                                   const char *name)
{
    struct address *address = find_address(key, name);

    if (!address) {
        address = yk_alloc(sizeof(*address));
        address->key = *key;
        address->name = yk_strdup(name);
        yk_list_add(&addresses, &address->node);
    }
    address->count++;
    return address;
}

static void drop_address(struct address *address)
{
    if (--address->count > 0)
        return;
    yk_list_remove(&address->node);
    free(address->name);
    free(address);
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
    drop_address(remote->address);
    yk_close_fd(&remote->fd);
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

static void on_accept(struct yk_acceptor *acceptor, int fd,
                      const struct yk_peer *peer)
{
    struct remote *remote = YK_CONTAINER_OF(acceptor, struct remote, acceptor);

    remote->listener->ops->on_connection(remote->listener, fd, peer,
                                         &no_handoff);
}

static bool on_shortage(struct yk_acceptor *acceptor, int err)
{
    (void)acceptor;
    yoke_log(YOKE_LOG_WARN, "connections have to wait: %s", yoke_strerror(err));
    return false;
}

static void on_acceptor_closed(struct yk_acceptor *acceptor)
{
    struct remote *remote = YK_CONTAINER_OF(acceptor, struct remote, acceptor);

    if (remote->takes_backlog)
        yk_acceptor_drain(acceptor, BACKLOG_MAX);
    finish_close(remote);
}

static const struct yk_acceptor_ops acceptor_ops = {
    .on_accept = on_accept,
    .on_shortage = on_shortage,
    .on_closed = on_acceptor_closed,
};

/* ---- Closing ---- */

/* The primary has let go of the socket, so that what is in the backlog is here
 * alone, or is for the others that use it. */
static void close_here(struct remote *remote, bool has_others)
{
    remote->waits_for_closed = false;
    remote->takes_backlog = !has_others || is_alone;
    if (remote->fd >= 0 && remote->takes_backlog)
        yk_acceptor_finish(&remote->acceptor);
    else if (remote->fd >= 0)
        yk_acceptor_close(&remote->acceptor);
    else
        finish_close(remote);
}

static void close_later(struct yk_later *later)
{
    close_here(YK_CONTAINER_OF(later, struct remote, later), false);
}

/* In the next turn of the loop: by then whoever closes the listener has given
 * back the connections that he had not begun, and the primary finds them. */
static void send_close(struct yk_later *later)
{
    struct remote *remote = YK_CONTAINER_OF(later, struct remote, later);
    struct yk_message_token body = {.token = remote->token};

    if (yk_channel_send(channel, YK_MESSAGE_CLOSE, &body, sizeof(body), -1) < 0)
        close_here(remote, false);
    else
        remote->waits_for_closed = true;
}

static void close_remote(struct yk_listener *listener)
{
    struct remote *remote = listener->state;

    yk_later_stop(&remote->later);
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

/* The path as the primary sees it, wherever it is. */
static const char *absolute(const char *path, char room[NAME_MAX_LEN])
{
    char cwd[PATH_MAX];

    if (path[0] == '/' || !getcwd(cwd, sizeof(cwd)))
        return path;
    int n = snprintf(room, NAME_MAX_LEN, "%s/%s", cwd, path);
    return n < NAME_MAX_LEN ? room : path;
}

static int ask(struct remote *remote, const struct yk_listen_spec *spec)
{
    char room[NAME_MAX_LEN];
    struct {
        struct yk_message_listen listen;
        char name[NAME_MAX_LEN];
    } body = {.listen = {.port = spec->port,
                         .backlog = spec->backlog,
                         .ipv6_only = spec->ipv6_only}};
    const char *name = spec->path   ? absolute(spec->path, room)
                       : spec->host ? spec->host
                                    : "";
    size_t len = strlen(name) + 1;

    if (len > sizeof(body.name))
        return -ENAMETOOLONG;
    if (spec->path)
        body.listen.name = YK_NAME_PATH;
    else if (spec->host)
        body.listen.name = YK_NAME_HOST;
    memcpy(body.name, name, len);
    remote->address = use_address(&body.listen, name);
    remote->index = remote->address->next_index++;
    body.listen.token = remote->token;
    body.listen.index = remote->index;
    return yk_channel_send(channel, YK_MESSAGE_LISTEN, &body,
                           sizeof(body.listen) + len, -1);
}

static int open_remote(struct yk_listener *listener,
                       const struct yk_listen_spec *spec)
{
    struct remote *remote = yk_alloc(sizeof(*remote));

    remote->listener = listener;
    remote->token = ++last_token;
    remote->fd = -1;
    yk_later_init(&remote->later, tell_lost);
    int err = ask(remote, spec);
    if (err < 0 && !remote->address) {
        free(remote);
        return err;
    }
    listener->state = remote;
    yk_list_add(&remotes, &remote->node);
    if (err < 0)
        yk_later_start(&remote->later);
    return 0;
}

/* ---- What the primary says ---- */

static void take_socket(struct remote *remote, const struct yk_packet *packet)
{
    int err =
        yk_acceptor_open(&remote->acceptor, packet->fds[0], &acceptor_ops);

    if (err < 0) {
        yoke_log(YOKE_LOG_ERROR, "cannot accept connections: %s",
                 yoke_strerror(err));
        return;
    }
    remote->fd = packet->fds[0];
    packet->fds[0] = -1;
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
    struct yoke_address address = reply->address;
    if (packet->fd_count > 0)
        take_socket(remote, packet);
    remote->listener->ops->on_listening(remote->listener, &address);
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
    bool is_short; /* A descriptor did not come along: there was no room. */
};

static void take_conn(const struct yk_message_conn *conn, int *fd,
                      struct outcome *outcome)
{
    struct remote *remote = find(conn->token);
    struct yk_handoff handoff;

    if (conn->index >= YK_BOARD_ENTRIES)
        return;
    handoff.word = &board->words[conn->index];
    handoff.generation = conn->generation;
    if (*fd >= 0 && remote && !remote->is_closing) {
        /* Otherwise the primary has taken it back: another worker has it. */
        if (yk_handoff_move(&handoff, YK_HANDOFF_SENT, YK_HANDOFF_TAKEN))
            remote->listener->ops->on_connection(
                remote->listener, yk_take_fd(fd), &conn->peer, &handoff);
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

const struct yk_listen_source yk_remote_source = {
    .open = open_remote,
    .close = close_remote,
};
