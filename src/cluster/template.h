/* A template, as the primary sees it: a process that has loaded the
 * application, and of which workers are forked (forker.h is their own side).
 *
 *                says READY
 *   LOADING -----------------> READY        forks as it is asked to
 *      |                         |
 *      | fails, dies, is late    | dies, or is not needed any more
 *      v                         v
 *   ENDING ----> gone, when its process has ended and its channel, too: then
 *                nobody can be born of it any more, and who was to be is not */
#ifndef YK_CLUSTER_TEMPLATE_H
#define YK_CLUSTER_TEMPLATE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "cluster/channel.h"
#include "cluster/exit_watch.h"
#include "cluster/output.h"
#include "core/list.h"
#include "net/deadline.h"

struct yk_birth;
struct yk_generation;
struct yk_settings;
struct yoke_worker;

/* Longest reason why one cannot load. */
#define YK_TEMPLATE_REASON_MAX 512

enum yk_template_state {
    YK_TEMPLATE_LOADING,
    YK_TEMPLATE_READY,
    YK_TEMPLATE_ENDING
};

struct yk_template {
    struct yk_list node;              /* Among all. */
    struct yk_generation *generation; /* One use. */
    struct yk_settings *settings;     /* One use: those it was made with. */
    enum yk_template_state state;
    pid_t pid;
    int pidfd;
    struct yk_exit_watch exit;
    struct yk_channel channel;
    int said_fd; /* What it writes on standard error; -1: it has closed it. */
    uv_poll_t said_poll;
    struct yk_output output;
    struct yk_deadline deadline;
    bool is_late;                  /* The deadline has passed once. */
    struct yk_list waiting, asked; /* Births. */
    unsigned born;
    uint64_t begun_ms;
    bool is_meant; /* It is told to end. */
    bool is_dead;  /* Its process has ended, as `end` says; */
    bool is_deaf;  /* and so has its channel. */
    siginfo_t end;
    char reason
        [YK_TEMPLATE_REASON_MAX]; /* Why it cannot load, as it said; or "". */
    uint8_t open_count;           /* Handles that are not closed yet. */
};

/* Starts one for the generation. Returns 0 with it, which frees itself some
 * time after it has ended; or -errno. */
int yk_template_new(struct yk_generation *generation, struct yk_template **ret);

/* Asks for the worker of a birth, which is taken over, as soon as the
 * application is loaded. Later yk_primary_born or yk_primary_stillborn is
 * called for it, once. */
void yk_template_ask(struct yk_template *from, struct yk_birth *birth);

/* The worker is not wanted any more. If it has not been asked for yet, it will
 * be stillborn, as if it had ended well. */
void yk_template_cancel(struct yoke_worker *worker);

/* A worker without a process is to get a signal: its template does, for that is
 * what keeps it. SIGTERM is not for a template. */
void yk_template_signal(const struct yoke_worker *worker, int signum);

/* It is not needed any more: it ends when it has forked what it was asked for;
 * who still waits is cancelled. Harmless when it ends already. */
void yk_template_end(struct yk_template *one);

/* Kills it, and waits for its end. */
void yk_template_kill(struct yk_template *one);

#endif
