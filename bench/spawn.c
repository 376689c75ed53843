/* spawn: how long a worker takes to be there, and what it costs in memory.
 *
 *     [YOKE_PRELOAD=1] spawn MEGABYTES COUNT
 *
 * The application has a table of so many megabytes, which it makes at load.
 * Beside one worker another one is asked for and sent away again, COUNT times;
 * each time a line says, in microseconds from the asking,
 *
 *     forked N online N listening N
 *
 * that is: its process was there, it had said HELLO, it served. Then there are
 * eight workers, and the line "full" says so. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <yoke/yoke.h>

#define WORKERS 8

static size_t table_len;
static char *table;

/* The primary's. */
static struct {
    int left;          /* Workers that are still to be measured. */
    int listening;     /* Workers that serve. */
    double asked_us;   /* When the one that is measured was asked for. */
    double forked_us;  /* And when it was there, */
    double online_us;  /* and had said so. */
    bool is_measuring; /* One is on its way. */
} run;

static double now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void go_on(void)
{
    if (run.left-- > 0) {
        run.is_measuring = true;
        run.asked_us = now_us();
        yoke_cluster_scale(2);
    } else {
        yoke_cluster_scale(WORKERS);
    }
}

static void on_fork(yoke_worker *worker, void *data)
{
    (void)worker;
    (void)data;
    run.forked_us = now_us();
}

static void on_online(yoke_worker *worker, void *data)
{
    (void)worker;
    (void)data;
    run.online_us = now_us();
}

static void on_listening(yoke_worker *worker,
                         const struct yoke_address *address, void *data)
{
    (void)worker;
    (void)address;
    (void)data;
    run.listening++;
    if (run.is_measuring) {
        printf("forked %.0f online %.0f listening %.0f\n",
               run.forked_us - run.asked_us, run.online_us - run.asked_us,
               now_us() - run.asked_us);
        yoke_cluster_scale(1);
    } else if (run.listening == 1) {
        go_on();
    } else if (run.listening == WORKERS) {
        puts("full");
    }
}

static void on_exit_(yoke_worker *worker, const struct yoke_exit *why,
                     void *data)
{
    (void)worker;
    (void)why;
    (void)data;
    run.listening--;
    run.is_measuring = false;
    if (run.listening == 1)
        go_on();
}

static void get_sum(yoke_req *req, yoke_res *res)
{
    unsigned sum = 0;

    (void)req;
    for (size_t i = 0; i < table_len; i++)
        sum += (unsigned char)table[i];
    yoke_res_text(res, sum ? "full" : "empty");
}

static yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();

    table = malloc(table_len);
    if (!table) {
        yoke_app_fail(app, "no memory for the table");
        return app;
    }
    memset(table, 1, table_len);
    yoke_app_get(app, "/", get_sum);
    return app;
}

int main(int argc, char **argv)
{
    yoke_cluster_init(argc, argv);
    if (argc != 3) {
        fputs("usage: spawn MEGABYTES COUNT\n", stderr);
        return 2;
    }
    table_len = (size_t)strtoul(argv[1], NULL, 10) << 20;
    run.left = (int)strtol(argv[2], NULL, 10);
    yoke_cluster_on_fork(on_fork, NULL);
    yoke_cluster_on_online(on_online, NULL);
    yoke_cluster_on_listening(on_listening, NULL);
    yoke_cluster_on_exit(on_exit_, NULL);
    return yoke_cluster_run(
        make_app, &(struct yoke_cluster_options){.workers = 1,
                                                 .listen.host = "127.0.0.1",
                                                 .quiet = true,
                                                 .own_stderr = true});
}
