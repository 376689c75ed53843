/* Both programs have one frame and differ in how they search:
 *
 *     head = routes[0]; now = the time
 *     search: leaves in `found` the number of a route from 1, or 0, and in
 *             `seat` the place of its worker's load
 *     select socket[found]; if it is gone, socket[0]       (parking)
 *     pass
 *
 * The search in turns takes numbers from a counter that all CPUs share, until
 * one falls on a worker that can take the connection. As each number is given
 * out once, the turns are exact, whoever may be missing. The first that is open
 * but late is remembered: it gets the connection if there is no better.
 *
 * The search for the least looks at all, beginning where a turn says, so that
 * among equals it goes round. What a worker has to do is what it has open and
 * what is on its way to it: from the primary (`coming`), and from here
 * (`routed`, of which the worker says how many have `arrived`). One that has
 * been in the same turn of its loop for a while comes after all that have not.
 *
 * There are no loops: each try is written out, for as many as there are
 * workers. The verifier of the kernel follows what a processor might do
 * speculatively, too, and then sees no end of a loop. Nor is there computing
 * with pointers, of which it would have to prove the same; everything is looked
 * up in its array. So CAP_BPF is enough, without CAP_PERFMON.
 *
 * All jumps lead forward; they get their target when its place is known. An
 * instruction is written as what it does: load(p, BPF_W, B, FOUND_AT, LOAD(open))
 * is b = load->open. */
#include "cluster/bpf_program.h"

#include <stdbool.h>
#include <stddef.h>

#include "cluster/bpf.h"
#include "cluster/loads.h"

#ifdef YK_WITHOUT_BPF

size_t yk_bpf_program_write(enum yk_bpf_choice choice, size_t workers,
                            const struct yk_bpf_maps *maps,
                            struct bpf_insn *out)
{
    (void)choice;
    (void)workers;
    (void)maps;
    (void)out;
    return 0;
}

int yk_bpf_choice_load(enum yk_bpf_choice choice, size_t workers,
                       const struct yk_bpf_maps *maps, char *text, int *ret_fd)
{
    (void)choice;
    (void)workers;
    (void)maps;
    return yk_bpf_program_load("", NULL, 0, text, ret_fd);
}

#else

#    include <errno.h>
#    include <linux/bpf.h>
#    include <stdio.h>

#    include "core/alloc.h"
#    include "core/cleanup.h"

/* What a busy worker has on top of its connections: more than there can be. */
#    define BUSY     (1 << 30)

/* ---- The registers, by what they hold ---- */

enum {
    RESULT = BPF_REG_0, /* Of a call. */
    AT = BPF_REG_0,     /* What was looked up last. */
    B = BPF_REG_1,      /* For arithmetic; lost in calls, like */
    C = BPF_REG_2,      /* these. */
    TODO = BPF_REG_3,   /* What a worker has to do. */
    HEAD = BPF_REG_6,   /* struct yk_routes' head. */
    FOUND = BPF_REG_7,  /* The best so far: its route, */
    SEAT = BPF_REG_8,   /* the place of its load, */
    LEAST = BPF_REG_9,  /* and what it has to do. */
    STACK = BPF_REG_10,
};

/* On the stack. */
#    define KEY      (-4)  /* The number of a route. */
#    define SEAT_KEY (-8)  /* The place of its worker's load. */
#    define CONTEXT  (-16) /* What the program was called with. */
#    define NOW      (-24)

enum label {
    NEXT,
    ARRIVED,
    COMPARE,
    CHOSEN,
    END,
    SELECT,
    PASS
};

struct program {
    struct bpf_insn *insns;
    size_t count;
};

/* ---- Instructions ---- */

static void add_insn(struct program *p, int code, int to, int from, int off,
                     int32_t value)
{
    struct bpf_insn insn = {
        .code = (uint8_t)code, .off = (int16_t)off, .imm = value};

    insn.dst_reg = (unsigned)to & 15u;
    insn.src_reg = (unsigned)from & 15u;
    p->insns[p->count++] = insn;
}

static void move(struct program *p, int to, int from)
{
    add_insn(p, BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0);
}

static void set(struct program *p, int to, int32_t value)
{
    add_insn(p, BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value);
}

/* to = to OP from; `op` with BPF_ALU64 or, for 32 bits, BPF_ALU. */
static void compute(struct program *p, int op, int to, int from)
{
    add_insn(p, op | BPF_X, to, from, 0, 0);
}

static void compute_with(struct program *p, int op, int to, int32_t value)
{
    add_insn(p, op | BPF_K, to, 0, 0, value);
}

/* to = *(from + offset); `size` is BPF_W or BPF_DW. */
static void load(struct program *p, int size, int to, int from, int offset)
{
    add_insn(p, BPF_LDX | BPF_MEM | size, to, from, offset, 0);
}

static void store(struct program *p, int size, int to, int offset, int from)
{
    add_insn(p, BPF_STX | BPF_MEM | size, to, from, offset, 0);
}

/* by = atomic_fetch_add((uint32_t *)(to + offset), by) */
static void fetch_add(struct program *p, int to, int offset, int by)
{
    add_insn(p, BPF_STX | BPF_ATOMIC | BPF_W, to, by, offset,
             BPF_ADD | BPF_FETCH);
}

/* The address of a map: an instruction of double length. */
static void address(struct program *p, int to, int fd)
{
    add_insn(p, BPF_LD | BPF_IMM | BPF_DW, to, BPF_PSEUDO_MAP_FD, 0, fd);
    add_insn(p, 0, 0, 0, 0, 0);
}

static void call(struct program *p, int32_t function)
{
    add_insn(p, BPF_JMP | BPF_CALL, 0, 0, 0, function);
}

/* if (a OP value) leave out the next instruction */
static void skip_if(struct program *p, int code, int a, int32_t value)
{
    add_insn(p, code | BPF_K, a, 0, 1, value);
}

/* ---- Jumps ---- */

/* Marks a jump whose target is not known yet: none is that long. */
static int16_t to_label(enum label label)
{
    return (int16_t)(INT16_MIN + (int)label);
}

static void jump(struct program *p, enum label label)
{
    add_insn(p, BPF_JMP | BPF_JA, 0, 0, to_label(label), 0);
}

/* if (a OP b) goto label */
static void jump_if(struct program *p, int op, int a, int b, enum label label)
{
    add_insn(p, BPF_JMP | op | BPF_X, a, b, to_label(label), 0);
}

static void jump_if_value(struct program *p, int op, int a, int32_t value,
                          enum label label)
{
    add_insn(p, BPF_JMP | op | BPF_K, a, 0, to_label(label), value);
}

static bool is_jump(const struct bpf_insn *insn)
{
    return (BPF_CLASS(insn->code) == BPF_JMP ||
            BPF_CLASS(insn->code) == BPF_JMP32) &&
           BPF_OP(insn->code) != BPF_CALL;
}

/* The label is here: where all jumps lead that were to lead to it. */
static void place(struct program *p, enum label label)
{
    for (size_t i = 0; i < p->count; i++)
        if (is_jump(&p->insns[i]) && p->insns[i].off == to_label(label))
            p->insns[i].off = (int16_t)(p->count - i - 1);
}

/* ---- The parts of the programs ---- */

#    define HEAD_FIELD(name) ((int)(offsetof(struct yk_routes, head.name)))
#    define ROUTE(name)      ((int)offsetof(struct yk_route, name))
#    define LOAD(name)       ((int)offsetof(struct yk_load, name))

/* Marks, for link_maps. */
enum map {
    ROUTES,
    LOADS,
    SOCKETS
};

/* at = map[*key]; none there: goto label */
static void look_up(struct program *p, enum map map, int key, enum label label)
{
    address(p, BPF_REG_1, map);
    move(p, BPF_REG_2, STACK);
    compute_with(p, BPF_ALU64 | BPF_ADD, BPF_REG_2, key);
    call(p, BPF_FUNC_map_lookup_elem);
    jump_if_value(p, BPF_JEQ, AT, 0, label);
}

static void begin(struct program *p)
{
    store(p, BPF_DW, STACK, CONTEXT, BPF_REG_1);
    call(p, BPF_FUNC_ktime_get_ns);
    store(p, BPF_DW, STACK, NOW, RESULT);
    set(p, FOUND, 0);
    store(p, BPF_W, STACK, KEY, FOUND);
    look_up(p, ROUTES, KEY, PASS);
    move(p, HEAD, AT);
}

/* b = b % count + 1: numbers count from 1 */
static void wrap(struct program *p)
{
    load(p, BPF_W, C, HEAD, HEAD_FIELD(count));
    compute(p, BPF_ALU | BPF_MOD, B, C);
    compute_with(p, BPF_ALU64 | BPF_ADD, B, 1);
}

/* key = turn++ % count + 1 */
static void take_turn(struct program *p)
{
    set(p, B, 1);
    fetch_add(p, HEAD, HEAD_FIELD(turn), B);
    wrap(p);
    store(p, BPF_W, STACK, KEY, B);
}

/* The n-th try: if (n >= count) goto end */
static void begin_try(struct program *p, size_t n)
{
    load(p, BPF_W, C, HEAD, HEAD_FIELD(count));
    jump_if_value(p, BPF_JLE, C, (int32_t)n, END);
}

/* at = loads[routes[key].seat + 1]; if the route is closed: goto next */
static void look_up_open(struct program *p)
{
    look_up(p, ROUTES, KEY, END);
    load(p, BPF_W, B, AT, ROUTE(is_open));
    jump_if_value(p, BPF_JEQ, B, 0, NEXT);
    load(p, BPF_W, B, AT, ROUTE(seat));
    compute_with(p, BPF_ALU64 | BPF_ADD, B, 1);
    store(p, BPF_W, STACK, SEAT_KEY, B);
    look_up(p, LOADS, SEAT_KEY, NEXT);
}

/* found = key, seat = seat_key */
static void remember(struct program *p)
{
    load(p, BPF_W, FOUND, STACK, KEY);
    load(p, BPF_W, SEAT, STACK, SEAT_KEY);
}

/* If it has not been in one turn for that long: goto `label`. */
static void jump_if_in_time(struct program *p, int32_t ns, enum label label)
{
    load(p, BPF_DW, B, AT, LOAD(busy_since_ns));
    jump_if_value(p, BPF_JEQ, B, 0, label);
    load(p, BPF_DW, C, STACK, NOW);
    compute(p, BPF_ALU64 | BPF_SUB, C, B);
    jump_if_value(p, BPF_JSLT, C, ns, label);
}

static void search_in_turns(struct program *p, size_t tries)
{
    for (size_t n = 0; n < tries; n++) {
        begin_try(p, n);
        take_turn(p);
        look_up_open(p);
        jump_if_in_time(p, YK_BPF_LATE_NS, CHOSEN);
        jump_if_value(p, BPF_JNE, FOUND, 0, NEXT);
        load(p, BPF_W, FOUND, STACK, KEY);
        place(p, NEXT);
    }
    jump(p, END);
    place(p, CHOSEN);
    load(p, BPF_W, FOUND, STACK, KEY);
    place(p, END);
}

/* todo = coming + open, and if the last that was sent may still come:
 * max(0, (int32_t)(routed - arrived)) */
static void compute_todo(struct program *p)
{
    load(p, BPF_DW, C, STACK, NOW);
    load(p, BPF_DW, B, AT, LOAD(routed_ns));
    compute(p, BPF_ALU64 | BPF_SUB, C, B);
    set(p, TODO, 0);
    jump_if_value(p, BPF_JSGT, C, YK_BPF_LATEST_NS, ARRIVED);
    load(p, BPF_W, TODO, AT, LOAD(routed));
    load(p, BPF_W, B, AT, LOAD(arrived));
    compute(p, BPF_ALU | BPF_SUB, TODO, B);
    skip_if(p, BPF_JMP32 | BPF_JSGE, TODO, 0);
    set(p, TODO, 0);
    place(p, ARRIVED);
    load(p, BPF_W, B, AT, LOAD(coming));
    compute(p, BPF_ALU64 | BPF_ADD, TODO, B);
    load(p, BPF_W, B, AT, LOAD(open));
    compute(p, BPF_ALU64 | BPF_ADD, TODO, B);
}

static void try_least(struct program *p, size_t n)
{
    begin_try(p, n);
    load(p, BPF_W, B, STACK, KEY);
    wrap(p);
    store(p, BPF_W, STACK, KEY, B);
    look_up_open(p);
    compute_todo(p);
    jump_if_in_time(p, YK_BPF_BUSY_NS, COMPARE);
    compute_with(p, BPF_ALU64 | BPF_ADD, TODO, BUSY);
    place(p, COMPARE);
    jump_if(p, BPF_JGE, TODO, LEAST, NEXT);
    move(p, LEAST, TODO);
    remember(p);
    place(p, NEXT);
}

static void search_least(struct program *p, size_t tries)
{
    take_turn(p);
    set(p, SEAT, 0);
    set(p, LEAST, -1); /* As an unsigned number: the most. */
    for (size_t n = 0; n < tries; n++)
        try_least(p, n);
    place(p, END);
    /* if (found) loads[seat].routed++, .routed_ns = now */
    jump_if_value(p, BPF_JEQ, FOUND, 0, SELECT);
    store(p, BPF_W, STACK, SEAT_KEY, SEAT);
    look_up(p, LOADS, SEAT_KEY, SELECT);
    set(p, B, 1);
    fetch_add(p, AT, LOAD(routed), B);
    load(p, BPF_DW, B, STACK, NOW);
    store(p, BPF_DW, AT, LOAD(routed_ns), B);
    place(p, SELECT);
}

static void select_socket(struct program *p)
{
    load(p, BPF_DW, BPF_REG_1, STACK, CONTEXT);
    address(p, BPF_REG_2, SOCKETS);
    move(p, BPF_REG_3, STACK);
    compute_with(p, BPF_ALU64 | BPF_ADD, BPF_REG_3, KEY);
    set(p, BPF_REG_4, 0);
    call(p, BPF_FUNC_sk_select_reuseport);
    jump_if_value(p, BPF_JEQ, RESULT, 0, PASS);
}

static void end(struct program *p)
{
    store(p, BPF_W, STACK, KEY, FOUND);
    select_socket(p);
    set(p, B, 0);
    store(p, BPF_W, STACK, KEY, B);
    select_socket(p);
    place(p, PASS);
    set(p, RESULT, SK_PASS);
    add_insn(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* Puts the descriptors where `address` has left marks. */
static void link_maps(struct program *p, const struct yk_bpf_maps *maps)
{
    const int fds[] = {[ROUTES] = maps->routes,
                       [LOADS] = maps->loads,
                       [SOCKETS] = maps->sockets};

    for (size_t i = 0; i < p->count; i++)
        if (p->insns[i].code == (BPF_LD | BPF_IMM | BPF_DW))
            p->insns[i].imm = fds[p->insns[i].imm];
}

size_t yk_bpf_program_write(enum yk_bpf_choice choice, size_t workers,
                            const struct yk_bpf_maps *maps,
                            struct bpf_insn *out)
{
    struct program program = {.insns = out};

    begin(&program);
    if (choice == YK_BPF_TURNS)
        search_in_turns(&program, workers);
    else
        search_least(&program, workers);
    end(&program);
    link_maps(&program, maps);
    return program.count;
}

int yk_bpf_choice_load(enum yk_bpf_choice choice, size_t workers,
                       const struct yk_bpf_maps *maps, char *text, int *ret_fd)
{
    YK_CLEANUP(yk_free_ptr)
    struct bpf_insn *insns =
        yk_try_alloc(YK_BPF_PROGRAM_MAX(workers) * sizeof(*insns));

    snprintf(text, YK_BPF_TEXT_MAX, "no memory");
    if (!insns)
        return -ENOMEM;
    size_t count = yk_bpf_program_write(choice, workers, maps, insns);
    return yk_bpf_program_load(choice == YK_BPF_TURNS ? "yoke_turns"
                                                      : "yoke_least",
                               insns, count, text, ret_fd);
}

#endif
