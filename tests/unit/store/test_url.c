/* URLs of stores: taken apart, and told what is wrong with them. */
#include "../unit.h"

#include <errno.h>
#include <string.h>

#include <yoke/store.h>

#include "store/url.h"

static struct yk_url url;
static char why[YOKE_STORE_TEXT_MAX];

static int parse(const char *text)
{
    return yk_url_parse(&url, text, why);
}

static void takes_a_url_with_hosts_apart(void **state)
{
    (void)state;
    assert_int_equal(
        parse("redis://us%65r:p%40ss@a.b:77,[::1]:8,c/3?x=1&y=%20"), 0);
    assert_string_equal(url.scheme, "redis");
    assert_true(url.has_hosts);
    assert_string_equal(url.user, "user");
    assert_string_equal(url.password, "p@ss");
    assert_int_equal(url.host_count, 3);
    assert_string_equal(url.hosts[0].name, "a.b");
    assert_int_equal(url.hosts[0].port, 77);
    assert_string_equal(url.hosts[1].name, "::1");
    assert_int_equal(url.hosts[1].port, 8);
    assert_string_equal(url.hosts[2].name, "c");
    assert_int_equal(url.hosts[2].port, 0);
    assert_string_equal(url.path, "3");
    assert_string_equal(yk_url_param(&url, "x"), "1");
    assert_string_equal(yk_url_param(&url, "y"), " ");
    assert_null(yk_url_param(&url, "z"));
    assert_int_equal(yk_url_check_params(&url, why), 0);
}

static void takes_a_url_with_a_path_apart(void **state)
{
    (void)state;
    assert_int_equal(parse("lmdb:/var/a%20b:c@d,e?sync=none"), 0);
    assert_false(url.has_hosts);
    assert_string_equal(url.path, "/var/a b:c@d,e");
    assert_int_equal(parse("memory:"), 0);
    assert_string_equal(url.path, "");
    assert_int_equal(url.param_count, 0);
}

/* RFC 3986, section 3.1. */
static void a_scheme_may_be_in_capitals(void **state)
{
    (void)state;
    assert_int_equal(parse("Redis+TLS://Host/"), 0);
    assert_string_equal(url.scheme, "redis+tls");
    assert_string_equal(url.hosts[0].name, "Host");
}

/* What is a host's, and what is none, a store knows. */
static void hosts_may_be_encoded_or_left_out(void **state)
{
    (void)state;
    assert_int_equal(parse("postgresql://u@%2Frun%2Fpg:7/db"), 0);
    assert_string_equal(url.hosts[0].name, "/run/pg");
    assert_int_equal(url.hosts[0].port, 7);
    assert_string_equal(url.path, "db");
    assert_int_equal(parse("postgresql://u@%2Frun%2Fmy%20pg/db"), 0);
    assert_int_equal(parse("postgresql://u@/db?host=/run"), 0);
    assert_int_equal(url.host_count, 0);
    assert_true(url.has_hosts);
    assert_string_equal(url.user, "u");
    assert_int_equal(parse("postgresql://"), -EINVAL);
    assert_int_equal(parse("postgresql://u@,h/db"), -EINVAL);
}

static void shows_no_password(void **state)
{
    const char *const cases[][2] = {
        {"redis://u:secret@h/1?a=b", "redis://u:***@h/1?a=b"},
        {"redis://:secret@h", "redis://:***@h"},
        {"redis://:se@cret@h", "redis://:***@h"},
        {"redis://u@h", "redis://u@h"},
        {"redis://:a,b@h,i/1", "redis://:***@h,i/1"},
        {"redis+sentinel://h/n?x=1&sentinel_password=se%40cret&y=2",
         "redis+sentinel://h/n?x=1&sentinel_password=***&y=2"},
        {"redis://:secret@h?password=secret", "redis://:***@h?password=***"},
        {"redis://h?passwords=1", "redis://h?passwords=1"},
        {"lmdb:/a:b@c", "lmdb:/a:b@c"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(parse(cases[i][0]), 0);
        assert_string_equal(url.shown, cases[i][1]);
    }
}

static void names_what_is_wrong(void **state)
{
    const char *const cases[][2] = {
        {"", "no scheme"},
        {":x", "no scheme"},
        {"redis://h:0/", "port '0'"},
        {"redis://h:", "port ''"},
        {"redis://h,,i", "host is missing"},
        {"redis://u:secret%@h", "password"},
        {"redis://%4@h", "user"},
        {"redis://h/%00", "path"},
        {"redis://h?a", "'a' has no value"},
        {"redis://h?=a", "no value"},
        {"redis://[::1/0", "']'"},
        {"redis://[::1]x", "']'"},
        {"redis://u:secret/x@h", "%2F"},
        {"redis://u:secret?x@h", "%3F"},
        {"redis://u:secret?x=y@h", "%3F"},
        {"redis+cluster://[::1]:7,[::2:7", "']'"},
        {"redis+cluster://a:7,b:7777777", "port '7777777'"},
        {"redis://h i", "blank"},
        {"redis://h%0ai/1", "blank"},
        {"redis://a,b\t,c", "blank"},
        {"redis://h#part", "'#'"},
        {"redis://::1", "[::1]"},
        {"redis://fe80::1:6379", "[::1]"},
        {"redis://h?a=1&b=2&a=3", "'a' is there twice"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(parse(cases[i][0]), -EINVAL);
        if (!strstr(why, cases[i][1]))
            fail_msg("%s: '%s' does not say '%s'", cases[i][0], why,
                     cases[i][1]);
        assert_null(strstr(why, "secret"));
    }
}

static void has_limits(void **state)
{
    char text[YK_URL_MAX + 8];
    (void)state;
    memset(text, 'a', sizeof(text));
    memcpy(text, "lmdb:", 5);
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(parse(text), -EINVAL);
    strncpy(text, "redis://h", sizeof(text));
    for (int i = 0; i < YK_URL_HOSTS_MAX; i++)
        strncat(text, ",h", 3);
    assert_int_equal(parse(text), -EINVAL);
    assert_non_null(strstr(why, "hosts"));
}

static void reads_sizes_and_words(void **state)
{
    static const char *const words[] = {"one", "two", NULL};
    uint64_t size = 7;
    int index;
    (void)state;
    parse("x:?a=3&b=2K&c=1g&d=0&e=4T&f=two&g=three&h=5");
    assert_int_equal(yk_url_size(&url, "none", 99, &size, why), 0);
    assert_int_equal(size, 7);
    assert_int_equal(yk_url_size(&url, "a", 99, &size, why), 0);
    assert_int_equal(size, 3);
    assert_int_equal(yk_url_size(&url, "b", 1 << 20, &size, why), 0);
    assert_int_equal(size, 2048);
    assert_int_equal(yk_url_size(&url, "c", 1u << 30, &size, why), 0);
    assert_int_equal(size, 1u << 30);
    assert_int_equal(yk_url_size(&url, "b", 2047, &size, why), -EINVAL);
    assert_int_equal(yk_url_size(&url, "d", 9, &size, why), -EINVAL);
    assert_int_equal(yk_url_size(&url, "e", 9, &size, why), -EINVAL);
    assert_int_equal(yk_url_word(&url, "none", words, &index, why), 0);
    assert_int_equal(index, 0);
    assert_int_equal(yk_url_word(&url, "f", words, &index, why), 0);
    assert_int_equal(index, 1);
    assert_int_equal(yk_url_word(&url, "g", words, &index, why), -EINVAL);
    assert_non_null(strstr(why, "one, two"));
    assert_int_equal(yk_url_check_params(&url, why), -EINVAL);
    assert_non_null(strstr(why, "'h'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_a_url_with_hosts_apart),
        cmocka_unit_test(takes_a_url_with_a_path_apart),
        cmocka_unit_test(a_scheme_may_be_in_capitals),
        cmocka_unit_test(hosts_may_be_encoded_or_left_out),
        cmocka_unit_test(shows_no_password),
        cmocka_unit_test(names_what_is_wrong),
        cmocka_unit_test(has_limits),
        cmocka_unit_test(reads_sizes_and_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
