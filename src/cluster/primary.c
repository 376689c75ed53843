/* A worker's life in the primary. Two things end, each by itself:
 *
 *   channel:  open ----> end (EOF) ----> closed        on_end, disconnected
 *   process:  running -> pidfd readable, waitid -> dead        reap, died
 *
 * A death first reads what the worker had still said (why it failed, for
 * example), which brings the channel to its end; so `disconnect` usually comes
 * before `exit`. One that is to be forked of a template has no process at first
 * (birth.h), and if it never gets one, it dies all the same. The connections that it had not begun are dealt again when the
 * process has ended, not when the channel has: only then is it certain that
 * nobody else answers them. */
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
#include "cluster/cgroup.h"
#include "cluster/confine.h"
#include "cluster/dealer.h"
#include "cluster/death.h"
#include "cluster/deaths.h"
#include "cluster/events.h"
#include "cluster/fleet.h"
#include "cluster/haven.h"
#include "cluster/heard.h"
#include "cluster/life.h"
#include "cluster/ports.h"
#include "cluster/seats.h"
#include "cluster/settings.h"
#include "cluster/spawn.h"
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
static unsigned worker_count; /* Workers that were ever forked. */
static uint64_t memory_kills; /* When last looked at. */
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
    yk_later_stop(&worker->ending);
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

static void on_exit_poll_closed(uv_handle_t *handle)
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

/* What the supervised form meant to happen, if that is what happened. */
static void explain(const struct yoke_worker *worker, struct yoke_exit *why)
{
    const struct yk_life *life = worker->life;

    if (!life || !life->has_cause)
        return;
    bool was_aborted = why->signal == SIGABRT || why->signal == SIGKILL ||
                       why->cause == YOKE_CAUSE_UNKNOWN;
    if (life->state == YK_LIFE_STOPPING ? was_aborted
                                        : yk_primary_is_clean(why))
        why->cause = life->cause;
}

static void find_cause(struct yoke_worker *worker, struct yoke_exit *why)
{
    explain(worker, why);
    if (why->signal == SIGKILL || why->cause == YOKE_CAUSE_UNKNOWN) {
        uint64_t kills = yk_death_memory_kills(&yk_cgroup_system);
        if (why->cause != YOKE_CAUSE_SIGNAL && why->cause != YOKE_CAUSE_UNKNOWN)
            ; /* It is known. */
        else if (worker->is_overdue)
            why->cause = YOKE_CAUSE_DEADLINE;
        else if (kills > memory_kills)
            why->cause = YOKE_CAUSE_MEMORY;
        memory_kills = kills;
    }
    if (worker->reason && why->cause == YOKE_CAUSE_EXIT) {
        why->cause = YOKE_CAUSE_STARTUP;
        why->reason = worker->reason;
    }
}

bool yk_primary_is_clean(const struct yoke_exit *why)
{
    return why->signal == SIGTERM || why->signal == SIGINT ||
           (why->signal == 0 && why->code == 0);
}

static void died(struct yoke_worker *worker, const siginfo_t *info)
{
    struct yoke_exit why = {.code = 0};

    worker->is_dead = true;
    if (!worker->is_stillborn)
        uv_close((uv_handle_t *)&worker->exit_poll, on_exit_poll_closed);
    if (worker->is_connected)
        yk_channel_read_rest(&worker->channel);
    yk_dealer_worker_died(worker);
    worker->is_listed = false;
    yk_stdio_finish(worker);
    yk_death_read(&why, info);
    find_cause(worker, &why);
    /* It was to end anyway, and has been quicker than being told. */
    worker->is_leaving |= is_closed && yk_primary_is_clean(&why);
    has_unclean_end |= is_closed && !yk_primary_is_clean(&why);
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

static void on_exit_ready(uv_poll_t *poll, int status, int events);

/* A signal to the whole group (Ctrl-C, a service manager) ends workers and asks
 * the primary to stop in one moment. The primary is to hear of its own signal
 * first, or it would replace what was stopped: so a death waits until the loop
 * has polled once more. The first call from the loop comes before it polls. */
static void reap_soon(struct yk_later *later)
{
    struct yoke_worker *worker =
        YK_CONTAINER_OF(later, struct yoke_worker, ending);

    if (!worker->has_polled) {
        worker->has_polled = true;
        yk_later_start(later);
        return;
    }
    worker->has_polled = false;
    yk_primary_reap(worker);
    if (!worker->is_dead)
        uv_poll_start(&worker->exit_poll, UV_READABLE, on_exit_ready);
}

static void on_exit_ready(uv_poll_t *poll, int status, int events)
{
    struct yoke_worker *worker = poll->data;

    (void)status;
    (void)events;
    uv_poll_stop(poll);
    yk_later_start(&worker->ending);
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

/* The environment variable by which a worker knows what it is (init.c). */
static void write_identity(const struct yoke_worker *worker, int fd, char *out,
                           size_t len)
{
    snprintf(out, len, "YOKE_WORKER=%d:%d:%d:%u:%d", worker->id, worker->slot,
             fd, worker->generation, worker->is_on_trial);
}

static int spawn(struct yoke_worker *worker, const struct yk_fork *how, int fd)
{
    struct yk_stdio_given given;
    struct yk_spawn what;
    char identity[64];

    yk_worker_describe_spawn(worker, &what);
    int err = yk_stdio_open(worker, &worker->settings->values, &given);
    if (err < 0)
        return err;
    write_identity(worker, yk_spawn_channel_number(given.count), identity,
                   sizeof(identity));
    YK_CLEANUP(yk_free_ptr) char **argv = yk_settings_argv();
    YK_CLEANUP(yk_free_ptr) char **envp = yk_spawn_env(how->env, identity);
    if (how->program)
        what.exec = how->program;
    what.confine = how->confine;
    what.argv = argv;
    what.env = envp;
    what.channel_fd = fd;
    what.stdio = given.fds;
    what.stdio_count = given.count;
    err =
        argv && envp ? yk_spawn(&what, &worker->pid, &worker->pidfd) : -ENOMEM;
    yk_stdio_given_close(&given);
    return err;
}

static int take_seat(struct yoke_worker *worker)
{
    int seat = yk_seats_take();

    if (seat < 0)
        return seat;
    worker->seat = seat;
    return 0;
}

/* Without one the worker ends with this primary. */
static int open_haven(const struct yoke_worker *worker)
{
    const struct yoke_cluster_options *options = yk_fleet_options();

    return options && options->survive_ms > 0 ? yk_haven_open(worker->id) : -1;
}

static int welcome(struct yoke_worker *worker, int file_fd)
{
    YK_CLEANUP(yk_close_fd) int haven = open_haven(worker);
    struct yk_message_welcome body = {.seat = (uint32_t)worker->seat,
                                      .has_file = file_fd > 0,
                                      .has_haven = haven >= 0};
    int fds[5] = {worker->board_fd, yk_seats_fd()};
    int count = 2;

    if (body.has_file)
        fds[count++] = file_fd;
    if (body.has_haven) {
        fds[count++] = haven;
        fds[count++] = STDERR_FILENO;
    }
    return yk_channel_try_send(&worker->channel, YK_MESSAGE_WELCOME, &body,
                               sizeof(body), fds, count);
}

/* The board goes to the worker before there is one: it finds the packet when
 * it starts. */
static int make_board(struct yoke_worker *worker, int file_fd)
{
    int err = yk_board_create(&worker->board, &worker->board_fd);

    if (err == 0)
        err = yk_copies_init(&worker->copies, worker->board);
    if (err == 0)
        err = take_seat(worker);
    return err < 0 ? err : welcome(worker, file_fd);
}

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
    int err = uv_poll_init(yoke_loop(), &worker->exit_poll, worker->pidfd);

    if (err < 0)
        return err;
    worker->open_count++;
    worker->exit_poll.data = worker;
    uv_poll_start(&worker->exit_poll, UV_READABLE, on_exit_ready);
    return 0;
}

/* It has no process until the template has forked it. */
static int ask(struct yoke_worker *worker, const struct yk_fork *how, int fd)
{
    YK_CLEANUP(yk_close_fd) int theirs = fd;
    struct yk_template *from;
    struct yk_birth *birth;
    int err = yk_templates_get(how->preloaded, &from);

    if (err == 0)
        err = yk_birth_new(worker, how->confine->cpu, yk_take_fd(&theirs),
                           &birth);
    if (err < 0)
        return err;
    worker->is_listed = false;
    worker->open_count++;
    yk_template_ask(from, birth);
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
        err = make_board(worker, how->preloaded ? 0 : how->file_fd);
    if (err == 0 && how->preloaded)
        return ask(worker, how, yk_take_fd(&theirs));
    if (err == 0)
        err = spawn(worker, how, theirs);
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
    yk_later_init(&worker->ending, reap_soon);
    yk_settings_sched();
    worker->settings = yk_settings_ref();
    if (worker_count++ == 0)
        memory_kills = yk_death_memory_kills(&yk_cgroup_system);
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

static int take_board(struct yoke_worker *worker)
{
    int err = yk_board_map(worker->board_fd, &worker->board);

    if (err == 0)
        err = yk_copies_init(&worker->copies, worker->board);
    /* There is no copy of what it has, unless all are handed over. */
    worker->copies.has_evicted = true;
    return err;
}

static int take_over(struct yoke_worker *worker, int channel_fd, int seat)
{
    int err = open_channel(worker, channel_fd);

    if (err == 0)
        err = take_board(worker);
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
