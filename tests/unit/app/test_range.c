/* Range fields (docs/http-rules.md rule 36). */
#include "../unit.h"

#include <errno.h>
#include <stdio.h>

#include "app/range.h"

static void show(char *out, size_t room, const struct yoke_ranges *ranges)
{
    size_t len = (size_t)snprintf(out, room, "%s", ranges->unit);
    for (size_t i = 0; i < ranges->count; i++)
        len += (size_t)snprintf(out + len, room - len, " %llu-%llu",
                                (unsigned long long)ranges->items[i].start,
                                (unsigned long long)ranges->items[i].end);
}

static void ranges_are_cut_to_the_size(void **state)
{
    static const struct {
        const char *text;
        uint64_t size;
        int result;
        const char *ranges;
    } cases[] = {
        {"bytes=0-499", 1000, 1, "bytes 0-499"},
        {"bytes=40-80", 200, 1, "bytes 40-80"},
        {"bytes=-5", 1000, 1, "bytes 995-999"},
        {"bytes=-1000", 100, 1, "bytes 0-99"},
        {"bytes=400-", 1000, 1, "bytes 400-999"},
        {"bytes=0-0", 1000, 1, "bytes 0-0"},
        {"bytes=-1", 1000, 1, "bytes 999-999"},
        {"items=0-5", 1000, 1, "items 0-5"},
        {"bytes=40-80,81-90,-1", 1000, 3, "bytes 40-80 81-90 999-999"},
        {"bytes=0-4,90-99,5-75,100-199,101-102", 150, 5,
         "bytes 0-4 90-99 5-75 100-149 101-102"},
        {"bytes= 0 - 4 , 10-12", 100, 2, "bytes 0-4 10-12"},
        {"bytes=0-18446744073709551615", 10, 1, "bytes 0-9"},
        {"bytes=0-99999999999999999999999", 10, 1, "bytes 0-9"},
        {"bytes=-99999999999999999999999", 10, 1, "bytes 0-9"},
        {"bytes=0-4,500-", 100, 1, "bytes 0-4"},
        /* Not within. */
        {"bytes=500-999", 200, -ERANGE, ""},
        {"bytes=500-999,1000-1499", 200, -ERANGE, ""},
        {"bytes=99999999999999999999999-", 10, -ERANGE, ""},
        {"bytes=0-", 0, -ERANGE, ""},
        {"bytes=-0", 10, -ERANGE, ""},
        /* Malformed: ignored. */
        {"", 200, -EINVAL, ""},
        {"malformed", 200, -EINVAL, ""},
        {"bytes=", 200, -EINVAL, ""},
        {"=0-1", 200, -EINVAL, ""},
        {"bytes=500-20", 200, -EINVAL, ""},
        {"bytes=0-1,5-2", 200, -EINVAL, ""},
        {"bytes=x-100", 200, -EINVAL, ""},
        {"bytes=100-x", 200, -EINVAL, ""},
        {"bytes=--5", 200, -EINVAL, ""},
        {"bytes=-", 200, -EINVAL, ""},
        {"bytes=5", 200, -EINVAL, ""},
        {"bytes=0-1,x", 200, -EINVAL, ""},
        {"bytes=0x0-1", 200, -EINVAL, ""},
        {"bytes=+0-1", 200, -EINVAL, ""},
        {"by tes=0-1", 200, -EINVAL, ""},
        {"a-unit-that-is-too-long=0-1", 200, -EINVAL, ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct yoke_ranges ranges = {.count = 0};
        char text[256];
        int result =
            yk_range_parse(yk_slice_of(cases[i].text), cases[i].size, &ranges);
        if (result != cases[i].result)
            fail_msg("%s: expected %d, got %d", cases[i].text, cases[i].result,
                     result);
        show(text, sizeof(text), &ranges);
        assert_string_equal(text, cases[i].ranges);
    }
}

/* CVE-2011-3192 */
static void too_many_ranges_are_none(void **state)
{
    char text[16 * (YOKE_RANGES_MAX + 2)] = "bytes=0-";
    struct yoke_ranges ranges;
    (void)state;
    for (int i = 1; i < YOKE_RANGES_MAX; i++)
        strncat(text, ",0-1", 5);
    assert_int_equal(yk_range_parse(yk_slice_of(text), 10, &ranges),
                     YOKE_RANGES_MAX);
    strncat(text, ",0-1", 5);
    assert_int_equal(yk_range_parse(yk_slice_of(text), 10, &ranges), -EINVAL);
}

static void ranges_that_touch_become_one(void **state)
{
    static const struct {
        const char *text, *ranges;
    } cases[] = {
        {"bytes=0-4,5-9", "bytes 0-9"},
        {"bytes=5-9,0-4", "bytes 0-9"},
        {"bytes=0-4,6-9", "bytes 0-4 6-9"},
        {"bytes=6-9,0-4", "bytes 6-9 0-4"},
        {"bytes=0-4,90-99,5-75,100-149,101-102", "bytes 0-75 90-149"},
        {"bytes=-1,20-100,0-1,101-120", "bytes 149-149 20-120 0-1"},
        {"bytes=0-100,10-20", "bytes 0-100"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct yoke_ranges ranges;
        char text[256];
        assert_true(yk_range_parse(yk_slice_of(cases[i].text), 150, &ranges) >
                    0);
        yoke_ranges_combine(&ranges);
        show(text, sizeof(text), &ranges);
        assert_string_equal(text, cases[i].ranges);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_are_cut_to_the_size),
        cmocka_unit_test(too_many_ranges_are_none),
        cmocka_unit_test(ranges_that_touch_become_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
