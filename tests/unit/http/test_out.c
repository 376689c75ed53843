/* The output queue: bytes leave in the order in which they came, in whatever
 * pieces. */
#include "../unit.h"

#include <errno.h>
#include <string.h>

#include "core/alloc.h"
#include "core/random.h"
#include "http/out.h"

static struct yk_blocks pool;
static struct yk_out out;

static int setup(void **state)
{
    (void)state;
    yk_blocks_init(&pool, 64, 4);
    yk_out_init(&out, &pool);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    yk_alloc_fail_after(-1);
    yk_out_clear(&out);
    assert_int_equal(pool.used_count, 0);
    yk_blocks_done(&pool);
    return 0;
}

/* Takes up to `len` bytes from the front, as a socket would. */
static size_t take(char *to, size_t len)
{
    struct iovec iov[4];
    size_t taken = 0;
    int n = yk_out_vectors(&out, iov, 4);
    for (int i = 0; i < n && taken < len; i++) {
        size_t part =
            iov[i].iov_len < len - taken ? iov[i].iov_len : len - taken;
        memcpy(to + taken, iov[i].iov_base, part);
        taken += part;
    }
    yk_out_consume(&out, taken);
    return taken;
}

static void bytes_come_out_as_they_went_in(void **state)
{
    static char in[20000], back[20000];
    struct yk_random random = {.state = 3};
    size_t put = 0, got = 0;
    (void)state;
    for (size_t i = 0; i < sizeof(in); i++)
        in[i] = (char)yk_random_next(&random);
    while (got < sizeof(in)) {
        size_t n = yk_random_below(&random, 150);
        if (n > sizeof(in) - put)
            n = sizeof(in) - put;
        assert_int_equal(yk_out_append(&out, in + put, n), 0);
        put += n;
        got += take(back + got, yk_random_below(&random, 150));
        assert_int_equal(out.len, put - got);
    }
    assert_memory_equal(in, back, sizeof(in));
    assert_int_equal(pool.used_count, 0);
}

static void reserved_room_is_in_one_piece(void **state)
{
    char back[64];
    (void)state;
    size_t most = yk_out_block_room(&out);
    yk_out_append(&out, "abc", 3);
    char *room = yk_out_reserve(&out, most);
    assert_non_null(room);
    memset(room, 'x', most);
    yk_out_commit(&out, 2);
    assert_null(yk_out_reserve(&out, most + 1));
    assert_int_equal(take(back, 64), 5);
    assert_memory_equal(back, "abcxx", 5);
}

static void without_memory_appending_fails(void **state)
{
    char bytes[1000] = {0};
    (void)state;
    yk_alloc_fail_after(2);
    assert_int_equal(yk_out_append(&out, bytes, sizeof(bytes)), -ENOMEM);
    yk_alloc_fail_after(0);
    assert_null(yk_out_reserve(&out, 40));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bytes_come_out_as_they_went_in),
        TEST(reserved_room_is_in_one_piece),
        TEST(without_memory_appending_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
