/* A cache of answers: what makes them void (RFC 9111 section 4.4). */
#include "http_cache.h"

static void what_changes_a_page_makes_it_void(void **state)
{
    static const struct {
        const char *method;
        int status;
        bool is_void;
    } cases[] = {
        {"POST", 200, true},  {"PUT", 204, true},      {"DELETE", 303, true},
        {"PATCH", 200, true}, {"LOCK", 200, true},     {"POST", 400, false},
        {"POST", 500, false}, {"OPTIONS", 200, false}, {"PROPFIND", 200, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        start();
        set_page("Cache-Control", "max-age=60");
        const char *path = path_of(i);
        ask("GET", path, NULL, NULL);
        page.status = cases[i].status;
        yoke_tr *change = ask(cases[i].method, path, NULL, NULL);
        yoke_expect_header(change, "Cache-Status", "yoke; fwd=method");
        page.status = 200;
        assert_int_equal(!is_hit(ask("GET", path, NULL, NULL)),
                         cases[i].is_void);
        stop();
    }
}

/* Whoever has been told of his change reads it: the answer waits for the store. */
static void who_has_changed_a_page_reads_what_he_wrote(void **state)
{
    (void)state;
    start();
    set_page("Cache-Control", "max-age=60");
    set_page("Location", "/");
    get();
    page.holds = true;
    yoke_tr *change = yoke_test_post(t, "/form");
    yoke_tr_send(change);
    run_turns();
    answer_page(page.held);
    assert_int_equal(yoke_res_set(page.held, "X-Waits", "yes"), 0);
    yoke_expect_header(change, "X-Waits", "yes");
    page.holds = false;
    yoke_expect_text(yoke_test_get(t, "/"), 200, "3");
    run_turns();
    stop();
}

static void the_pages_that_it_names_are_void_too(void **state)
{
    static const struct {
        const char *name, *value;
        bool is_void;
    } cases[] = {
        {"Location", "/page", true},
        {"Content-Location", "http://TEST/page", true},
        {"Location", "http://elsewhere/page", false},
        {"Location", "//elsewhere/page", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        start();
        set_page("Cache-Control", "max-age=60");
        ask("GET", "/page", "Cache-Control", "no-cache");
        set_page(cases[i].name, cases[i].value);
        ask("POST", "/form", NULL, NULL);
        page.fields[1][0] = NULL;
        assert_int_equal(!is_hit(ask("GET", "/page", NULL, NULL)),
                         cases[i].is_void);
        stop();
    }
}

static void all_variants_are_void(void **state)
{
    (void)state;
    start();
    set_page("Cache-Control", "max-age=60");
    set_page("Vary", "X-Kind");
    ask("GET", "/", "X-Kind", "a");
    ask("GET", "/", "X-Kind", "b");
    ask("POST", "/", NULL, NULL);
    assert_false(is_hit(ask("GET", "/", "X-Kind", "a")));
    assert_false(is_hit(ask("GET", "/", "X-Kind", "b")));
    assert_true(is_hit(ask("GET", "/", "X-Kind", "a")));
    stop();
}

static const char *const *users_tag(yoke_req *req, void *data)
{
    static const char *const tags[] = {"users", NULL};
    (void)req;
    (void)data;
    return tags;
}

static void a_tag_makes_pages_void(void **state)
{
    (void)state;
    for (int varies = 0; varies <= 1; varies++) {
        start_with((struct yoke_http_cache_options){.tags = users_tag});
        set_page("Cache-Control", "max-age=60");
        if (varies)
            set_page("Vary", "X-Kind");
        const char *path = varies ? "/b" : "/a";
        ask("GET", path, "X-Kind", "a");
        ask("GET", path, "X-Kind", "b");
        assert_true(is_hit(ask("GET", path, "X-Kind", "a")));
        assert_true(is_hit(ask("GET", path, "X-Kind", "b")));
        yoke_cache_invalidate(cache, "users", NULL, NULL);
        run_turns();
        assert_false(is_hit(ask("GET", path, "X-Kind", "a")));
        stop();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(what_changes_a_page_makes_it_void),
        WITH_STORE(who_has_changed_a_page_reads_what_he_wrote),
        WITH_STORE(the_pages_that_it_names_are_void_too),
        WITH_STORE(all_variants_are_void),
        WITH_STORE(a_tag_makes_pages_void),
    };
    yoke_log_set_level(YOKE_LOG_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
