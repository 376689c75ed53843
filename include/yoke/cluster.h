/* The cluster: a primary process and its workers, all behind one port.
 *
 * (Node: the module `cluster`; names and semantics are Node's unless a comment
 * says otherwise.)
 *
 * The primary forks workers. A worker is the same program, started again: it
 * runs main from the top, and `yoke_cluster_is_worker()` tells it what it is.
 * Whatever a worker listens on, the primary opens and keeps; connections are
 * dealt to the workers in turn (round-robin), or accepted by whichever worker
 * the kernel wakes first. The primary runs no request.
 *
 *     int main(int argc, char **argv)
 *     {
 *         yoke_cluster_init(argc, argv);
 *         if (yoke_cluster_is_primary()) {
 *             for (int i = 0; i < yoke_cpus(); i++)
 *                 yoke_cluster_fork(NULL);
 *             yoke_cluster_on_exit(replace_it, NULL);
 *         } else {
 *             yoke_app_listen(make_app(), .port = 1337);
 *         }
 *         return yoke_run();
 *     }
 *
 * Those who do not want to write the primary's half call `yoke_cluster_run`.
 *
 * A connection that the primary has dealt is not lost when its worker dies: the
 * primary keeps a copy of the descriptor until the worker has begun to read,
 * and deals it again. (Node loses about one for each killed worker.) */
#ifndef YOKE_CLUSTER_H
#define YOKE_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <yoke/app.h>
#include <yoke/listen.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* A worker: in the primary one of the forked processes, in a worker itself. */
typedef struct yoke_worker yoke_worker;

/* How connections find a worker. */
enum yoke_sched {
    YOKE_SCHED_DEFAULT = 0, /* What YOKE_SCHED_POLICY says (`rr`, `none`); else
                               round-robin. */
    YOKE_SCHED_NONE = 1,    /* The kernel decides: every worker accepts. */
    YOKE_SCHED_RR = 2,      /* The primary accepts and deals them in turn. */
};

/* How workers are made. A field left 0 or NULL keeps what it was. */
struct yoke_cluster_settings {
    const char *exec;        /* Program; default: this one (/proc/self/exe). */
    const char *const *args; /* Its arguments without argv[0], NULL at the end;
                                default: this process's. */
    const char *cwd;         /* Its working directory. */
    enum yoke_sched sched;   /* Fixed by the first fork. */
};

/* Why a worker ended. */
enum yoke_cause {
    YOKE_CAUSE_EXIT,     /* It exited; `code` says how. */
    YOKE_CAUSE_SIGNAL,   /* A signal ended it. */
    YOKE_CAUSE_MEMORY,   /* SIGKILL, and its memory group counted a kill. */
    YOKE_CAUSE_DEADLINE, /* It outlived a stop's deadline and was killed. */
    YOKE_CAUSE_STARTUP,  /* It said that it cannot start; `reason` has why. */
    /* The supervised form only: */
    YOKE_CAUSE_BOOT,     /* It was not ready in time, and was aborted. */
    YOKE_CAUSE_HUNG,     /* Its loop did not turn, and it was aborted. */
    YOKE_CAUSE_REQUEST,  /* A request took too long, and it was aborted. */
    YOKE_CAUSE_RECYCLED, /* It had served its time, and was replaced. */
    YOKE_CAUSE_RELOAD,   /* A reload replaced it. */
    YOKE_CAUSE_SCALED,   /* Fewer workers were wanted. */
};

struct yoke_exit {
    enum yoke_cause cause;
    int code;           /* Exit code, or -1 when a signal ended it. */
    int signal;         /* Signal number, or 0. */
    bool core_dumped;   /* The signal left a core file. */
    const char *reason; /* What `yoke_cluster_fail` was given, or NULL. */
};

/* ---- Start ---- */

/* Tells the library which process this is. To be called first thing in main;
 * `argc` and `argv` are kept for the workers to be started with. In a worker it
 * takes up the channel to the primary and removes every trace of it from the
 * environment, so that the worker's own children are primaries. Lines of
 * standard output are written as they end from here on, also into a pipe; and
 * SIGTERM and SIGINT are answered by the loop, so it has to be run.
 * The soft limit of open descriptors is raised to the hard one.
 *
 * Returns 0. A worker that cannot reach its primary logs why and ends with
 * status 1: it must not go on as a second primary. */
int yoke_cluster_init(int argc, char **argv);

bool yoke_cluster_is_primary(void);
bool yoke_cluster_is_worker(void);

/* The CPUs this process may use: the smaller of its affinity mask and its
 * control group's quota, rounded up (v1 and v2, every level up to the root);
 * at least 1. */
int yoke_cpus(void);

/* Changes the settings of later forks: fields that are set replace, the others
 * stay; strings are copied. -YOKE_EROLE in a worker; -YOKE_ESTARTED when
 * `sched` comes after the first fork; -EINVAL for NULL or a `sched` that there
 * is not. (Node: setupPrimary.) */
int yoke_cluster_setup(const struct yoke_cluster_settings *settings);

/* The settings as they are. Borrowed: valid until the next setup. */
const struct yoke_cluster_settings *yoke_cluster_settings(void);

/* ---- Workers ---- */

/* Starts a worker. `env`, which may be NULL, has more environment variables,
 * "NAME=value", NULL at the end; they win over the primary's. Returns the
 * worker, borrowed until after its `exit` event; NULL with errno set when the
 * system refuses (EAGAIN, ENOMEM, EMFILE); ESHUTDOWN when the primary is
 * stopping; EPERM in a worker; EINVAL before yoke_cluster_init. */
yoke_worker *yoke_cluster_fork(const char *const *env);

/* Disconnects every worker; `fn`, which may be NULL, is called from the loop
 * when the last is gone, also when there was none. -YOKE_EROLE in a worker,
 * -ENOMEM when the call cannot be noted. (Node: cluster.disconnect.) */
int yoke_cluster_disconnect(void (*fn)(void *data), void *data);

/* The workers one by one: NULL gives the first, each the next, NULL after the
 * last. In order of their ids. A worker may be disconnected or killed in such
 * a loop. */
yoke_worker *yoke_cluster_workers(yoke_worker *previous);

/* In a worker: itself. NULL in a primary. (Node: cluster.worker.) */
yoke_worker *yoke_cluster_worker(void);

/* Counts from 1 and is never used again. */
int yoke_worker_id(const yoke_worker *worker);
pid_t yoke_worker_pid(const yoke_worker *worker);

/* In the primary: sends the signal (0: SIGTERM) at once; as in Node,
 * `exited_after_disconnect` stays false. A worker takes SIGTERM as a request
 * to finish what has begun, once; a second one ends it as the system does. In
 * a worker, on itself: disconnects and exits with 0. -ESRCH when it is dead. */
int yoke_worker_kill(yoke_worker *worker, int signal);

/* Gracefully: the worker closes its listeners, finishes what has begun, closes
 * the channel, and ends when nothing keeps its loop alive. From the primary no
 * new connection goes to it from this call on. -YOKE_ECHANNEL when it is
 * already disconnected. */
int yoke_worker_disconnect(yoke_worker *worker);

/* Sends bytes: from the primary to that worker, in a worker to the primary
 * (`worker` is then `yoke_cluster_worker()`). The message arrives whole, as one
 * `message` event, in order. The bytes are copied.
 *
 * Returns the bytes that wait in the queue (0: all gone), -YOKE_EFULL when
 * `len` or the queue would be over 64 MiB, -YOKE_ECHANNEL after
 * disconnection. */
ssize_t yoke_worker_send(yoke_worker *worker, const void *ptr, size_t len);

bool yoke_worker_is_connected(const yoke_worker *worker);
bool yoke_worker_is_dead(const yoke_worker *worker);

/* True when it ended, or is ending, because it was disconnected, by either
 * side, rather than by accident. */
bool yoke_worker_exited_after_disconnect(const yoke_worker *worker);

/* ---- Events: one callback each, called from the loop; NULL removes it.
 * `data` is handed through. In this order for one worker: fork, online,
 * listening (once for each address), disconnect, exit; the last two in the
 * order in which they happen. ---- */

void yoke_cluster_on_fork(void (*fn)(yoke_worker *, void *data), void *data);
void yoke_cluster_on_online(void (*fn)(yoke_worker *, void *data), void *data);
void yoke_cluster_on_listening(void (*fn)(yoke_worker *,
                                          const struct yoke_address *,
                                          void *data),
                               void *data);

/* In the primary: a message from a worker. In a worker: a message from the
 * primary. `ptr` is borrowed for the call. */
void yoke_cluster_on_message(void (*fn)(yoke_worker *, const void *ptr,
                                        size_t len, void *data),
                             void *data);
void yoke_cluster_on_disconnect(void (*fn)(yoke_worker *, void *data),
                                void *data);
void yoke_cluster_on_exit(void (*fn)(yoke_worker *, const struct yoke_exit *,
                                     void *data),
                          void *data);

/* The cause in words: "exit code 1", "killed by SIGSEGV, core dumped", "killed
 * for memory". The string is static and is overwritten by the next call. */
const char *yoke_exit_text(const struct yoke_exit *why);

/* ---- The supervised form ---- */

/* Zero is every field's default, which stands behind it; where that is a time
 * or a limit, -1 is none. Times are in milliseconds. */
struct yoke_cluster_options {
    int workers;           /* 0: YOKE_WORKERS, else one for each CPU. At most
                              1,024. */
    enum yoke_sched sched; /* As in the settings. */
    struct yoke_listen_options listen; /* Where; as in yoke_app_listen. */

    /* ---- Replacing what dies ---- */
    int backoff_base_ms;  /* Wait after the first quick death; 100. */
    int backoff_max_ms;   /* It doubles up to this; 30,000. */
    int healthy_ms;       /* A life this long clears the debt; 10,000. */
    int budget;           /* Deaths of a slot in `budget_window_ms` after which
                             the slot is given up; 10. */
    int budget_window_ms; /* 60,000. */

    /* ---- Deadlines ---- */
    int stop_timeout_ms;    /* Of a stop, and of a worker that is replaced;
                             30,000. */
    int boot_timeout_ms;    /* From fork to ready; then aborted. 60,000. */
    int hang_timeout_ms;    /* A turn of a worker's loop may last so long; then
                             aborted. 30,000. */
    int abort_timeout_ms;   /* From SIGABRT, which leaves a report, to SIGKILL;
                             2,000. */
    int request_timeout_ms; /* A request may be in progress so long; then its
                               worker is aborted. The server's own timeouts
                               answer 408 and 503 much sooner: this is for what
                               they cannot end. None. */

    /* ---- Readiness ---- */
    bool wait_ready; /* A worker is ready when it calls yoke_ready; else as soon
                        as it listens. */

    /* ---- Reload ---- */
    int max_surge;       /* Workers beyond `workers` while some are replaced;
                            1. -1: none, an old one goes before a new one
                            comes. */
    int max_unavailable; /* Slots that may be without a worker meanwhile; 0, or
                            1 if there is no surge. */
    int probation_ms;    /* The first worker of a new generation has to live so
                            long before the others follow; 1,000. */
    const char *check_path; /* It answers GET of this before it gets a
                               connection, with any status below 500; "/".
                               "": no such request. */
    int max_generations;    /* Generations at a time; the oldest, which is
                               draining, is cut. 4. */

    /* ---- Recycling: replaced when it has had enough, in turn ---- */
    int max_requests;    /* None. */
    int max_lifetime_ms; /* None. */
    size_t max_memory;   /* Bytes (its proportional share, PSS). None. */
    int recycle_jitter;  /* Each worker's limits are lowered by up to so many
                             per cent, by chance; 10. */

    bool quiet; /* Without the start-up lines. */
};

/* Runs an application on every core, and keeps it running: the whole main of a
 * server.
 *
 *     int main(int argc, char **argv)
 *     {
 *         yoke_cluster_init(argc, argv);
 *         return yoke_cluster_run(make_app, &(struct yoke_cluster_options){
 *                                     .listen.port = 1337 });
 *     }
 *
 * In the primary: starts the workers, replaces each that dies, after a back-off
 * that grows, logs the cause of each death, and returns the exit status when
 * it has been stopped. If no worker could ever start (the port is in use, the
 * factory failed), it does not try again, but logs the reason and returns 1;
 * likewise when every slot has used up its budget. In a worker: calls
 * `make_app`, listens, and returns its exit status. `options` may be NULL;
 * it is copied. */
int yoke_cluster_run(yoke_app_factory *make_app,
                     const struct yoke_cluster_options *options);

/* In a worker: it is ready, and may count as one that serves; for
 * `wait_ready`. Harmless otherwise, more than once and alone. (PM2:
 * process.send('ready').) */
void yoke_ready(void);

/* In a supervising primary: puts the whole fleet on a new generation of
 * workers, made from the program as it is now in the file system; what SIGHUP
 * does. No connection is refused or cut. If the new one does not start, dies
 * early, or fails its own request, every old worker stays, or comes back.
 *
 * `fn`, which may be NULL, is called from the loop when it is over: `err` is 0
 * or -YOKE_ESTARTUP, and `text` says how it went, borrowed for the call.
 * -YOKE_EROLE elsewhere; -EBUSY while one is under way; -ESHUTDOWN when the
 * primary is stopping; -ENOENT, -EACCES ... when there is no such program: then
 * `fn` is not called. */
int yoke_cluster_reload(void (*fn)(int err, const char *text, void *data),
                        void *data);

/* In a supervising primary: so many workers from now on; what SIGTTIN (one
 * more) and SIGTTOU (one less) do. Those that go finish what they have begun.
 * -YOKE_EROLE elsewhere; -EINVAL unless 1 to 1,024; -ESHUTDOWN. */
int yoke_cluster_scale(int workers);

/* In a worker that cannot start: tells the primary why, in words, and makes
 * `yoke_run` return 1. It is not started again unless others are already
 * serving. Alone it logs the reason. */
void yoke_cluster_fail(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
