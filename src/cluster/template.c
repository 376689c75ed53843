#include "cluster/template.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include <yoke/cluster.h>
#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "cluster/birth.h"
#include "cluster/channel.h"
#include "cluster/death.h"
#include "cluster/fleet.h"
#include "cluster/generation.h"
#include "cluster/output.h"
#include "cluster/pid1.h"
#include "cluster/primary.h"
#include "cluster/settings.h"
#include "cluster/spawn.h"
#include "cluster/template_births.h"
#include "cluster/template_spawn.h"
#include "cluster/templates.h"
#include "cluster/worker.h"
#include "core/alloc.h"
#include "core/cleanup.h"

#include "core/banned.h"

/* Bytes of its output that one event reads, and how often at its end. */
#define READ_MAX      4096
#define READS_MAX     64
/* What it gets beyond the time that workers have to start: theirs is to pass
 * first, and to be the reason. */
#define BOOT_GRACE_MS 1000
/* What it gets to end by itself, and, killed, to be gone. */
#define END_MS        2000
#define KILLED_MS     1000

/* ---- The end ---- */

static void release(struct yk_template *one)
{
    if (--one->open_count > 0)
        return;
    yk_output_done(&one->output);
    yk_close_fd(&one->pidfd);
    yk_close_fd(&one->said_fd);
    yk_generation_drop(one->generation);
    yk_settings_unref(one->settings);
    free(one);
}

static void on_closed(uv_handle_t *handle)
{
    release(handle->data);
}

static void on_deadline_closed(uv_handle_t *handle)
{
    release(YK_CONTAINER_OF(handle, struct yk_template, deadline.timer));
}

static void on_channel_closed(struct yk_channel *channel)
{
    release(YK_CONTAINER_OF(channel, struct yk_template, channel));
}

static void close_handles(struct yk_template *one)
{
    yk_list_remove(&one->node);
    yk_channel_close(&one->channel);
    uv_close((uv_handle_t *)&one->deadline.timer, on_deadline_closed);
    if (one->pidfd >= 0)
        yk_exit_watch_close(&one->exit, on_closed);
    if (one->said_fd >= 0)
        uv_close((uv_handle_t *)&one->said_poll, on_closed);
}

/* Why a first start fails is told by whoever waits for it. */
static bool is_worth_a_line(const struct yk_template *one)
{
    bool is_told = one->reason[0] && !yk_fleet_has_served() &&
                   !yk_list_is_empty(&one->waiting);

    return !one->is_meant && !yk_primary_is_stopping() && !is_told;
}

static bool was_late(const struct yk_template *one)
{
    return one->is_late && !one->is_meant && one->end.si_code != CLD_EXITED &&
           (one->end.si_status == SIGABRT || one->end.si_status == SIGKILL);
}

static void log_end(const struct yk_template *one)
{
    struct yoke_exit why = {.code = 0};

    yk_death_read(&why, &one->end);
    if (was_late(one))
        why.cause = YOKE_CAUSE_BOOT;
    if (one->reason[0]) {
        why.cause = YOKE_CAUSE_STARTUP;
        why.reason = one->reason;
    }
    if (is_worth_a_line(one))
        yoke_log(YOKE_LOG_WARN, "template %d of generation %u died (%s)",
                 (int)one->pid, one->generation->number, yoke_exit_text(&why));
}

static bool read_said(struct yk_template *one);

/* Nothing more can come of it. */
static void finish(struct yk_template *one)
{
    if (!one->is_dead || !one->is_deaf)
        return;
    for (int i = 0; i < READS_MAX && read_said(one); i++)
        ;
    yk_output_end(&one->output, STDERR_FILENO);
    log_end(one);
    yk_templates_died(one);
    yk_template_births_end(one);
    close_handles(one);
}

static void on_process_ended(void *data)
{
    struct yk_template *one = data;

    if (waitid(P_PIDFD, (id_t)one->pidfd, &one->end, WEXITED | WNOHANG) < 0)
        /* Somebody else has waited for it: how it ended is not known. */
        one->end = (siginfo_t){.si_code = CLD_EXITED};
    one->is_dead = true;
    one->state = YK_TEMPLATE_ENDING;
    yk_deadline_stop(&one->deadline);
    finish(one);
}

static void send_signal(const struct yk_template *one, int signum)
{
    if (!one->is_dead)
        kill(one->pid, signum);
}

/* It may have been stopped. */
static void abort_it(const struct yk_template *one)
{
    send_signal(one, SIGABRT);
    send_signal(one, SIGCONT);
}

static void on_late(struct yk_deadline *deadline)
{
    struct yk_template *one =
        YK_CONTAINER_OF(deadline, struct yk_template, deadline);

    if (one->is_late) {
        send_signal(one, SIGKILL);
        return;
    }
    one->is_late = true;
    abort_it(one);
    yk_deadline_start(deadline, yk_fleet_limits()->abort_ms);
}

/* It hears the end of its channel behind what it has been asked. */
void yk_template_end(struct yk_template *one)
{
    if (one->state == YK_TEMPLATE_ENDING)
        return;
    if (one->state == YK_TEMPLATE_LOADING)
        send_signal(one, SIGTERM);
    one->state = YK_TEMPLATE_ENDING;
    one->is_meant = one->is_late = true;
    shutdown(one->channel.fd, SHUT_WR);
    yk_deadline_start(&one->deadline, END_MS);
    yk_template_births_cancel(one);
}

/* ---- What it says ---- */

static void on_ready(struct yk_template *one)
{
    if (one->state != YK_TEMPLATE_LOADING)
        return;
    one->state = YK_TEMPLATE_READY;
    yk_deadline_stop(&one->deadline);
    yk_template_births_send(one);
}

static void on_fail(struct yk_template *one, const struct yk_packet *packet)
{
    if (!one->reason[0])
        snprintf(one->reason, sizeof(one->reason), "%.*s", (int)packet->len,
                 (const char *)packet->body);
}

static void on_exec_fail(struct yk_template *one,
                         const struct yk_packet *packet)
{
    const struct yk_message_exec_fail *body = packet->body;
    struct yk_spawn what;
    char step[YK_TEMPLATE_REASON_MAX / 2];

    if (packet->len < sizeof(*body))
        return;
    yk_template_describe(one->generation, one->settings, &what);
    yk_spawn_text((enum yk_spawn_step)body->step, &what, step, sizeof(step));
    snprintf(one->reason, sizeof(one->reason), "cannot %s: %s", step,
             yoke_strerror(-body->err));
}

static void on_packet(struct yk_channel *channel,
                      const struct yk_packet *packet)
{
    struct yk_template *one =
        YK_CONTAINER_OF(channel, struct yk_template, channel);

    if (packet->type == YK_MESSAGE_READY)
        on_ready(one);
    else if (packet->type == YK_MESSAGE_FORKED)
        yk_template_births_forked(one, packet);
    else if (packet->type == YK_MESSAGE_FAIL)
        on_fail(one, packet);
    else if (packet->type == YK_MESSAGE_EXEC_FAIL)
        on_exec_fail(one, packet);
}

static void on_message(struct yk_channel *channel,
                       const struct yk_incoming *message)
{
    (void)channel;
    (void)message;
}

static void on_room(struct yk_channel *channel)
{
    yk_template_births_send(
        YK_CONTAINER_OF(channel, struct yk_template, channel));
}

static void on_drain(struct yk_channel *channel)
{
    (void)channel;
}

/* One that goes on without its channel is of no use. */
static void on_end(struct yk_channel *channel)
{
    struct yk_template *one =
        YK_CONTAINER_OF(channel, struct yk_template, channel);

    one->is_deaf = true;
    one->state = YK_TEMPLATE_ENDING;
    send_signal(one, SIGKILL);
    finish(one);
}

static const struct yk_channel_ops channel_ops = {
    .on_packet = on_packet,
    .on_message = on_message,
    .on_room = on_room,
    .on_end = on_end,
    .on_closed = on_channel_closed,
    .on_drain = on_drain,
};

/* Returns true when there may be more. */
static bool read_said(struct yk_template *one)
{
    char text[READ_MAX];
    ssize_t len = one->said_fd < 0 ? 0 : read(one->said_fd, text, READ_MAX);

    if (len > 0)
        yk_output_take(&one->output, STDERR_FILENO, text, (size_t)len);
    return len > 0;
}

static void on_said(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    if (!read_said(poll->data) && errno != EAGAIN && errno != EINTR)
        uv_poll_stop(poll);
}

/* ---- Making one ---- */

static int open_said(struct yk_template *one, int *ret_theirs)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC) < 0)
        return -errno;
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    *ret_theirs = fds[1];
    int err = uv_poll_init(yoke_loop(), &one->said_poll, fds[0]);
    if (err < 0) {
        close(fds[0]);
        return err;
    }
    one->open_count++;
    one->said_fd = fds[0];
    one->said_poll.data = one;
    uv_poll_start(&one->said_poll, UV_READABLE, on_said);
    return 0;
}

static int open_channel(struct yk_template *one, int *ret_theirs)
{
    int fds[2], err = yk_channel_pair(fds);

    if (err < 0)
        return err;
    *ret_theirs = fds[1];
    err = yk_channel_open(&one->channel, fds[0], &channel_ops);
    if (err < 0)
        return err;
    one->open_count++;
    int file_fd = one->generation->file_fd;
    return yk_channel_try_send(&one->channel, YK_MESSAGE_LOAD, NULL, 0,
                               &file_fd, file_fd >= 0);
}

static int start(struct yk_template *one)
{
    YK_CLEANUP(yk_close_fd) int channel_fd = -1;
    YK_CLEANUP(yk_close_fd) int said = -1;
    int err = open_channel(one, &channel_fd);

    if (err == 0)
        err = open_said(one, &said);
    if (err == 0)
        err = yk_template_spawn(one->generation, one->settings, channel_fd,
                                said, &one->pid, &one->pidfd);
    if (err < 0)
        return err;
    err = yk_exit_watch_start(&one->exit, one->pidfd, one);
    if (err == 0) {
        one->open_count++;
    } else {
        kill(one->pid, SIGKILL);
        waitid(P_PIDFD, (id_t)one->pidfd, &one->end, WEXITED);
        yk_close_fd(&one->pidfd);
    }
    return err;
}

static void set_deadline(struct yk_template *one)
{
    uint32_t boot_ms = yk_fleet_limits()->boot_ms;

    if (boot_ms)
        yk_deadline_start(&one->deadline, boot_ms + BOOT_GRACE_MS);
}

int yk_template_new(struct yk_generation *generation, struct yk_template **ret)
{
    struct yk_template *one = yk_try_alloc(sizeof(*one));

    if (!one)
        return -ENOMEM;
    *one = (struct yk_template){.generation = yk_generation_use(generation),
                                .settings = yk_settings_ref(),
                                .pidfd = -1,
                                .said_fd = -1,
                                .channel = {.fd = -1},
                                .open_count = 1};
    yk_list_init(&one->waiting);
    yk_list_init(&one->asked);
    yk_list_init(&one->node);
    yk_exit_watch_init(&one->exit, on_process_ended);
    yk_deadline_init(&one->deadline, on_late);
    one->begun_ms = uv_now(yoke_loop());
    /* Workers become this process's children when who forked them ends. */
    int err = yk_pid1_adopt();
    if (err == 0)
        err = start(one);
    if (err < 0) {
        close_handles(one);
        return err;
    }
    set_deadline(one);
    *ret = one;
    return 0;
}

/* ---- Signals ---- */

void yk_template_signal(const struct yoke_worker *worker, int signum)
{
    worker->birth->from->is_late |= signum == SIGABRT;
    if (signum == SIGABRT)
        abort_it(worker->birth->from);
    else if (signum == SIGKILL)
        send_signal(worker->birth->from, SIGKILL);
}

void yk_template_kill(struct yk_template *one)
{
    struct pollfd ends = {.fd = one->pidfd, .events = POLLIN};

    if (one->is_dead)
        return;
    send_signal(one, SIGKILL);
    if (poll(&ends, 1, KILLED_MS) > 0)
        waitid(P_PIDFD, (id_t)one->pidfd, &one->end, WEXITED | WNOHANG);
}
