/* Variants of a page (RFC 9111 section 4.1). */
#include "http_cache.h"

/* ---- Vary (section 4.1) ---- */

static void variants_are_told_apart(void **state)
{
    static const struct {
        const char *vary, *name;
        const char *first, *second; /* NULL: without the field. */
        bool is_same;
    } cases[] = {
        {"Accept-Language", "Accept-Language", "de", "en", false},
        {"Accept-Language", "Accept-Language", "de, en", "DE,en", true},
        {"accept-language", "Accept-Language", "de", NULL, false},
        {"X-Kind", "X-Kind", "a", "A", false},
        {"X-Kind", "X-Kind", "a b", "ab", true},
        {"X-Kind", "X-Kind", "", NULL, false},
        {"Accept-Encoding", "Accept-Encoding", "gzip, deflate, br",
         "br;q=1, gzip;q=1.0", true},
        {"Accept-Encoding", "Accept-Encoding", "gzip", "identity", false},
        {"Accept-Encoding", "Accept-Encoding", "identity", NULL, true},
        {"X-Kind", "X-Other", "a", "b", true},
        {"X-A, X-Kind", "X-Kind", "a", "b", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        start();
        set_page("Cache-Control", "max-age=60");
        set_page("Vary", cases[i].vary);
        const char *path = path_of(i);
        const char *name = cases[i].name;
        yoke_expect_body(ask("GET", path, name, cases[i].first), "1");
        yoke_tr *r =
            ask("GET", path, cases[i].second ? name : NULL, cases[i].second);
        if (is_hit(r) != cases[i].is_same)
            yoke_tr_fail(r, "case %zu", i);
        yoke_tr *again = ask("GET", path, name, cases[i].first);
        yoke_expect_body(again, "1");
        assert_true(is_hit(again));
        if (!cases[i].is_same)
            yoke_expect_header(r, "Cache-Status",
                               "yoke; fwd=vary-miss; stored");
        stop();
    }
}

static void there_may_be_so_many_variants(void **state)
{
    (void)state;
    start_with((struct yoke_http_cache_options){.max_variants = 2});
    set_page("Cache-Control", "max-age=60");
    set_page("Vary", "X-Kind");
    const char *kinds[] = {"a", "b", "c"};
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < COUNT_OF(kinds); i++) {
            yoke_tr *r = ask("GET", "/", "X-Kind", kinds[i]);
            assert_int_equal(is_hit(r), round == 1 && i < 2);
        }
    assert_int_equal(page.calls, 4);
    stop();
}

static void what_it_depends_on_may_grow(void **state)
{
    (void)state;
    start();
    set_page("Cache-Control", "max-age=60");
    set_page("Vary", "X-Kind");
    ask("GET", "/", "X-Kind", "a");
    page.fields[1][1] = "X-Kind, X-More";
    ask("GET", "/", "X-Kind", "b");
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_tr_set(r, "X-Kind", "b");
    yoke_tr_set(r, "X-More", "1");
    yoke_expect_body(r, "3");
    run_turns();
    assert_true(is_hit(ask("GET", "/", "X-Kind", "b")));
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(variants_are_told_apart),
        WITH_STORE(there_may_be_so_many_variants),
        WITH_STORE(what_it_depends_on_may_grow),
    };
    yoke_log_set_level(YOKE_LOG_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
