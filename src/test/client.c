#include "test/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include <yoke/loop.h>

#include "app/handle.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "http/h1_conn.h"
#include "test/exchange.h"
#include "test/failure.h"
#include "test/live.h"
#include "test/timers.h"

/* Sun, 06 Nov 1994 08:49:37 GMT, the RFCs' own example of a date. */
#define WALL_START_S 784111777

/* The clock's start: far enough from 0 for any code that subtracts. */
#define CLOCK_START_MS 1000000

/* How long a handler on hold is waited for, in real time. */
#define PATIENCE_MS 10000

/* ---- The clock ---- */

static uint64_t now_ms(void *data)
{
    return ((const yoke_test *)data)->now_ms;
}

static int64_t wall_s(void *data)
{
    return yk_test_wall_s(data);
}

int64_t yk_test_wall_s(const yoke_test *t)
{
    return WALL_START_S + (int64_t)(t->root->now_ms - CLOCK_START_MS) / 1000;
}

/* ---- Connections ---- */

static void on_gone(struct yk_transport *transport)
{
    struct yk_link *link =
        YK_CONTAINER_OF(transport, struct yk_link, memory.transport);
    free(link->conn);
    link->conn = NULL;
    link->is_open = false;
}

struct yk_link *yk_test_connect(yoke_test *t, const struct yk_peer *peer)
{
    struct yk_link *link = yk_alloc(sizeof(*link));
    yk_memory_init(&link->memory);
    link->is_open = true;
    yk_list_add(&t->links, &link->node);
    if (t->live) {
        yk_live_connect(t->live, link, peer);
        return link;
    }
    link->conn = yk_alloc(yk_h1_conn_size());
    yk_h1_conn_start(link->conn, &t->server, &link->memory.transport, peer,
                     on_gone);
    return link;
}

/* ---- Turning ---- */

static bool turn(yoke_test *t)
{
    bool has_moved = false;
    YK_LIST_EACH(node, &t->links)
    has_moved |=
        yk_memory_turn(&YK_CONTAINER_OF(node, struct yk_link, node)->memory);
    has_moved |= !yk_list_is_empty(&t->server.pending);
    yk_http_server_flush(&t->server);
    return has_moved;
}

void yk_test_settle(yoke_test *t)
{
    t = t->root;
    bool has_moved;
    do {
        has_moved = turn(t);
        if (t->live)
            has_moved |= yk_live_poll(t->live, !has_moved);
    } while (has_moved);
    yk_watch_look(&t->watch);
}

/* ---- Waiting ----
 *
 * One turn of the loop calls timers first and then sleeps, although a timer may
 * have brought about what is waited for. So before it sleeps, it is looked at
 * once more. */

struct wait {
    yoke_test *test;
    bool (*is_done)(void *data);
    void *data;
    bool is_over; /* There is no patience left. */
};

static void on_patience_end(uv_timer_t *timer)
{
    ((struct wait *)timer->data)->is_over = true;
    uv_stop(timer->loop);
}

static void on_prepare(uv_prepare_t *prepare)
{
    const struct wait *wait = prepare->data;
    while (turn(wait->test))
        continue;
    if (wait->is_done(wait->data))
        uv_stop(prepare->loop);
}

/* Handles for the life of the process: closing them each time would take
 * another turn of a loop in which the application's own handles wait. */
static struct {
    uv_timer_t timer;
    uv_prepare_t prepare;
    bool is_ready;
} waiter;

static void open_waiter(void)
{
    if (waiter.is_ready)
        return;
    uv_timer_init(yoke_loop(), &waiter.timer);
    uv_prepare_init(yoke_loop(), &waiter.prepare);
    uv_unref((uv_handle_t *)&waiter.timer);
    uv_unref((uv_handle_t *)&waiter.prepare);
    waiter.is_ready = true;
}

static void start_waiter(struct wait *wait)
{
    waiter.timer.data = waiter.prepare.data = wait;
    uv_update_time(yoke_loop());
    uv_timer_start(&waiter.timer, on_patience_end, PATIENCE_MS, 0);
    uv_prepare_start(&waiter.prepare, on_prepare);
}

static void stop_waiter(void)
{
    uv_timer_stop(&waiter.timer);
    uv_prepare_stop(&waiter.prepare);
}

/* Whether the loop may still bring something about. */
static bool is_loop_alive(yoke_test *t)
{
    return t->live ? yk_live_is_alive(t->live) : uv_loop_alive(yoke_loop());
}

int yk_test_wait(yoke_test *t, bool (*is_done)(void *data), void *data)
{
    struct wait wait = {t->root, is_done, data, false};

    yk_test_settle(t);
    start_waiter(&wait);
    while (!is_done(data) && !wait.is_over && is_loop_alive(t->root)) {
        uv_run(yoke_loop(), UV_RUN_ONCE);
        yk_test_settle(t);
    }
    stop_waiter();
    if (is_done(data))
        return 0;
    return wait.is_over ? -ETIMEDOUT : -ENODATA;
}

/* ---- The clock's steps ---- */

/* One step: to the next tick of the wheel, or to the next timer of the loop,
 * whichever is first. */
static uint64_t next_step(uint64_t ms)
{
    uint64_t step = yk_timers_next_ms();
    if (step == 0 || step > YK_HTTP_TICK_MS)
        step = YK_HTTP_TICK_MS;
    return step < ms ? step : ms;
}

void yoke_test_clock(yoke_test *t, uint64_t ms)
{
    t = t->root;
    yk_test_settle(t);
    while (ms > 0) {
        uint64_t step = next_step(ms);
        t->now_ms += step;
        ms -= step;
        yk_http_server_tick(&t->server);
        yk_timers_advance(step);
        yk_test_settle(t);
    }
}

void yoke_test_drain(yoke_test *t)
{
    t = t->root;
    yk_http_server_drain(&t->server, UINT32_MAX);
    yk_test_settle(t);
}

const struct yoke_address *yoke_test_address(const yoke_test *t)
{
    return t->root->live ? yk_live_address(t->root->live) : NULL;
}

/* ---- Birth ---- */

yoke_test *yk_test_new(const struct yoke_limits *limits,
                       void (*on_request)(struct yk_exchange *x, void *data),
                       void *data)
{
    static const struct yoke_limits defaults;
    yoke_test *t = yk_alloc(sizeof(*t));
    struct yk_clock clock = {now_ms, wall_s, t};

    t->root = t;
    t->now_ms = CLOCK_START_MS;
    t->file = "yoke_test";
    yk_list_init(&t->links);
    yk_list_init(&t->exchanges);
    yk_list_init(&t->agents);
    yk_list_init(&t->node);
    yk_jar_init(&t->jar);
    if (yk_http_server_init(&t->server, limits ? limits : &defaults, &clock,
                            on_request, data) < 0) {
        free(t);
        return NULL;
    }
    open_waiter();
    yk_watch_init(&t->watch);
    return t;
}

void yk_test_fail(const yoke_test *t, const char *fmt, ...)
{
    struct yk_bytes text = {0};
    va_list args;
    va_start(args, fmt);
    yk_bytes_vprintf(&text, fmt, args);
    va_end(args);
    yk_bytes_add(&text, "\n");
    yk_failure_report(&text, t->root->file, t->root->line);
}

/* Failures before there is a client; there can be none afterwards. */
__attribute__((noreturn)) static void fail_to_start(const char *file, int line,
                                                    const char *what)
{
    const yoke_test here = {
        .root = (yoke_test *)(uintptr_t)&here, .file = file, .line = line};
    yk_test_fail(&here, "%s", what);
    abort();
}

/* What the server calls for each request. */
static void on_request(struct yk_exchange *x, void *data)
{
    yoke_test *t = data;
    struct yk_bytes name = {0};

    yk_watch_look(&t->watch);
    yk_app_handle(x, t->app);
    yk_test_describe(t, x, &name);
    yk_watch_request(&t->watch, yk_bytes_text(&name));
    yk_bytes_done(&name);
}

yoke_test *yoke_test_new_at(yoke_app *app, const struct yoke_limits *limits,
                            const char *file, int line)
{
    const char *error = app ? yk_app_prepare(app) : "the application is NULL";
    if (error)
        fail_to_start(file, line, error);

    yoke_test *t = yk_test_new(limits, on_request, NULL);
    if (!t)
        fail_to_start(file, line, "a limit is beyond what is possible");
    t->server.data = t;
    t->app = app;
    t->file = file;
    t->line = line;
    return t;
}

yoke_test *yoke_test_live_at(yoke_app *app, const struct yoke_limits *limits,
                             bool is_unix, const char *file, int line)
{
    yoke_test *t = yoke_test_new_at(app, limits, file, line);
    char text[256];

    t->live = yk_live_open(&t->server, is_unix, text, sizeof(text));
    if (!t->live)
        fail_to_start(file, line, text);
    yk_watch_init(&t->watch);
    return t;
}

yoke_test *yoke_test_agent(yoke_test *t)
{
    yoke_test *agent = yk_alloc(sizeof(*agent));
    agent->root = t->root;
    agent->has_jar = true;
    agent->is_https = t->is_https;
    yk_jar_init(&agent->jar);
    yk_bytes_add_slice(&agent->fields, yk_bytes_slice(&t->fields));
    yk_list_add(&t->root->agents, &agent->node);
    return agent;
}
