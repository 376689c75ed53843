/* Dates in HTTP's form. */
#include "../unit.h"

#include <string.h>
#include <time.h>

#include "core/random.h"
#include "http/date.h"

static void writes_known_dates(void **state)
{
    static const struct {
        int64_t second;
        const char *text;
    } cases[] = {
        {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},
        {951782399, "Mon, 28 Feb 2000 23:59:59 GMT"},
        {951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
        {4107542400, "Mon, 01 Mar 2100 00:00:00 GMT"},
        {253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
        {-1, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {INT64_MAX, "Fri, 31 Dec 9999 23:59:59 GMT"},
    };
    char text[YK_HTTP_DATE_LEN + 1];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        yk_http_date_format(text, cases[i].second);
        assert_string_equal(text, cases[i].text);
    }
}

static void agrees_with_the_c_library(void **state)
{
    struct yk_random random = {.state = 1};
    (void)state;
    for (int i = 0; i < 20000; i++) {
        char ours[YK_HTTP_DATE_LEN + 1], theirs[64];
        struct tm tm;
        time_t second = (time_t)yk_random_below(&random, 253402300800);
        yk_http_date_format(ours, second);
        gmtime_r(&second, &tm);
        strftime(theirs, sizeof(theirs), "%a, %d %b %Y %H:%M:%S GMT", &tm);
        assert_string_equal(ours, theirs);
    }
}

static void is_made_anew_only_when_the_second_changes(void **state)
{
    struct yk_http_date date = {.second = 0};
    (void)state;
    assert_string_equal(yk_http_date_at(&date, 0),
                        "Thu, 01 Jan 1970 00:00:00 GMT");
    date.text[0] = 'X';
    assert_int_equal(yk_http_date_at(&date, 0)[0], 'X');
    assert_int_equal(yk_http_date_at(&date, 1)[0], 'T');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_known_dates),
        cmocka_unit_test(agrees_with_the_c_library),
        cmocka_unit_test(is_made_anew_only_when_the_second_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
