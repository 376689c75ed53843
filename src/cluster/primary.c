/* A worker's life in the primary. Two things end, each by itself:
 *
 *   channel:  open ----> end (EOF) ----> closed        on_end, disconnected
 *   process:  running -> pidfd readable, waitid -> dead        reap, died
 *
 * A death first reads what the worker had still said (why it failed, for
 * example), which brings the channel to its end; so `disconnect` usually comes
 * before `exit`. One that is to be forked of a template has no process at first
 * (birth.h), and if it never gets one, it dies all the same. The connections
 * that it had not begun are dealt again when the process has ended, not when the
 * channel has: only then is it certain that nobody else answers them.
 *
 * What it is given to begin with is in launch.c, why it died in postmortem.c. */
#include "cluster/primary.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "cluster/birth.h"
#include "cluster/dealer.h"
#include "cluster/deaths.h"
#include "cluster/events.h"
#include "cluster/haven.h"
#include "cluster/heard.h"
#include "cluster/launch.h"
#include "cluster/ports.h"
#include "cluster/postmortem.h"
#include "cluster/seats.h"
#include "cluster/settings.h"
#include "cluster/template.h"
#include "cluster/templates.h"
#include "cluster/totals.h"
#include "cluster/users.h"
#include "cluster/worker.h"
#include "cluster/workers.h"
#include "core/alloc.h"
#include "core/cleanup.h"
#include "core/probe.h"

#include "core/banned.h"

/* The primary's state. Written by the functions of this file. */
static bool is_begun;         /* There has been a worker. */
static void (*gone_fn)(void); /* Of yk_primary_on_gone. */
static bool is_closed;        /* No more forks. */
static bool has_unclean_end;  /* A worker that was to stop ended badly. */

static struct yoke_worker *worker_of(struct yk_channel *channel)
{
    return YK_CONTAINER_OF(channel, struct yoke_worker, channel);
}

/* ---- The end of a worker ---- */

static void free_worker(struct yoke_worker *worker)
{
    yk_later_stop(&worker->later);
    yk_copies_done(&worker->copies);
    yk_board_unmap(worker->board);
    yk_close_fd(&worker->board_fd);
    if (worker->seat >= 0)
        yk_seats_free(worker->seat);
    yk_close_fd(&worker->pidfd);
    yk_stdio_close(worker);
    yk_settings_unref(worker->settings);
    free(worker->reason);
    free(worker);
}

static void release_handle(struct yoke_worker *worker)
{
    if (--worker->open_count == 0)
        free_worker(worker);
}

static void on_channel_closed(struct yk_channel *channel)
{
    release_handle(worker_of(channel));
}

static void on_exit_watch_closed(uv_handle_t *handle)
{
    release_handle(handle->data);
}

static void remove_if_gone(struct yoke_worker *worker)
{
    if (worker->is_connected || !worker->is_dead || worker->is_removed)
        return;
    worker->is_removed = true;
    yk_workers_remove(worker);
    if (gone_fn)
        gone_fn();
}

/* Messages that waited for a worker that has gone. */
static void tell_lost(struct yoke_worker *worker, unsigned count)
{
    char text[80];

    if (count == 0)
        return;
    snprintf(text, sizeof(text), "%u message%s could not be sent to worker %d",
             count, count == 1 ? "" : "s", (int)worker->pid);
    yk_event_error(worker, -YOKE_ECHANNEL, text);
}

/* Once its channel has ended, whichever side did it. */
static void disconnected(struct yoke_worker *worker)
{
    unsigned lost = worker->channel.sender.message_count;

    worker->is_connected = false;
    yk_channel_close(&worker->channel);
    tell_lost(worker, lost);
    yk_ports_forget(worker, !worker->is_leaving);
    if (worker->is_dead)
        worker->is_listed = false;
    yk_event_disconnect(worker);
    remove_if_gone(worker);
}

static void died(struct yoke_worker *worker, const siginfo_t *info)
{
    struct yoke_exit why = {.code = 0};

    worker->is_dead = true;
    if (!worker->is_stillborn)
        yk_exit_watch_close(&worker->exit, on_exit_watch_closed);
    if (worker->is_connected)
        yk_channel_read_rest(&worker->channel);
    yk_dealer_worker_died(worker);
    worker->is_listed = false;
    yk_stdio_finish(worker);
    yk_postmortem(worker, info, &why);
    /* It was to end anyway, and has been quicker than being told. */
    worker->is_leaving |= is_closed && yk_postmortem_is_clean(&why);
    has_unclean_end |= is_closed && !yk_postmortem_is_clean(&why);
    YK_PROBE3(worker__exit, worker->id, why.code, why.signal);
    yk_haven_remove(worker->id);
    yk_totals_retire(&worker->board->vitals);
    yk_deaths_add(worker, &why);
    yk_event_exit(worker, &why);
    yk_ports_review();
    remove_if_gone(worker);
}

void yk_primary_reap(struct yoke_worker *worker)
{
    siginfo_t info = {.si_pid = 0};

    if (worker->is_dead)
        return;
    if (waitid(P_PIDFD, (id_t)worker->pidfd, &info, WEXITED | WNOHANG) < 0) {
        /* Somebody else has waited for it: how it ended is not known. */
        if (errno != ECHILD)
            return;
        info.si_code = 0;
    } else if (info.si_pid == 0) {
        return;
    }
    died(worker, &info);
}

static void on_process_ended(void *data)
{
    struct yoke_worker *worker = data;

    yk_primary_reap(worker);
    if (!worker->is_dead)
        yk_exit_watch_again(&worker->exit);
}

/* ---- Its channel ---- */

static void on_packet(struct yk_channel *channel,
                      const struct yk_packet *packet)
{
    yk_heard(worker_of(channel), packet);
}

static void on_message(struct yk_channel *channel,
                       const struct yk_incoming *message)
{
    yk_event_message(worker_of(channel), message);
}

static void on_drain(struct yk_channel *channel)
{
    yk_event_drain(worker_of(channel));
}

static void on_room(struct yk_channel *channel)
{
    (void)channel;
    yk_ports_deal();
}

static void on_end(struct yk_channel *channel)
{
    disconnected(worker_of(channel));
}

static const struct yk_channel_ops channel_ops = {
    .on_packet = on_packet,
    .on_message = on_message,
    .on_room = on_room,
    .on_end = on_end,
    .on_closed = on_channel_closed,
    .on_drain = on_drain,
};

/* ---- Making a worker ---- */

static int open_channel(struct yoke_worker *worker, int fd)
{
    int err = yk_channel_open(&worker->channel, fd, &channel_ops);

    if (err < 0)
        return err;
    worker->is_connected = true;
    worker->open_count++;
    return 0;
}

static int watch_process(struct yoke_worker *worker)
{
    int err = yk_exit_watch_start(&worker->exit, worker->pidfd, worker);

    if (err < 0)
        return err;
    worker->open_count++;
    return 0;
}

static int start(struct yoke_worker *worker, const struct yk_fork *how)
{
    int fds[2];
    int err = yk_channel_pair(fds);

    if (err < 0)
        return err;
    YK_CLEANUP(yk_close_fd) int theirs = fds[1];
    err = open_channel(worker, fds[0]);
    if (err == 0)
        err = yk_launch_board(worker, how->preloaded ? 0 : how->file_fd);
    if (err == 0 && how->preloaded)
        return yk_launch_ask(worker, how, yk_take_fd(&theirs));
    if (err == 0)
        err = yk_launch_spawn(worker, how, theirs);
    if (err < 0)
        return err;
    err = watch_process(worker);
    if (err < 0) {
        yk_worker_signal(worker, SIGKILL);
        waitid(P_PIDFD, (id_t)worker->pidfd, NULL, WEXITED);
    }
    return err;
}

/* Half-built: it was never in the table for anybody to see. */
static void discard(struct yoke_worker *worker)
{
    yk_workers_remove(worker);
    if (worker->is_connected)
        yk_channel_close(&worker->channel);
    else
        free_worker(worker);
}

static struct yoke_worker *new_worker(void)
{
    struct yoke_worker *worker = yk_try_alloc(sizeof(*worker));

    if (!worker)
        return NULL;
    *worker = (struct yoke_worker){.pidfd = -1, .board_fd = -1, .seat = -1};
    yk_list_init(&worker->users);
    yk_list_init(&worker->outbox.node);
    yk_later_init(&worker->later, NULL);
    yk_exit_watch_init(&worker->exit, on_process_ended);
    yk_settings_sched();
    worker->settings = yk_settings_ref();
    if (!is_begun)
        yk_postmortem_begin();
    is_begun = true;
    return worker;
}

int yk_primary_fork(const struct yk_fork *how, struct yoke_worker **ret_worker)
{
    if (is_closed)
        return -ESHUTDOWN;
    struct yoke_worker *worker = new_worker();
    if (!worker)
        return -ENOMEM;
    worker->slot = how->slot;
    worker->generation = how->generation;
    worker->is_on_trial = how->is_on_trial;
    yk_workers_add(worker);
    uv_update_time(yoke_loop());
    worker->forked_ms = uv_now(yoke_loop());
    int err = start(worker, how);
    if (err < 0) {
        discard(worker);
        return err;
    }
    *ret_worker = worker;
    if (worker->birth)
        return 0;
    YK_PROBE2(worker__fork, worker->id, worker->pid);
    yk_event_fork_soon(worker);
    return 0;
}

/* ---- Taking over a worker ---- */

static int take_over(struct yoke_worker *worker, int channel_fd, int seat)
{
    int err = open_channel(worker, channel_fd);

    if (err == 0)
        err = yk_launch_take_board(worker);
    if (err == 0)
        err = yk_seats_take_again(seat);
    if (err < 0)
        return err;
    worker->seat = seat;
    return watch_process(worker);
}

/* Its descriptors are taken over, also on failure. */
int yk_primary_adopt(const struct yk_adoption *from,
                     struct yoke_worker **ret_worker)
{
    int channel_fd = from->channel_fd;
    struct yoke_worker *worker = new_worker();

    if (!worker) {
        yk_close_fd(&channel_fd);
        return -ENOMEM;
    }
    worker->pid = from->pid;
    worker->pidfd = from->pidfd;
    worker->board_fd = from->board_fd;
    worker->slot = from->slot;
    worker->generation = from->generation;
    worker->forked_ms = from->forked_ms;
    yk_workers_add_again(worker, from->id);
    int err = take_over(worker, channel_fd, from->seat);
    if (err < 0) {
        discard(worker);
        return err;
    }
    *ret_worker = worker;
    return 0;
}

/* ---- Births ---- */

void yk_primary_stillborn(struct yoke_worker *worker, pid_t pid,
                          const siginfo_t *info, const char *reason)
{
    worker->birth = NULL;
    worker->pid = pid;
    worker->is_stillborn = true;
    if (reason)
        yk_worker_set_reason(worker, reason, strlen(reason));
    died(worker, info);
    if (worker->is_connected)
        disconnected(worker);
    release_handle(worker);
}

void yk_primary_born(struct yoke_worker *worker, pid_t pid, int pidfd)
{
    const siginfo_t killed = {.si_code = CLD_KILLED, .si_status = SIGKILL};

    worker->birth = NULL;
    worker->pid = pid;
    worker->pidfd = pidfd;
    if (watch_process(worker) < 0) {
        yk_worker_signal(worker, SIGKILL);
        yk_primary_stillborn(worker, pid, &killed, NULL);
        return;
    }
    /* The handle is there instead of the birth. */
    worker->open_count--;
    worker->is_listed = !worker->is_leaving;
    worker->forked_ms = uv_now(yoke_loop());
    YK_PROBE2(worker__fork, worker->id, worker->pid);
    yk_event_fork(worker);
}

void yk_primary_stop_forking(void)
{
    is_closed = true;
    yk_templates_keep(NULL);
}

bool yk_primary_is_stopping(void)
{
    return is_closed;
}

bool yk_primary_ended_uncleanly(void)
{
    return has_unclean_end;
}

void yk_primary_on_gone(void (*fn)(void))
{
    gone_fn = fn;
}

void yk_primary_retire(struct yoke_worker *worker, int timeout_ms)
{
    struct yk_message_stop body = {.timeout_ms = timeout_ms, .has_others = 1};

    worker->is_leaving = true;
    worker->is_listed = false;
    yk_user_unroute_all(worker);
    if (!worker->is_connected ||
        yk_channel_send_in_order(&worker->channel, YK_MESSAGE_STOP, &body,
                                 sizeof(body)) < 0)
        yk_worker_signal(worker, SIGTERM);
    yk_template_cancel(worker);
}

int yk_primary_disconnect(struct yoke_worker *worker)
{
    if (!worker->is_connected || worker->is_leaving)
        return -YOKE_ECHANNEL;
    worker->is_leaving = true;
    worker->is_listed = false;
    yk_ports_leave_all(worker, false);
    return yk_channel_send_in_order(&worker->channel, YK_MESSAGE_DISCONNECT,
                                    NULL, 0);
}

int yk_primary_hang_up(struct yoke_worker *worker)
{
    if (!worker->is_connected)
        return -YOKE_ECHANNEL;
    disconnected(worker);
    return 0;
}
