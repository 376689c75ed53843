/* The cluster: a primary process and its workers, all behind one port.
 *
 * (Node: the module `cluster`; names and semantics are Node's unless a comment
 * says otherwise.)
 *
 * The primary forks workers. A worker is the same program, started again: it
 * runs main from the top, and `yoke_cluster_is_worker()` tells it what it is.
 * Whatever a worker listens on, the primary opens and keeps; connections are
 * dealt to the workers in turn (round-robin), or the workers accept themselves
 * (enum yoke_sched). The primary runs no request.
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
#include <stdint.h>
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
    YOKE_SCHED_DEFAULT = 0, /* What YOKE_SCHED_POLICY says; else YOKE_SCHED_AUTO
                               in the supervised form, and round-robin with
                               yoke_cluster_fork, as in Node. */
    YOKE_SCHED_NONE = 1,    /* The kernel decides: every worker accepts. */
    YOKE_SCHED_RR = 2,      /* The primary accepts and deals them in turn. */
    YOKE_SCHED_AUTO = 3,    /* The best that there is: balanced. */
    YOKE_SCHED_BALANCED = 4,  /* Every worker accepts, and gives away what is
                                 more than its share. */
    YOKE_SCHED_KERNEL_RR = 5, /* A program in the kernel deals in turn, and */
    YOKE_SCHED_KERNEL_LEAST = 6, /* this one to whoever has fewest connections.
                                    Both need CAP_BPF and Linux 5.14; else it is
                                    balanced, and the log says why. */
    YOKE_SCHED_STICKY = 7,   /* The kernel keeps each client's address with its
                                worker; UNIX sockets, whose clients have none,
                                are balanced. */
    YOKE_SCHED_CALLBACK = 8, /* The primary accepts, and a function of the
                                user's chooses: yoke_cluster_set_pick. */
};

/* What becomes of one of a worker's descriptors. */
enum yoke_stdio {
    YOKE_STDIO_DEFAULT = 0, /* 0 to 2: inherited, or a pipe if `silent`. */
    YOKE_STDIO_INHERIT,     /* The primary's descriptor of that number. */
    YOKE_STDIO_IGNORE,      /* /dev/null. */
    YOKE_STDIO_PIPE,        /* The primary has the other end; see
                               yoke_cluster_on_output. */
    YOKE_STDIO_NONE,        /* It has none. */
    YOKE_STDIO_FIRST_FD = 16
};

/* Descriptor `fd` of the primary, as a place in `stdio`. It has to be open
 * when a worker is forked; it stays the caller's. */
#define YOKE_STDIO_FD(fd) (YOKE_STDIO_FIRST_FD + (fd))

/* A worker's descriptors that `stdio` can speak of: 0 to 15. */
#define YOKE_STDIO_MAX 16

/* The value of a name, as YOKE_SCHED_POLICY and `yoke run --sched` have it:
 * "rr", "balanced", ...; -EINVAL when there is none such. */
int yoke_sched_find(const char *name);

/* The name of a value; NULL when it has none. Static. */
const char *yoke_sched_name(enum yoke_sched policy);

/* All names, for people: "auto, balanced, rr or none". Static. */
const char *yoke_sched_names(void);

/* Where a connection comes from. Borrowed for the call. */
struct yoke_peer_info {
    int family;              /* 4, 6, or -1 for a UNIX socket. */
    int port;                /* Of the client; 0 for a UNIX socket. */
    const char *address;     /* Numeric; "" for a UNIX socket. */
    const unsigned char *ip; /* The same as bytes in network order; */
    size_t ip_len;           /* 4, 16 or 0. */
    const struct yoke_address *listener; /* Where it came in. */
};

/* A worker that can take a connection now. Borrowed for the call. */
struct yoke_candidate {
    yoke_worker *worker;
    int slot;      /* Its place in the supervised form, from 1; or 0. */
    unsigned open; /* Connections that it has or will have in a moment. */
};

/* Chooses among `n` candidates, at least one, which are in order of their slots
 * and ids: returns an index, or -1 for whoever's turn it is. Called from the
 * loop of the primary for each connection, and again for one that comes back
 * from a worker which died before it began; so it has to be quick. Anything
 * else that it returns counts as -1, and is logged once. */
typedef int yoke_pick_fn(const struct yoke_peer_info *peer,
                         const struct yoke_candidate *candidates, int n,
                         void *data);

/* The function that chooses under the policy `callback`, which is to be set,
 * too; NULL: none, by turn. Returns 0; -YOKE_EROLE in a worker. (Node has no
 * such thing.)
 *
 *     static int by_address(const struct yoke_peer_info *peer,
 *                           const struct yoke_candidate *candidates, int n,
 *                           void *data)
 *     {
 *         unsigned hash = 0;
 *         for (size_t i = 0; i < peer->ip_len; i++)
 *             hash = hash * 31 + peer->ip[i];
 *         return (int)(hash % (unsigned)n);
 *     }
 */
int yoke_cluster_set_pick(yoke_pick_fn *pick, void *data);

/* How workers are made. A field left 0 or NULL keeps what it was. */
struct yoke_cluster_settings {
    const char *exec;        /* Program; default: this one (/proc/self/exe). */
    const char *const *args; /* Its arguments without argv[0], NULL at the end;
                                default: this process's. */
    const char *cwd;         /* Its working directory. */
    enum yoke_sched sched;   /* Fixed by the first fork. */
    int silent; /* 1: standard input, output and error of workers are pipes to
                   the primary; -1: no longer. */
    int stdio[YOKE_STDIO_MAX]; /* stdio[n] is a worker's descriptor n: an enum
                                  yoke_stdio or YOKE_STDIO_FD. Goes before
                                  `silent`. The channel's descriptor comes
                                  behind the last one. */
    uid_t uid; /* User and group of workers, with the supplementary groups */
    gid_t gid; /* of that user; without `gid` its own group. They are taken
                  before the program is run, which takes root. The user is
                  looked up here, once. The primary stays who it is, and
                  opens the ports, privileged ones too, for any worker that
                  asks. */
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
    YOKE_CAUSE_UNKNOWN, /* Its parent was a primary that has died before it, and
                            the kernel tells nobody else; `code` is 0. */
};

struct yoke_exit {
    enum yoke_cause cause;
    int code;           /* Exit code, or -1 when a signal ended it. */
    int signal;         /* Signal number, or 0. */
    bool core_dumped;   /* The signal left a core file. */
    const char *reason; /* What `yoke_cluster_fail` was given, or more about
                           the cause; or NULL. */
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

/* What this process is: true for one of the two. A process that has not called
 * yoke_cluster_init, or that nobody has forked, is a primary. (Node:
 * cluster.isPrimary, cluster.isWorker.) */
bool yoke_cluster_is_primary(void);
bool yoke_cluster_is_worker(void);

/* The CPUs this process may use: the smaller of its affinity mask and its
 * control group's quota, rounded up (v1 and v2, every level up to the root);
 * at least 1. (Node: os.availableParallelism.) */
int yoke_cpus(void);

/* Changes the settings of later forks: fields that are set replace, the others
 * stay; strings are copied. The event `setup` follows from the loop, once for
 * each call. -YOKE_EROLE in a worker; -YOKE_ESTARTED when `sched` comes after
 * the first fork; -EINVAL for NULL, or a `sched`, `silent` or `stdio` that
 * there is not; -ENOENT when `uid` is not in the user database and `gid` is not
 * given; -E2BIG when that user has too many groups; or -errno of asking for it.
 * On failure nothing has changed. (Node: setupPrimary.) */
int yoke_cluster_setup(const struct yoke_cluster_settings *settings);

/* The settings as they are. Borrowed: valid until the next setup. (Node:
 * cluster.settings.) */
const struct yoke_cluster_settings *yoke_cluster_settings(void);

/* ---- Workers ---- */

/* Starts a worker. `env`, which may be NULL, has more environment variables,
 * "NAME=value", NULL at the end; they win over the primary's; "NAME" alone
 * removes one. Returns the worker, borrowed until after its `exit` event; NULL
 * with errno set when the system refuses (EAGAIN, ENOMEM, EMFILE); ESHUTDOWN
 * when the primary is stopping; EPERM in a worker; EINVAL before
 * yoke_cluster_init. (Node: cluster.fork.) */
yoke_worker *yoke_cluster_fork(const char *const *env);

/* Disconnects every worker; `fn`, which may be NULL, is called from the loop
 * when the last is gone, also when there was none. Returns 0; -YOKE_EROLE in a
 * worker; -ENOMEM when the call cannot be noted. (Node: cluster.disconnect.) */
int yoke_cluster_disconnect(void (*fn)(void *data), void *data);

/* The workers one by one: NULL gives the first, each the next, NULL after the
 * last. In order of their ids. A worker may be disconnected or killed in such
 * a loop. (Node: cluster.workers.) */
yoke_worker *yoke_cluster_workers(yoke_worker *previous);

/* In a worker: itself. NULL in a primary. (Node: cluster.worker.) */
yoke_worker *yoke_cluster_worker(void);

/* Its number, which counts from 1 and is never used again. (Node: worker.id.) */
int yoke_worker_id(const yoke_worker *worker);

/* Its process. (Node: worker.process.pid.) */
pid_t yoke_worker_pid(const yoke_worker *worker);

/* In the primary: sends the signal (0: SIGTERM) at once; as in Node,
 * `exited_after_disconnect` stays false. A worker takes SIGTERM as a request
 * to finish what has begun, once; a second one ends it as the system does. In
 * a worker, on itself: disconnects and exits with 0. Returns 0; -ESRCH when it
 * is dead; -EINVAL for no signal; -YOKE_ECHANNEL on itself when it is
 * disconnected. (Node: worker.kill.) */
int yoke_worker_kill(yoke_worker *worker, int signal);

/* Gracefully: the worker closes its listeners, finishes what has begun, closes
 * the channel, and ends when nothing keeps its loop alive. From the primary no
 * new connection goes to it from this call on. Returns 0; -YOKE_ECHANNEL when
 * it is disconnected, or was told so already. (Node: worker.disconnect.) */
int yoke_worker_disconnect(yoke_worker *worker);

/* Closes the channel at once, from either side, without a word: messages that
 * wait are lost. The worker takes it as the end of its primary: it finishes
 * what it has begun, and ends with 0; `exited_after_disconnect` is 0, unless it
 * was to leave anyway. Returns 0; -YOKE_ECHANNEL when it is closed. (Node:
 * process.disconnect.) */
int yoke_worker_hang_up(yoke_worker *worker);

/* The primary's end of a pipe of the settings' `stdio`, by the number that the
 * worker's end has; -1 when there is none, or it has ended. Non-blocking.
 * Standard input is to be written; standard output and error are read by yoke
 * (`yoke_cluster_on_output`); other pipes can be written as well. Borrowed:
 * closed when the worker has died. (Node: worker.process.stdio.) */
int yoke_worker_stdio(const yoke_worker *worker, int number);

/* The same, but it is the caller's from here on, to read or to close: to end a
 * worker's standard input, for example. -1 as above. */
int yoke_worker_take_stdio(yoke_worker *worker, int number);

/* Whether its channel is open; whether its process has ended. (Node:
 * worker.isConnected, worker.isDead.) */
bool yoke_worker_is_connected(const yoke_worker *worker);
bool yoke_worker_is_dead(const yoke_worker *worker);

/* 1 when it ended, or is ending, because it was disconnected, by either side;
 * 0 when it ended by accident; -1 as long as neither is the case. In its
 * `disconnect` and `exit` events it is 0 or 1. (Node: exitedAfterDisconnect,
 * with undefined for -1.) */
int yoke_worker_exited_after_disconnect(const yoke_worker *worker);

/* Where a worker is in its life. */
enum yoke_worker_state {
    YOKE_WORKER_NONE,          /* Forked. */
    YOKE_WORKER_ONLINE,        /* It runs. */
    YOKE_WORKER_LISTENING,     /* It listens on something. */
    YOKE_WORKER_DISCONNECTING, /* It is to leave, and finishes what it has
                                  begun. (Node also: destroying.) */
    YOKE_WORKER_DISCONNECTED,  /* Its channel is closed. */
    YOKE_WORKER_DEAD,          /* Its process has ended. */
};

/* Where this one is now. (Node: worker.state.) */
enum yoke_worker_state yoke_worker_state(const yoke_worker *worker);

/* The state's name: "none", "online" ... Static. */
const char *yoke_worker_state_text(enum yoke_worker_state state);

/* Something of the caller's that belongs to a worker; NULL until it is set. It
 * is the caller's to free, at the latest in the later of `disconnect` and
 * `exit`. There are no callbacks for single workers as Node has them: this
 * tells them apart as well. */
void yoke_worker_set_data(yoke_worker *worker, void *data);
void *yoke_worker_data(const yoke_worker *worker);

/* ---- Events: one callback each, called from the loop; NULL removes it.
 * `data` is handed through. In this order for one worker: fork, online,
 * listening (once for each address), disconnect, exit; the last two in the
 * order in which they happen. In a worker, about itself: disconnect, error, and
 * those of yoke/message.h. ---- */

/* It has been forked; it runs; it listens on an address, which is borrowed for
 * the call. (Node: the events `fork`, `online` and `listening`.) */
void yoke_cluster_on_fork(void (*fn)(yoke_worker *, void *data), void *data);
void yoke_cluster_on_online(void (*fn)(yoke_worker *, void *data), void *data);
void yoke_cluster_on_listening(void (*fn)(yoke_worker *,
                                          const struct yoke_address *,
                                          void *data),
                               void *data);

/* Its channel is closed; its process has ended, `yoke_exit` says why, borrowed
 * for the call. The worker is freed after the later of the two. (Node: the
 * events `disconnect` and `exit`.) */
void yoke_cluster_on_disconnect(void (*fn)(yoke_worker *, void *data),
                                void *data);
void yoke_cluster_on_exit(void (*fn)(yoke_worker *, const struct yoke_exit *,
                                     void *data),
                          void *data);

/* Something that was asked for has failed, and nobody else is told: messages
 * that could not be sent any more (-YOKE_ECHANNEL), a program that cannot be
 * run (-ENOENT ...; `exit` follows), JSON that is none (-EBADMSG). `text` says
 * it in words, borrowed for the call. It may be left alone. (Node: the event
 * `error` of a worker, which ends the process if nobody listens.) */
void yoke_cluster_on_error(void (*fn)(yoke_worker *, int err, const char *text,
                                      void *data),
                           void *data);

/* A worker has written to a pipe of the settings' `stdio`: `number` is its
 * descriptor, `ptr` has `len` bytes, borrowed for the call, in pieces as they
 * come. `len` 0: it has closed it. What it had written comes before its `exit`.
 * Without this callback it is read all the same, and dropped, for a full pipe
 * would stop the worker. */
void yoke_cluster_on_output(void (*fn)(yoke_worker *, int number,
                                       const char *ptr, size_t len, void *data),
                            void *data);

/* After each yoke_cluster_setup, with the settings that it led to. (Node emits
 * it at each fork, too.) */
void yoke_cluster_on_setup(void (*fn)(const struct yoke_cluster_settings *,
                                      void *data),
                           void *data);

/* The cause in words: "exit code 1", "killed by SIGSEGV, core dumped", "killed
 * for memory". The string is static and is overwritten by the next call. */
const char *yoke_exit_text(const struct yoke_exit *why);

/* ---- The supervised form ---- */

/* Whether workers load the application each for itself, or are forked from a
 * process that has. */
enum yoke_preload {
    YOKE_PRELOAD_DEFAULT = 0, /* What $YOKE_PRELOAD says: 1, strict or 0; else
                                 it is off. */
    YOKE_PRELOAD_OFF,         /* Each worker is a program of its own. */
    YOKE_PRELOAD_ON,          /* A template loads the application once, and each
                            worker is a fork of it. What the load has left
                            open that cannot be shared is logged. */
    YOKE_PRELOAD_STRICT, /* The same, but such an application does not start. */
};

/* A limit of a worker's process, both soft and hard; see setrlimit(2). */
struct yoke_rlimit {
    int resource; /* RLIMIT_NOFILE, RLIMIT_CORE, RLIMIT_AS ... */
    uint64_t value;
};

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

    enum yoke_preload preload; /* See "Preloading", below; off. */

    /* ---- Reload ---- */
    int max_surge;       /* Workers beyond `workers` while some are replaced;
                            1. -1: none, an old one goes before a new one
                            comes. */
    int max_unavailable; /* Slots that may be without a worker meanwhile; 0 (or
                            -1), or 1 if there is no surge. */
    int probation_ms;    /* The first worker of a new generation has to live so
                            long before the others follow; 1,000. */
    const char *check_path; /* It answers GET of this before it gets a
                               connection, with any status below 500; "/". It
                               begins with "/". "": no such request. */
    int max_generations;    /* Generations at a time; the oldest, which is
                               draining, is cut. 4. */

    /* ---- Recycling: replaced when it has had enough, in turn ---- */
    int max_requests;    /* None. */
    int max_lifetime_ms; /* None. */
    size_t max_memory;   /* Bytes (its proportional share, PSS). None. */
    int recycle_jitter;  /* Each worker's limits are lowered by up to so many
                             per cent, by chance; 10. */

    /* ---- What workers' processes are bound to. The primary keeps what it has:
     * it opens ports, and may need root for that. There is no chroot: a service
     * manager's namespaces do that better, and the program is run again at a
     * reload, which needs its files. ---- */
    const char *user;  /* Name or number; with its groups. The primary's. */
    const char *group; /* The user's. */
    int nice;          /* Added to the primary's; see nice(2). */
    const char *umask; /* Octal, "027". The primary's. */
    bool pin_cpus;     /* Each slot on a CPU of its own, as far as they go. */
    const struct yoke_rlimit *rlimits; /* Borrowed for the run. */
    int rlimit_count;

    const char *file; /* What workers load: kept open, so that a worker which is
                         replaced loads the same, until a reload takes the new
                         one; see yoke_cluster_file. */

    bool own_stderr; /* Workers write to the primary's standard error
                        themselves. Else it passes their lines on, whole, and
                        keeps the last ones, to explain a death. */
    bool quiet;      /* Without the start-up lines. */

    /* ---- When the primary dies ---- */
    int survive_ms; /* Workers go on serving without it for so long; a primary
                       of the same name that starts meanwhile goes on with them
                       and with their sockets. 0: they finish what has begun and
                       end. Needs a name, and the control socket. */

    /* ---- Watching ---- */
    const char *name;      /* What `yoke ps` and its like call it, which has to
                              be free; $YOKE_NAME, else: */
    const char *name_hint; /* The same, but with the process's number behind it
                              if it is taken; the program's name. */
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
 * likewise when every slot has used up its budget, and at once without
 * yoke_cluster_init or with an option that is wrong. In a worker: calls
 * `make_app`, listens, and returns its exit status. `options` may be NULL; it is
 * copied, its strings are borrowed until it returns. */
int yoke_cluster_run(yoke_app_factory *make_app,
                     const struct yoke_cluster_options *options);

/* ---- Preloading (Puma: preload_app; Gunicorn: --preload)
 *
 * With the option `preload` the primary starts a template: the same program,
 * which runs main up to yoke_cluster_run, calls `make_app` there, and then does
 * nothing but fork, whenever a worker is wanted. A worker so is there within a
 * few milliseconds, however long the application takes to load, and what has
 * been loaded is in memory once for all of them, as long as nobody writes to
 * it. Each reload makes a new template, from the program as it is then; one
 * that cannot load leaves the old fleet as it is. A template that dies is
 * replaced; its workers go on. Workers are the primary's own children; for that
 * the primary adopts and reaps what loses its parent in its fleet, as process 1
 * does (PR_SET_CHILD_SUBREAPER).
 *
 * What is made at load is there in every worker, with the same contents, so it
 * must not be something that only one process can use:
 *
 *   - A connection, a pipe, an epoll, a file that is written to: all workers
 *     would use the same one. Open it in yoke_cluster_after_fork. The template
 *     looks at its descriptors when it has loaded, and warns.
 *   - A thread runs in the template alone, and what it holds locked stays locked
 *     in workers. Start threads after the fork; the template warns of them.
 *   - Random numbers: yoke seeds random(3), rand(3) and drand48(3) anew in each
 *     worker, and OpenSSL does so by itself. Whoever keeps a generator of its
 *     own has to see to it.
 *   - The process's number and what was derived from it.
 *   - Timers and other handles of yoke_loop run in every worker, from its start
 *     on; in the template the loop does not run. Listening is for workers.
 *
 * Limits, priority, user, working directory and environment are the template's,
 * which has what workers are to have. Functions given to atexit(3) at load are
 * called in each worker, and not in the template. ---- */

/* A hook for before a fork: `fn` is called in the template, just before each
 * worker is forked, to flush what is buffered, or to close what was opened
 * since. Those that were added last are called first. There are up to 32.
 * Returns 0; -EINVAL for NULL; -YOKE_EFULL. Without preload, and in other
 * processes, it is never called. */
int yoke_cluster_before_fork(void (*fn)(void *data), void *data);

/* A hook for after it: `fn` is called in each worker of the supervised form
 * before it listens, in the order in which they were added, whether or not the
 * worker was forked from a template: so what it opens is right with preload and
 * without. `worker` is this one. If it cannot do its part, it calls
 * yoke_cluster_fail, and the worker ends. There are up to 32. Returns 0;
 * -EINVAL for NULL; -YOKE_EFULL. */
int yoke_cluster_after_fork(void (*fn)(yoke_worker *worker, void *data),
                            void *data);

/* True in a template. yoke_cluster_is_worker is true as well, for it goes the
 * way of a worker; yoke_cluster_worker is NULL. */
bool yoke_cluster_is_template(void);

/* In a worker: where it finds the options' `file` as its generation has it, to
 * open or to load (dlopen(3)): a path below /proc/self/fd. NULL when there is
 * none. Static. */
const char *yoke_cluster_file(void);

/* In a worker: it is ready, and may count as one that serves; for
 * `wait_ready`. Harmless otherwise, more than once and alone. (PM2:
 * process.send('ready').) */
void yoke_ready(void);

/* In a supervising primary: puts the whole fleet on a new generation of
 * workers, made from the program as it is now in the file system; what SIGHUP
 * does. No connection is refused or cut. If the new one does not start, dies
 * early, or fails its own request, every old worker stays, or comes back.
 *
 * What cannot be done at once, for workers are being recycled or the system has
 * no process left, is tried again for a while. Scaling meanwhile is allowed.
 *
 * `fn`, which may be NULL, is called from the loop when it is over: `err` is 0,
 * -YOKE_ESTARTUP, or -ESHUTDOWN when the primary has been stopped meanwhile;
 * and `text` says how it went, borrowed for the call.
 *
 * Returns 0; or -YOKE_EROLE elsewhere, -EBUSY while one is under way, -ESHUTDOWN
 * when the primary is stopping, -ENOENT, -EACCES ... when there is no such
 * program: then `fn` is not called. (PM2: reload; nginx: SIGHUP.) */
int yoke_cluster_reload(void (*fn)(int err, const char *text, void *data),
                        void *data);

/* In a supervising primary: another version of this program takes this
 * primary's place, in the same process, and goes on with its workers and its
 * ports; then the workers are replaced as by a reload. What SIGUSR2 does. It is
 * the program that stands in the file system by now under the name with which
 * this one was started, with the same arguments and environment.
 *
 * First that program is started once more, as a child, to show that it gets as
 * far as yoke_cluster_run, with options that it accepts; there it ends. Then
 * this primary waits until it holds no connection that has not begun, 10 s at
 * most. Nobody is disconnected; clients that come meanwhile wait for a moment.
 * What main does before yoke_cluster_run it does again, both times.
 *
 * `fn`, which may be NULL, is called from the loop when it has failed:
 * -YOKE_ESTARTUP when the program does not get so far, -ETIMEDOUT, -errno;
 * nothing has changed then, and `text` says why, borrowed for the call. Nobody
 * is told of success: this program has ended.
 *
 * Returns 0; or -YOKE_EROLE elsewhere, -EBUSY while one, or a reload, is under
 * way, -ESHUTDOWN when the primary is stopping, or -errno when the program cannot
 * be started at all: then `fn` is not called. (nginx: SIGUSR2; HAProxy: SIGUSR2
 * to the master.) */
int yoke_cluster_upgrade(void (*fn)(int err, const char *text, void *data),
                         void *data);

/* In a supervising primary: so many workers from now on; what SIGTTIN (one
 * more) and SIGTTOU (one less) do. Those that go finish what they have begun.
 * Returns 0; -YOKE_EROLE elsewhere; -EINVAL unless 1 to 1,024; -ESHUTDOWN when
 * the primary is stopping; -ENOMEM, and nothing has changed. (PM2: scale.) */
int yoke_cluster_scale(int workers);

/* In a primary of Node's form: opens the control socket, by which `yoke ps` and
 * its like find this cluster (yoke/control.h). The supervised form does so by
 * itself. `name` is what it is to be called; NULL: $YOKE_NAME, else the
 * program's name, with the process's number behind it if that is taken. Does
 * not keep the loop alive.
 *
 * Returns 0, also when $YOKE_CONTROL is `off`; -YOKE_EROLE in a worker;
 * -EALREADY when it is open. Any other code has been logged: -EADDRINUSE when a
 * cluster of that name is running, -EINVAL for what cannot be a name, or -errno.
 */
int yoke_cluster_control(const char *name);

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
