/* What the tests of limits share: clients, counts, and each kind of store. */
#ifndef YK_TESTS_UNIT_MIDDLEWARE_RATE_LIMIT_H
#define YK_TESTS_UNIT_MIDDLEWARE_RATE_LIMIT_H

#include "middleware.h"

#include <uv.h>

static inline yoke_tr *from(yoke_test *t, const char *ip)
{
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_tr_remote_addr(r, ip);
    return r;
}

static inline yoke_test *client_of(struct yoke_handler middleware)
{
    return yoke_test_new(app_behind(middleware, answer_ok));
}

static inline uint64_t number_of(yoke_req *req, const char *name,
                                 uint64_t fallback)
{
    const char *text = yoke_req_query(req, name);
    return text ? strtoull(text, NULL, 10) : fallback;
}

/* ---- Counting ---- */

struct counted {
    size_t allowed, asked;
};

static inline void count(void *data, int err,
                         const struct yoke_rate_state *state)
{
    struct counted *counted = data;
    assert_int_equal(err, 0);
    counted->asked++;
    counted->allowed += state->is_allowed;
}

/* ---- A store that is shared ---- */

static uint64_t shared_ms;

static uint64_t shared_now(void *data)
{
    (void)data;
    return shared_ms;
}

static inline yoke_store *shared_open(const char *url)
{
    shared_ms = 1700000000000;
    return yoke_store_open(.url = url, .now_ms = shared_now);
}

static inline void on_closed(void *data)
{
    *(bool *)data = true;
}

static inline void shared_close(yoke_store *store)
{
    bool is_closed = false;
    yoke_store_close(store, on_closed, &is_closed);
    while (!is_closed)
        uv_run(yoke_loop(), UV_RUN_ONCE);
}

/* `n` requests at once. */
static inline size_t flood(struct yoke_rate_store *rates, const char *key,
                           size_t n, uint64_t limit)
{
    struct yoke_rate rate = {.limit = limit, .window_ms = 10000};
    struct counted counted = {0, 0};
    for (size_t i = 0; i < n; i++)
        rates->take(rates, key, &rate, 0, count, &counted);
    while (counted.asked < n)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    return counted.allowed;
}

/* Each kind of store, with a limit of ten seconds. */
enum {
    IN_PROCESS,
    SHARED_WINDOW,
    SHARED_BUCKET,
    STORES
};

static yoke_store *shared __attribute__((unused));

static inline struct yoke_rate_store *store_of(int which)
{
    return which == IN_PROCESS
               ? NULL
               : yoke_rate_store_shared(shared, .now_ms = shared_now,
                                        .way = which == SHARED_WINDOW
                                                   ? YOKE_RATE_WINDOW
                                                   : YOKE_RATE_BUCKET);
}

/* What is given back is given back from the loop. */
static inline void run_turns(void)
{
    for (int i = 0; i < 10; i++)
        uv_run(yoke_loop(), UV_RUN_NOWAIT);
}

#endif
