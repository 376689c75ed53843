/* What tests of sessions share: an application that sets, gets and ends them, over
 * a store in memory whose clock is the tests'. */
#ifndef YK_TESTS_SESSION_APP_H
#define YK_TESTS_SESSION_APP_H

#include "middleware.h"

#include "middleware/session_state.h"

#include <errno.h>

#include <jansson.h>
#include <uv.h>

static yoke_store *store;
static uint64_t store_ms;

/* ---- The application ---- */

static inline const char *query(yoke_req *req, const char *name)
{
    const char *value = yoke_req_query(req, name);
    return value ? value : "";
}

/* /set?k=NAME&v=TEXT */
static inline void set(yoke_req *req, yoke_res *res)
{
    int err = yoke_session_set_text(req, query(req, "k"), query(req, "v"));
    yoke_res_text(res, err == 0 ? "set" : yoke_strerror(err));
}

static inline void get(yoke_req *req, yoke_res *res)
{
    const char *text = yoke_session_text(req, query(req, "k"));
    yoke_res_text(res, text ? text : "-");
}

static inline void erase(yoke_req *req, yoke_res *res)
{
    yoke_session_remove(req, query(req, "k"));
    yoke_res_text(res, "removed");
}

static inline void remove_and_set(yoke_req *req, yoke_res *res)
{
    yoke_session_remove(req, query(req, "k"));
    set(req, res);
}

static inline void show_id(yoke_req *req, yoke_res *res)
{
    const char *id = yoke_session_id(req);
    yoke_res_text(res, id ? id : "-");
}

static inline void log_in(yoke_req *req, yoke_res *res)
{
    yoke_session_regenerate(req);
    yoke_session_set_text(req, "user", "ada");
    yoke_res_redirect(res, 303, "/get?k=user");
}

static inline void show_age(yoke_req *req, yoke_res *res)
{
    const char *age = yoke_session_is_new(req) ? "new" : "known";
    yoke_res_text(res, yoke_req_printf(req, "%s, begun %lld", age,
                                       (long long)yoke_session_begun_s(req)));
}

static inline void change_id(yoke_req *req, yoke_res *res)
{
    yoke_session_change_id(req);
    yoke_res_text(res, yoke_session_id(req));
}

static inline void regenerate(yoke_req *req, yoke_res *res)
{
    yoke_session_regenerate(req);
    yoke_res_text(res, "regenerated");
}

static inline void log_out(yoke_req *req, yoke_res *res)
{
    assert_int_equal(yoke_session_destroy(req), 0);
    assert_false(yoke_session_is_here(req));
    assert_int_equal(yoke_session_set_int(req, "a", 1), -ENOENT);
    yoke_res_text(res, "bye");
}

static inline void touch(yoke_req *req, yoke_res *res)
{
    yoke_session_touch(req);
    yoke_res_text(res, "touched");
}

/* /age-of?s=SECONDS: its own age; without, what it is. */
static inline void age_of(yoke_req *req, yoke_res *res)
{
    const char *s = yoke_req_query(req, "s");
    if (s)
        assert_int_equal(
            yoke_session_set_age(req, (uint32_t)strtoul(s, NULL, 10)), 0);
    yoke_res_text(res, yoke_req_printf(req, "%u", yoke_session_age_s(req)));
}

/* Requests that wait in their handlers. */
static struct {
    yoke_req *req;
    yoke_res *res;
} held[8];
static int held_count;

/* /slow?k=NAME&v=TEXT&moves=1: sets it, gives the session another id, and answers
 * when it is told. */
static inline void slow(yoke_req *req, yoke_res *res)
{
    if (yoke_req_query(req, "k"))
        yoke_session_set_text(req, query(req, "k"), query(req, "v"));
    if (yoke_req_query(req, "s"))
        yoke_session_set_age(req, (uint32_t)strtoul(query(req, "s"), NULL, 10));
    if (yoke_req_query(req, "moves"))
        yoke_session_change_id(req);
    held[held_count].req = req;
    held[held_count++].res = res;
    yoke_hold(req);
}

/* /slow-count: counts up, and answers when it is told. */
static inline void slow_count(yoke_req *req, yoke_res *res)
{
    yoke_session_set_int(req, "n", yoke_session_int(req, "n", 0) + 1);
    slow(req, res);
}

static int late_calls, tried_err;
static char *second_id;

static inline void on_late(yoke_req *req, yoke_res *res, int err, void *data)
{
    (void)req, (void)res, (void)err, (void)data;
    late_calls++;
}

static inline void on_saved(yoke_req *req, yoke_res *res, int err, void *data)
{
    yoke_res_text(res, yoke_req_printf(req, "%d %s", err, (char *)data));
}

static inline void save(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_session_set_text(req, "saved", "yes");
    yoke_session_save(req, on_saved, (void *)(uintptr_t) "saved");
    assert_int_equal(yoke_session_set_text(req, "saved", "no"), -EBUSY);
}

static inline void save_and_answer(yoke_req *req, yoke_res *res)
{
    yoke_session_set_text(req, "saved", "both");
    yoke_session_save(req, on_saved, (void *)(uintptr_t) "saved");
    yoke_res_text(res, "answered");
}

/* /regenerate-twice: begins a second one, stores that, while the store fails to
 * remove the first, and begins a third. */
static inline void on_second_saved(yoke_req *req, yoke_res *res, int err,
                                   void *data)
{
    struct yk_session *session = yk_session_of(req);
    (void)err, (void)data;
    assert_null(session->doomed[0].id);
    session->doomed[0].id = session->cookie_id;
    second_id = strdup(yoke_session_id(req));
    yoke_session_regenerate(req);
    yoke_session_set_text(req, "a", "third");
    yoke_res_text(res, yoke_session_id(req));
}

static inline void regenerate_twice(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_session_regenerate(req);
    yoke_session_set_text(req, "a", "second");
    yoke_session_save(req, on_second_saved, NULL);
}

/* /new-and-moved: begins another one, and gives it another id yet. */
static inline void new_and_moved(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_session_regenerate(req);
    yoke_session_change_id(req);
    yoke_session_set_text(req, "a", "new");
    held[held_count].req = req;
    held[held_count++].res = res;
    yoke_hold(req);
}

/* What /slow has set was stored; and if that fails, loads it anew. */
static inline void on_tried(yoke_req *req, yoke_res *res, int err, void *data)
{
    (void)res;
    tried_err = err;
    if (err < 0)
        yoke_session_reload(req, on_late, data);
}

static inline void on_reloaded(yoke_req *req, yoke_res *res, int err,
                               void *data)
{
    const char *text = yoke_session_text(req, "a");
    (void)data;
    yoke_res_text(res, yoke_req_printf(req, "%d %s", err, text ? text : "-"));
}

static inline void reload(yoke_req *req, yoke_res *res)
{
    (void)res;
    if (yoke_session_is_here(req))
        yoke_session_set_text(req, "a", "own");
    yoke_session_reload(req, on_reloaded, NULL);
}

static inline void stream(yoke_req *req, yoke_res *res)
{
    yoke_session_set_text(req, "a", "streamed");
    yoke_res_write(res, "one ", 4);
    assert_int_equal(yoke_session_set_text(req, "a", "late"), -YOKE_EANSWERED);
    yoke_res_write(res, "two", 3);
    yoke_res_end(res);
}

/* Ends its answer while the store is asked. */
static inline void stream_and_reload(yoke_req *req, yoke_res *res)
{
    yoke_res_write(res, "one", 3);
    yoke_session_reload(req, on_late, NULL);
    yoke_res_end(res);
}

static inline void leave_flash(yoke_req *req, yoke_res *res)
{
    assert_int_equal(yoke_flash(req, "notice", "one"), 0);
    assert_int_equal(yoke_flash(req, "notice", "two"), 0);
    assert_int_equal(yoke_flash(req, "error", "bad"), 0);
    yoke_res_redirect(res, 303, "/flash");
}

static inline void take_flash(yoke_req *req, yoke_res *res)
{
    size_t count;
    const char *const *texts = yoke_flash_take(req, "notice", &count);
    const char *all = yoke_req_printf(req, "%zu", count);
    for (; *texts; texts++)
        all = yoke_req_printf(req, "%s %s", all, *texts);
    yoke_res_text(res, all);
}

static inline void kinds(yoke_req *req, yoke_res *res)
{
    if (yoke_session_count(req) == 0) {
        yoke_session_set_int(req, "int", INT64_MIN);
        yoke_session_set_double(req, "double", 0.5);
        yoke_session_set_bool(req, "bool", true);
        yoke_session_set_json(req, "json", json_pack("[i, s]", 1, "b"));
        assert_int_equal(yoke_session_set_json(req, "none", NULL), -EINVAL);
        assert_int_equal(yoke_session_set_text(req, "utf8", "\xff"), -EINVAL);
        assert_int_equal(yoke_session_set_text(req, "", "x"), -EINVAL);
    } else {
        assert_true(yoke_session_int(req, "int", 0) == INT64_MIN);
        assert_true(yoke_session_double(req, "double", 0) == 0.5);
        assert_true(yoke_session_bool(req, "bool", false));
        assert_int_equal(json_array_size(yoke_session_json(req, "json")), 2);
        assert_true(yoke_session_has(req, "json"));
        assert_false(yoke_session_has(req, "none"));
        /* Of another kind. */
        assert_int_equal(yoke_session_int(req, "bool", 7), 7);
        assert_null(yoke_session_text(req, "int"));
        assert_non_null(yoke_session_name_at(req, 3));
        assert_null(yoke_session_name_at(req, 4));
    }
    yoke_res_text(res, yoke_req_printf(req, "%zu", yoke_session_count(req)));
}

static inline void overflow(yoke_req *req, yoke_res *res)
{
    static char much[20000];
    memset(much, 'x', sizeof(much) - 1);
    yoke_session_set_text(req, "a", "kept");
    int err = yoke_session_set_text(req, "a", much);
    yoke_res_text(res, yoke_strerror(err));
}

static inline const char *make_id(yoke_req *req, void *data)
{
    const char *id = yoke_req_query(req, "id");
    assert_ptr_equal(data, &store);
    return id ? id : "a-visitor-of-the-application";
}

static inline yoke_app *app_with(struct yoke_handler middleware)
{
    static const struct {
        const char *path;
        yoke_fn *fn;
    } routes[] = {
        {"/set", set},
        {"/get", get},
        {"/remove", erase},
        {"/remove-and-set", remove_and_set},
        {"/id", show_id},
        {"/age", show_age},
        {"/slow-count", slow_count},
        {"/age-of", age_of},
        {"/login", log_in},
        {"/logout", log_out},
        {"/change-id", change_id},
        {"/regenerate", regenerate},
        {"/regenerate-twice", regenerate_twice},
        {"/new-and-moved", new_and_moved},
        {"/touch", touch},
        {"/slow", slow},
        {"/save", save},
        {"/save-and-answer", save_and_answer},
        {"/reload", reload},
        {"/stream", stream},
        {"/stream-and-reload", stream_and_reload},
        {"/leave", leave_flash},
        {"/flash", take_flash},
        {"/kinds", kinds},
        {"/overflow", overflow},
        {"/ok", answer_ok},
    };
    yoke_app *app = yoke_app_new();
    yoke_app_cookie_secrets(app, "new secret", "old secret");
    yoke_app_use(app, middleware);
    for (size_t i = 0; i < COUNT_OF(routes); i++)
        yoke_app_get(app, routes[i].path, routes[i].fn);
    yoke_app_get(app, "/lazy/get", yoke_session_load, get);
    yoke_app_get(app, "/lazy/set", yoke_session_load, set);
    yoke_app_catch(app, show_error);
    return app;
}

#define CLIENT(...)                                                            \
    yoke_test_new(app_with(yoke_session(.store = store, __VA_ARGS__)))

/* ---- The store ---- */

static inline uint64_t store_now(void *data)
{
    (void)data;
    return store_ms;
}

static inline int open_store(void **state)
{
    (void)state;
    store_ms = 1000000;
    held_count = 0;
    store = yoke_store_open(.url = "memory:", .now_ms = store_now);
    return store ? 0 : -1;
}

static inline void on_closed(void *data)
{
    *(bool *)data = true;
}

static inline int close_store(void **state)
{
    bool is_closed = false;
    (void)state;
    yoke_store_close(store, on_closed, &is_closed);
    while (!is_closed)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    return 0;
}

static inline uint64_t calls(void)
{
    struct yoke_store_stats stats;
    uv_run(yoke_loop(), UV_RUN_NOWAIT); /* What nobody waits for. */
    yoke_store_stats(store, &stats);
    return stats.calls;
}

static inline void pass(yoke_test *t, uint64_t s)
{
    uv_run(yoke_loop(), UV_RUN_NOWAIT); /* What nobody waits for. */
    store_ms += s * 1000;
    yoke_test_clock(t, s * 1000);
}

/* ---- What clients do ---- */

static inline void expect(yoke_test *t, const char *path, const char *body)
{
    yoke_expect_text(yoke_test_get(t, path), 200, body);
}

static inline yoke_tr *begin(yoke_test *t, const char *path)
{
    int before = held_count;
    yoke_tr *r = yoke_test_get(t, path);
    yoke_tr_send(r);
    for (int i = 0; i < 1000 && held_count == before; i++)
        uv_run(yoke_loop(), UV_RUN_NOWAIT);
    assert_int_equal(held_count, before + 1);
    return r;
}

static inline void release(int n, const char *text)
{
    yoke_res_text(held[n].res, text);
}

#define WITH_STORE(test)                                                       \
    cmocka_unit_test_setup_teardown(test, open_store, close_store)

#endif
