#include "test/client.h"

#include <errno.h>
#include <stdlib.h>
#include <uv.h>

#include <yoke/loop.h>

#include "app/handle.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "http/h1_conn.h"
#include "test/exchange.h"
#include "test/failure.h"

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
    return WALL_START_S + (int64_t)(now_ms(data) - CLOCK_START_MS) / 1000;
}

/* ---- Connections ---- */

static void on_gone(struct yk_transport *transport)
{
    struct yk_link *link =
        YK_CONTAINER_OF(transport, struct yk_link, memory.transport);
    free(link->conn);
    link->conn = NULL;
}

struct yk_link *yk_test_connect(yoke_test *t, const struct yk_peer *peer)
{
    struct yk_link *link = yk_alloc(sizeof(*link));
    yk_memory_init(&link->memory);
    link->conn = yk_alloc(yk_h1_conn_size());
    yk_list_add(&t->links, &link->node);
    yk_h1_conn_start(link->conn, &t->server, &link->memory.transport, peer,
                     on_gone);
    return link;
}

static void free_links(yoke_test *t)
{
    YK_LIST_EACH(node, &t->links)
    {
        struct yk_link *link = YK_CONTAINER_OF(node, struct yk_link, node);
        yk_memory_done(&link->memory);
        free(link);
    }
}

/* The first connection that is not over, or NULL. */
static const struct yk_link *find_open_link(const yoke_test *t)
{
    YK_LIST_EACH(node, &t->links)
    {
        const struct yk_link *link =
            YK_CONTAINER_OF(node, struct yk_link, node);
        if (link->conn)
            return link;
    }
    return NULL;
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
    while (turn(t))
        ;
}

static void on_patience_end(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

/* One timer for the life of the process: closing it each time would take
 * another turn of a loop in which the application's own handles wait. */
static uv_timer_t *patience_timer(void)
{
    static uv_timer_t timer;
    static bool is_ready;
    if (!is_ready) {
        uv_timer_init(yoke_loop(), &timer);
        uv_unref((uv_handle_t *)&timer);
        is_ready = true;
    }
    return &timer;
}

int yk_test_wait(yoke_test *t, bool (*is_done)(void *data), void *data)
{
    bool is_over = false;
    uv_timer_t *timer = patience_timer();

    yk_test_settle(t);
    timer->data = &is_over;
    uv_update_time(yoke_loop());
    uv_timer_start(timer, on_patience_end, PATIENCE_MS, 0);
    while (!is_done(data) && !is_over && uv_loop_alive(yoke_loop())) {
        uv_run(yoke_loop(), UV_RUN_ONCE);
        yk_test_settle(t);
    }
    uv_timer_stop(timer);
    if (is_done(data))
        return 0;
    return is_over ? -ETIMEDOUT : -ENODATA;
}

void yoke_test_clock(yoke_test *t, uint64_t ms)
{
    yk_test_settle(t);
    while (ms > 0) {
        uint64_t step = ms < YK_HTTP_TICK_MS ? ms : YK_HTTP_TICK_MS;
        t->now_ms += step;
        ms -= step;
        yk_http_server_tick(&t->server);
        yk_test_settle(t);
    }
}

void yoke_test_drain(yoke_test *t)
{
    yk_http_server_drain(&t->server);
    yk_test_settle(t);
}

/* ---- Birth ---- */

yoke_test *yk_test_new(const struct yoke_limits *limits,
                       void (*on_request)(struct yk_exchange *x, void *data),
                       void *data)
{
    static const struct yoke_limits defaults;
    yoke_test *t = yk_alloc(sizeof(*t));
    struct yk_clock clock = {now_ms, wall_s, t};

    t->now_ms = CLOCK_START_MS;
    t->file = "yoke_test";
    yk_list_init(&t->links);
    yk_list_init(&t->exchanges);
    if (yk_http_server_init(&t->server, limits ? limits : &defaults, &clock,
                            on_request, data) < 0) {
        free(t);
        return NULL;
    }
    return t;
}

static void fail_at(const char *file, int line, const char *what)
{
    struct yk_bytes text = {0};
    yk_bytes_printf(&text, "%s\n", what);
    yk_failure_report(&text, file, line);
}

yoke_test *yoke_test_new_at(yoke_app *app, const struct yoke_limits *limits,
                            const char *file, int line)
{
    const char *error = app ? yk_app_prepare(app) : "the application is NULL";
    if (error)
        fail_at(file, line, error);
    if (!app)
        abort();

    yoke_test *t = yk_test_new(limits, yk_app_handle, app);
    if (!t) {
        fail_at(file, line, "a limit is beyond what is possible");
        abort();
    }
    t->app = app;
    t->file = file;
    t->line = line;
    return t;
}

/* ---- Death ----
 *
 * The client resets its connections, and by that each exchange that was not
 * answered is still owed. Handlers on hold get the usual time to do so. */

static bool has_no_links(void *data)
{
    return find_open_link(data) == NULL;
}

static bool end_connections(yoke_test *t)
{
    YK_LIST_EACH(node, &t->links)
    yk_memory_break(&YK_CONTAINER_OF(node, struct yk_link, node)->memory);
    yk_test_settle(t);
    /* Those that are not being read from, and cannot know. */
    yk_http_server_abort(&t->server);
    return yk_test_wait(t, has_no_links, t) == 0;
}

/* A request that the test wrote and forgot. */
static const yoke_tr *find_unsent(const yoke_test *t)
{
    YK_LIST_EACH(node, &t->exchanges)
    {
        const yoke_tr *r = YK_CONTAINER_OF(node, yoke_tr, node);
        if (!r->link && !r->is_unreachable)
            return r;
    }
    return NULL;
}

/* What is wrong with the client at its end; false when nothing is. */
static bool find_fault(yoke_test *t, struct yk_bytes *text)
{
    const yoke_tr *unsent = find_unsent(t);

    if (!end_connections(t)) {
        yk_bytes_printf(text, "this request was never answered:\n");
        yk_failure_add_link(text, find_open_link(t));
        return true;
    }
    size_t blocks = t->server.buffers.used_count + t->server.arenas.used_count;
    if (blocks > 0)
        yk_bytes_printf(text, "%zu blocks of memory were not given back\n",
                        blocks);
    else if (unsent)
        yk_bytes_printf(text,
                        "%s %s was never sent: nothing looks at its answer\n",
                        unsent->method ? unsent->method : "a raw request",
                        unsent->path ? unsent->path : "");
    else
        return false;
    return true;
}

static void destroy(yoke_test *t)
{
    while (!yk_list_is_empty(&t->exchanges)) {
        struct yk_list *node = yk_list_take(&t->exchanges);
        yk_tr_free(YK_CONTAINER_OF(node, yoke_tr, node));
    }
    free_links(t);
    yk_http_server_done(&t->server);
    yoke_app_free(t->app);
    free(t);
}

void yoke_test_free(yoke_test *t)
{
    struct yk_bytes fault = {0};
    if (!t)
        return;

    const char *file = t->file;
    int line = t->line;
    bool is_faulty = find_fault(t, &fault);
    /* With a request open the server cannot be taken down; it is left. */
    if (!find_open_link(t))
        destroy(t);
    /* Handles that handlers have closed get their callbacks. */
    uv_run(yoke_loop(), UV_RUN_NOWAIT);
    if (is_faulty)
        yk_failure_report(&fault, file, line);
    yk_bytes_done(&fault);
}
