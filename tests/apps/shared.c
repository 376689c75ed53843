/* shared: an application whose workers share a store ($YOKE_STORE), whose calls
 * have $TIMEOUT_MS.
 *
 *     /pid          the worker's process
 *     /count        counts, over all workers; answers the sum
 *     /add/N        counts N times, as many as 50 at a time; answers "N FAILED"
 *     /swap/N       adds to a number N times by compare-and-swap, until it has
 *                   been it; answers "N CONFLICTS"
 *     /sum          the two numbers
 *     /say          publishes a message to all workers
 *     /heard        "PID N": this worker has heard N messages, or "PID -1"
 *                   when it does not listen yet */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <yoke/yoke.h>

yoke_app_factory make_app;

static yoke_store *store;
static int heard = -1;

static void on_count(const struct yoke_store_result *result, void *data)
{
    yoke_res *res = data;

    if (result->err)
        yoke_res_send_status(res, 503);
    else
        yoke_res_text(res, yoke_req_printf(yoke_res_req(res), "%lld",
                                           (long long)result->number));
}

static void count(yoke_req *req, yoke_res *res)
{
    yoke_hold(req);
    yoke_store_incr(store, "count", 1, 0, on_count, res);
}

/* ---- Many at a time ---- */

#define UNDER_WAY 50

/* What a request has still to do. */
struct work {
    yoke_res *res;
    long wanted, started, done; /* Of swaps `started` are conflicts. */
    long failed;
};

static void answer_if_done(struct work *work)
{
    if (work->done + work->failed < work->wanted)
        return;
    yoke_res_text(work->res, yoke_req_printf(yoke_res_req(work->res), "%ld %ld",
                                             work->done, work->failed));
}

static struct work *new_work(yoke_req *req, yoke_res *res)
{
    struct work *work = yoke_req_alloc(req, sizeof(*work));
    *work = (struct work){.res = res};
    work->wanted = strtol(yoke_req_param(req, "times"), NULL, 10);
    yoke_hold(req);
    return work;
}

static void add_next(struct work *work);

static void on_added(const struct yoke_store_result *result, void *data)
{
    struct work *work = data;

    if (result->err)
        work->failed++;
    else
        work->done++;
    add_next(work);
    answer_if_done(work);
}

static void add_next(struct work *work)
{
    if (work->started == work->wanted)
        return;
    work->started++;
    yoke_store_incr(store, "added", 1, 0, on_added, work);
}

static void add(yoke_req *req, yoke_res *res)
{
    struct work *work = new_work(req, res);

    for (int i = 0; i < UNDER_WAY; i++)
        add_next(work);
}

static void swap_next(struct work *work);

static void on_swapped(const struct yoke_store_result *result, void *data)
{
    struct work *work = data;

    if (result->err == 0)
        work->done++;
    else if (result->err == -YOKE_ECONFLICT)
        work->started++;
    else
        work->wanted = 0;
    if (work->done < work->wanted) {
        swap_next(work);
        return;
    }
    yoke_res_text(work->res, yoke_req_printf(yoke_res_req(work->res), "%ld %ld",
                                             work->done, work->started));
}

/* The first ones find nothing there. */
static void on_seen(const struct yoke_store_result *result, void *data)
{
    char text[32];
    long seen = result->err ? 0 : strtol(result->value, NULL, 10);
    int len = snprintf(text, sizeof(text), "%ld times", seen + 1);

    if (result->err == -ENOENT)
        yoke_store_add(store, "swapped", text, (size_t)len, 0, on_swapped,
                       data);
    else
        yoke_store_replace(store, "swapped", result->version, text, (size_t)len,
                           0, on_swapped, data);
}

static void swap_next(struct work *work)
{
    yoke_store_get(store, "swapped", on_seen, work);
}

static void swap(yoke_req *req, yoke_res *res)
{
    swap_next(new_work(req, res));
}

static void on_sum(const struct yoke_store_result *result, void *data)
{
    yoke_res *res = data;
    const char *first = result->items[0].value,
               *second = result->items[1].value;

    if (result->err)
        yoke_res_send_status(res, 503);
    else
        yoke_res_text(res,
                      yoke_req_printf(yoke_res_req(res), "%ld %ld",
                                      first ? strtol(first, NULL, 10) : 0,
                                      second ? strtol(second, NULL, 10) : 0));
}

static void sum(yoke_req *req, yoke_res *res)
{
    yoke_hold(req);
    yoke_store_get_many(store, (const char *const[]){"added", "swapped"}, 2,
                        on_sum, res);
}

static void pid(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_printf(req, "%d", (int)getpid()));
}

/* ---- Messages ---- */

static void on_said(const struct yoke_store_result *result, void *data)
{
    yoke_res_send_status(data, result->err ? 503 : 200);
}

static void say(yoke_req *req, yoke_res *res)
{
    yoke_hold(req);
    yoke_store_publish(store, "news", "hello", 5, on_said, res);
}

static void on_news(const struct yoke_store_message *message, void *data)
{
    (void)data;
    if (message->event == YOKE_STORE_READY && heard < 0)
        heard = 0;
    if (message->event == YOKE_STORE_MESSAGE)
        heard++;
}

static void show_heard(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_printf(req, "%d %d", (int)getpid(), heard));
}

yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();

    store = yoke_store_open(.timeout_ms =
                                (uint32_t)yoke_env_int("TIMEOUT_MS", 2000));
    yoke_store_subscribe(store, "news", on_news, NULL);
    yoke_app_get(app, "/pid", pid);
    yoke_app_get(app, "/count", count);
    yoke_app_get(app, "/add/:times", add);
    yoke_app_get(app, "/swap/:times", swap);
    yoke_app_get(app, "/sum", sum);
    yoke_app_get(app, "/say", say);
    yoke_app_get(app, "/heard", show_heard);
    return app;
}
