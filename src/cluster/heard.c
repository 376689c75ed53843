#include "cluster/heard.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <yoke/error.h>
#include <yoke/log.h>

#include "cluster/channel.h"
#include "cluster/dealer.h"
#include "cluster/events.h"
#include "cluster/given.h"
#include "cluster/message.h"
#include "cluster/ports.h"
#include "cluster/relief.h"
#include "cluster/request.h"
#include "cluster/settings.h"
#include "cluster/spawn.h"
#include "cluster/templates.h"
#include "cluster/users.h"
#include "cluster/worker.h"
#include "cluster/workers.h"
#include "core/alloc.h"

#include "core/banned.h"

#define REASON_MAX 512
/* No error number is greater. */
#define ERRNO_MAX  4095

static void on_hello(struct yoke_worker *worker, const struct yk_packet *packet)
{
    (void)packet;
    if (worker->is_online)
        return;
    /* It may have been quicker than the word that it was forked. */
    if (worker->birth)
        yk_templates_settle();
    worker->is_online = true;
    yk_event_online(worker);
}

/* The first reason counts: what follows from it says less. The bytes are a
 * worker's, and shall not drive a terminal. */
void yk_worker_set_reason(struct yoke_worker *worker, const char *text,
                          size_t len)
{
    char *reason = worker->reason ? NULL : yk_try_alloc(len + 1);

    if (!reason)
        return;
    for (size_t i = 0; i < len; i++)
        reason[i] =
            (unsigned char)text[i] < ' ' || text[i] == 0x7f ? '?' : text[i];
    reason[len] = '\0';
    worker->reason = reason;
}

/* A worker that does not read, or descriptors have run out here. It would wait
 * for ever for what it has asked. */
static void cut_off(struct yoke_worker *worker)
{
    static const char text[] = "its question cannot be answered";

    /* What it has asked meanwhile is still read. */
    if (worker->is_cut_off)
        return;
    worker->is_cut_off = true;
    yoke_log(YOKE_LOG_ERROR, "worker %d is killed: %s", (int)worker->pid, text);
    yk_worker_set_reason(worker, text, sizeof(text) - 1);
    yk_worker_signal(worker, SIGKILL);
}

/* `err` is what sending the answer came to. */
static bool is_answered(struct yoke_worker *worker, int err)
{
    if (err < 0 && err != -YOKE_ECHANNEL)
        cut_off(worker);
    return err == 0;
}

static void on_listen(struct yoke_worker *worker,
                      const struct yk_packet *packet)
{
    struct yk_message_listen_reply reply;
    struct yk_listen_request request;

    if (!yk_worker_is_useful(worker) ||
        yk_listen_request_read(&request, packet->body, packet->len) < 0)
        return;
    int fd = yk_ports_listen(worker, &request, &reply);
    int err = yk_channel_send(&worker->channel, YK_MESSAGE_LISTEN_REPLY, &reply,
                              sizeof(reply), fd);
    if (!is_answered(worker, err) || reply.err < 0)
        return;
    worker->has_listened = true;
    yk_event_listening(worker, &reply.address);
    yk_ports_review();
    yk_ports_deal();
}

static void on_close(struct yoke_worker *worker, const struct yk_packet *packet)
{
    const struct yk_message_token *body = packet->body;
    struct yk_message_closed reply;

    if (packet->len < sizeof(*body))
        return;
    reply.token = body->token;
    reply.has_others = yk_ports_leave(worker, body->token);
    is_answered(worker, yk_channel_send(&worker->channel, YK_MESSAGE_CLOSED,
                                        &reply, sizeof(reply), -1));
    /* It gives back what it cannot keep. */
    yk_dealer_woken(worker, false);
}

static void on_offer(struct yoke_worker *worker, const struct yk_packet *packet)
{
    const struct yk_message_offer *body = packet->body;

    if (packet->len >= sizeof(*body))
        yk_user_set_room(worker, body->token, body->room);
}

static void on_wake(struct yoke_worker *worker, const struct yk_packet *packet)
{
    const struct yk_message_wake *body = packet->body;

    if (packet->len >= sizeof(*body))
        yk_dealer_woken(worker, body->is_short);
}

static void on_leave(struct yoke_worker *worker, const struct yk_packet *packet)
{
    (void)packet;
    worker->is_leaving = true;
    yk_ports_leave_all(worker, false);
    is_answered(worker, yk_channel_send_in_order(&worker->channel,
                                                 YK_MESSAGE_LEAVE_OK, NULL, 0));
}

/* What is to be started, as far as the settings say it. */
void yk_worker_describe_spawn(const struct yoke_worker *worker,
                              struct yk_spawn *what)
{
    const struct yk_settings *settings = worker->settings;
    const char *exec = settings->values.exec;

    *what = (struct yk_spawn){
        .exec = exec ? exec : YK_SPAWN_SELF,
        .cwd = settings->values.cwd,
        .account = settings->has_account ? &settings->account : NULL};
}

static void on_slow(struct yoke_worker *worker, const struct yk_packet *packet)
{
    (void)worker;
    (void)packet;
    yk_relief_watch();
}

static void on_ready(struct yoke_worker *worker, const struct yk_packet *packet)
{
    (void)packet;
    yk_event_ready(worker);
}

static void on_fail(struct yoke_worker *worker, const struct yk_packet *packet)
{
    yk_worker_set_reason(worker, packet->body,
                         packet->len < REASON_MAX ? packet->len : REASON_MAX);
}

static void on_exec_fail(struct yoke_worker *worker,
                         const struct yk_packet *packet)
{
    const struct yk_message_exec_fail *body = packet->body;
    struct yk_spawn what;
    char step[REASON_MAX / 2], text[REASON_MAX];

    /* Its program says something else. */
    if (packet->len < sizeof(*body) || worker->is_online || body->err <= 0 ||
        body->err > ERRNO_MAX)
        return;
    yk_worker_describe_spawn(worker, &what);
    yk_spawn_text((enum yk_spawn_step)body->step, &what, step, sizeof(step));
    int len = snprintf(text, sizeof(text), "cannot %s: %s", step,
                       yoke_strerror(-body->err));
    yk_worker_set_reason(worker, text, (size_t)len);
    yk_event_error(worker, -body->err, text);
}

void yk_heard(struct yoke_worker *worker, const struct yk_packet *packet)
{
    static void (*const handlers[])(struct yoke_worker *,
                                    const struct yk_packet *) = {
        [YK_MESSAGE_HELLO] = on_hello,         [YK_MESSAGE_LISTEN] = on_listen,
        [YK_MESSAGE_CLOSE] = on_close,         [YK_MESSAGE_WAKE] = on_wake,
        [YK_MESSAGE_LEAVE] = on_leave,         [YK_MESSAGE_FAIL] = on_fail,
        [YK_MESSAGE_READY] = on_ready,         [YK_MESSAGE_OFFER] = on_offer,
        [YK_MESSAGE_EXEC_FAIL] = on_exec_fail, [YK_MESSAGE_GIVE] = yk_given,
        [YK_MESSAGE_SLOW] = on_slow,
    };

    if (packet->type < sizeof(handlers) / sizeof(handlers[0]) &&
        handlers[packet->type])
        handlers[packet->type](worker, packet);
    else
        yk_channel_complain(
            &worker->channel,
            "worker %d sent a packet of unknown type %d: ignored",
            (int)worker->pid, (int)packet->type);
}
