/* The filter that keeps clients with their workers: run here by a small
 * interpreter of classic BPF, beside the hash in C. */
#include "../unit.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <string.h>

#include "cluster/sticky_filter.h"
#include "net/peer.h"

#define SEED 0x12345679u

static struct yk_buckets buckets;
static struct sock_filter filter[YK_STICKY_FILTER_MAX];

/* ---- The interpreter ---- */

static uint32_t load(const struct sock_filter *insn, const uint8_t *packet)
{
    uint32_t at = insn->k - (uint32_t)SKF_NET_OFF;

    if (BPF_MODE(insn->code) == BPF_IMM)
        return insn->k;
    assert_int_equal(BPF_MODE(insn->code), BPF_ABS);
    assert_in_range(at, 0, 39);
    if (BPF_SIZE(insn->code) == BPF_B)
        return packet[at];
    return (uint32_t)packet[at] << 24 | (uint32_t)packet[at + 1] << 16 |
           (uint32_t)packet[at + 2] << 8 | packet[at + 3];
}

static uint32_t compute(int op, uint32_t a, uint32_t b)
{
    switch (op) {
    case BPF_MUL:
        return a * b;
    case BPF_RSH:
        return a >> b;
    case BPF_XOR:
        return a ^ b;
    }
    fail_msg("operation %#x", op);
    return 0;
}

/* Returns the instruction after a jump. */
static size_t jump(const struct sock_filter *insn, size_t at, uint32_t a)
{
    if (BPF_OP(insn->code) == BPF_JA)
        return at + 1 + insn->k;
    if (BPF_OP(insn->code) == BPF_JEQ)
        return at + 1 + (a == insn->k ? insn->jt : insn->jf);
    assert_int_equal(BPF_OP(insn->code), BPF_JGE);
    return at + 1 + (a >= insn->k ? insn->jt : insn->jf);
}

static uint32_t interpret(size_t count, const uint8_t *packet)
{
    uint32_t a = 0, x = 0;

    for (size_t at = 0; at < count; at++) {
        const struct sock_filter *insn = &filter[at];
        switch (BPF_CLASS(insn->code)) {
        case BPF_LD:
            a = load(insn, packet);
            break;
        case BPF_ALU:
            a = compute(BPF_OP(insn->code), a,
                        BPF_SRC(insn->code) == BPF_X ? x : insn->k);
            break;
        case BPF_MISC:
            x = a;
            break;
        case BPF_JMP:
            at = jump(insn, at, a) - 1;
            break;
        case BPF_RET:
            return insn->k;
        }
    }
    fail_msg("the filter has no end");
    return 0;
}

/* The member that a client's packet is for. */
static uint32_t member_for(const struct yk_peer *peer)
{
    uint8_t packet[40] = {0};
    size_t count = yk_sticky_filter_write(&buckets, SEED, filter);

    assert_true(count <= YK_STICKY_FILTER_MAX);
    packet[0] = (uint8_t)(peer->family << 4 | 5);
    memcpy(packet + (peer->family == 4 ? 12 : 8), peer->ip,
           peer->family == 4 ? 4 : 16);
    return interpret(count, packet);
}

static void set_up(int count)
{
    yk_buckets_init(&buckets);
    for (int i = 0; i < count; i++) {
        yk_buckets_add(&buckets);
        yk_buckets_set_open(&buckets, (uint16_t)i, true);
    }
}

static struct yk_peer peer_of(const char *text)
{
    struct yk_peer peer;

    assert_int_equal(yk_peer_parse(&peer, text), 0);
    return peer;
}

/* ---- Tests ---- */

static const char *const addresses[] = {
    "0.0.0.0",
    "127.0.0.1",
    "127.0.0.2",
    "10.1.2.3",
    "255.255.255.255",
    "192.168.178.1",
    "::",
    "::1",
    "2001:db8::1",
    "2001:db8::2",
    "2001:db8:0:1::1",
    "fe80::1",
    "ff02::1",
    "::a00:1",
    "2a00:1450:4001::8a",
};

static void the_filter_and_the_hash_agree(void **state)
{
    (void)state;
    for (int count = 1; count <= YK_HOMES_MAX; count = count * 3 - 1) {
        set_up(count);
        for (size_t i = 0; i < COUNT_OF(addresses); i++) {
            struct yk_peer peer = peer_of(addresses[i]);
            uint32_t hash = yk_sticky_hash(&peer, SEED);
            assert_int_equal(member_for(&peer),
                             yk_buckets_find(&buckets, hash) + 1);
        }
        if (count == 1)
            count++;
    }
}

static void they_agree_while_some_are_closed(void **state)
{
    (void)state;
    set_up(7);
    for (uint16_t closed = 0; closed < 7; closed++) {
        yk_buckets_set_open(&buckets, closed, false);
        for (uint32_t i = 0; i < 1000; i++) {
            struct yk_peer peer = {.family = 4};
            uint32_t ip = htonl(0x0a000000 + i * 977);
            memcpy(peer.ip, &ip, sizeof(ip));
            uint16_t owner =
                yk_buckets_find(&buckets, yk_sticky_hash(&peer, SEED));
            assert_int_equal(member_for(&peer),
                             owner == YK_HOME_NONE ? 0 : owner + 1);
        }
    }
}

static void the_hash_is_what_it_was(void **state)
{
    static const struct {
        const char *address;
        uint32_t hash;
    } cases[] = {{"127.0.0.1", 0xc3d107b7},
                 {"10.1.2.3", 0xf9ced9f4},
                 {"::1", 0x7fa9124b},
                 {"2001:db8::1", 0xddb432fa}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct yk_peer peer = peer_of(cases[i].address);
        assert_int_equal(yk_sticky_hash(&peer, SEED), cases[i].hash);
    }
}

static void a_client_without_an_address_has_a_hash_too(void **state)
{
    struct yk_peer peer = {.family = 0};

    (void)state;
    assert_int_equal(yk_sticky_hash(&peer, SEED), 0);
}

static void another_seed_is_another_order(void **state)
{
    int same = 0;

    (void)state;
    for (uint32_t i = 0; i < 512; i++) {
        struct yk_peer peer = {.family = 4};
        memcpy(peer.ip, &i, sizeof(i));
        same +=
            yk_sticky_hash(&peer, 1) >> 23 == yk_sticky_hash(&peer, 2) >> 23;
    }
    assert_true(same < 10);
}

/* Addresses of one network, as clients have them. */
static void neighbours_are_spread(void **state)
{
    int shares[9] = {0};

    (void)state;
    set_up(8);
    for (uint32_t i = 0; i < 4096; i++) {
        struct yk_peer peer = {.family = 4};
        uint32_t ip = htonl(0xc0a80000 + i);
        memcpy(peer.ip, &ip, sizeof(ip));
        shares[member_for(&peer)]++;
    }
    for (int i = 1; i <= 8; i++)
        assert_in_range(shares[i], 4096 / 8 * 3 / 4, 4096 / 8 * 5 / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_filter_and_the_hash_agree),
        cmocka_unit_test(they_agree_while_some_are_closed),
        cmocka_unit_test(the_hash_is_what_it_was),
        cmocka_unit_test(a_client_without_an_address_has_a_hash_too),
        cmocka_unit_test(another_seed_is_another_order),
        cmocka_unit_test(neighbours_are_spread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
