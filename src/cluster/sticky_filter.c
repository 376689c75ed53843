#include "cluster/sticky_filter.h"

#include <linux/filter.h>
#include <stdbool.h>
#include <string.h>

#include "net/peer.h"

/* Odd numbers that spread the bits (those of well-known hashes). */
#define SPREAD_1 0x9e3779b1u
#define SPREAD_2 0x85ebca6bu
#define SPREAD_3 0xc2b2ae35u

/* Where the client's address is in the packet. */
#define IP4_SOURCE  12
#define IP6_SOURCE  8
/* The farthest that a conditional jump leads. */
#define JUMP_MAX    255
#define IP6_VERSION 6

/* ---- The hash in C ---- */

static uint32_t add_word(uint32_t hash, uint32_t word)
{
    hash = (hash ^ word) * SPREAD_1;
    return hash ^ hash >> 15;
}

static uint32_t finish(uint32_t hash)
{
    hash *= SPREAD_2;
    hash = (hash ^ hash >> 13) * SPREAD_3;
    return hash ^ hash >> 16;
}

static uint32_t read_word(const uint8_t *ptr)
{
    return (uint32_t)ptr[0] << 24 | (uint32_t)ptr[1] << 16 |
           (uint32_t)ptr[2] << 8 | ptr[3];
}

uint32_t yk_sticky_hash(const struct yk_peer *peer, uint32_t seed)
{
    uint32_t hash = seed;

    if (!peer->family)
        return 0;
    for (int i = 0; i < (peer->family == 4 ? 4 : 16); i += 4)
        hash = add_word(hash, read_word(peer->ip + i));
    return finish(hash);
}

/* ---- The hash as a filter: A is the hash, X a copy of it ---- */

struct filter {
    struct sock_filter *insns;
    size_t count;
};

static void add(struct filter *f, int code, uint32_t k)
{
    f->insns[f->count++] = (struct sock_filter){.code = (uint16_t)code, .k = k};
}

static void copy(struct filter *f)
{
    add(f, BPF_MISC | BPF_TAX, 0);
}

/* A = A ^ A >> bits */
static void fold(struct filter *f, uint32_t bits)
{
    copy(f);
    add(f, BPF_ALU | BPF_RSH | BPF_K, bits);
    add(f, BPF_ALU | BPF_XOR | BPF_X, 0);
}

static void multiply(struct filter *f, uint32_t by)
{
    add(f, BPF_ALU | BPF_MUL | BPF_K, by);
}

static void write_add_word(struct filter *f, uint32_t offset)
{
    copy(f);
    add(f, BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_NET_OFF + offset);
    add(f, BPF_ALU | BPF_XOR | BPF_X, 0);
    multiply(f, SPREAD_1);
    fold(f, 15);
}

static void write_finish(struct filter *f)
{
    multiply(f, SPREAD_2);
    fold(f, 13);
    multiply(f, SPREAD_3);
    fold(f, 16);
}

static void write_hash_of(struct filter *f, uint32_t seed, uint32_t offset,
                          int words)
{
    add(f, BPF_LD | BPF_W | BPF_IMM, seed);
    for (int i = 0; i < words; i++)
        write_add_word(f, offset + 4 * (uint32_t)i);
}

static void write_hash(struct filter *f, uint32_t seed)
{
    add(f, BPF_LD | BPF_B | BPF_ABS, (uint32_t)SKF_NET_OFF);
    add(f, BPF_ALU | BPF_RSH | BPF_K, 4);
    size_t test = f->count;
    add(f, BPF_JMP | BPF_JEQ | BPF_K, IP6_VERSION);
    write_hash_of(f, seed, IP4_SOURCE, 1);
    size_t skip = f->count;
    add(f, BPF_JMP | BPF_JA, 0);
    f->insns[test].jt = (uint8_t)(f->count - test - 1);
    write_hash_of(f, seed, IP6_SOURCE, 4);
    f->insns[skip].k = (uint32_t)(f->count - skip - 1);
    write_finish(f);
    add(f, BPF_ALU | BPF_RSH | BPF_K, 32 - YK_BUCKETS_BITS);
}

/* ---- The tree: A is the bucket ---- */

static bool is_uniform(const uint16_t *owners, size_t from, size_t to)
{
    for (size_t i = from + 1; i < to; i++)
        if (owners[i] != owners[from])
            return false;
    return true;
}

/* Instructions for the buckets from `from` up to, not including, `to`. */
static size_t tree_size(const uint16_t *owners, size_t from, size_t to)
{
    size_t middle = (from + to) / 2;

    if (is_uniform(owners, from, to))
        return 1;
    size_t high = tree_size(owners, middle, to);
    return 1 + (high > JUMP_MAX) + high + tree_size(owners, from, middle);
}

static uint32_t member_of(uint16_t owner)
{
    return owner == YK_HOME_NONE ? 0 : (uint32_t)owner + 1;
}

/*   if (A >= middle): the high half, which follows;  else: the low half.
 *
 * A conditional jump may not reach that far; then one that can is put beside
 * it. */
static void write_tree(struct filter *f, const uint16_t *owners, size_t from,
                       size_t to)
{
    size_t middle = (from + to) / 2;

    if (is_uniform(owners, from, to)) {
        add(f, BPF_RET | BPF_K, member_of(owners[from]));
        return;
    }
    size_t high = tree_size(owners, middle, to);
    add(f, BPF_JMP | BPF_JGE | BPF_K, (uint32_t)middle);
    if (high > JUMP_MAX) {
        f->insns[f->count - 1].jt = 1;
        add(f, BPF_JMP | BPF_JA, (uint32_t)high);
    } else {
        f->insns[f->count - 1].jf = (uint8_t)high;
    }
    write_tree(f, owners, middle, to);
    write_tree(f, owners, from, middle);
}

size_t yk_sticky_filter_write(const struct yk_buckets *buckets, uint32_t seed,
                              struct sock_filter *out)
{
    struct filter filter = {.insns = out};

    write_hash(&filter, seed);
    write_tree(&filter, buckets->owner, 0, YK_BUCKETS);
    return filter.count;
}
