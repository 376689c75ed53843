/* Messages put together from their pieces. */
#include "../unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/assembly.h"
#include "cluster/channel.h"
#include "core/alloc.h"

static struct yk_assembly assembly;
static struct yk_assembled whole;

static int setup(void **state)
{
    (void)state;
    assembly = (struct yk_assembly){.total = 0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    yk_assembly_clear(&assembly);
    return 0;
}

static int add(uint32_t total, uint32_t offset, const char *bytes)
{
    struct yk_message_piece piece = {.total = total, .offset = offset};

    return yk_assembly_add(&assembly, &piece, bytes, strlen(bytes), &whole);
}

static void assert_whole(const char *expected)
{
    assert_int_equal(whole.len, strlen(expected));
    assert_memory_equal(whole.ptr, expected, whole.len);
    free(whole.owned);
}

static void one_piece_is_borrowed(void **state)
{
    (void)state;
    assert_int_equal(add(5, 0, "hello"), 1);
    assert_null(whole.owned);
    assert_whole("hello");
}

static void an_empty_message_is_one(void **state)
{
    (void)state;
    assert_int_equal(add(0, 0, ""), 1);
    assert_int_equal(whole.len, 0);
}

static void pieces_become_a_message(void **state)
{
    (void)state;
    for (int round = 0; round < 3; round++) {
        assert_int_equal(add(11, 0, "hello"), 0);
        assert_int_equal(add(11, 5, " wor"), 0);
        assert_int_equal(add(11, 9, "ld"), 1);
        assert_whole("hello world");
    }
}

static void pieces_that_do_not_fit_are_refused(void **state)
{
    static const struct {
        uint32_t total, offset;
        const char *bytes;
    } bad[] = {
        {11, 4, "x"},                /* a gap backwards */
        {11, 6, "x"},                /* a gap forwards */
        {12, 5, "x"},                /* another total */
        {11, 5, "too many bytes"},   /* beyond the end */
        {11, 5, ""},                 /* never ends */
        {YK_SENDER_MAX + 1, 0, "x"}, /* too large */
        {UINT32_MAX, 5, "x"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_int_equal(add(11, 0, "hello"), 0);
        assert_int_equal(add(bad[i].total, bad[i].offset, bad[i].bytes),
                         -EBADMSG);
        /* And the rest of what was under way with it. */
        assert_int_equal(add(11, 5, " world"), -EBADMSG);
        assert_int_equal(add(2, 0, "ok"), 1);
    }
}

static void
a_first_piece_takes_the_place_of_what_was_left_unfinished(void **state)
{
    (void)state;
    assert_int_equal(add(11, 0, "hello"), 0);
    assert_int_equal(add(5, 0, "other"), 1);
    assert_whole("other");
    assert_int_equal(add(11, 0, "hello"), 0);
    assert_int_equal(add(6, 0, "anot"), 0);
    assert_int_equal(add(11, 5, " world"), -EBADMSG);
    assert_int_equal(add(6, 4, "er"), -EBADMSG);
}

static void a_false_total_costs_no_memory(void **state)
{
    (void)state;
    assert_int_equal(add(YK_SENDER_MAX, 0, "x"), 0);
    assert_int_equal(assembly.room, 1);
}

static void without_memory_the_message_is_dropped(void **state)
{
    (void)state;
    yk_alloc_fail_after(0);
    assert_int_equal(add(11, 0, "hello"), -ENOMEM);
    yk_alloc_fail_after(-1);
    assert_int_equal(add(11, 5, " world"), -EBADMSG);
    assert_int_equal(add(2, 0, "ok"), 1);
}

#define WITH_ASSEMBLY(test)                                                    \
    cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ASSEMBLY(one_piece_is_borrowed),
        WITH_ASSEMBLY(an_empty_message_is_one),
        WITH_ASSEMBLY(pieces_become_a_message),
        WITH_ASSEMBLY(pieces_that_do_not_fit_are_refused),
        WITH_ASSEMBLY(
            a_first_piece_takes_the_place_of_what_was_left_unfinished),
        WITH_ASSEMBLY(a_false_total_costs_no_memory),
        WITH_ASSEMBLY(without_memory_the_message_is_dropped),
    };
    return cmocka_run_group_tests_name("assembly", tests, NULL, NULL);
}
