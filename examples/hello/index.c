/* The program: one worker for each CPU, all behind one port.
 *
 *     build/examples/hello                 PORT, or 1337; Ctrl-C stops it
 *     curl http://127.0.0.1:1337/get
 *
 * main runs in every process: first in the primary, which forks the workers and
 * looks after them, then in each worker, which serves. Here the primary's half
 * is written out; those who do not want to write it call `yoke_cluster_run`,
 * or use `yoke run`. */
#include <stdio.h>

#include <uv.h>
#include <yoke/yoke.h>

#include "app.h"

/* At least this long between two replacements: a program that dies as soon as
 * it is started must not keep a core busy with starting it. */
#define REST_MS 50

static bool has_served; /* A worker has listened: the program can work. */
static int missing;     /* Workers that died and have not been replaced. */
static uv_timer_t rest; /* Runs while the next replacement has to wait. */

/* The system may have no room for another process. */
static bool fork_worker(void)
{
    if (yoke_cluster_fork(NULL))
        return true;
    perror("cannot fork a worker");
    return false;
}

static void replace_missing(uv_timer_t *timer)
{
    if (missing == 0)
        return;
    missing -= fork_worker();
    uv_timer_start(timer, replace_missing, REST_MS, 0);
}

static void on_worker_listening(yoke_worker *worker,
                                const struct yoke_address *addr, void *data)
{
    (void)worker, (void)addr, (void)data;
    has_served = true;
}

static void on_worker_exit(yoke_worker *worker, const struct yoke_exit *why,
                           void *data)
{
    (void)data;
    /* It was told to go: the program is being stopped. */
    if (yoke_worker_exited_after_disconnect(worker))
        return;

    printf("worker %d died (%s)\n", yoke_worker_pid(worker),
           yoke_exit_text(why));
    if (!has_served) {
        /* Another would fare no better: the port is in use, for example. */
        yoke_cluster_on_exit(NULL, NULL);
        yoke_stop(1);
        return;
    }
    missing++;
    if (!uv_is_active((uv_handle_t *)&rest))
        replace_missing(&rest);
}

static void start_workers(void)
{
    int n = yoke_env_int("YOKE_WORKERS", yoke_cpus());

    uv_timer_init(yoke_loop(), &rest);
    yoke_cluster_on_listening(on_worker_listening, NULL);
    yoke_cluster_on_exit(on_worker_exit, NULL);
    for (int i = 0; i < n; i++)
        if (!fork_worker())
            yoke_stop(1);
}

int main(int argc, char **argv)
{
    yoke_cluster_init(argc, argv);
    if (yoke_cluster_is_primary()) {
        puts("Starting up primary process");
        start_workers();
    } else {
        puts("Starting up worker process");
        yoke_app_listen(make_app(), .port = yoke_env_int("PORT", 1337));
    }
    return yoke_run();
}
