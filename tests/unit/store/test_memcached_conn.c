/* Replies of memcached: whole, in pieces, and wrong ones. */
#include "../unit.h"

#include <errno.h>
#include <string.h>

#include "store/memcached_conn.h"

static struct yk_mc_reply reply;
static char text[256];

static ssize_t parse(const char *bytes, size_t len)
{
    memcpy(text, bytes, len);
    return yk_mc_parse(text, len, 100, &reply);
}

static void replies_are_taken_apart(void **state)
{
    (void)state;
    assert_int_equal(parse("HD c12\r\nmore", 12), 8);
    assert_int_equal(reply.code, YK_MC_STORED);
    assert_true(reply.cas == 12);
    assert_int_equal(parse("VA 5 c7 t60\r\nhe\r\no\r\nEN\r\n", 24), 20);
    assert_int_equal(reply.code, YK_MC_VALUE);
    assert_true(yk_slice_eq(reply.value, YK_LIT("he\r\no")));
    assert_int_equal(text[18], '\0');
    assert_int_equal(reply.ttl_s, 60);
    assert_int_equal(parse("VA 0 t-1\r\n\r\n", 12), 12);
    assert_int_equal(reply.ttl_s, -1);
    assert_int_equal(reply.value.len, 0);
    assert_int_equal(parse("SERVER_ERROR out of memory\r\n", 28), 28);
    assert_int_equal(reply.code, YK_MC_ERROR);
    assert_int_equal(parse("EN\r\n", 4), 4);
    assert_int_equal(reply.code, YK_MC_MISS);
}

static void flags_that_say_nothing_are_passed_over(void **state)
{
    (void)state;
    assert_int_equal(parse("HD k O12 c7 b c8x t5 \r\n", 23), 23);
    assert_true(reply.cas == 7);
    assert_int_equal(reply.ttl_s, 5);
    assert_int_equal(parse("HD c9223372036854775807\r\n", 25), 25);
    assert_true(reply.cas == INT64_MAX);
    assert_int_equal(parse("HD c9223372036854775808\r\n", 25), 25);
    assert_true(reply.cas == 0);
    assert_int_equal(parse("HD c99999999999999999999999\r\n", 29), 29);
    assert_true(reply.cas == 0);
    assert_int_equal(parse("HD c0000000000000000000012\r\n", 28), 28);
    assert_true(reply.cas == 12);
    assert_int_equal(parse("HD c\r\n", 6), 6);
    assert_true(reply.cas == 0);
}

static void a_reply_in_pieces_is_waited_for(void **state)
{
    const char whole[] = "VA 10 c1\r\n0123456789\r\n";
    (void)state;
    for (size_t len = 0; len < sizeof(whole) - 1; len++)
        assert_int_equal(parse(whole, len), 0);
    assert_int_equal(parse(whole, sizeof(whole) - 1), sizeof(whole) - 1);
}

static void what_is_no_reply_is_refused(void **state)
{
    const char *const wrong[] = {
        "VA 101 c1\r\n",
        "VA x\r\n",
        "VA -1\r\n",
        "VA 2\r\nabcd",
        "HD\n",
        "\r\n",
        "VA\r\n",
        "a\n",
        "VA \r\n",
        "VA 2x c1\r\n",
        "VA 99999999999999999999 c1\r\n",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_int_equal(parse(wrong[i], strlen(wrong[i])), -EPROTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_are_taken_apart),
        cmocka_unit_test(flags_that_say_nothing_are_passed_over),
        cmocka_unit_test(a_reply_in_pieces_is_waited_for),
        cmocka_unit_test(what_is_no_reply_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
