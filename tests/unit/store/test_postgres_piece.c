#include "../unit.h"

#include <errno.h>
#include <string.h>

#include "store/postgres_piece.h"

static struct yk_pg_piece piece;

static void a_piece_is_read(void **state)
{
    (void)state;
    assert_int_equal(yk_pg_piece_parse(&piece, "00ff 3 17105 AWFoZWxsbwD/"), 0);
    assert_string_equal(piece.id, "00ff");
    assert_int_equal(piece.number, 3);
    assert_int_equal(piece.whole_len, 17105);
    assert_int_equal(piece.len, 9);
    assert_memory_equal(piece.bytes,
                        "\x01"
                        "ahello\0\xff",
                        9);
}

static void padding_and_line_feeds_are_no_bytes(void **state)
{
    (void)state;
    assert_int_equal(yk_pg_piece_parse(&piece, "1 0 1 YQ=="), 0);
    assert_int_equal(piece.len, 1);
    assert_int_equal(yk_pg_piece_parse(&piece, "1 0 4 YW\nJj\nZA=="), 0);
    assert_int_equal(piece.len, 4);
    assert_memory_equal(piece.bytes, "abcd", 4);
}

static void what_others_notify_is_no_piece(void **state)
{
    static char large[64 + 2 * YK_PG_PIECE];
    const char *const wrong[] = {
        "",
        "hello",
        "1 0 1",
        "1 0 1 ",
        "1 0 1 ==",
        "1 0 1 a b",
        "1 0 1 \xff\xff",
        "1 x 1 YQ==",
        "1 0 -1 YQ==",
        "1 0 99999999999999999999 YQ==",
        "00112233445566778899 0 1 YQ==",
        large,
    };
    (void)state;
    memset(large, 'A', sizeof(large) - 1);
    memcpy(large, "1 0 5700 ", 9);
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_int_equal(yk_pg_piece_parse(&piece, wrong[i]), -EPROTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_piece_is_read),
        cmocka_unit_test(padding_and_line_feeds_are_no_bytes),
        cmocka_unit_test(what_others_notify_is_no_piece),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
