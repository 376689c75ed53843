/* A cache of answers: when an old one is answered (RFC 9111 section 4.2.4, RFC
 * 5861). */
#include "http_cache.h"

static void an_old_answer_is_answered_while_one_renews_it(void **state)
{
    (void)state;
    start();
    set_page("Cache-Control", "max-age=60, stale-while-revalidate=30");
    get();
    clock_ms += 70000;
    page.holds = true;
    yoke_tr *first = yoke_test_get(t, "/");
    yoke_tr_send(first);
    run_turns();
    assert_int_equal(page.calls, 2);
    yoke_tr *second = get();
    yoke_expect_text(second, 200, "1");
    yoke_expect_header(second, "Cache-Status", "yoke; hit; ttl=-10");
    yoke_expect_header(second, "Age", "70");
    answer_page(page.held);
    yoke_expect_text(first, 200, "2");
    yoke_expect_header(first, "Cache-Status", "yoke; fwd=stale; stored");
    run_turns();
    yoke_expect_text(get(), 200, "2");
    assert_int_equal(page.calls, 2);
    stop();
}

static void some_are_never_answered_old(void **state)
{
    static const char *const fields[] = {
        "max-age=60, stale-while-revalidate=30, must-revalidate",
        "max-age=60, stale-while-revalidate=30, proxy-revalidate",
        "s-maxage=60, stale-while-revalidate=30",
        "max-age=60",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        start();
        set_page("Cache-Control", fields[i]);
        const char *path = path_of(i);
        ask("GET", path, NULL, NULL);
        clock_ms += 70000;
        yoke_expect_body(ask("GET", path, NULL, NULL), "2");
        stop();
    }
}

/* RFC 5861 section 4: what would be an error of the server's is the answer that
 * was there, and the next try waits for a second. */
static void an_old_answer_helps_when_there_is_an_error(void **state)
{
    static const struct {
        int status;
        const char *text;
        bool in_pieces;
        bool helps;
    } cases[] = {
        {500, NULL, false, true},  {502, "", false, true},
        {503, "no", true, true},   {504, NULL, false, true},
        {501, "no", false, false}, {404, "no", false, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        start();
        set_page("Cache-Control", "max-age=60, stale-if-error=600");
        set_page("Content-Type", "text/x-own");
        const char *path = path_of(i);
        ask("GET", path, NULL, NULL);
        clock_ms += 70000;
        memset(page.fields, 0, sizeof(page.fields));
        set_page("X-Error", "yes");
        page.status = cases[i].status;
        page.text = cases[i].text;
        page.in_pieces = cases[i].in_pieces;
        yoke_tr *r = ask("GET", path, NULL, NULL);
        assert_int_equal(page.calls, 2);
        yoke_expect_status(r, cases[i].helps ? 200 : cases[i].status);
        if (cases[i].helps) {
            yoke_expect_body(r, "1");
            yoke_expect_header(r, "Content-Type", "text/x-own");
            yoke_expect_header(r, "Age", "70");
            char status[80];
            snprintf(status, sizeof(status),
                     "yoke; fwd=stale; fwd-status=%d; detail=stale-if-error",
                     cases[i].status);
            yoke_expect_header(r, "Cache-Status", status);
            yoke_expect_no_header(r, "X-Error");
            yoke_expect_body(ask("GET", path, NULL, NULL), "1");
            assert_int_equal(page.calls, 2);
            clock_ms += 1100;
            yoke_expect_body(ask("GET", path, NULL, NULL), "1");
            assert_int_equal(page.calls, 3);
        }
        stop();
    }
}

static void some_errors_are_told(void **state)
{
    static const struct {
        const char *answer, *request;
        int later_s;
        int status;
    } cases[] = {
        {"max-age=60, stale-if-error=600", NULL, 659, 200},
        {"max-age=60, stale-if-error=600", NULL, 661, 503},
        {"max-age=0, stale-if-error=600", NULL, 1, 200},
        {"max-age=60, stale-if-error=600", "max-age=0", 1, 200},
        {"max-age=60, stale-if-error=600", "no-cache", 1, 503},
        /* The request's goes before the answer's, for what is there. */
        {"max-age=60, stale-if-error=600", "stale-if-error=11", 70, 200},
        {"max-age=60, stale-if-error=600", "stale-if-error=9", 70, 503},
        {"max-age=60, stale-if-error=600", "stale-if-error=0", 70, 503},
        {"max-age=60, stale-if-error=9, stale-while-revalidate=30",
         "max-age=0, stale-if-error=11", 70, 200},
        {"max-age=60, stale-while-revalidate=30", "stale-if-error=9", 70, 503},
        {"max-age=60, stale-while-revalidate=30", "stale-if-error", 70, 503},
        {"max-age=60, must-revalidate", "stale-if-error=600", 70, 503},
        {"max-age=60, stale-if-error=600", "no-cache, stale-if-error=99", 1,
         503},
        {"max-age=60, stale-if-error=600, must-revalidate", NULL, 70, 503},
        {"max-age=60, stale-if-error=600, proxy-revalidate", NULL, 70, 503},
        {"s-maxage=60, stale-if-error=600", NULL, 70, 503},
        {"max-age=60, stale-while-revalidate=30", "max-age=0", 70, 503},
        {"max-age=60", NULL, 70, 503},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        start();
        set_page("Cache-Control", cases[i].answer);
        const char *path = path_of(i);
        ask("GET", path, NULL, NULL);
        clock_ms += (uint64_t)cases[i].later_s * 1000;
        memset(page.fields, 0, sizeof(page.fields));
        page.status = 503;
        yoke_tr *r = ask("GET", path, cases[i].request ? "Cache-Control" : NULL,
                         cases[i].request);
        yoke_expect_status(r, cases[i].status);
        assert_int_equal(page.calls, 2);
        stop();
    }
}

/* Those who wait get it, too, and a variant is like any page. */
static void an_old_answer_helps_all_who_wait(void **state)
{
    yoke_tr *all[3];
    (void)state;
    start();
    set_page("Cache-Control", "max-age=60, stale-if-error=600");
    set_page("Vary", "X-Kind");
    ask("GET", "/", "X-Kind", "a");
    clock_ms += 70000;
    page.holds = true;
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        all[i] = yoke_test_get(t, "/");
        yoke_tr_set(all[i], "X-Kind", "a");
        yoke_tr_send(all[i]);
    }
    run_turns();
    page.status = 500;
    answer_page(page.held);
    for (size_t i = 0; i < COUNT_OF(all); i++)
        yoke_expect_text(all[i], 200, "1");
    assert_int_equal(page.calls, 2);
    stop();
}

/* A renewal that its client has given up is nobody's reason to lose it. */
static void an_old_answer_outlives_a_reset(void **state)
{
    (void)state;
    start();
    set_page("Cache-Control", "max-age=60, stale-if-error=600");
    get();
    clock_ms += 70000;
    page.holds = true;
    yoke_tr *first = yoke_test_get(t, "/");
    yoke_tr_send(first);
    run_turns();
    yoke_tr_reset(first);
    run_turns();
    page.status = 503;
    answer_page(page.held);
    run_turns();
    page.holds = false;
    yoke_expect_text(get(), 200, "1");
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(an_old_answer_is_answered_while_one_renews_it),
        WITH_STORE(some_are_never_answered_old),
        WITH_STORE(an_old_answer_helps_when_there_is_an_error),
        WITH_STORE(some_errors_are_told),
        WITH_STORE(an_old_answer_helps_all_who_wait),
        WITH_STORE(an_old_answer_outlives_a_reset),
    };
    yoke_log_set_level(YOKE_LOG_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
