/* Consistent hashing: evenly shared, and little moves when a server comes. */
#include "../unit.h"

#include <stdio.h>

#include "store/ring.h"

#define KEYS 20000

static const char *const names[] = {"10.0.0.1:11211", "10.0.0.2:11211",
                                    "10.0.0.3:11211", "10.0.0.4:11211",
                                    "10.0.0.5:11211"};

static unsigned find(const struct yk_ring *ring, int n)
{
    char key[32];
    int len = snprintf(key, sizeof(key), "session:%d", n);
    return yk_ring_find(ring, (struct yk_slice){key, (size_t)len});
}

static void keys_are_shared_evenly(void **state)
{
    struct yk_ring ring;
    int counts[5] = {0};
    (void)state;
    yk_ring_init(&ring, names, 5);
    for (int i = 0; i < KEYS; i++)
        counts[find(&ring, i)]++;
    for (int i = 0; i < 5; i++)
        assert_in_range(counts[i], KEYS / 5 * 7 / 10, KEYS / 5 * 13 / 10);
    yk_ring_done(&ring);
}

static void only_the_new_servers_keys_move(void **state)
{
    struct yk_ring four, five;
    int moved = 0;
    (void)state;
    yk_ring_init(&four, names, 4);
    yk_ring_init(&five, names, 5);
    for (int i = 0; i < KEYS; i++) {
        unsigned before = find(&four, i), after = find(&five, i);
        if (before == after)
            continue;
        assert_int_equal(after, 4);
        moved++;
    }
    assert_in_range(moved, KEYS / 5 * 7 / 10, KEYS / 5 * 13 / 10);
    yk_ring_done(&four);
    yk_ring_done(&five);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_shared_evenly),
        cmocka_unit_test(only_the_new_servers_keys_move),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
