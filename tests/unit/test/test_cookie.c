/* Set-Cookie, as browsers read it (RFC 6265 section 5). */
#include "../unit.h"

#include <errno.h>
#include <stdbool.h>

#include "test/cookie.h"

#define NOW 784111777

static void assert_slice(struct yk_slice slice, const char *text)
{
    if (!text) {
        assert_null(slice.ptr);
        return;
    }
    assert_int_equal(slice.len, strlen(text));
    assert_memory_equal(slice.ptr, text, slice.len);
}

static void reads_names_and_values(void **state)
{
    static const struct {
        const char *field, *name, *value; /* NULL: no cookie. */
    } rows[] = {
        {"a=b", "a", "b"},
        {" a = b ;Path=/", "a", "b"},
        {"a=", "a", ""},
        {"a=b=c", "a", "b=c"},
        {"a=\"b c\"", "a", "\"b c\""},
        {"a", NULL, NULL},
        {"=b", NULL, NULL},
        {"", NULL, NULL},
        {";a=b", NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct yk_cookie cookie;
        int err = yk_cookie_parse(&cookie, yk_slice_of(rows[i].field), NOW);
        assert_int_equal(err, rows[i].name ? 0 : -EINVAL);
        if (err < 0)
            continue;
        assert_slice(cookie.name, rows[i].name);
        assert_slice(cookie.value, rows[i].value);
    }
}

static void reads_attributes(void **state)
{
    struct yk_cookie c;
    (void)state;
    assert_int_equal(
        yk_cookie_parse(&c,
                        YK_LIT("a=b; DOMAIN=.Example.com; path = /x ;secure;"
                               "HttpOnly; SameSite=Strict; Partitioned;"
                               " Priority=Low; Max-Age=10; Unknown=1"),
                        NOW),
        0);
    assert_slice(c.domain, "Example.com");
    assert_slice(c.path, "/x");
    assert_slice(c.same_site, "Strict");
    assert_slice(c.priority, "Low");
    assert_slice(c.expires, NULL);
    assert_true(c.is_secure && c.is_http_only && c.is_partitioned);
    assert_true(c.is_persistent && !c.is_cleared);
    assert_int_equal(c.lifetime_s, 10);
    assert_int_equal(c.expires_s, NOW + 10);
}

static void finds_the_end_of_a_cookie(void **state)
{
    static const struct {
        const char *field;
        bool is_persistent, is_cleared;
        int64_t expires_s;
    } rows[] = {
        {"a=b", false, false, 0},
        {"a=b; Max-Age=0", true, true, NOW},
        {"a=b; Max-Age=-5", true, true, NOW - 5},
        {"a=b; Max-Age=1", true, false, NOW + 1},
        {"a=b; Max-Age=x", false, false, 0},
        {"a=b; Max-Age=", false, false, 0},
        {"a=b; Max-Age=99999999999", true, false, (int64_t)NOW + INT32_MAX},
        {"a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT", true, true, 0},
        {"a=b; Expires=Sun, 06 Nov 1994 08:49:38 GMT", true, false, NOW + 1},
        {"a=b; Expires=never", false, false, 0},
        /* Max-Age goes before. */
        {"a=b; Max-Age=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", true, false,
         NOW + 1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct yk_cookie c;
        yk_cookie_parse(&c, yk_slice_of(rows[i].field), NOW);
        assert_int_equal(c.is_persistent, rows[i].is_persistent);
        assert_int_equal(c.is_cleared, rows[i].is_cleared);
        assert_int_equal(c.expires_s, rows[i].expires_s);
    }
}

static void reads_dates_in_all_forms(void **state)
{
    static const struct {
        const char *text;
        int64_t second; /* -1: none. */
    } rows[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", NOW},
        {"Sunday, 06-Nov-94 08:49:37 GMT", NOW},
        {"Sun Nov  6 08:49:37 1994", NOW},
        {"6 nov 94 8:49:37", NOW},
        {"Thu, 01-Jan-1970 00:00:00 GMT", 0},
        {"Thu, 29 Feb 2024 12:00:00 GMT", 1709208000},
        {"Fri, 31 Dec 1999 23:59:59 GMT", 946684799},
        {"01 Jan 69 00:00:00", 3124224000},
        {"Fri, 17 Jan 2020 20:26:08 -0000", 1579292768},
        {"Sun, 06 Nov 1994", -1},
        {"08:49:37 1994", -1},
        {"Sun, 32 Nov 1994 08:49:37 GMT", -1},
        {"Sun, 06 Nov 1994 24:49:37 GMT", -1},
        {"Sun, 06 Nov 1600 08:49:37 GMT", -1},
        {"", -1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t second = -1;
        int err = yk_cookie_date(yk_slice_of(rows[i].text), &second);
        assert_int_equal(err, rows[i].second < 0 ? -EINVAL : 0);
        assert_int_equal(second, rows[i].second);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_names_and_values),
        cmocka_unit_test(reads_attributes),
        cmocka_unit_test(finds_the_end_of_a_cookie),
        cmocka_unit_test(reads_dates_in_all_forms),
    };
    return cmocka_run_group_tests_name("cookie", tests, NULL, NULL);
}
