/* The primary: workers' lives as it sees them. */
#ifndef YK_CLUSTER_PRIMARY_H
#define YK_CLUSTER_PRIMARY_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct yk_generation;
struct yoke_worker;

/* How to start a worker. Zero is every field's default. */
struct yk_fork {
    const char *const *env; /* As in yoke_cluster_fork. */
    const char *program;    /* Instead of the settings'. */
    int file_fd;            /* What it is to load; 0: nothing. Borrowed. */
    /* Of the supervised form: */
    int slot;
    unsigned generation;
    struct yk_generation *preloaded;  /* Fork it from the template of this one;
                                         NULL: run the program. */
    const struct yk_confine *confine; /* What it is bound to, or NULL. */
    bool is_on_trial;                 /* It checks itself before it serves. */
};

/* Starts a worker. Returns 0 with it; -ESHUTDOWN when the primary is stopping;
 * or what the system said: -EAGAIN, -ENOMEM, -EMFILE. */
int yk_primary_fork(const struct yk_fork *how, struct yoke_worker **ret_worker);

/* A worker of the primary that was before this one. */
struct yk_adoption {
    int id, slot;
    unsigned generation;
    pid_t pid; /* A child of this process. */
    int pidfd, channel_fd, board_fd, seat;
    uint64_t forked_ms;
};

/* Goes on with it. Its descriptors are taken over, also on failure. Returns 0
 * with the worker, -EINVAL when its board or its seat is none, -errno. */
int yk_primary_adopt(const struct yk_adoption *from,
                     struct yoke_worker **ret_worker);

/* A worker that was asked of a template has its process now; `pidfd` is taken
 * over. */
void yk_primary_born(struct yoke_worker *worker, pid_t pid, int pidfd);

/* It will never have one: it dies as if it had ended as `info` says. `pid` is
 * its template's, if that is why; `reason`, which may be NULL, says it in
 * words. */
void yk_primary_stillborn(struct yoke_worker *worker, pid_t pid,
                          const siginfo_t *info, const char *reason);

/* No more workers from here on: those there are end because they are told to.
 */
void yk_primary_stop_forking(void);

bool yk_primary_is_stopping(void);

/* True when a worker has ended otherwise than well since then. */
bool yk_primary_ended_uncleanly(void);

/* The process of the worker may have ended: looks, and if so goes through with
 * its death. */
void yk_primary_reap(struct yoke_worker *worker);

/* The worker takes nothing new, finishes what it has begun within `timeout_ms`,
 * and ends; others take what it has not begun. A worker that cannot be told is
 * sent SIGTERM. */
void yk_primary_retire(struct yoke_worker *worker, int timeout_ms);

/* Disconnects one worker, from here. */
int yk_primary_disconnect(struct yoke_worker *worker);

/* Closes its channel at once. */
int yk_primary_hang_up(struct yoke_worker *worker);

/* `fn` is called whenever a worker has gone for good. */
void yk_primary_on_gone(void (*fn)(void));

#endif
