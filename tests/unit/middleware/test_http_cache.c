/* A cache of answers: what is answered from it, and what the request may say;
 * each rule with its section of RFC 9111. */
#include "http_cache.h"

/* ---- What is answered ---- */

/* Sections 4, 4.2.3 and 5.1; RFC 9211. */
static void an_answer_is_the_one_that_was_kept(void **state)
{
    (void)state;
    start();
    set_page("Cache-Control", "max-age=60");
    set_page("Content-Type", "text/x-own");
    set_page("Link", "<a>");
    set_page("X-Own", "1");
    set_page("Link", "<b>");
    yoke_tr *first = get();
    yoke_expect_no_header(first, "Age");
    clock_ms += 20000;
    yoke_tr *r = get();
    yoke_expect_text(r, 200, "1");
    yoke_expect_header(r, "Age", "20");
    yoke_expect_header(r, "Cache-Status", "yoke; hit; ttl=40");
    yoke_expect_header(r, "Content-Type", "text/x-own");
    yoke_expect_header(r, "Cache-Control", "max-age=60");
    yoke_expect_header(r, "Content-Length", "1");
    yoke_expect_header_also(r, "Link", "<a>");
    yoke_expect_header_also(r, "Link", "<b>");
    /* What was set before the cache is the request's own. */
    assert_string_not_equal(yoke_tr_header(first, "X-Request-Id"),
                            yoke_tr_header(r, "X-Request-Id"));
    clock_ms += 40000;
    yoke_expect_text(get(), 200, "2");
    stop();
}

static void answers_of_any_form_are_kept(void **state)
{
    static const struct {
        const char *text;
        bool in_pieces;
    } cases[] = {{"", false}, {"whole", false}, {"in pieces", true}};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        start();
        set_page("Cache-Control", "max-age=60");
        page.text = cases[i].text;
        page.in_pieces = cases[i].in_pieces;
        const char *path = path_of(i);
        yoke_expect_text(ask("GET", path, NULL, NULL), 200, cases[i].text);
        yoke_tr *r = ask("GET", path, NULL, NULL);
        yoke_expect_text(r, 200, cases[i].text);
        assert_true(is_hit(r));
        assert_int_equal(page.calls, 1);
        stop();
    }
}

static void what_is_too_large_goes_through(void **state)
{
    static char text[1502];
    (void)state;
    for (int in_pieces = 0; in_pieces <= 1; in_pieces++) {
        start();
        memset(text, 'x', 1001);
        set_page("Cache-Control", "max-age=60");
        page.text = text;
        page.in_pieces = in_pieces;
        yoke_expect_text(get(), 200, text);
        yoke_expect_text(get(), 200, text);
        assert_int_equal(page.calls, 2);
        stop();
        close_store(store);
        store = open_store_at("memory:");
    }
}

/* RFC 9110 section 9.3.2; RFC 9111 section 4. */
static void head_is_answered_from_what_get_left(void **state)
{
    (void)state;
    start();
    set_page("Cache-Control", "max-age=60");
    yoke_tr *r = ask("HEAD", "/", NULL, NULL);
    yoke_expect_header(r, "Cache-Status", "yoke; fwd=uri-miss");
    assert_int_equal(page.calls, 1);
    get();
    assert_int_equal(page.calls, 2); /* HEAD has left nothing. */
    r = ask("HEAD", "/", NULL, NULL);
    assert_true(is_hit(r));
    yoke_expect_header(r, "Content-Length", "1");
    yoke_expect_body(r, "");
    stop();
}

static void pages_are_told_apart(void **state)
{
    (void)state;
    start();
    set_page("Cache-Control", "max-age=60");
    yoke_expect_body(ask("GET", "/a?x=1", NULL, NULL), "1");
    yoke_expect_body(ask("GET", "/a?x=2", NULL, NULL), "2");
    yoke_expect_body(ask("GET", "/a?x=1", "Host", "another"), "3");
    yoke_expect_body(ask("GET", "/a?x=1", "Host", "ANOTHER"), "3");
    yoke_expect_body(ask("GET", "/a?x=1", NULL, NULL), "1");
    stop();
}

/* ---- The request (section 5.2.1) ---- */

static void the_request_is_heard(void **state)
{
    static const struct {
        const char *name, *value;
        const char *body, *status;
    } cases[] = {
        {"Cache-Control", "no-cache", "2", "yoke; fwd=request; stored"},
        {"Cache-Control", "max-age=0", "2", "yoke; fwd=request; stored"},
        {"Cache-Control", "max-age=19", "2", "yoke; fwd=request; stored"},
        {"Cache-Control", "max-age=20", "1", "yoke; hit; ttl=40"},
        {"Cache-Control", "min-fresh=40", "2", "yoke; fwd=request; stored"},
        {"Cache-Control", "min-fresh=39", "1", "yoke; hit; ttl=40"},
        {"Cache-Control", "no-store", "2", "yoke; fwd=request"},
        {"Cache-Control", "only-if-cached", "1", "yoke; hit; ttl=40"},
        {"Cache-Control", "max-stale", "1", "yoke; hit; ttl=40"},
        {"Pragma", "no-cache", "2", "yoke; fwd=request; stored"}, /* 5.4 */
        {"Range", "bytes=0-0", "2", "yoke; fwd=bypass"},
        {"If-Match", "\"x\"", "2", "yoke; fwd=bypass"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        start();
        set_page("Cache-Control", "max-age=60");
        const char *path = path_of(i);
        ask("GET", path, NULL, NULL);
        clock_ms += 20000;
        yoke_tr *r = ask("GET", path, cases[i].name, cases[i].value);
        yoke_expect_body(r, cases[i].body);
        yoke_expect_header(r, "Cache-Status", cases[i].status);
        /* What was made anew is kept, unless that was not to be. */
        bool is_new = strstr(cases[i].status, "stored");
        yoke_expect_body(ask("GET", path, NULL, NULL), is_new ? "2" : "1");
        stop();
    }
}

/* Section 5.2.1.7; also where the cache would not look at such a request. */
static void only_if_cached_is_504_when_it_is_not(void **state)
{
    static const struct {
        const char *control, *range;
    } cases[] = {
        {"only-if-cached", NULL},
        {"only-if-cached, no-store", NULL},
        {"only-if-cached", "bytes=0-0"},
    };
    (void)state;
    start();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        yoke_tr *r = yoke_test_get(t, "/");
        yoke_tr_set(r, "Cache-Control", cases[i].control);
        if (cases[i].range)
            yoke_tr_set(r, "Range", cases[i].range);
        yoke_expect_status(r, 504);
        yoke_expect_header(r, "Cache-Status",
                           "yoke; hit=?0; detail=only-if-cached");
    }
    assert_int_equal(page.calls, 0);
    stop();
}

/* Section 5.2.1.2: what is old, if the answer allows that at all. */
static void max_stale_takes_what_is_old(void **state)
{
    static const struct {
        const char *answer, *request;
        bool is_taken;
    } cases[] = {
        {"max-age=60, stale-if-error=600", "max-stale", true},
        {"max-age=60, stale-if-error=600", "max-stale=10", true},
        {"max-age=60, stale-if-error=600", "max-stale=9", false},
        {"max-age=60, stale-if-error=600", "max-stale=0", false},
        {"max-age=60, stale-if-error=600", "max-stale, max-age=70", true},
        {"max-age=60, stale-if-error=600", "max-stale, max-age=69", false},
        {"max-age=60, stale-if-error=600", "max-stale, min-fresh=1", false},
        {"max-age=60, stale-if-error=600", "max-stale, no-cache", false},
        {"max-age=60, stale-while-revalidate=30", "max-stale=20", true},
        {"max-age=60, stale-if-error=600, must-revalidate", "max-stale", false},
        {"max-age=60", "max-stale", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        start();
        set_page("Cache-Control", cases[i].answer);
        const char *path = path_of(i);
        ask("GET", path, NULL, NULL);
        clock_ms += 70000;
        yoke_tr *r = ask("GET", path, "Cache-Control", cases[i].request);
        yoke_expect_body(r, cases[i].is_taken ? "1" : "2");
        if (cases[i].is_taken)
            yoke_expect_header(r, "Cache-Status", "yoke; hit; ttl=-10");
        stop();
    }
}

static void the_request_can_be_ignored(void **state)
{
    (void)state;
    start_with((struct yoke_http_cache_options){.ignores_requests = true,
                                                .no_status = true});
    set_page("Cache-Control", "max-age=60");
    get();
    yoke_tr *r = ask("GET", "/", "Cache-Control", "no-cache, no-store");
    yoke_expect_body(r, "1");
    yoke_expect_no_header(r, "Cache-Status");
    stop();
}

/* ---- Many at a time ---- */

static void of_many_one_reaches_the_handler(void **state)
{
    yoke_tr *all[5];
    (void)state;
    start();
    set_page("Cache-Control", "max-age=60");
    page.holds = true;
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        all[i] = yoke_test_get(t, "/");
        yoke_tr_send(all[i]);
    }
    run_turns();
    assert_int_equal(page.calls, 1);
    answer_page(page.held);
    for (size_t i = 0; i < COUNT_OF(all); i++)
        yoke_expect_text(all[i], 200, "1");
    yoke_expect_header(all[4], "Cache-Status", "yoke; fwd=uri-miss; collapsed");
    assert_int_equal(page.calls, 1);
    stop();
}

static void an_answer_for_one_is_nobody_elses(void **state)
{
    yoke_tr *all[3];
    (void)state;
    start();
    set_page("Cache-Control", "private");
    page.holds = true;
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        all[i] = yoke_test_get(t, "/");
        yoke_tr_send(all[i]);
    }
    run_turns();
    assert_int_equal(page.calls, 1);
    page.holds = false;
    answer_page(page.held);
    run_turns();
    assert_int_equal(page.calls, 3); /* Each has his own. */
    for (size_t i = 0; i < COUNT_OF(all); i++)
        yoke_expect_status(all[i], 200);
    stop();
}

/* The one whose answer they wait for is reset. */
static void who_waits_does_not_wait_for_ever(void **state)
{
    (void)state;
    start();
    set_page("Cache-Control", "max-age=60");
    page.holds = true;
    yoke_tr *first = yoke_test_get(t, "/"), *second = yoke_test_get(t, "/");
    yoke_tr_send(first);
    yoke_tr_send(second);
    run_turns();
    yoke_tr_reset(first);
    run_turns();
    yoke_res *held = page.held;
    page.holds = false;
    answer_page(held);
    yoke_expect_status(second, 200);
    stop();
}

/* What was given up is not everybody's own affair from then on. */
static void after_a_reset_one_computes_again(void **state)
{
    (void)state;
    start();
    set_page("Cache-Control", "max-age=60");
    page.holds = page.in_pieces = true; /* Which come to nothing then. */
    yoke_tr *first = yoke_test_get(t, "/");
    yoke_tr_send(first);
    run_turns();
    yoke_tr_reset(first);
    run_turns();
    answer_page(page.held);
    page.holds = false;
    ask("GET", "/another", NULL, NULL); /* The first is over. */
    page.holds = true;
    yoke_tr *second = yoke_test_get(t, "/"), *third = yoke_test_get(t, "/");
    yoke_tr_send(second);
    yoke_tr_send(third);
    run_turns();
    assert_int_equal(page.calls, 3);
    answer_page(page.held);
    yoke_expect_text(second, 200, "3");
    yoke_expect_text(third, 200, "3");
    stop();
}

/* RFC 9211 section 2: a token, or a string in quotes. */
static void the_cache_has_a_name(void **state)
{
    static const char *const names[][2] = {
        {"edge.example", "edge.example; fwd=uri-miss"},
        {"my cache", "\"my cache\"; fwd=uri-miss"},
        {"a\"b\\c", "\"a\\\"b\\\\c\"; fwd=uri-miss"},
        {"1st", "\"1st\"; fwd=uri-miss"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        start_with(
            (struct yoke_http_cache_options){.status_name = names[i][0]});
        yoke_expect_header(get(), "Cache-Status", names[i][1]);
        stop();
    }
}

static void errors_pass(void **state)
{
    (void)state;
    start();
    set_page("Cache-Control", "a\nb"); /* Makes it a 500. */
    yoke_expect_status(get(), 500);
    yoke_expect_status(get(), 500);
    assert_int_equal(page.calls, 2);
    stop();
}

static const char *no_key(yoke_req *req, void *data)
{
    (void)data;
    return yoke_req_query(req, "key");
}

static void a_function_may_say_the_key(void **state)
{
    (void)state;
    start_with((struct yoke_http_cache_options){.key = no_key});
    set_page("Cache-Control", "max-age=60");
    ask("GET", "/a?key=one", NULL, NULL);
    assert_true(is_hit(ask("GET", "/b?key=one", NULL, NULL)));
    yoke_expect_header(ask("GET", "/c", NULL, NULL), "Cache-Status",
                       "yoke; fwd=bypass");
    ask("POST", "/d?key=one", NULL, NULL);
    assert_false(is_hit(ask("GET", "/a?key=one", NULL, NULL)));
    stop();
}

static void without_a_cache_all_pass(void **state)
{
    yoke_app *app = yoke_app_new();
    (void)state;
    memset(&page, 0, sizeof(page));
    yoke_app_use(app, yoke_http_cache());
    yoke_app_use(app, handle);
    t = yoke_test_new(app);
    yoke_expect_text(yoke_test_get(t, "/"), 200, "1");
    yoke_test_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(an_answer_is_the_one_that_was_kept),
        WITH_STORE(answers_of_any_form_are_kept),
        WITH_STORE(what_is_too_large_goes_through),
        WITH_STORE(head_is_answered_from_what_get_left),
        WITH_STORE(pages_are_told_apart),
        WITH_STORE(the_request_is_heard),
        WITH_STORE(only_if_cached_is_504_when_it_is_not),
        WITH_STORE(max_stale_takes_what_is_old),
        WITH_STORE(the_request_can_be_ignored),
        WITH_STORE(of_many_one_reaches_the_handler),
        WITH_STORE(an_answer_for_one_is_nobody_elses),
        WITH_STORE(who_waits_does_not_wait_for_ever),
        WITH_STORE(after_a_reset_one_computes_again),
        WITH_STORE(the_cache_has_a_name),
        WITH_STORE(errors_pass),
        WITH_STORE(a_function_may_say_the_key),
        WITH_STORE(without_a_cache_all_pass),
    };
    yoke_log_set_level(YOKE_LOG_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
