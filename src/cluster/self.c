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
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "cluster/board.h"
#include "cluster/confine.h"
#include "cluster/env_switch.h"
#include "cluster/events.h"
#include "cluster/loads.h"
#include "cluster/orphan.h"
#include "cluster/source.h"
#include "cluster/surplus.h"
#include "cluster/worker.h"
#include "core/cleanup.h"
#include "net/crash.h"
#include "net/loop.h"
#include "net/remotes.h"
#include "net/service.h"

/* How long the end of the process waits for what is still to be sent. */
#define FLUSH_MS     1000
/* How long the end of a stop may take once all is cut: less than what the
 * primary waits for before it kills. */
#define FORCE_MS     250
/* How often the loop turns when nothing happens. */
#define HEARTBEAT_MS 5000

/* This worker. Written by the functions of this file. */
static struct yoke_worker self;
static bool is_worker;
static bool is_disconnecting; /* The drain ends with LEAVE. */
static bool ends_on_leave;
static bool is_stopping; /* The drain ends with the process. */
static bool has_told_ready;
static bool is_released;    /* It has begun to give its connections away. */
static bool is_orphan;      /* Its primary has died; another may come. */
static int loads_fd = -1;   /* Of the table of loads. */
static int stop_timeout_ms; /* Of STOP. */
static uv_timer_t heartbeat;
static char file_path[64]; /* Of yoke_cluster_file; "": none. */

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
    is_stopping = true;
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
    .force_ms = FORCE_MS,
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
    bool has_lost = self.channel.sender.message_count > 0;

    if (!self.is_connected)
        return;
    self.is_connected = false;
    yk_source_alone();
    yk_channel_close(&self.channel);
    yk_source_lost();
    if (has_lost)
        yk_event_error(&self, -YOKE_ECHANNEL,
                       "messages could not be sent to the primary");
    yk_event_disconnect(&self);
}

static void on_drained(void *data)
{
    (void)data;
    if (is_disconnecting && self.is_connected)
        yk_channel_send_in_order(&self.channel, YK_MESSAGE_LEAVE, NULL, 0);
}

int yk_self_disconnect(int then_end)
{
    if (!self.is_connected)
        return -YOKE_ECHANNEL;
    ends_on_leave |= then_end != 0;
    self.is_leaving = true;
    if (is_disconnecting || is_stopping)
        return 0;
    is_disconnecting = true;
    yk_services_drain(on_drained, NULL);
    return 0;
}

/* ---- What the primary says ---- */

/* The descriptor stays open: it is loaded by its number. */
void yk_self_keep_file(int fd)
{
    snprintf(file_path, sizeof(file_path), "/proc/self/fd/%d", fd);
}

static void keep_descriptors(const struct yk_packet *packet)
{
    const struct yk_message_welcome *body = packet->body;
    int next = 2;

    if (body->has_file && next < packet->fd_count)
        yk_self_keep_file(yk_take_fd(&packet->fds[next++]));
    if (body->has_haven && next + 1 < packet->fd_count)
        yk_orphan_init(yk_take_fd(&packet->fds[next]),
                       yk_take_fd(&packet->fds[next + 1]));
    self.board_fd = yk_take_fd(&packet->fds[0]);
    loads_fd = yk_take_fd(&packet->fds[1]);
    self.seat = (int)body->seat;
}

const char *yoke_cluster_file(void)
{
    return file_path[0] ? file_path : NULL;
}

static void on_welcome(const struct yk_packet *packet)
{
    const struct yk_message_welcome *body = packet->body;
    struct yk_loads *loads;

    if (self.board || packet->fd_count < 2 || packet->len < sizeof(*body) ||
        body->seat >= YK_SEATS_MAX || yk_loads_map(packet->fds[1], &loads) < 0)
        return;
    yk_board_map(packet->fds[0], &self.board);
    yk_surplus_init(loads, body->seat, self.board, &self.channel);
    keep_descriptors(packet);
}

static void stop_in_time(void)
{
    yk_loop_stop(stop_timeout_ms);
}

/* When it is replaced, its idle connections go to others first, and their
 * clients notice nothing. */
static void on_stop(const struct yk_packet *packet)
{
    const struct yk_message_stop *body = packet->body;

    if (packet->len < sizeof(*body))
        return;
    self.is_leaving = true;
    stop_timeout_ms = body->timeout_ms;
    if (body->has_others && !is_released) {
        is_released = true;
        yk_surplus_release_all(stop_in_time);
        return;
    }
    yk_source_alone();
    stop_in_time();
}

static void on_listen_reply(const struct yk_packet *packet)
{
    const struct yk_message_listen_reply *body = packet->body;

    if (packet->len >= sizeof(*body) && body->err == 0)
        self.has_listened = true;
    yk_source_replied(packet);
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
    switch (packet->type) {
    case YK_MESSAGE_WELCOME:
        on_welcome(packet);
        break;
    case YK_MESSAGE_LISTEN_REPLY:
        on_listen_reply(packet);
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
    case YK_MESSAGE_NUDGE:
        break;
    case YK_MESSAGE_LEAVE_OK:
        on_leave_ok();
        break;
    default:
        yk_channel_complain(
            channel, "the primary sent a packet of unknown type %d: ignored",
            (int)packet->type);
    }
}

static void on_message(struct yk_channel *channel,
                       const struct yk_incoming *message)
{
    (void)channel;
    yk_event_message(&self, message);
}

static void on_drain(struct yk_channel *channel)
{
    (void)channel;
    yk_event_drain(&self);
}

static void on_room(struct yk_channel *channel)
{
    (void)channel;
}

/* ---- Without a primary ---- */

static const struct yk_channel_ops channel_ops;

static void on_late(void)
{
    is_orphan = false;
    yoke_log(YOKE_LOG_WARN, "no other primary has come: finishing what has "
                            "begun");
    yk_loop_stop(-1);
}

static int introduce(void)
{
    struct yk_message_introduction body = {
        .pid = self.pid,
        .id = self.id,
        .slot = self.slot,
        .generation = self.generation,
        .seat = (uint32_t)self.seat,
        .is_leaving = self.is_leaving,
    };
    int fds[] = {self.board_fd, loads_fd};
    int err = yk_channel_try_send(&self.channel, YK_MESSAGE_INTRODUCTION, &body,
                                  sizeof(body), fds, 2);

    if (err == 0)
        err = yk_source_introduce();
    if (err == 0)
        err =
            yk_channel_send(&self.channel, YK_MESSAGE_INTRODUCED, NULL, 0, -1);
    return err;
}

static void on_adopted(int fd)
{
    int err = yk_channel_open(&self.channel, fd, &channel_ops);

    if (err < 0) {
        yk_orphan_begin(on_adopted, on_late);
        return;
    }
    is_orphan = false;
    self.is_connected = true;
    yk_confine_is_safe();
    yk_source_rejoin();
    if (introduce() < 0)
        yk_self_hang_up();
}

/* The primary has died, or there is nothing more to expect of it. */
static void on_end(struct yk_channel *channel)
{
    bool was_leaving = self.is_leaving;

    (void)channel;
    is_orphan = !was_leaving && !is_stopping && yk_orphan_can_begin();
    close_channel();
    if (is_orphan) {
        yk_source_serve_alone();
        return;
    }
    if (was_leaving && !ends_on_leave)
        return;
    yoke_log(YOKE_LOG_DEBUG, "the primary has gone: finishing what has begun");
    yk_loop_stop(-1);
}

static void on_closed(struct yk_channel *channel)
{
    (void)channel;
    if (is_orphan)
        yk_orphan_begin(on_adopted, on_late);
}

static const struct yk_channel_ops channel_ops = {
    .on_packet = on_packet,
    .on_message = on_message,
    .on_room = on_room,
    .on_end = on_end,
    .on_closed = on_closed,
    .on_drain = on_drain,
};

int yk_self_hang_up(void)
{
    if (!self.is_connected)
        return -YOKE_ECHANNEL;
    on_end(&self.channel);
    return 0;
}

/* ---- Start ---- */

/* The variable stays: what the worker starts is to be as it is. */
void yk_self_catch_crashes(const char *who)
{
    if (self.id == 1) /* One tells it for all. */
        yk_env_check_switch("YOKE_CRASH");
    if (yk_env_is_off("YOKE_CRASH"))
        return;
    if (yk_crash_catch(who) < 0)
        yoke_log(YOKE_LOG_WARN, "crashes of %s will not be reported", who);
}

/* Nothing: but the loop turns, and the primary can tell one that stands still,
 * in whatever callback, from one that has nothing to do (vitals.h). */
static void on_heartbeat(uv_timer_t *timer)
{
    (void)timer;
}

static void start_heartbeat(void)
{
    uv_timer_init(yoke_loop(), &heartbeat);
    uv_timer_start(&heartbeat, on_heartbeat, HEARTBEAT_MS, HEARTBEAT_MS);
    uv_unref((uv_handle_t *)&heartbeat);
}

int yk_self_init(int id, int slot, int fd)
{
    struct yk_message_hello body = {.pid = getpid()};
    char who[32];
    int err = yk_channel_open(&self.channel, fd, &channel_ops);

    if (err < 0)
        return err;
    self.id = id;
    self.slot = slot;
    self.pid = getpid();
    self.is_connected = self.is_online = true;
    /* WELCOME was sent before this process was made. */
    err = yk_channel_read_one(&self.channel);
    if (err < 0 || !self.board) {
        self.is_connected = false;
        yk_channel_close(&self.channel);
        return err < 0 ? err : -EBADMSG;
    }
    is_worker = true;
    yk_vitals_place(&self.board->vitals);
    yk_flights_place(&self.board->flights);
    yk_remotes_place(&self.board->remotes);
    yk_vitals_watch(yoke_loop());
    start_heartbeat();
    snprintf(who, sizeof(who), "worker %d", self.id);
    yk_self_catch_crashes(who);
    yk_loop_set_role(&role);
    yk_loop_watch_signals(true);
    yk_source_init(&self.channel, self.board);
    yk_listener_set_source(&yk_remote_source);
    return yk_channel_send(&self.channel, YK_MESSAGE_HELLO, &body, sizeof(body),
                           -1);
}
