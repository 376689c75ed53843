/* What the tests of the cache of answers share: a page that is whatever a test
 * wants, behind the middleware, and requests for it. */
#ifndef YK_TESTS_HTTP_CACHE_H
#define YK_TESTS_HTTP_CACHE_H

#include "../shared/shared.h"

#include "middleware.h"

/* What the handler answers, and how often it did. */
static struct {
    int status;
    const char *fields[8][2];
    const char *text;
    bool in_pieces, holds;
    int calls;
    yoke_res *held;
} page;

static yoke_cache *cache;
static yoke_test *t;

static inline void answer_page(yoke_res *res)
{
    yoke_res_status(res, page.status ? page.status : 200);
    for (size_t i = 0; i < 8 && page.fields[i][0]; i++)
        yoke_res_append(res, page.fields[i][0], page.fields[i][1]);
    const char *text =
        page.text ? page.text
                  : yoke_req_printf(yoke_res_req(res), "%d", page.calls);
    if (page.in_pieces) {
        yoke_res_write(res, text, strlen(text) / 2);
        yoke_res_write(res, text + strlen(text) / 2,
                       strlen(text) - strlen(text) / 2);
        yoke_res_end(res);
    } else if (*text) {
        yoke_res_text(res, text);
    } else {
        yoke_res_end(res);
    }
}

static inline void handle(yoke_req *req, yoke_res *res)
{
    page.calls++;
    if (page.holds) {
        yoke_hold(req);
        page.held = res;
    } else {
        answer_page(res);
    }
}

static inline void set_before(yoke_req *req, yoke_res *res)
{
    static int number;
    yoke_res_set(res, "X-Request-Id", yoke_req_printf(req, "%d", number++));
    yoke_next(req);
}

static inline void start_with(struct yoke_http_cache_options options)
{
    yoke_app *app = yoke_app_new();

    memset(&page, 0, sizeof(page));
    cache = yoke_cache_open(.store = store, .jitter = -1, .now_ms = tests_now);
    options.cache = cache;
    yoke_app_use(app, set_before);
    yoke_app_use(app, yoke_http_cache_with(&options));
    yoke_app_use(app, handle);
    yoke_app_catch(app, show_error);
    t = yoke_test_new(app);
}

static inline void start(void)
{
    start_with((struct yoke_http_cache_options){.max_body_len = 1000});
}

static inline void stop(void)
{
    struct yoke_cache_stats stats;

    yoke_test_free(t);
    run_turns();
    yoke_cache_stats(cache, &stats);
    assert_int_equal(stats.flights, 0);
    yoke_cache_close(cache);
    run_turns();
}

static inline void set_page(const char *name, const char *value)
{
    size_t i = 0;
    while (page.fields[i][0])
        i++;
    page.fields[i][0] = name;
    page.fields[i][1] = value;
}

/* A page of its own for the n-th case; until the next call. */
static inline const char *path_of(size_t n)
{
    static char path[32];
    snprintf(path, sizeof(path), "/%zu", n);
    return path;
}

/* A request, its answer, and whatever follows behind it. */
static inline yoke_tr *ask(const char *method, const char *path,
                           const char *name, const char *value)
{
    yoke_tr *r = yoke_test_request(t, method, path);

    if (name)
        yoke_tr_set(r, name, value);
    yoke_tr_status(r);
    run_turns();
    return r;
}

static inline yoke_tr *get(void)
{
    return ask("GET", "/", NULL, NULL);
}

static inline bool is_hit(yoke_tr *r)
{
    const char *status = yoke_tr_header(r, "Cache-Status");
    return status && strncmp(status, "yoke; hit; ttl=", 15) == 0;
}

#endif
