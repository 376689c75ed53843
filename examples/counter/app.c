/* A counter of visits that all workers share.
 *
 *     $ build/yoke run -n 4 build/examples/counter.so &
 *     $ curl http://127.0.0.1:1337/
 *     visit 1, worker 4711
 *     $ curl http://127.0.0.1:1337/
 *     visit 2, worker 4712
 *     $ curl http://127.0.0.1:1337/metrics
 *     # HELP visits_total Visitors.
 *     # TYPE visits_total counter
 *     visits_total 2
 *     ...
 *
 * Whichever worker answers, the count goes on, also after a restart: it is in a
 * store. Without further ado that is a file in the state directory; with
 * YOKE_STORE=redis://HOST all machines count together. */
#include "app.h"

#include <unistd.h>

static yoke_counters *counters;
static yoke_counter *visits;   /* Each has to be told his own number, */
static yoke_counter *requests; /* whereas this can be told once a second. */

static void on_count(const struct yoke_store_result *result, void *data)
{
    yoke_res *res = data;
    if (result->err)
        yoke_res_send_status(res, 503);
    else
        yoke_res_text(
            res, yoke_req_printf(yoke_res_req(res), "visit %lld, worker %d\n",
                                 (long long)result->number, getpid()));
}

static void visit(yoke_req *req, yoke_res *res)
{
    yoke_hold(req);
    yoke_counter_incr(visits, 1, on_count, res);
}

static void count_request(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_counter_add(requests, 1);
    yoke_next(req);
}

static void show_metrics(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_counters_show(counters, res);
}

yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    yoke_store *store = yoke_store_open();

    if (!store) {
        yoke_app_fail(app, "without a store nothing can be counted");
        return app;
    }
    counters = yoke_counters_open(.store = store);
    visits = yoke_counter_of(counters, "visits_total", "Visitors.");
    requests = yoke_counter_of(counters, "requests_total", "Requests.");

    yoke_app_get(app, "/metrics", show_metrics);
    yoke_app_use(app, count_request);
    yoke_app_get(app, "/", visit);
    return app;
}
