/* Scenarios about how workers end: kill, destroy, disconnect, exit codes, and
 * what happens without a primary. The names in the comments are those of Node's
 * tests, test/parallel/test-cluster-*.js. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scenario.h"

static void fork_one(void)
{
    watch();
    yoke_cluster_fork(NULL);
}

static void say_result(const char *what, int err)
{
    say("%s %s", what, err == 0 ? "ok" : yoke_strerror(err));
}

/* ---- call-and-destroy, worker-destroy: both, one after the other ---- */

static void destroy_left(yoke_worker *self, void *data)
{
    (void)data;
    say_result("destroys when disconnected", yoke_worker_kill(self, 0));
}

static void destroy_worker(void)
{
    yoke_worker *self = yoke_cluster_worker();

    yoke_cluster_on_disconnect(destroy_left, NULL);
    if (strcmp(argument(0), "connected") == 0)
        say_result("destroys", yoke_worker_kill(self, 0));
    else
        say_result("disconnects", yoke_worker_disconnect(self));
}

/* ---- kill-disconnect: by itself, in both ways ---- */

static void leave_listening(yoke_worker *worker,
                            const struct yoke_address *addr)
{
    (void)addr;
    tell(worker, argument(0));
}

static void kill_disconnect_primary(void)
{
    hooks.on_listening = leave_listening;
    fork_one();
}

static void do_as_told(yoke_worker *self, const char *ptr, size_t len)
{
    if (len == 4 && memcmp(ptr, "kill", 4) == 0)
        yoke_worker_kill(self, 0);
    else
        yoke_worker_disconnect(self);
}

static void kill_disconnect_worker(void)
{
    hooks.on_message = do_as_told;
    watch();
    serve("127.0.0.1", 0, NULL);
}

/* ---- worker-death, worker-exit: with a code of its own ---- */

static void exit_online(yoke_worker *worker)
{
    tell(worker, "exit");
}

static void exit_primary(void)
{
    hooks.on_online = exit_online;
    fork_one();
}

static void exit_as_told(yoke_worker *self, const char *ptr, size_t len)
{
    (void)self;
    (void)ptr;
    (void)len;
    exit(42);
}

static void exit_worker(void)
{
    hooks.on_message = exit_as_told;
    watch();
    stay();
}

/* ---- worker-kill, worker-kill-signal ---- */

static void kill_online(yoke_worker *worker)
{
    say_result("kills", yoke_worker_kill(worker, atoi(argument(0))));
}

static void killed(yoke_worker *worker, const struct yoke_exit *why)
{
    (void)why;
    say_result("kills again", yoke_worker_kill(worker, SIGKILL));
    say_result("disconnects", yoke_worker_disconnect(worker));
    say("sends %zd", yoke_worker_send(worker, "x", 1));
}

static void kill_primary(void)
{
    hooks = (struct hooks){.on_online = kill_online, .on_exit = killed};
    fork_one();
}

static void stay_worker(void)
{
    stay();
}

/* ---- worker-forced-exit ---- */

static void hang_up_on(yoke_worker *worker)
{
    say_result("hangs up", yoke_worker_hang_up(worker));
    say_result("hangs up again", yoke_worker_hang_up(worker));
}

static void forced_primary(void)
{
    hooks.on_online = hang_up_on;
    fork_one();
}

static void own_code_online(yoke_worker *worker)
{
    yoke_worker_disconnect(worker);
}

static void own_code_primary(void)
{
    hooks.on_online = own_code_online;
    fork_one();
}

static void stop_with_code(yoke_worker *self, void *data)
{
    (void)self;
    (void)data;
    yoke_stop(42);
}

static void own_code_worker(void)
{
    yoke_cluster_on_disconnect(stop_with_code, NULL);
    stay();
}

/* ---- process-disconnect ---- */

static void hang_up_worker_listening(yoke_worker *worker,
                                     const struct yoke_address *addr)
{
    (void)addr;
    tell(worker, "go");
}

static void process_disconnect_primary(void)
{
    hooks.on_listening = hang_up_worker_listening;
    fork_one();
}

static void hang_up_self(yoke_worker *self, const char *ptr, size_t len)
{
    (void)ptr;
    (void)len;
    say_result("hangs up", yoke_worker_hang_up(self));
}

static void process_disconnect_worker(void)
{
    hooks.on_message = hang_up_self;
    watch();
    serve("127.0.0.1", 0, NULL);
    stay();
}

/* ---- primary-kill, primary-error: it ends, with workers that serve ---- */

static void end_primary(void)
{
    if (strcmp(argument(0), "abort") == 0)
        abort();
    _exit(atoi(argument(0)));
}

static void count_listening(yoke_worker *worker,
                            const struct yoke_address *addr)
{
    static int count;

    (void)worker;
    (void)addr;
    if (++count == 2)
        end_primary();
}

static void dying_primary(void)
{
    hooks.on_listening = count_listening;
    fork_one();
    yoke_cluster_fork(NULL);
}

static void serving_worker(void)
{
    serve("127.0.0.1", 0, NULL);
    stay();
}

/* ---- ipc-throw, worker-disconnect-on-error, eaccess ---- */

static void on_taken(int err, const char *text)
{
    yoke_worker *self = yoke_cluster_worker();

    if (strcmp(argument(0), "tell") == 0)
        tell(self, strerrorname_np(-err));
    yoke_worker_disconnect(self);
    if (strcmp(argument(0), "fail") == 0)
        yoke_cluster_fail("%s", text);
}

static void taken_primary(void)
{
    fork_one();
}

static void taken_worker(void)
{
    on_serve_error(on_taken);
    if (argument(1)[0] == '/')
        serve(NULL, 0, argument(1));
    else
        serve("127.0.0.1", atoi(argument(1)), NULL);
}

/* ---- rr-handle-close, rr-handle-keep-loop-alive, net-listen ---- */

static yoke_net *server;

static void close_server(yoke_worker *self, const char *ptr, size_t len)
{
    (void)self;
    (void)ptr;
    (void)len;
    yoke_net_stop(server, -1);
    yoke_worker_disconnect(self);
}

static void close_listening(yoke_worker *worker,
                            const struct yoke_address *addr)
{
    (void)addr;
    tell(worker, "close");
}

static void close_primary(void)
{
    hooks.on_listening = close_listening;
    fork_one();
}

static void close_worker(void)
{
    hooks.on_message = close_server;
    watch();
    server = serve("127.0.0.1", 0, NULL);
}

/* ---- worker-wait-server-close, worker-no-exit: driven from outside ---- */

static void disconnect_first(void)
{
    yoke_worker_disconnect(find_worker(1));
}

static void waiting_primary(void)
{
    on_usr1(disconnect_first);
    fork_one();
}

static void waiting_worker(void)
{
    watch();
    serve("127.0.0.1", 0, NULL);
}

/* ---- Killing oneself while the primary goes ---- */

static void orphan_online(yoke_worker *worker)
{
    tell(worker, "kill");
    if (yoke_worker_id(worker) == 1)
        _exit(0);
}

static void orphan_primary(void)
{
    hooks.on_online = orphan_online;
    fork_one();
}

static void orphan_worker(void)
{
    hooks.on_message = do_as_told;
    watch();
    stay();
}

const struct scenario end_scenarios[] = {
    {"destroy", fork_one, destroy_worker},
    {"kill-disconnect", kill_disconnect_primary, kill_disconnect_worker},
    {"exit", exit_primary, exit_worker},
    {"kill", kill_primary, stay_worker},
    {"forced", forced_primary, stay_worker},
    {"own-code", own_code_primary, own_code_worker},
    {"process-disconnect", process_disconnect_primary,
     process_disconnect_worker},
    {"dying", dying_primary, serving_worker},
    {"taken", taken_primary, taken_worker},
    {"close", close_primary, close_worker},
    {"waiting", waiting_primary, waiting_worker},
    {"orphan", orphan_primary, orphan_worker},
    {.name = NULL},
};
