/* What is kept about a visitor. */
#include "middleware.h"

#include <errno.h>

#include <jansson.h>
#include <uv.h>

static yoke_store *store;
static uint64_t store_ms;

/* ---- The application ---- */

static const char *query(yoke_req *req, const char *name)
{
    const char *value = yoke_req_query(req, name);
    return value ? value : "";
}

/* /set?k=NAME&v=TEXT */
static void set(yoke_req *req, yoke_res *res)
{
    int err = yoke_session_set_text(req, query(req, "k"), query(req, "v"));
    yoke_res_text(res, err == 0 ? "set" : yoke_strerror(err));
}

static void get(yoke_req *req, yoke_res *res)
{
    const char *text = yoke_session_text(req, query(req, "k"));
    yoke_res_text(res, text ? text : "-");
}

static void erase(yoke_req *req, yoke_res *res)
{
    yoke_session_remove(req, query(req, "k"));
    yoke_res_text(res, "removed");
}

static void show_id(yoke_req *req, yoke_res *res)
{
    const char *id = yoke_session_id(req);
    yoke_res_text(res, id ? id : "-");
}

static void log_in(yoke_req *req, yoke_res *res)
{
    yoke_session_regenerate(req);
    yoke_session_set_text(req, "user", "ada");
    yoke_res_redirect(res, 303, "/get?k=user");
}

static void change_id(yoke_req *req, yoke_res *res)
{
    yoke_session_change_id(req);
    yoke_res_text(res, yoke_session_id(req));
}

static void regenerate(yoke_req *req, yoke_res *res)
{
    yoke_session_regenerate(req);
    yoke_res_text(res, "regenerated");
}

static void log_out(yoke_req *req, yoke_res *res)
{
    assert_int_equal(yoke_session_destroy(req), 0);
    assert_false(yoke_session_is_here(req));
    assert_int_equal(yoke_session_set_int(req, "a", 1), -ENOENT);
    yoke_res_text(res, "bye");
}

static void touch(yoke_req *req, yoke_res *res)
{
    yoke_session_touch(req);
    yoke_res_text(res, "touched");
}

/* Requests that wait in their handlers. */
static struct {
    yoke_req *req;
    yoke_res *res;
} held[8];
static int held_count;

/* /slow?k=NAME&v=TEXT: sets it, and answers when it is told. */
static void slow(yoke_req *req, yoke_res *res)
{
    if (yoke_req_query(req, "k"))
        yoke_session_set_text(req, query(req, "k"), query(req, "v"));
    held[held_count].req = req;
    held[held_count++].res = res;
    yoke_hold(req);
}

static void on_saved(yoke_req *req, yoke_res *res, int err, void *data)
{
    yoke_res_text(res, yoke_req_printf(req, "%d %s", err, (char *)data));
}

static void save(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_session_set_text(req, "saved", "yes");
    yoke_session_save(req, on_saved, (void *)(uintptr_t) "saved");
    assert_int_equal(yoke_session_set_text(req, "saved", "no"), -EBUSY);
}

static void save_and_answer(yoke_req *req, yoke_res *res)
{
    yoke_session_set_text(req, "saved", "both");
    yoke_session_save(req, on_saved, (void *)(uintptr_t) "saved");
    yoke_res_text(res, "answered");
}

static void on_reloaded(yoke_req *req, yoke_res *res, int err, void *data)
{
    const char *text = yoke_session_text(req, "a");
    (void)data;
    yoke_res_text(res, yoke_req_printf(req, "%d %s", err, text ? text : "-"));
}

static void reload(yoke_req *req, yoke_res *res)
{
    (void)res;
    if (yoke_session_is_here(req))
        yoke_session_set_text(req, "a", "own");
    yoke_session_reload(req, on_reloaded, NULL);
}

static void stream(yoke_req *req, yoke_res *res)
{
    yoke_session_set_text(req, "a", "streamed");
    yoke_res_write(res, "one ", 4);
    assert_int_equal(yoke_session_set_text(req, "a", "late"), -YOKE_EANSWERED);
    yoke_res_write(res, "two", 3);
    yoke_res_end(res);
}

static void leave_flash(yoke_req *req, yoke_res *res)
{
    assert_int_equal(yoke_flash(req, "notice", "one"), 0);
    assert_int_equal(yoke_flash(req, "notice", "two"), 0);
    assert_int_equal(yoke_flash(req, "error", "bad"), 0);
    yoke_res_redirect(res, 303, "/flash");
}

static void take_flash(yoke_req *req, yoke_res *res)
{
    size_t count;
    const char *const *texts = yoke_flash_take(req, "notice", &count);
    const char *all = yoke_req_printf(req, "%zu", count);
    for (; *texts; texts++)
        all = yoke_req_printf(req, "%s %s", all, *texts);
    yoke_res_text(res, all);
}

static void kinds(yoke_req *req, yoke_res *res)
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

static void overflow(yoke_req *req, yoke_res *res)
{
    static char much[20000];
    memset(much, 'x', sizeof(much) - 1);
    yoke_session_set_text(req, "a", "kept");
    int err = yoke_session_set_text(req, "a", much);
    yoke_res_text(res, yoke_strerror(err));
}

static const char *make_id(yoke_req *req, void *data)
{
    const char *id = yoke_req_query(req, "id");
    assert_ptr_equal(data, &store);
    return id ? id : "a-visitor-of-the-application";
}

static yoke_app *app_with(struct yoke_handler middleware)
{
    static const struct {
        const char *path;
        yoke_fn *fn;
    } routes[] = {
        {"/set", set},
        {"/get", get},
        {"/remove", erase},
        {"/id", show_id},
        {"/login", log_in},
        {"/logout", log_out},
        {"/change-id", change_id},
        {"/regenerate", regenerate},
        {"/touch", touch},
        {"/slow", slow},
        {"/save", save},
        {"/save-and-answer", save_and_answer},
        {"/reload", reload},
        {"/stream", stream},
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

static uint64_t store_now(void *data)
{
    (void)data;
    return store_ms;
}

static int open_store(void **state)
{
    (void)state;
    store_ms = 1000000;
    held_count = 0;
    store = yoke_store_open(.url = "memory:", .now_ms = store_now);
    return store ? 0 : -1;
}

static void on_closed(void *data)
{
    *(bool *)data = true;
}

static int close_store(void **state)
{
    bool is_closed = false;
    (void)state;
    yoke_store_close(store, on_closed, &is_closed);
    while (!is_closed)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    return 0;
}

static uint64_t calls(void)
{
    struct yoke_store_stats stats;
    uv_run(yoke_loop(), UV_RUN_NOWAIT); /* What nobody waits for. */
    yoke_store_stats(store, &stats);
    return stats.calls;
}

static void pass(yoke_test *t, uint64_t s)
{
    uv_run(yoke_loop(), UV_RUN_NOWAIT); /* What nobody waits for. */
    store_ms += s * 1000;
    yoke_test_clock(t, s * 1000);
}

/* ---- What clients do ---- */

static void expect(yoke_test *t, const char *path, const char *body)
{
    yoke_expect_text(yoke_test_get(t, path), 200, body);
}

static yoke_tr *begin(yoke_test *t, const char *path)
{
    int before = held_count;
    yoke_tr *r = yoke_test_get(t, path);
    yoke_tr_send(r);
    for (int i = 0; i < 1000 && held_count == before; i++)
        uv_run(yoke_loop(), UV_RUN_NOWAIT);
    assert_int_equal(held_count, before + 1);
    return r;
}

static void release(int n, const char *text)
{
    yoke_res_text(held[n].res, text);
}

/* ---- Life ---- */

static void what_is_set_is_there_the_next_time(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t), *bob = yoke_test_agent(t);
    expect(ada, "/set?k=color&v=red", "set");
    expect(ada, "/get?k=color", "red");
    expect(bob, "/get?k=color", "-");
    expect(bob, "/set?k=color&v=blue", "set");
    expect(ada, "/get?k=color", "red");
    expect(ada, "/remove?k=color", "removed");
    expect(ada, "/get?k=color", "-");
    yoke_test_free(t);
}

static void every_kind_of_value_is_kept(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/kinds", "4");
    expect(ada, "/kinds", "4");
    yoke_test_free(t);
}

static void who_is_not_remembered_costs_nothing(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    for (int i = 0; i < 3; i++) {
        yoke_tr *r = yoke_test_get(t, "/get?k=a");
        yoke_expect_text(r, 200, "-");
        yoke_expect_no_cookie(r, "sid");
    }
    assert_int_equal(calls(), 0);
    yoke_test_free(t);
}

static void the_cookie_is_set_once(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    yoke_tr *r = yoke_test_get(ada, "/set?k=a&v=1");
    yoke_expect_cookie(r, "sid", NULL, .http_only = 1, .same_site = "Lax",
                       .path = "/", .secure = -1, .persistent = -1);
    r = yoke_test_get(ada, "/set?k=a&v=2");
    yoke_expect_text(r, 200, "set");
    yoke_expect_no_cookie(r, "sid");
    yoke_test_free(t);
}

static void what_is_not_changed_is_not_written(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    static const struct {
        const char *path;
        unsigned calls;
    } steps[] = {
        {"/set?k=a&v=1", 1}, /* add */
        {"/get?k=a", 2},     /* get, touch */
        {"/set?k=a&v=1", 2}, /* the same value */
        {"/set?k=a&v=2", 2}, /* get, replace */
        {"/remove?k=b", 2},  /* there is none */
    };
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        uint64_t before = calls();
        yoke_expect_status(yoke_test_get(ada, steps[i].path), 200);
        assert_int_equal(calls() - before, steps[i].calls);
    }
    yoke_test_free(t);
}

static void visitors_can_have_one_from_the_start(void **state)
{
    (void)state;
    yoke_test *t = CLIENT(.saves_empty = true);
    yoke_expect_cookie_new(yoke_test_get(t, "/ok"), "sid");
    yoke_test_free(t);
}

static void attributes_are_as_wanted(void **state)
{
    (void)state;
    yoke_test *t = CLIENT(.name = "__Host-id", .is_visible = true,
                          .cookie = {.max_age_s = 60,
                                     .secure = true,
                                     .domain = "test",
                                     .same_site = YOKE_SAME_SITE_STRICT,
                                     .priority = YOKE_PRIORITY_HIGH,
                                     .partitioned = true});
    yoke_tr *r = yoke_test_get(t, "/set?k=a&v=1");
    yoke_expect_cookie(r, "__Host-id", NULL, .http_only = -1, .secure = 1,
                       .max_age = 60, .same_site = "Strict", .domain = "test",
                       .priority = "High", .partitioned = 1);
    yoke_test_free(t);
}

static void over_tls_the_cookie_is_secure(void **state)
{
    (void)state;
    yoke_app *app = app_with(yoke_session(.store = store));
    yoke_app_set_str(app, "trust proxy", "loopback");
    yoke_test *t = yoke_test_new(app);
    yoke_test_https(t);
    yoke_expect_cookie(yoke_test_get(t, "/set?k=a&v=1"), "sid", NULL,
                       .secure = 1);
    yoke_test_free(t);
}

static void elsewhere_than_on_its_path_there_is_none(void **state)
{
    (void)state;
    yoke_test *t = CLIENT(.cookie.path = "/lazy");
    expect(t, "/set?k=a&v=1", yoke_strerror(-ENOENT));
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/lazy/set?k=a&v=1", "set");
    expect(ada, "/lazy/get?k=a", "1");
    yoke_test_free(t);
}

/* ---- Ids ---- */

static void an_id_from_outside_is_never_taken(void **state)
{
    (void)state;
    static const char *const values[] = {
        "",
        "x",
        "AAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAA.x",
        "AAAAAAAAAAAAAAAAAAAAAAAA.",
        ".",
        "../../../../etc/passwd.a",
    };
    yoke_test *t = CLIENT();
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        yoke_tr *r = yoke_test_get(t, "/set?k=a&v=1");
        yoke_tr_cookie(r, "sid", values[i]);
        yoke_expect_text(r, 200, "set");
        const char *cookie = yoke_tr_header(r, "Set-Cookie");
        assert_non_null(cookie);
        assert_null(strstr(cookie, "AAAAAAAA"));
    }
    yoke_test_free(t);
}

static void a_changed_cookie_is_none(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=a&v=1", "set");
    const char *cookie = yoke_test_cookie(ada, "/", "sid");
    size_t len = strlen(cookie);
    uint64_t before = calls();
    char changed[200];
    for (size_t i = 0; i < len; i += 5) {
        memcpy(changed, cookie, len + 1);
        changed[i] = changed[i] == 'a' ? 'b' : 'a';
        yoke_tr *r = yoke_test_get(t, "/get?k=a");
        char field[220];
        snprintf(field, sizeof(field), "sid=%s", changed);
        yoke_tr_set(r, "Cookie", field);
        yoke_expect_text(r, 200, "-");
    }
    /* The store has not even been asked. */
    assert_int_equal(calls(), before);
    yoke_test_free(t);
}

static void a_cookie_of_another_name_is_none(void **state)
{
    (void)state;
    yoke_test *t = CLIENT(.name = "one");
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=a&v=1", "set");
    char field[220];
    snprintf(field, sizeof(field), "two=%s", yoke_test_cookie(ada, "/", "one"));
    yoke_test *other = CLIENT(.name = "two");
    yoke_tr *r = yoke_test_get(other, "/get?k=a");
    yoke_tr_set(r, "Cookie", field);
    yoke_expect_text(r, 200, "-");
    yoke_test_free(other);
    yoke_test_free(t);
}

/* Signed with the old secret, it is good; without that secret, it is not. */
static void secrets_can_be_replaced(void **state)
{
    (void)state;
    char field[220];
    yoke_app *app = yoke_app_new();
    yoke_app_cookie_secrets(app, "old secret");
    yoke_app_use(app, yoke_session(.store = store), set);
    yoke_test *old = yoke_test_new(app);
    yoke_test *ada = yoke_test_agent(old);
    expect(ada, "/?k=a&v=1", "set");
    snprintf(field, sizeof(field), "sid=%s", yoke_test_cookie(ada, "/", "sid"));
    yoke_test *t = CLIENT();
    yoke_tr *r = yoke_test_get(t, "/get?k=a");
    yoke_tr_set(r, "Cookie", field);
    yoke_expect_text(r, 200, "1");
    yoke_test_free(t);
    app = yoke_app_new();
    yoke_app_cookie_secrets(app, "new secret");
    yoke_app_use(app, yoke_session(.store = store), get);
    t = yoke_test_new(app);
    r = yoke_test_get(t, "/?k=a");
    yoke_tr_set(r, "Cookie", field);
    yoke_expect_text(r, 200, "-");
    yoke_test_free(t);
    yoke_test_free(old);
}

static void without_secrets_it_is_said_so(void **state)
{
    (void)state;
    yoke_app *app = yoke_app_new();
    yoke_app_use(app, yoke_session(.store = store), set);
    yoke_test *t = yoke_test_new(app);
    yoke_expect_status(yoke_test_get(t, "/?k=a&v=1"), 500);
    yoke_test_free(t);
    t = yoke_test_new(app_behind(yoke_session(.name = "sid"), answer_ok));
    yoke_expect_status(yoke_test_get(t, "/"), 500);
    yoke_test_free(t);
}

static void ids_can_be_made_by_the_application(void **state)
{
    (void)state;
    yoke_test *t = CLIENT(.make_id = make_id, .data = &store);
    expect(t, "/id", "a-visitor-of-the-application");
    expect(t, "/set?k=a&v=1", "set");
    /* It is taken. */
    yoke_expect_status(yoke_test_get(t, "/set?k=a&v=1"), 500);
    /* It is not fit. */
    yoke_expect_status(yoke_test_get(t, "/set?k=a&v=1&id=short"), 500);
    yoke_test_free(t);
}

/* ---- Signing in and out ---- */

static void signing_in_makes_another_id(void **state)
{
    (void)state;
    char before[220];
    yoke_test *t = CLIENT();
    yoke_test *victim = yoke_test_agent(t);
    /* The attacker has a session, and slips its cookie to the victim. */
    expect(victim, "/set?k=cart&v=full", "set");
    snprintf(before, sizeof(before), "sid=%s",
             yoke_test_cookie(victim, "/", "sid"));
    yoke_tr *r = yoke_test_get(victim, "/login");
    yoke_expect_status(r, 303);
    yoke_expect_cookie_renewed(r, "sid");
    expect(victim, "/get?k=user", "ada");
    expect(victim, "/get?k=cart", "-");
    for (int i = 0; i < 2; i++) {
        r = yoke_test_get(t, i == 0 ? "/get?k=user" : "/get?k=cart");
        yoke_tr_set(r, "Cookie", before);
        yoke_expect_text(r, 200, "-");
    }
    yoke_test_free(t);
}

static void another_id_can_keep_the_values(void **state)
{
    (void)state;
    char before[100];
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=cart&v=full", "set");
    snprintf(before, sizeof(before), "%s",
             yoke_tr_text(yoke_test_get(ada, "/id")));
    yoke_tr *r = yoke_test_get(ada, "/change-id");
    yoke_expect_status(r, 200);
    assert_string_not_equal(yoke_tr_text(r), before);
    expect(ada, "/get?k=cart", "full");
    yoke_test_free(t);
}

static void what_is_regenerated_and_empty_is_gone(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=a&v=1", "set");
    yoke_expect_cookie_cleared(yoke_test_get(ada, "/regenerate"), "sid");
    expect(ada, "/get?k=a", "-");
    yoke_test_free(t);
}

static void signing_out_removes_it(void **state)
{
    (void)state;
    char before[220];
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=a&v=1", "set");
    snprintf(before, sizeof(before), "sid=%s",
             yoke_test_cookie(ada, "/", "sid"));
    yoke_tr *r = yoke_test_get(ada, "/logout");
    yoke_expect_text(r, 200, "bye");
    yoke_expect_cookie_cleared(r, "sid");
    assert_null(yoke_test_cookie(ada, "/", "sid"));
    r = yoke_test_get(t, "/get?k=a");
    yoke_tr_set(r, "Cookie", before);
    yoke_expect_text(r, 200, "-");
    /* Whoever has none can sign out as well. */
    r = yoke_test_get(t, "/logout");
    yoke_expect_text(r, 200, "bye");
    yoke_expect_no_cookie(r, "sid");
    yoke_test_free(t);
}

/* ---- Time ---- */

static void it_ends_when_it_is_not_used(void **state)
{
    (void)state;
    yoke_test *t = CLIENT(.ttl_s = 100);
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=a&v=1", "set");
    for (int i = 0; i < 5; i++) {
        pass(t, 80);
        expect(ada, "/get?k=a", "1");
    }
    pass(t, 101);
    expect(ada, "/get?k=a", "-");
    yoke_test_free(t);
}

static void its_time_can_be_counted_from_the_last_change(void **state)
{
    (void)state;
    yoke_test *t = CLIENT(.ttl_s = 100, .keeps_expiry = true);
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=a&v=1", "set");
    pass(t, 80);
    expect(ada, "/get?k=a", "1");
    pass(t, 15);
    expect(ada, "/touch", "touched");
    pass(t, 90);
    expect(ada, "/set?k=a&v=2", "set");
    pass(t, 90);
    expect(ada, "/get?k=a", "2");
    pass(t, 20);
    expect(ada, "/get?k=a", "-");
    yoke_test_free(t);
}

static void it_does_not_live_for_ever(void **state)
{
    (void)state;
    yoke_test *t = CLIENT(.ttl_s = 100, .max_age_s = 150);
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=a&v=1", "set");
    pass(t, 90);
    expect(ada, "/set?k=a&v=2", "set");
    pass(t, 50);
    expect(ada, "/get?k=a", "2");
    pass(t, 11);
    expect(ada, "/get?k=a", "-");
    yoke_test_free(t);
}

static void a_rolling_cookie_comes_with_every_answer(void **state)
{
    (void)state;
    yoke_test *t = CLIENT(.rolling = true, .cookie.max_age_s = 60);
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=a&v=1", "set");
    for (int i = 0; i < 4; i++) {
        pass(t, 50);
        yoke_tr *r = yoke_test_get(ada, "/get?k=a");
        yoke_expect_text(r, 200, "1");
        yoke_expect_cookie(r, "sid", NULL, .max_age = 60);
    }
    pass(t, 61);
    assert_null(yoke_test_cookie(ada, "/", "sid"));
    /* Who has no session gets none. */
    yoke_expect_no_cookie(yoke_test_get(t, "/ok"), "sid");
    yoke_test_free(t);
}

static void touch_sends_the_cookie_once_more(void **state)
{
    (void)state;
    yoke_test *t = CLIENT(.cookie.max_age_s = 60);
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=a&v=1", "set");
    yoke_expect_no_cookie(yoke_test_get(ada, "/ok"), "sid");
    yoke_expect_cookie(yoke_test_get(ada, "/touch"), "sid", NULL,
                       .max_age = 60);
    yoke_test_free(t);
}

/* ---- Lazy ---- */

static void a_lazy_one_asks_only_where_it_is_wanted(void **state)
{
    (void)state;
    yoke_test *t = CLIENT(.lazy = true);
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/lazy/set?k=a&v=1", "set");
    uint64_t before = calls();
    expect(ada, "/ok", "ok");
    expect(ada, "/get?k=a", "-");
    expect(ada, "/set?k=a&v=2", yoke_strerror(-ENOENT));
    assert_int_equal(calls(), before);
    expect(ada, "/lazy/get?k=a", "1");
    expect(ada, "/reload", "0 1");
    /* To end it, or to begin another one, it need not be read. */
    before = calls();
    yoke_expect_cookie_renewed(yoke_test_get(ada, "/login"), "sid");
    assert_int_equal(calls() - before, 2);
    expect(ada, "/lazy/get?k=user", "ada");
    expect(ada, "/logout", "bye");
    expect(ada, "/lazy/get?k=user", "-");
    yoke_test_free(t);
}

/* ---- Requests at the same time ---- */

static void changes_of_different_values_are_all_kept(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=old&v=0", "set");
    yoke_tr *one = begin(ada, "/slow?k=a&v=1");
    yoke_tr *two = begin(ada, "/slow?k=b&v=2");
    yoke_tr *three = begin(ada, "/slow?k=c&v=3");
    release(1, "two");
    yoke_expect_text(two, 200, "two");
    expect(ada, "/remove?k=old", "removed");
    release(0, "one");
    release(2, "three");
    yoke_expect_text(one, 200, "one");
    yoke_expect_text(three, 200, "three");
    expect(ada, "/get?k=a", "1");
    expect(ada, "/get?k=b", "2");
    expect(ada, "/get?k=c", "3");
    expect(ada, "/get?k=old", "-");
    yoke_test_free(t);
}

static void of_the_same_value_the_last_counts(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=a&v=0", "set");
    yoke_tr *one = begin(ada, "/slow?k=a&v=1");
    expect(ada, "/set?k=a&v=2", "set");
    release(0, "one");
    yoke_expect_text(one, 200, "one");
    expect(ada, "/get?k=a", "1");
    yoke_test_free(t);
}

static void a_conflict_can_be_reported(void **state)
{
    (void)state;
    yoke_test *t = CLIENT(.reports_conflicts = true);
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=a&v=0", "set");
    yoke_tr *one = begin(ada, "/slow?k=a&v=1");
    yoke_tr *two = begin(ada, "/slow?k=b&v=1");
    yoke_tr *three = begin(ada, "/slow?k=a&v=2");
    expect(ada, "/set?k=a&v=2", "set");
    release(0, "one");
    yoke_expect_status(one, 409);
    release(1, "two");
    yoke_expect_text(two, 200, "two");
    /* To the same value is none. */
    release(2, "three");
    yoke_expect_text(three, 200, "three");
    expect(ada, "/get?k=a", "2");
    expect(ada, "/get?k=b", "1");
    yoke_test_free(t);
}

static void what_is_destroyed_does_not_come_back(void **state)
{
    static const char *const ends[] = {"/logout", "/login"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        held_count = 0;
        yoke_test *t = CLIENT();
        yoke_test *ada = yoke_test_agent(t);
        char before[220];
        expect(ada, "/set?k=a&v=0", "set");
        snprintf(before, sizeof(before), "sid=%s",
                 yoke_test_cookie(ada, "/", "sid"));
        yoke_tr *one = begin(ada, "/slow?k=a&v=1");
        yoke_tr *two = begin(ada, "/slow");
        yoke_expect_status_in(yoke_test_get(ada, ends[i]), 200, 303);
        release(0, "one");
        release(1, "two");
        yoke_expect_text(one, 200, "one");
        yoke_expect_text(two, 200, "two");
        /* Nor do they touch the cookie of the one that has followed. */
        yoke_expect_no_cookie(one, "sid");
        yoke_expect_no_cookie(two, "sid");
        yoke_tr *r = yoke_test_get(t, "/get?k=a");
        yoke_tr_set(r, "Cookie", before);
        yoke_expect_text(r, 200, "-");
        yoke_test_free(t);
    }
}

/* ---- Saving ---- */

static void the_answer_comes_after_the_session_is_stored(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    for (int i = 0; i < 20; i++) {
        yoke_tr *r = yoke_test_get(ada, "/login");
        yoke_tr_redirects(r, 1);
        yoke_expect_text(r, 200, "ada");
    }
    yoke_test_free(t);
}

static void a_stream_is_stored_before_its_head(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    yoke_tr *r = yoke_test_get(ada, "/stream");
    yoke_expect_text(r, 200, "one two");
    yoke_expect_cookie_new(r, "sid");
    expect(ada, "/get?k=a", "streamed");
    yoke_test_free(t);
}

static void it_can_be_stored_before_the_answer(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    uint64_t before = calls();
    yoke_tr *r = yoke_test_get(ada, "/save");
    yoke_expect_text(r, 200, "0 saved");
    yoke_expect_cookie_new(r, "sid");
    /* Once; and its time. */
    assert_int_equal(calls() - before, 2);
    expect(ada, "/get?k=saved", "yes");
    r = yoke_test_get(ada, "/save-and-answer");
    yoke_expect_text(r, 200, "answered");
    expect(ada, "/get?k=saved", "both");
    yoke_test_free(t);
}

static void it_can_be_loaded_anew(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/reload", "0 -");
    expect(ada, "/set?k=a&v=1", "set");
    expect(ada, "/reload", "0 1");
    expect(ada, "/get?k=a", "1");
    yoke_test_free(t);
}

static void who_goes_leaves_nothing_open(void **state)
{
    static const char *const paths[] = {"/set?k=a&v=1", "/save", "/stream",
                                        "/save-and-answer", "/login"};
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=x&v=1", "set");
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        yoke_tr *r = yoke_test_get(ada, paths[i]);
        yoke_tr_reset_after(r, yoke_tr_request_len(r));
        yoke_tr_send(r);
        for (int turn = 0; turn < 20; turn++)
            uv_run(yoke_loop(), UV_RUN_NOWAIT);
    }
    yoke_test_free(t);
}

/* ---- Limits and failures ---- */

static void too_much_is_refused_and_the_rest_stays(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/overflow", yoke_strerror(-YOKE_ETOOLARGE));
    expect(ada, "/get?k=a", "kept");
    yoke_test_free(t);
    /* Also bit by bit. */
    t = CLIENT(.max_len = 200);
    ada = yoke_test_agent(t);
    int set_count = 0;
    for (int i = 0; i < 30; i++) {
        char path[64];
        snprintf(path, sizeof(path), "/set?k=name%d&v=value", i);
        set_count += strcmp(yoke_tr_text(yoke_test_get(ada, path)), "set") == 0;
    }
    /* 17 bytes each: "name10":"value", */
    assert_in_range(set_count, 9, 12);
    yoke_test_free(t);
}

static void messages_wait_for_the_next_page(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    yoke_tr *r = yoke_test_get(ada, "/leave");
    yoke_tr_redirects(r, 1);
    yoke_expect_text(r, 200, "2 one two");
    expect(ada, "/flash", "0");
    yoke_test_free(t);
}

static void without_a_store_it_fails_or_goes_on(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    char field[220];
    expect(ada, "/set?k=a&v=1", "set");
    snprintf(field, sizeof(field), "sid=%s", yoke_test_cookie(ada, "/", "sid"));
    yoke_test_free(t);

    yoke_store *away =
        yoke_store_open(.url = "memcached+unix:/nonexistent/socket");
    for (int goes_on = 0; goes_on < 2; goes_on++) {
        t = yoke_test_new(
            app_with(yoke_session(.store = away, .goes_on_without = goes_on)));
        /* Who has no session does not notice. */
        expect(t, "/get?k=a", "-");
        yoke_tr *r = yoke_test_get(t, "/get?k=a");
        yoke_tr_set(r, "Cookie", field);
        yoke_expect_text(r, goes_on ? 200 : 503,
                         goes_on ? "-" : "session.store.failed");
        r = yoke_test_get(t, "/set?k=a&v=2");
        yoke_expect_status(r, goes_on ? 200 : 503);
        yoke_expect_no_cookie(r, "sid");
        r = yoke_test_get(t, "/login");
        yoke_tr_set(r, "Cookie", field);
        yoke_tr_set(r, "Accept", "application/json");
        yoke_expect_status(r, goes_on ? 303 : 503);
        if (!goes_on)
            yoke_expect_no_header(r, "Location");
        yoke_test_free(t);
    }
    bool is_closed = false;
    yoke_store_close(away, on_closed, &is_closed);
    while (!is_closed)
        uv_run(yoke_loop(), UV_RUN_ONCE);
}

static void on_set(const struct yoke_store_result *result, void *data)
{
    assert_int_equal(result->err, 0);
    *(bool *)data = true;
}

static void a_record_that_is_none_is_no_session(void **state)
{
    (void)state;
    static const char *const records[] = {
        "",
        "x",
        "[]",
        "{}",
        "{\"begun\":1}",
        "{\"values\":{}}",
        "{\"begun\":\"1\",\"values\":{}}",
        "{\"begun\":1,\"values\":[]}",
        "{\"begun\":1,\"values\":{},\"values\":{}}",
    };
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=a&v=1", "set");
    char key[100];
    snprintf(key, sizeof(key), "session:%s",
             yoke_tr_text(yoke_test_get(ada, "/id")));
    for (size_t i = 0; i < COUNT_OF(records); i++) {
        bool is_set = false;
        yoke_store_set(store, key, records[i], strlen(records[i]), 0, on_set,
                       &is_set);
        while (!is_set)
            uv_run(yoke_loop(), UV_RUN_ONCE);
        yoke_expect_text(yoke_test_get(ada, "/get?k=a"), 503,
                         "session.store.failed");
    }
    yoke_test_free(t);
}

static void without_the_middleware_nothing_happens(void **state)
{
    (void)state;
    yoke_app *app = yoke_app_new();
    yoke_app_get(app, "/get", get);
    yoke_app_get(app, "/set", set);
    yoke_app_get(app, "/load", yoke_session_load, get);
    yoke_app_get(app, "/save", yoke_session_load, get);
    yoke_test *t = yoke_test_new(app);
    expect(t, "/get?k=a", "-");
    expect(t, "/set?k=a&v=1", yoke_strerror(-ENOENT));
    yoke_expect_status(yoke_test_get(t, "/load"), 500);
    yoke_expect_status(yoke_test_get(t, "/save"), 500);
    yoke_test_free(t);
}

int main(void)
{
#define WITH_STORE(test)                                                       \
    cmocka_unit_test_setup_teardown(test, open_store, close_store)
    static const struct CMUnitTest tests[] = {
        WITH_STORE(what_is_set_is_there_the_next_time),
        WITH_STORE(every_kind_of_value_is_kept),
        WITH_STORE(who_is_not_remembered_costs_nothing),
        WITH_STORE(the_cookie_is_set_once),
        WITH_STORE(what_is_not_changed_is_not_written),
        WITH_STORE(visitors_can_have_one_from_the_start),
        WITH_STORE(attributes_are_as_wanted),
        WITH_STORE(over_tls_the_cookie_is_secure),
        WITH_STORE(elsewhere_than_on_its_path_there_is_none),
        WITH_STORE(an_id_from_outside_is_never_taken),
        WITH_STORE(a_changed_cookie_is_none),
        WITH_STORE(a_cookie_of_another_name_is_none),
        WITH_STORE(secrets_can_be_replaced),
        WITH_STORE(without_secrets_it_is_said_so),
        WITH_STORE(ids_can_be_made_by_the_application),
        WITH_STORE(signing_in_makes_another_id),
        WITH_STORE(another_id_can_keep_the_values),
        WITH_STORE(what_is_regenerated_and_empty_is_gone),
        WITH_STORE(signing_out_removes_it),
        WITH_STORE(it_ends_when_it_is_not_used),
        WITH_STORE(its_time_can_be_counted_from_the_last_change),
        WITH_STORE(it_does_not_live_for_ever),
        WITH_STORE(a_rolling_cookie_comes_with_every_answer),
        WITH_STORE(touch_sends_the_cookie_once_more),
        WITH_STORE(a_lazy_one_asks_only_where_it_is_wanted),
        WITH_STORE(changes_of_different_values_are_all_kept),
        WITH_STORE(of_the_same_value_the_last_counts),
        WITH_STORE(a_conflict_can_be_reported),
        WITH_STORE(what_is_destroyed_does_not_come_back),
        WITH_STORE(the_answer_comes_after_the_session_is_stored),
        WITH_STORE(a_stream_is_stored_before_its_head),
        WITH_STORE(it_can_be_stored_before_the_answer),
        WITH_STORE(it_can_be_loaded_anew),
        WITH_STORE(who_goes_leaves_nothing_open),
        WITH_STORE(too_much_is_refused_and_the_rest_stays),
        WITH_STORE(messages_wait_for_the_next_page),
        WITH_STORE(without_a_store_it_fails_or_goes_on),
        WITH_STORE(a_record_that_is_none_is_no_session),
        WITH_STORE(without_the_middleware_nothing_happens),
    };
    return cmocka_run_group_tests_name("session", tests, be_quiet, NULL);
}
