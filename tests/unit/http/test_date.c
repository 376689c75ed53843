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

static void reads_the_three_forms(void **state)
{
    static const struct {
        const char *text;
        int64_t second; /* -1: no date. */
    } cases[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
        {"Sun Nov  6 08:49:37 1994", 784111777},
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Thu, 29 Feb 2024 23:59:59 GMT", 1709251199},
        {"Fri Dec 31 23:59:60 2049", 2524608000},
        {"Saturday, 01-Jan-00 00:00:00 GMT", 946684800},
        {"", -1},
        {"Sun", -1},
        {"Sun,", -1},
        {"Sun, 06 Nov 1994", -1},
        {"Sun, 06 Nov 1994 08:49:37", -1},
        {"Sun, 06 Nov 1994 08:49:37 UTC", -1},
        {"Sun, 06 Nov 1994 08:49:37 GMT ", -1},
        {"Sun, 6 Nov 1994 08:49:37 GMT", -1},
        {"Sun, 06 nov 1994 08:49:37 GMT", -1},
        {"Sun, 06 Nov 1994 24:49:37 GMT", -1},
        {"Sun, 06 Nov 1994 08:60:37 GMT", -1},
        {"Sun, 06 Nov 1994 08:49:61 GMT", -1},
        {"Sun, 31 Feb 2024 08:49:37 GMT", -1},
        {"Wed, 29 Feb 2023 08:49:37 GMT", -1},
        {"Sun, 00 Nov 1994 08:49:37 GMT", -1},
        {"784111777", -1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t second = -1;
        bool is_date = yk_http_date_parse(yk_slice_of(cases[i].text), &second);
        if (is_date != (cases[i].second >= 0) || second != cases[i].second)
            fail_msg("\"%s\": got %lld", cases[i].text, (long long)second);
    }
}

static void reads_what_it_writes(void **state)
{
    char text[YK_HTTP_DATE_LEN + 1];
    int64_t second = 0, read = -1;
    (void)state;
    for (; second < 253402300800; second += 86399 * 97) {
        yk_http_date_format(text, second);
        assert_true(yk_http_date_parse(yk_slice_of(text), &read));
        assert_int_equal(read, second);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_known_dates),
        cmocka_unit_test(agrees_with_the_c_library),
        cmocka_unit_test(reads_the_three_forms),
        cmocka_unit_test(reads_what_it_writes),
        cmocka_unit_test(is_made_anew_only_when_the_second_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
