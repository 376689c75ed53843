/* Counting connections per address, against a plain array. */
#include "../unit.h"

#include <stdbool.h>
#include <string.h>

#include "core/alloc.h"
#include "core/random.h"
#include "http/peer_count.h"

static struct yk_peer peer_of(uint64_t number, bool is_ip6)
{
    struct yk_peer peer = {.family = is_ip6 ? 6 : 4,
                           .port = (uint16_t)(number * 7)};
    memcpy(peer.ip, &number, is_ip6 ? 8 : 4);
    return peer;
}

static void counts_each_address_by_itself(void **state)
{
    enum {
        ADDRESSES = 700
    };
    static uint32_t model[ADDRESSES];
    struct yk_peer_count counts;
    struct yk_random random = {.state = 11};
    (void)state;
    yk_peer_count_init(&counts);
    for (int i = 0; i < 50000; i++) {
        uint64_t n = yk_random_below(&random, ADDRESSES);
        struct yk_peer peer = peer_of(n / 2, n % 2);
        peer.port = (uint16_t)i; /* It does not matter. */
        if (model[n] > 0 && yk_random_below(&random, 2)) {
            yk_peer_count_remove(&counts, &peer);
            model[n]--;
        } else {
            assert_int_equal(yk_peer_count_add(&counts, &peer), ++model[n]);
        }
    }
    for (uint64_t n = 0; n < ADDRESSES; n++)
        for (struct yk_peer peer = peer_of(n / 2, n % 2); model[n]; model[n]--)
            yk_peer_count_remove(&counts, &peer);
    assert_int_equal(counts.used, 0);
    yk_peer_count_done(&counts);
}

static void an_address_without_count_may_be_removed(void **state)
{
    struct yk_peer_count counts;
    struct yk_peer a = peer_of(1, false), b = peer_of(2, false);
    (void)state;
    yk_peer_count_init(&counts);
    yk_peer_count_remove(&counts, &a);
    yk_peer_count_add(&counts, &a);
    yk_peer_count_remove(&counts, &b);
    assert_int_equal(yk_peer_count_add(&counts, &a), 2);
    yk_peer_count_done(&counts);
}

static void without_memory_nothing_is_counted(void **state)
{
    struct yk_peer_count counts;
    struct yk_peer a = peer_of(1, false);
    (void)state;
    yk_peer_count_init(&counts);
    yk_alloc_fail_after(0);
    assert_int_equal(yk_peer_count_add(&counts, &a), 0);
    yk_alloc_fail_after(-1);
    assert_int_equal(yk_peer_count_add(&counts, &a), 1);
    yk_peer_count_done(&counts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_each_address_by_itself),
        cmocka_unit_test(an_address_without_count_may_be_removed),
        cmocka_unit_test(without_memory_nothing_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
