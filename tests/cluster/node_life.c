/* Scenarios about the life of workers: events, states, fields. The names in
 * the comments are those of Node's tests, test/parallel/test-cluster-*.js. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>
#include <yoke/udp.h>

#include "scenario.h"

/* Its channel keeps a worker alive. */
static void no_worker(void)
{
}

static void listening_worker(void)
{
    serve("127.0.0.1", 0, NULL);
}

static void fork_one(void)
{
    watch();
    yoke_cluster_fork(NULL);
}

static void disconnect_listening(yoke_worker *worker,
                                 const struct yoke_address *addr)
{
    (void)addr;
    yoke_worker_disconnect(worker);
}

/* ---- basic ---- */

static void basic_primary(void)
{
    hooks.on_listening = disconnect_listening;
    fork_one();
}

static void basic_worker(void)
{
    say("is %d %s, primary %d, env %s", yoke_worker_id(yoke_cluster_worker()),
        yoke_worker_state_text(yoke_worker_state(yoke_cluster_worker())),
        yoke_cluster_is_primary(), getenv("YOKE_WORKER") ? "kept" : "removed");
    serve("127.0.0.1", 0, NULL);
}

/* ---- worker-constructor ---- */

static void constructor_primary(void)
{
    yoke_worker *worker = yoke_cluster_fork(NULL);

    say("id %d state %s after=%d connected=%d dead=%d data=%d pid=%d",
        yoke_worker_id(worker),
        yoke_worker_state_text(yoke_worker_state(worker)),
        yoke_worker_exited_after_disconnect(worker),
        yoke_worker_is_connected(worker), yoke_worker_is_dead(worker),
        yoke_worker_data(worker) != NULL, yoke_worker_pid(worker) > 0);
    yoke_worker_set_data(worker, &hooks);
    say("data kept %d", yoke_worker_data(worker) == &hooks);
    say("stdio %d %d", yoke_worker_stdio(worker, 1),
        yoke_worker_stdio(worker, 99));
    yoke_worker_disconnect(worker);
}

/* ---- disconnect-with-no-workers ---- */

static bool has_returned;

static void on_all_gone(void *data)
{
    (void)data;
    say("all gone, returned %d, listed=%d", has_returned, count_workers());
}

static void no_workers_primary(void)
{
    yoke_cluster_disconnect(on_all_gone, NULL);
    has_returned = true;
}

/* ---- disconnect-idle-worker ---- */

static void disconnect_all(yoke_worker *worker)
{
    (void)worker;
    has_returned = true;
    yoke_cluster_disconnect(on_all_gone, NULL);
}

static void idle_primary(void)
{
    yoke_worker *(*detached)(const char *const *env) = yoke_cluster_fork;

    hooks.on_online = disconnect_all;
    watch();
    detached(NULL);
}

/* ---- disconnect-before-exit ---- */

static void before_exit_primary(void)
{
    hooks.on_disconnect = disconnect_all;
    fork_one();
}

static void leaving_worker(void)
{
    say("disconnects %d", yoke_worker_disconnect(yoke_cluster_worker()));
}

/* ---- disconnect-leak ---- */

static void leak_primary(void)
{
    yoke_cluster_setup(
        &(struct yoke_cluster_settings){.sched = YOKE_SCHED_NONE});
    watch();
    say("disconnects %d", yoke_worker_disconnect(yoke_cluster_fork(NULL)));
}

/* ---- disconnect-race: worker 2 leaves before its LISTEN is read ---- */

static void race_listening(yoke_worker *worker, const struct yoke_address *addr)
{
    (void)addr;
    if (yoke_worker_id(worker) == 1)
        yoke_cluster_fork(NULL);
}

static void race_online(yoke_worker *worker)
{
    if (yoke_worker_id(worker) == 2)
        yoke_worker_disconnect(worker);
}

static void race_exit(yoke_worker *worker, const struct yoke_exit *why)
{
    (void)why;
    if (yoke_worker_id(worker) == 2)
        yoke_worker_disconnect(find_worker(1));
}

static void race_primary(void)
{
    yoke_cluster_setup(&(struct yoke_cluster_settings){
        .sched = strcmp(argument(0), "none") == 0 ? YOKE_SCHED_NONE
                                                  : YOKE_SCHED_RR});
    hooks = (struct hooks){.on_listening = race_listening,
                           .on_online = race_online,
                           .on_exit = race_exit};
    fork_one();
}

/* ---- disconnect-unshared-tcp, -udp: worker 2 has no server ---- */

static void on_bound(uv_udp_t *handle, const struct yoke_address *addr,
                     void *data)
{
    (void)handle;
    (void)data;
    say("is bound to %d", addr->port);
}

static void bind_udp(void)
{
    static uv_udp_t handle;

    yoke_udp_bind(&handle, &(struct yoke_udp_options){
                               .host = "127.0.0.1", .on_listening = on_bound});
}

static void unshared_listening(yoke_worker *worker,
                               const struct yoke_address *addr)
{
    (void)worker;
    (void)addr;
    yoke_cluster_fork(NULL);
}

static void unshared_online(yoke_worker *worker)
{
    if (yoke_worker_id(worker) == 2)
        yoke_worker_disconnect(worker);
}

static void unshared_primary(void)
{
    hooks = (struct hooks){.on_listening = unshared_listening,
                           .on_online = unshared_online};
    fork_one();
}

static void unshared_worker(void)
{
    if (yoke_worker_id(yoke_cluster_worker()) != 1)
        return;
    if (strcmp(argument(0), "udp") == 0)
        bind_udp();
    else
        serve("127.0.0.1", 0, NULL);
}

/* ---- disconnect: 8 workers, 2 servers each, twice ---- */

#define CROWD 8

static int rounds, listeners;
static int ports[2];

static void begin_round(void);

static void on_round_over(void *data)
{
    (void)data;
    say("round %d over, listed=%d", ++rounds, count_workers());
    if (rounds < 2)
        begin_round();
}

static void disconnect_round(void)
{
    yoke_cluster_disconnect(on_round_over, NULL);
}

static void crowd_listening(yoke_worker *worker,
                            const struct yoke_address *addr)
{
    (void)worker;
    if (ports[0] != addr->port)
        ports[ports[0] != 0] = addr->port;
    if (++listeners == 2 * CROWD)
        say("ports %d %d", ports[0], ports[1]);
}

static void begin_round(void)
{
    listeners = ports[0] = ports[1] = 0;
    for (int i = 0; i < CROWD; i++)
        yoke_cluster_fork(NULL);
}

/* The test sends SIGUSR1 when it has talked to everybody. */
static void crowd_primary(void)
{
    hooks.on_listening = crowd_listening;
    watch();
    on_usr1(disconnect_round);
    begin_round();
}

static void crowd_worker(void)
{
    serve("127.0.0.1", 0, NULL);
    serve("127.0.0.1", 0, NULL);
}

/* ---- concurrent-disconnect ---- */

static void hit(yoke_worker *worker)
{
    static int count;

    (void)worker;
    for (yoke_worker *w = NULL; (w = yoke_cluster_workers(w));) {
        int err =
            ++count % 3 ? yoke_worker_disconnect(w) : yoke_worker_kill(w, 0);
        if (err < 0 && err != -YOKE_ECHANNEL && err != -ESRCH)
            say("unexpected %s", yoke_strerror(err));
    }
}

static void concurrent_primary(void)
{
    hooks.on_online = hit;
    watch();
    for (int i = 0; i < 2 * CROWD; i++)
        yoke_cluster_fork(NULL);
}

static void concurrent_worker(void)
{
    yoke_worker *self = yoke_cluster_worker();

    serve("127.0.0.1", 0, NULL);
    if (yoke_worker_id(self) % 2)
        yoke_worker_disconnect(self);
    if (yoke_worker_id(self) % 3 == 0)
        yoke_worker_kill(self, 0);
    yoke_worker_disconnect(self);
}

/* ---- worker-isconnected, worker-isdead ---- */

static void say_truth(const char *when, const yoke_worker *worker)
{
    say("%s connected=%d dead=%d", when, yoke_worker_is_connected(worker),
        yoke_worker_is_dead(worker));
}

static void truth_online(yoke_worker *worker)
{
    say_truth("online", worker);
    yoke_worker_disconnect(worker);
    say_truth("disconnecting", worker);
}

static void truth_primary(void)
{
    hooks.on_online = truth_online;
    fork_one();
    say_truth("forked", find_worker(1));
}

static void truth_left(yoke_worker *worker, void *data)
{
    (void)data;
    say_truth("left", worker);
    say("state %s", yoke_worker_state_text(yoke_worker_state(worker)));
}

static void truth_worker(void)
{
    yoke_cluster_on_disconnect(truth_left, NULL);
    say_truth("started", yoke_cluster_worker());
}

/* ---- fork-order: one that is forked in an exit speaks at once ---- */

/* It writes to its standard output, a pipe, when it is online. Waited for it
 * here, so what it has said is there before the loop comes to anything. */
static void wait_spoken(yoke_worker *worker)
{
    struct pollfd pipe = {.fd = yoke_worker_stdio(worker, 1), .events = POLLIN};

    say("has spoken %d", poll(&pipe, 1, -1));
}

static void order_exit(yoke_worker *worker, const struct yoke_exit *why)
{
    (void)why;
    if (yoke_worker_id(worker) < 4)
        wait_spoken(yoke_cluster_fork(NULL));
}

static void order_primary(void)
{
    yoke_cluster_setup(&(struct yoke_cluster_settings){.silent = true});
    hooks.on_exit = order_exit;
    fork_one();
}

static void order_worker(void)
{
    say("is there");
    exit(0);
}

/* ---- worker-disconnect: the worker sees its event, too ---- */

static void seen_worker(void)
{
    watch();
    serve("127.0.0.1", 0, NULL);
}

const struct scenario life_scenarios[] = {
    {"basic", basic_primary, basic_worker},
    {"constructor", constructor_primary, no_worker},
    {"no-workers", no_workers_primary, no_worker},
    {"idle", idle_primary, no_worker},
    {"before-exit", before_exit_primary, leaving_worker},
    {"leak", leak_primary, listening_worker},
    {"race", race_primary, listening_worker},
    {"unshared", unshared_primary, unshared_worker},
    {"crowd", crowd_primary, crowd_worker},
    {"concurrent", concurrent_primary, concurrent_worker},
    {"truth", truth_primary, truth_worker},
    {"seen", basic_primary, seen_worker},
    {"order", order_primary, order_worker},
    {.name = NULL},
};
