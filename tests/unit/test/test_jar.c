/* Who may set a cookie, to whom it is sent, and when it ends. */
#include "../unit.h"

#include <errno.h>
#include <string.h>

#include "test/bytes.h"
#include "test/jar.h"

#define NOW 784111777

static struct yk_jar jar;

static int set_up(void **state)
{
    (void)state;
    yk_jar_init(&jar);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    yk_jar_done(&jar);
    return 0;
}

/* "host/path", https if it begins with "s:". */
static struct yk_jar_url url(const char *text, int64_t now_s)
{
    struct yk_jar_url where = {.now_s = now_s};
    where.is_https = strncmp(text, "s:", 2) == 0;
    text += where.is_https ? 2 : 0;
    where.host = (struct yk_slice){text, strcspn(text, "/")};
    where.path = yk_slice_of(text + where.host.len);
    return where;
}

static int store(const char *from, const char *field)
{
    struct yk_jar_url where = url(from, NOW);
    return yk_jar_store(&jar, yk_slice_of(field), &where);
}

static void assert_sent_at(const char *to, int64_t now_s, const char *expected)
{
    struct yk_jar_url where = url(to, now_s);
    struct yk_bytes out = {0};
    yk_jar_add(&jar, &where, &out);
    assert_string_equal(yk_bytes_text(&out), expected);
    yk_bytes_done(&out);
}

static void assert_sent(const char *to, const char *expected)
{
    assert_sent_at(to, NOW, expected);
}

static void sends_only_to_those_who_may_have_it(void **state)
{
    static const struct {
        const char *from, *field, *to;
        bool is_sent;
    } rows[] = {
        /* Hosts. */
        {"a.com/", "x=1", "a.com/", true},
        {"a.com/", "x=1", "A.COM/", true},
        {"a.com/", "x=1", "b.a.com/", false},
        {"a.com/", "x=1; Domain=a.com", "b.a.com/", true},
        {"a.com/", "x=1; Domain=.a.com", "c.b.a.com/", true},
        {"a.com/", "x=1; Domain=a.com", "ba.com/", false},
        {"b.a.com/", "x=1; Domain=a.com", "a.com/", true},
        {"127.0.0.1/", "x=1", "127.0.0.1/", true},
        {"test/", "x=1; Domain=test", "test/", true},
        /* Paths. */
        {"a.com/", "x=1; Path=/p", "a.com/p", true},
        {"a.com/", "x=1; Path=/p", "a.com/p/q", true},
        {"a.com/", "x=1; Path=/p", "a.com/pq", false},
        {"a.com/", "x=1; Path=/p/", "a.com/p/q", true},
        {"a.com/", "x=1; Path=/p/", "a.com/p", false},
        {"a.com/", "x=1; Path=/P", "a.com/p", false},
        {"a.com/", "x=1; Path=p", "a.com/q", true},
        {"a.com/p/q", "x=1", "a.com/p/r", true},
        {"a.com/p/q", "x=1", "a.com/p", true},
        {"a.com/p/q", "x=1", "a.com/", false},
        {"a.com/p", "x=1", "a.com/r", true},
        /* Secure. */
        {"a.com/", "x=1; Secure", "a.com/", false},
        {"a.com/", "x=1; Secure", "s:a.com/", true},
        {"s:a.com/", "x=1", "a.com/", true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        yk_jar_clear(&jar);
        assert_int_equal(store(rows[i].from, rows[i].field), 0);
        assert_sent(rows[i].to, rows[i].is_sent ? "x=1" : "");
    }
}

static void refuses_cookies_for_others(void **state)
{
    static const char *const rows[][2] = {
        {"a.com/", "x=1; Domain=b.com"}, {"a.com/", "x=1; Domain=b.a.com"},
        {"a.com/", "x=1; Domain=com"},   {"1.2.3.4/", "x=1; Domain=3.4"},
        {"[::1]/", "x=1; Domain=a.com"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_int_equal(store(rows[i][0], rows[i][1]), -EPERM);
    assert_int_equal(store("a.com/", "nonsense"), -EINVAL);
    assert_sent("a.com/", "");
}

static void sends_longer_paths_and_older_cookies_first(void **state)
{
    (void)state;
    store("a.com/", "a=1; Path=/");
    store("a.com/", "b=2; Path=/p/q");
    store("a.com/", "c=3; Path=/p");
    store("a.com/", "d=4; Path=/p");
    store("a.com/", "a=5; Path=/"); /* It keeps its age. */
    store("a.com/", "e=6; Path=/");
    assert_sent("a.com/p/q", "b=2; c=3; d=4; a=5; e=6");
}

static void replaces_by_name_domain_and_path(void **state)
{
    (void)state;
    store("a.com/", "x=1; Path=/");
    store("a.com/", "x=2; Path=/p");
    store("a.com/", "x=3; Path=/; Domain=a.com");
    assert_sent("a.com/p", "x=2; x=3");
    store("a.com/", "x=4; Path=/p");
    assert_sent("a.com/p", "x=4; x=3");
}

static void forgets_what_is_cleared_or_has_ended(void **state)
{
    (void)state;
    store("a.com/", "x=1");
    store("a.com/", "y=1; Max-Age=10");
    store("a.com/", "z=1; Expires=Sun, 06 Nov 1994 08:49:57 GMT");
    assert_sent_at("a.com/", NOW + 9, "x=1; y=1; z=1");
    assert_sent_at("a.com/", NOW + 10, "x=1; z=1");
    store("a.com/", "x=; Max-Age=0");
    assert_sent_at("a.com/", NOW + 19, "z=1");
    assert_sent_at("a.com/", NOW + 20, "");
    assert_int_equal(store("a.com/", "gone=1; Max-Age=0"), 0);
    assert_sent("a.com/", "");
}

static void leaves_out_names_that_are_given(void **state)
{
    struct yk_jar_url where = url("a.com/", NOW);
    struct yk_bytes out = {0};
    (void)state;
    store("a.com/", "a=1");
    store("a.com/", "bb=2");
    yk_bytes_add(&out, "b=0; a=9");
    yk_jar_add(&jar, &where, &out);
    assert_string_equal(out.ptr, "b=0; a=9; bb=2");
    yk_bytes_done(&out);
}

static void finds_a_value(void **state)
{
    struct yk_jar_url where = url("a.com/p", NOW);
    (void)state;
    store("a.com/", "x=1; Path=/");
    store("a.com/", "x=2; Path=/p");
    assert_string_equal(yk_jar_find(&jar, &where, "x"), "2");
    assert_null(yk_jar_find(&jar, &where, "y"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sends_only_to_those_who_may_have_it),
        TEST(refuses_cookies_for_others),
        TEST(sends_longer_paths_and_older_cookies_first),
        TEST(replaces_by_name_domain_and_path),
        TEST(forgets_what_is_cleared_or_has_ended),
        TEST(leaves_out_names_that_are_given),
        TEST(finds_a_value),
    };
    return cmocka_run_group_tests_name("jar", tests, NULL, NULL);
}
