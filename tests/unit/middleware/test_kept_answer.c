/* Answers as they are kept: which fields, their age and date, and to whom 304 is
 * enough; each rule with its section of RFC 9111. */
#include "http_cache.h"

/* Section 4.3.2. */
static void a_copy_that_is_good_is_304(void **state)
{
    (void)state;
    start();
    set_page("Cache-Control", "max-age=60");
    set_page("ETag", "\"v1\"");
    /* What the handler makes is kept whole, for the others. */
    yoke_expect_text(ask("GET", "/", "If-None-Match", "\"v1\""), 200, "1");
    yoke_tr *r = ask("GET", "/", "If-None-Match", "\"v1\"");
    yoke_expect_status(r, 304);
    yoke_expect_header(r, "ETag", "\"v1\"");
    yoke_expect_header(r, "Age", "0");
    yoke_expect_header(r, "Cache-Control", "max-age=60");
    yoke_expect_text(ask("GET", "/", "If-None-Match", "\"v2\""), 200, "1");
    assert_int_equal(page.calls, 1);
    stop();
}

/* Section 4.3.2; RFC 9110 sections 13.1.2, 13.1.3 and 13.2. */
static void conditions_are_judged(void **state)
{
    static const struct {
        const char *field[2]; /* Of the page. */
        const char *none_match, *since;
        int status, expected;
    } cases[] = {
        {{NULL}, "*", NULL, 200, 304},
        {{NULL}, " * ", NULL, 204, 304},
        {{NULL}, "*", NULL, 404, 404},
        {{NULL}, "\"v1\"", NULL, 200, 200},
        {{"ETag", "\"v1\""}, "\"v0\", W/\"v1\"", NULL, 200, 304},
        {{"ETag", "\"v1\""},
         "\"v0\"",
         "Sun, 06 Nov 1994 08:49:37 GMT",
         200,
         200},
        {{"ETag", "\"v1\""},
         "\"v1\"",
         "Sun, 06 Nov 1994 08:49:36 GMT",
         200,
         304},
        /* Without Last-Modified its own Date counts. */
        {{NULL}, NULL, "Sun, 06 Nov 1994 08:49:37 GMT", 200, 304},
        {{NULL}, NULL, "Sunday, 06-Nov-94 08:49:40 GMT", 200, 304},
        {{NULL}, NULL, "Sun, 06 Nov 1994 08:49:36 GMT", 200, 200},
        {{NULL}, NULL, "Sun, 06 Nov 1994 08:59:37 GMT", 200, 200}, /* To come */
        {{NULL}, NULL, "yesterday", 200, 200},
        {{NULL}, NULL, "Sun, 06 Nov 1994 08:49:37 GMT", 404, 404},
        {{"Last-Modified", "Sat, 05 Nov 1994 00:00:00 GMT"},
         NULL,
         "Sat, 05 Nov 1994 00:00:00 GMT",
         200,
         304},
        {{"Last-Modified", "Sat, 05 Nov 1994 00:00:00 GMT"},
         NULL,
         "Fri, 04 Nov 1994 00:00:00 GMT",
         200,
         200},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        start();
        set_page("Cache-Control", "max-age=600");
        page.status = cases[i].status;
        page.text = cases[i].status == 204 ? "" : NULL;
        if (cases[i].field[0])
            set_page(cases[i].field[0], cases[i].field[1]);
        const char *path = path_of(i);
        ask("GET", path, NULL, NULL);
        clock_ms += 20000;
        yoke_test_clock(t, 20000);
        yoke_tr *r = yoke_test_get(t, path);
        if (cases[i].none_match)
            yoke_tr_set(r, "If-None-Match", cases[i].none_match);
        if (cases[i].since)
            yoke_tr_set(r, "If-Modified-Since", cases[i].since);
        yoke_expect_status(r, cases[i].expected);
        assert_true(is_hit(r));
        assert_int_equal(page.calls, 1);
        stop();
    }
}

/* Sections 3.1 and 4.2.3: of Date and Age every cache behind this one makes the
 * same. */
static void the_date_is_the_answers_own(void **state)
{
    static const char then[] = "Sun, 06 Nov 1994 08:49:37 GMT";
    (void)state;
    start();
    set_page("Cache-Control", "max-age=60, stale-if-error=600");
    set_page("ETag", "\"v1\"");
    yoke_expect_header(get(), "Date", then);
    clock_ms += 20000;
    yoke_test_clock(t, 20000);
    yoke_tr *r = get();
    yoke_expect_header(r, "Date", then);
    yoke_expect_header(r, "Age", "20");
    yoke_expect_header(ask("HEAD", "/", NULL, NULL), "Date", then);
    r = ask("GET", "/", "If-None-Match", "\"v1\"");
    yoke_expect_status(r, 304);
    yoke_expect_header(r, "Date", then);
    /* In place of an error, too; what is made anew has a new one. */
    clock_ms += 60000;
    yoke_test_clock(t, 60000);
    page.status = 503;
    yoke_expect_header(get(), "Date", then);
    page.status = 200;
    r = ask("GET", "/", "Cache-Control", "no-cache");
    yoke_expect_header(r, "Date", "Sun, 06 Nov 1994 08:50:57 GMT");
    stop();
}

/* By another version of the program, or by somebody else. */
static void what_cannot_be_read_is_made_anew(void **state)
{
    (void)state;
    start();
    set_page("Cache-Control", "max-age=60");
    yoke_cache_put(cache, "http://test/", "Axyz", 4, NULL, NULL);
    run_turns();
    yoke_expect_text(get(), 200, "1");
    yoke_expect_text(get(), 200, "1");
    assert_int_equal(page.calls, 1);
    stop();
}

/* Section 4.2.3: of an answer from elsewhere that was kept there, too. */
static void age_goes_on_from_where_it_was(void **state)
{
    (void)state;
    start();
    set_page("Cache-Control", "max-age=60");
    set_page("Age", "30");
    get();
    clock_ms += 20000;
    yoke_tr *r = get();
    yoke_expect_header(r, "Age", "50");
    yoke_expect_header(r, "Cache-Status", "yoke; hit; ttl=10");
    /* Section 5.2.1.1. */
    assert_false(is_hit(ask("GET", "/", "Cache-Control", "max-age=49")));
    stop();
}

/* Section 3.1: they are about a connection, or a proxy. */
static void some_fields_are_not_kept(void **state)
{
    static const char *const names[] = {"Keep-Alive", "Proxy-Connection",
                                        "Upgrade", "Proxy-Authenticate",
                                        "Proxy-Authentication-Info"};
    (void)state;
    start();
    set_page("Cache-Control", "max-age=60");
    for (size_t i = 0; i < COUNT_OF(names); i++)
        set_page(names[i], "x");
    yoke_expect_header(get(), names[0], "x");
    yoke_tr *r = get();
    assert_true(is_hit(r));
    for (size_t i = 0; i < COUNT_OF(names); i++)
        yoke_expect_no_header(r, names[i]);
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(a_copy_that_is_good_is_304),
        WITH_STORE(conditions_are_judged),
        WITH_STORE(the_date_is_the_answers_own),
        WITH_STORE(what_cannot_be_read_is_made_anew),
        WITH_STORE(age_goes_on_from_where_it_was),
        WITH_STORE(some_fields_are_not_kept),
    };
    yoke_log_set_level(YOKE_LOG_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
