/* The kernel's program, run here by a small interpreter beside what it ought to
 * do; whether the kernel takes it, the end-to-end tests show. */
#include "../unit.h"

#ifdef YK_WITHOUT_BPF

/* There is no program: skipped. */
int main(void)
{
    return 77;
}

#else

#    include <linux/bpf.h>
#    include <stdbool.h>
#    include <stdlib.h>
#    include <string.h>

#    include "cluster/bpf_program.h"
#    include "cluster/loads.h"

#    define NOW_NS UINT64_C(1000000000000)
#    define MS     UINT64_C(1000000)

static struct yk_routes routes;
static struct yk_loads loads;
static uint32_t missing_socket; /* One that the array has not; 0: none. */
static int selected;            /* The socket, or -1. */

static const struct yk_bpf_maps maps = {
    .routes = 101, .loads = 102, .sockets = 103};

/* ---- The interpreter ---- */

static uint64_t reg[11];
static uint8_t stack[512];

static void *look_up(uint64_t map, uint32_t key)
{
    if (map == (uint64_t)maps.routes)
        return key <= YK_ROUTES_MAX ? (uint64_t *)(void *)&routes + key : NULL;
    assert_int_equal(map, maps.loads);
    return key <= YK_SEATS_MAX ? (uint8_t *)&loads + 64 * (size_t)key : NULL;
}

static void call(int32_t function)
{
    uint32_t key;

    if (function == BPF_FUNC_ktime_get_ns) {
        reg[0] = NOW_NS;
    } else if (function == BPF_FUNC_map_lookup_elem) {
        memcpy(&key, (void *)(uintptr_t)reg[2], sizeof(key));
        reg[0] = (uintptr_t)look_up(reg[1], key);
    } else {
        assert_int_equal(function, BPF_FUNC_sk_select_reuseport);
        assert_int_equal(reg[2], maps.sockets);
        memcpy(&key, (void *)(uintptr_t)reg[3], sizeof(key));
        bool is_there = key == 0 || key != missing_socket;
        reg[0] = is_there ? 0 : (uint64_t)-2;
        if (is_there)
            selected = (int)key;
    }
    for (int i = 1; i <= 5; i++)
        reg[i] = 0xdeadbeef;
}

static uint64_t compute(int op, uint64_t a, uint64_t b, bool is_64)
{
    switch (op) {
    case BPF_MOV:
        return b;
    case BPF_ADD:
        return a + b;
    case BPF_SUB:
        return a - b;
    case BPF_MOD:
        if (is_64)
            return b ? a % b : a;
        return (uint32_t)b ? (uint32_t)a % (uint32_t)b : a;
    }
    fail_msg("operation %#x", op);
    return 0;
}

static bool compare(int op, uint64_t a, uint64_t b)
{
    switch (op) {
    case BPF_JA:
        return true;
    case BPF_JEQ:
        return a == b;
    case BPF_JNE:
        return a != b;
    case BPF_JGE:
        return a >= b;
    case BPF_JLE:
        return a <= b;
    case BPF_JSLT:
        return (int64_t)a < (int64_t)b;
    case BPF_JSGT:
        return (int64_t)a > (int64_t)b;
    case BPF_JSGE:
        return (int64_t)a >= (int64_t)b;
    }
    fail_msg("comparison %#x", op);
    return false;
}

static size_t size_of(const struct bpf_insn *insn)
{
    return BPF_SIZE(insn->code) == BPF_DW ? 8 : 4;
}

static void access_memory(const struct bpf_insn *insn)
{
    bool is_load = BPF_CLASS(insn->code) == BPF_LDX;
    uint64_t base = reg[is_load ? insn->src_reg : insn->dst_reg];
    uint8_t *at = (uint8_t *)(uintptr_t)base + insn->off;

    if (is_load) {
        reg[insn->dst_reg] = 0;
        memcpy(&reg[insn->dst_reg], at, size_of(insn));
    } else if (BPF_MODE(insn->code) == BPF_ATOMIC) {
        assert_int_equal(insn->imm, BPF_ADD | BPF_FETCH);
        uint32_t old;
        memcpy(&old, at, 4);
        uint32_t sum = old + (uint32_t)reg[insn->src_reg];
        memcpy(at, &sum, 4);
        reg[insn->src_reg] = old;
    } else {
        memcpy(at, &reg[insn->src_reg], size_of(insn));
    }
}

static uint64_t operand(const struct bpf_insn *insn)
{
    return BPF_SRC(insn->code) == BPF_X ? reg[insn->src_reg]
                                        : (uint64_t)(int64_t)insn->imm;
}

/* Returns how many instructions to go on by. */
static int step(const struct bpf_insn *insn)
{
    int kind = BPF_CLASS(insn->code), op = BPF_OP(insn->code);
    uint64_t a = reg[insn->dst_reg], b = operand(insn);

    switch (kind) {
    case BPF_ALU64:
        reg[insn->dst_reg] = compute(op, a, b, true);
        return 1;
    case BPF_ALU:
        reg[insn->dst_reg] = (uint32_t)compute(op, a, b, false);
        return 1;
    case BPF_LD:
        reg[insn->dst_reg] = (uint32_t)insn->imm;
        return 2;
    case BPF_LDX:
    case BPF_STX:
        access_memory(insn);
        return 1;
    case BPF_JMP32:
        return 1 +
               (compare(op, (uint64_t)(int64_t)(int32_t)a, b) ? insn->off : 0);
    }
    assert_int_equal(kind, BPF_JMP);
    if (op == BPF_CALL) {
        call(insn->imm);
        return 1;
    }
    return 1 + (compare(op, a, b) ? insn->off : 0);
}

static void interpret(const struct bpf_insn *insns, size_t count)
{
    size_t at = 0;

    reg[1] = 4711;
    reg[10] = (uintptr_t)(stack + sizeof(stack));
    while (insns[at].code != (BPF_JMP | BPF_EXIT)) {
        at += (size_t)step(&insns[at]);
        assert_true(at < count);
    }
    assert_int_equal(reg[0], SK_PASS);
}

/* The socket that a program chooses. */
static int choose(enum yk_bpf_choice choice, size_t workers)
{
    struct bpf_insn *insns =
        calloc(YK_BPF_PROGRAM_MAX(workers), sizeof(*insns));

    assert_non_null(insns);
    selected = -1;
    size_t count = yk_bpf_program_write(choice, workers, &maps, insns);
    assert_true(count <= YK_BPF_PROGRAM_MAX(workers));
    interpret(insns, count);
    free(insns);
    return selected;
}

static int take_turn(void)
{
    return choose(YK_BPF_TURNS, 16);
}

static int take_least(void)
{
    return choose(YK_BPF_LEAST, 16);
}

/* ---- Set-up ---- */

/* Routes with the seats in reverse, all open and idle. */
static void set_up(uint32_t count)
{
    memset(&routes, 0, sizeof(routes));
    memset(&loads, 0, sizeof(loads));
    missing_socket = 0;
    routes.head.count = count;
    for (uint32_t i = 0; i < count; i++) {
        routes.of[i].is_open = 1;
        routes.of[i].seat = 100 - i;
    }
}

static struct yk_load *load_of(uint32_t route)
{
    return &loads.seats[routes.of[route].seat];
}

static void expect(int (*next)(void), const int *wanted, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_int_equal(next(), wanted[i]);
}

#    define EXPECT(next, ...)                                                  \
        expect(next, (const int[]){__VA_ARGS__},                               \
               sizeof((const int[]){__VA_ARGS__}) / sizeof(int))

/* ---- Turns ---- */

static void turns_go_round(void **state)
{
    (void)state;
    set_up(3);
    EXPECT(take_turn, 1, 2, 3, 1, 2, 3, 1);
}

static void turns_leave_out_who_is_closed_and_stay_even(void **state)
{
    (void)state;
    set_up(4);
    routes.of[1].is_open = 0;
    EXPECT(take_turn, 1, 3, 4, 1, 3, 4, 1, 3, 4);
}

static void turns_leave_out_who_is_late(void **state)
{
    (void)state;
    set_up(3);
    load_of(1)->busy_since_ns = NOW_NS - 300 * MS;
    load_of(2)->busy_since_ns = NOW_NS - 200 * MS; /* Merely busy. */
    EXPECT(take_turn, 1, 3, 1, 3);
}

static void a_clock_that_is_ahead_is_not_late(void **state)
{
    (void)state;
    set_up(2);
    load_of(0)->busy_since_ns = NOW_NS + 5 * MS;
    EXPECT(take_turn, 1, 2, 1, 2);
}

static void when_all_are_late_one_of_them_is_taken(void **state)
{
    (void)state;
    set_up(2);
    load_of(0)->busy_since_ns = load_of(1)->busy_since_ns = 1;
    assert_in_range(take_turn(), 1, 2);
}

static void without_anybody_it_is_the_primary(void **state)
{
    (void)state;
    set_up(3);
    for (int i = 0; i < 3; i++)
        routes.of[i].is_open = 0;
    assert_int_equal(take_turn(), 0);
    assert_int_equal(take_least(), 0);
    set_up(0);
    assert_int_equal(take_turn(), 0);
    assert_int_equal(take_least(), 0);
}

static void a_socket_that_is_gone_leaves_it_to_the_primary(void **state)
{
    (void)state;
    set_up(2);
    missing_socket = 1;
    EXPECT(take_turn, 0, 2, 0);
}

/* ---- The least ---- */

static void equals_take_turns(void **state)
{
    int seen[5] = {0};

    (void)state;
    set_up(4);
    for (int i = 0; i < 8; i++)
        seen[take_least()]++;
    for (int i = 1; i <= 4; i++)
        assert_int_equal(seen[i], 2);
}

static void who_has_fewest_is_filled_up(void **state)
{
    (void)state;
    set_up(3);
    load_of(0)->open = 5;
    load_of(1)->open = 2;
    load_of(2)->coming = 5;
    EXPECT(take_least, 2, 2, 2);
}

static void what_has_arrived_no_longer_counts_as_coming(void **state)
{
    (void)state;
    set_up(2);
    load_of(0)->open = 3;
    load_of(1)->routed = load_of(1)->arrived = 4000000000u;
    load_of(1)->routed_ns = NOW_NS - MS;
    load_of(1)->open = 2;
    assert_int_equal(take_least(), 2);
    assert_int_equal(load_of(1)->routed, 4000000001u);
    assert_int_equal(load_of(1)->routed_ns, NOW_NS);
}

static void more_arrivals_than_were_sent_are_none(void **state)
{
    (void)state;
    set_up(2);
    load_of(0)->open = 1;
    load_of(1)->arrived = 7;
    load_of(1)->routed_ns = NOW_NS - MS;
    assert_int_equal(take_least(), 2);
}

static void what_was_sent_long_ago_will_not_come(void **state)
{
    (void)state;
    set_up(2);
    load_of(0)->open = 10;
    load_of(1)->routed = 1000;
    load_of(1)->routed_ns = NOW_NS - 3000 * MS;
    assert_int_equal(take_least(), 2);
    /* It has been sent one just now, so it may be that all still come. */
    assert_int_equal(take_least(), 1);
}

static void who_is_busy_comes_last(void **state)
{
    (void)state;
    set_up(3);
    load_of(0)->busy_since_ns = NOW_NS - 5 * MS;
    load_of(1)->open = 1000;
    load_of(2)->open = 1005;
    load_of(2)->busy_since_ns = NOW_NS - 3 * MS; /* Just awake. */
    EXPECT(take_least, 2, 2);
    routes.of[1].is_open = routes.of[2].is_open = 0;
    assert_int_equal(take_least(), 1);
}

static void rubbish_in_shared_memory_is_survived(void **state)
{
    (void)state;
    set_up(4);
    for (uint32_t i = 0; i < 4; i++)
        memset(load_of(i), 0xff, sizeof(struct yk_load));
    assert_in_range(take_least(), 0, 4);
    assert_in_range(take_turn(), 0, 4);
    routes.head.count = UINT32_MAX;
    routes.of[0].seat = UINT32_MAX;
    assert_in_range(take_least(), 0, 16);
    assert_in_range(take_turn(), 0, 16);
}

static void a_program_for_as_many_as_can_be(void **state)
{
    (void)state;
    set_up(YK_ROUTES_MAX > 100 ? 100 : YK_ROUTES_MAX);
    for (uint32_t i = 0; i < 99; i++)
        routes.of[i].is_open = 0;
    assert_int_equal(choose(YK_BPF_TURNS, YK_ROUTES_MAX), 100);
    assert_int_equal(choose(YK_BPF_LEAST, YK_ROUTES_MAX), 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_go_round),
        cmocka_unit_test(turns_leave_out_who_is_closed_and_stay_even),
        cmocka_unit_test(turns_leave_out_who_is_late),
        cmocka_unit_test(a_clock_that_is_ahead_is_not_late),
        cmocka_unit_test(when_all_are_late_one_of_them_is_taken),
        cmocka_unit_test(without_anybody_it_is_the_primary),
        cmocka_unit_test(a_socket_that_is_gone_leaves_it_to_the_primary),
        cmocka_unit_test(equals_take_turns),
        cmocka_unit_test(who_has_fewest_is_filled_up),
        cmocka_unit_test(what_has_arrived_no_longer_counts_as_coming),
        cmocka_unit_test(more_arrivals_than_were_sent_are_none),
        cmocka_unit_test(what_was_sent_long_ago_will_not_come),
        cmocka_unit_test(who_is_busy_comes_last),
        cmocka_unit_test(rubbish_in_shared_memory_is_survived),
        cmocka_unit_test(a_program_for_as_many_as_can_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
