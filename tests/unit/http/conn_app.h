/* An application that does one of everything an HTTP connection has to cope
 * with, and its portless client: shared by the tests of whole connections. */
#ifndef YK_TESTS_CONN_APP_H
#define YK_TESTS_CONN_APP_H

#include "../unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <yoke/yoke.h>

#include "test/client.h"
#include "test/exchange.h"

static yoke_test *t;

static int requests;       /* Handlers that ran. */
static yoke_req *held;     /* The request on hold, */
static yoke_res *held_res; /* and its answer. */
static int end_err;        /* What on_end was told; 1: nothing yet. */
static int closes;         /* Calls of on_close. */
static int finishes;       /* Calls of on_finish. */
static int drains;         /* Calls of on_drain. */
static size_t received;    /* Bytes of body that arrived in pieces. */

static void count_close(yoke_req *req, void *data)
{
    (void)req;
    (void)data;
    closes++;
}

static void count_finish(yoke_res *res, void *data)
{
    (void)res;
    (void)data;
    finishes++;
}

static void count_request(yoke_req *req, yoke_res *res)
{
    requests++;
    yoke_req_on_close(req, count_close, NULL);
    yoke_res_on_finish(res, count_finish, NULL);
    yoke_next(req);
}

static void hello(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, "hello");
}

static void echo(yoke_req *req, yoke_res *res)
{
    size_t len;
    const char *body = yoke_req_body(req, &len);
    yoke_res_send(res, body, len);
}

static void hold(yoke_req *req, yoke_res *res)
{
    held = req;
    held_res = res;
    yoke_hold(req);
}

static void count_data(yoke_req *req, const char *ptr, size_t len, void *data)
{
    (void)req;
    (void)ptr;
    (void)data;
    received += len;
}

static void end_data(yoke_req *req, int err, void *data)
{
    const char *trailer = yoke_req_trailer(req, "X-Trailer");
    end_err = err;
    if (err == 0)
        yoke_res_text(data, yoke_req_printf(req, "%zu %s", received,
                                            trailer ? trailer : "-"));
}

static void count_body(yoke_req *req, yoke_res *res)
{
    yoke_req_on_data(req, count_data, end_data, res);
}

static void pause_body(yoke_req *req, yoke_res *res)
{
    count_body(req, res);
    yoke_req_pause(req);
    held = req;
}

static void no_content(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_status(res, 204);
    yoke_res_text(res, "dropped");
}

static void reset_content(yoke_req *req, yoke_res *res)
{
    yoke_res_status(res, 205);
    if (!yoke_req_query(req, "stream")) {
        yoke_res_text(res, "dropped");
        return;
    }
    yoke_res_write(res, "dropped", 7);
    yoke_res_end(res);
}

static void not_modified(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_status(res, 304);
    yoke_res_set(res, "ETag", "\"1\"");
    yoke_res_text(res, "dropped");
}

static void stream(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_write(res, "one", 3);
    yoke_res_write(res, "", 0);
    yoke_res_write(res, "two", 3);
    yoke_res_end(res);
}

static void promise(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_set(res, "Content-Length", "5");
    yoke_res_write(res, "abc", 3);
    assert_int_equal(yoke_res_write(res, "defg", 4), -YOKE_ELENGTH);
    yoke_res_write(res, "de", 2);
    yoke_res_end(res);
}

static void break_promise(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_set(res, "Content-Length", "5");
    yoke_res_write(res, "abc", 3);
    yoke_res_end(res);
}

static void break_promise_at_once(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_set(res, "Content-Length", "5");
    assert_int_equal(yoke_res_end(res), -YOKE_ELENGTH);
}

static void half(yoke_req *req, yoke_res *res)
{
    yoke_res_write(res, "half", 4);
    yoke_next(req); /* Nobody finishes it. */
}

static void large(yoke_req *req, yoke_res *res)
{
    static char bytes[1000000];
    (void)req;
    memset(bytes, 'x', sizeof(bytes));
    yoke_res_send(res, bytes, sizeof(bytes));
}

static void pour(yoke_res *res, void *data)
{
    static const char bytes[10000] = {'x'};
    (void)data;
    drains++;
    while (yoke_res_body_len(res) < 2000000) {
        if (yoke_res_write(res, bytes, sizeof(bytes)) > 65536)
            return;
    }
    yoke_res_end(res);
}

static void flood(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_on_drain(res, pour, NULL);
    pour(res, NULL);
}

/* As flood, without an end and an on_close; ends when it cannot write. */
static void pour_on(yoke_res *res, void *data)
{
    static const char bytes[10000] = {'x'};
    ssize_t waiting;
    (void)data;
    do
        waiting = yoke_res_write(res, bytes, sizeof(bytes));
    while (waiting >= 0 && waiting <= 65536);
    if (waiting < 0)
        yoke_res_end(res);
}

static void endless(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_on_drain(res, pour_on, NULL);
    pour_on(res, NULL);
}

static void burst(yoke_req *req, yoke_res *res)
{
    static const char bytes[10000] = {'x'};
    (void)req;
    for (int i = 0; i < 20; i++)
        yoke_res_write(res, bytes, sizeof(bytes));
    yoke_res_end(res);
}

static void inject(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_set(res, "X-Name", "a\r\nSet-Cookie: b=c");
    yoke_res_text(res, "never");
}

static void many_headers(yoke_req *req, yoke_res *res)
{
    char name[20];
    char *value = yoke_req_alloc(req, 1001);
    memset(value, 'v', 1000);
    value[1000] = '\0';
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "X-%d", i);
        yoke_res_set(res, name, value);
    }
    yoke_res_text(res, "many");
}

static void say_sorry(const struct yoke_err *err, yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_status(res, err->status);
    yoke_res_write(res, "so ", 3);
    yoke_res_write(res, "sorry", 5);
    yoke_res_end(res);
}

static yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_use(app, count_request);
    yoke_app_get(app, "/", hello);
    yoke_app_post(app, "/", yoke_body, echo);
    yoke_app_post(app, "/small", yoke_body_limit(10), echo);
    yoke_app_all(app, "/ignore", hello);
    yoke_app_all(app, "/hold", hold);
    yoke_app_all(app, "/count", count_body);
    yoke_app_all(app, "/pause", pause_body);
    yoke_app_get(app, "/204", no_content);
    yoke_app_get(app, "/205", reset_content);
    yoke_app_get(app, "/304", not_modified);
    yoke_app_get(app, "/stream", stream);
    yoke_app_get(app, "/promise", promise);
    yoke_app_get(app, "/broken", break_promise);
    yoke_app_get(app, "/nothing", break_promise_at_once);
    yoke_app_get(app, "/half", half);
    yoke_app_get(app, "/large", large);
    yoke_app_get(app, "/flood", flood);
    yoke_app_get(app, "/endless", endless);
    yoke_app_get(app, "/burst", burst);
    yoke_app_get(app, "/inject", inject);
    yoke_app_get(app, "/headers", many_headers);
    yoke_app_all(app, "/sorry/hold", hold);
    yoke_app_all(app, "/sorry/pause", pause_body);
    yoke_app_catch_at(app, "/sorry", say_sorry);
    return app;
}

static int setup_with(const struct yoke_limits *limits)
{
    yoke_log_set_level(YOKE_LOG_OFF);
    yoke_test_on_fail(_fail);
    requests = closes = finishes = drains = 0;
    end_err = 1;
    received = 0;
    held = NULL;
    t = yoke_test_new_with(make_app(), limits);
    return 0;
}

static inline int setup(void **state)
{
    (void)state;
    return setup_with(NULL);
}

static inline int teardown(void **state)
{
    (void)state;
    yoke_test_free(t);
    return 0;
}

static inline yoke_tr *raw(const char *text)
{
    return yoke_test_raw(t, text, strlen(text));
}

/* All that the server has sent. */
static inline const char *raw_answer(yoke_tr *r)
{
    size_t len;
    return yoke_tr_raw(r, &len);
}

/* Connections that the server has not closed, whatever their clients see. */
static inline uint32_t open_conns(void)
{
    return t->server.conn_count;
}

#define HOST "Host: a\r\n"

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
