/* picky: a cluster whose workers are chosen by a function.
 *
 *     picky third | address | least | turn | nonsense
 *
 * Its workers answer GET /pid. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <yoke/yoke.h>

static void show_pid(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_printf(req, "%d", (int)getpid()));
}

static yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();

    yoke_app_get(app, "/pid", show_pid);
    return app;
}

static int by_least(const struct yoke_candidate *candidates, int n)
{
    int best = 0;

    for (int i = 1; i < n; i++)
        if (candidates[i].open < candidates[best].open)
            best = i;
    return best;
}

static int pick(const struct yoke_peer_info *peer,
                const struct yoke_candidate *candidates, int n, void *data)
{
    const char *how = data;

    if (strcmp(how, "third") == 0)
        return n > 2 ? 2 : 0;
    if (strcmp(how, "address") == 0)
        return peer->family == 4 ? peer->ip[peer->ip_len - 1] % n : -1;
    if (strcmp(how, "least") == 0)
        return by_least(candidates, n);
    return strcmp(how, "nonsense") == 0 ? n : -1;
}

static void on_listening(yoke_worker *worker,
                         const struct yoke_address *address, void *data)
{
    (void)address;
    (void)data;
    printf("slot %d is %d\n", yoke_worker_id(worker),
           (int)yoke_worker_pid(worker));
    printf("slot %d listens\n", yoke_worker_id(worker));
}

int main(int argc, char **argv)
{
    struct yoke_cluster_options options = {
        .sched = YOKE_SCHED_CALLBACK,
        .listen.port = yoke_env_int("PORT", 0),
    };

    static char none[] = "";

    yoke_cluster_init(argc, argv);
    if (yoke_cluster_is_primary()) {
        yoke_cluster_set_pick(pick, argc > 1 ? argv[1] : none);
        yoke_cluster_on_listening(on_listening, NULL);
    }
    return yoke_cluster_run(make_app, &options);
}
