/* How a worker ends:
 *
 *   primary: STOP -------.              drained: flush, loop ends, status 0
 *   primary gone (EOF) --+--> drain --> drained: loop ends, status 0
 *   SIGTERM -------------'              drained: SIGTERM again, by default
 *
 *   primary: DISCONNECT -.
 *   yoke_worker_         +--> drain --> drained: LEAVE --LEAVE_OK--> channel
 *     disconnect --------'              closed; the loop ends when it is empty
 *
 * SIGINT comes to every process of a terminal's group at once; the primary
 * decides what it means. Without a primary it means what it always does. */
#include "cluster/self.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <yoke/error.h>
#include <yoke/log.h>

#include "cluster/board.h"
#include "cluster/events.h"
#include "cluster/source.h"
#include "cluster/worker.h"
#include "net/loop.h"
#include "net/service.h"

/* How long the end of the process waits for what is still to be sent. */
#define FLUSH_MS 1000

/* This worker. Written by the functions of this file. */
static struct yoke_worker self;
static bool is_worker;
static bool is_disconnecting; /* The drain ends with LEAVE. */
static bool ends_on_leave;
static bool has_told_ready;

struct yoke_worker *yk_self(void)
{
    return is_worker ? &self : NULL;
}

/* ---- The role ---- */

static bool ignores(int signum)
{
    return signum == SIGINT && self.is_connected;
}

static void on_stop_drained(void *data)
{
    (void)data;
    yk_loop_end();
}

static void stop(int timeout_ms)
{
    (void)timeout_ms;
    is_disconnecting = false;
    yk_services_drain(on_stop_drained, NULL);
}

static void force(void)
{
    yk_loop_alone.force();
}

static void kill_nothing(void)
{
}

static void fail(const char *text)
{
    if (yk_channel_send(&self.channel, YK_MESSAGE_FAIL, text, strlen(text),
                        -1) < 0)
        yoke_log(YOKE_LOG_ERROR, "%s", text);
}

static int end(int status)
{
    yk_channel_flush(&self.channel, FLUSH_MS);
    if (yk_loop_stop_signal() != SIGTERM)
        return status;
    /* The exit status is to say that it was SIGTERM that ended it. */
    signal(SIGTERM, SIG_DFL);
    raise(SIGTERM);
    return status;
}

static const struct yk_loop_role role = {
    .ignores = ignores,
    .stop = stop,
    .force = force,
    .kill = kill_nothing,
    .fail = fail,
    .end = end,
};

/* ---- Readiness ---- */

bool yk_self_is_on_trial(void)
{
    return is_worker && self.is_on_trial;
}

void yk_self_ready(void)
{
    if (!is_worker || has_told_ready)
        return;
    has_told_ready = true;
    yk_channel_send(&self.channel, YK_MESSAGE_READY, NULL, 0, -1);
}

/* ---- Disconnecting ---- */

static void close_channel(void)
{
    if (!self.is_connected)
        return;
    self.is_connected = false;
    yk_source_alone();
    yk_channel_close(&self.channel);
    yk_source_lost();
    yk_event_disconnect(&self);
}

static void on_drained(void *data)
{
    (void)data;
    if (is_disconnecting && self.is_connected)
        yk_channel_send(&self.channel, YK_MESSAGE_LEAVE, NULL, 0, -1);
}

int yk_self_disconnect(int then_end)
{
    if (!self.is_connected)
        return -YOKE_ECHANNEL;
    ends_on_leave |= then_end != 0;
    self.is_leaving = true;
    is_disconnecting = true;
    yk_services_drain(on_drained, NULL);
    return 0;
}

/* ---- What the primary says ---- */

static void on_welcome(const struct yk_packet *packet)
{
    if (self.board || packet->fd_count < 1)
        return;
    yk_board_map(packet->fds[0], &self.board);
}

static void on_stop(const struct yk_packet *packet)
{
    const struct yk_message_stop *body = packet->body;

    if (packet->len < sizeof(*body))
        return;
    self.is_leaving = true;
    if (!body->has_others)
        yk_source_alone();
    yk_loop_stop(body->timeout_ms);
}

static void on_leave_ok(void)
{
    close_channel();
    if (ends_on_leave)
        yk_loop_stop(-1);
}

static void on_packet(struct yk_channel *channel,
                      const struct yk_packet *packet)
{
    (void)channel;
    switch (packet->type) {
    case YK_MESSAGE_WELCOME:
        on_welcome(packet);
        break;
    case YK_MESSAGE_LISTEN_REPLY:
        yk_source_replied(packet);
        break;
    case YK_MESSAGE_CLOSED:
        yk_source_closed(packet);
        break;
    case YK_MESSAGE_CONNS:
        yk_source_connected(packet);
        break;
    case YK_MESSAGE_DISCONNECT:
        yk_self_disconnect(0);
        break;
    case YK_MESSAGE_STOP:
        on_stop(packet);
        break;
    case YK_MESSAGE_LEAVE_OK:
        on_leave_ok();
        break;
    default:
        yoke_log(YOKE_LOG_WARN,
                 "the primary sent a packet of unknown type %d: ignored",
                 (int)packet->type);
    }
}

static void on_message(struct yk_channel *channel, const void *ptr, size_t len)
{
    (void)channel;
    yk_event_message(&self, ptr, len);
}

static void on_room(struct yk_channel *channel)
{
    (void)channel;
}

/* The primary has died, or there is nothing more to expect of it. */
static void on_end(struct yk_channel *channel)
{
    bool was_leaving = self.is_leaving;

    (void)channel;
    close_channel();
    if (was_leaving)
        return;
    yoke_log(YOKE_LOG_DEBUG, "the primary has gone: finishing what has begun");
    yk_loop_stop(-1);
}

static void on_closed(struct yk_channel *channel)
{
    (void)channel;
}

static const struct yk_channel_ops channel_ops = {
    .on_packet = on_packet,
    .on_message = on_message,
    .on_room = on_room,
    .on_end = on_end,
    .on_closed = on_closed,
};

/* ---- Start ---- */

int yk_self_init(int id, int slot, int fd)
{
    struct yk_message_hello body = {.pid = getpid()};
    int err = yk_channel_open(&self.channel, fd, &channel_ops);

    if (err < 0)
        return err;
    self.id = id;
    self.slot = slot;
    self.pid = getpid();
    self.is_connected = true;
    /* WELCOME was sent before this process was made. */
    err = yk_channel_read_one(&self.channel);
    if (err < 0 || !self.board) {
        self.is_connected = false;
        yk_channel_close(&self.channel);
        return err < 0 ? err : -EBADMSG;
    }
    is_worker = true;
    yk_loop_set_role(&role);
    yk_loop_watch_signals(true);
    yk_source_init(&self.channel, self.board);
    yk_listener_set_source(&yk_remote_source);
    return yk_channel_send(&self.channel, YK_MESSAGE_HELLO, &body, sizeof(body),
                           -1);
}
