/* Claims: who reads next from a connection that rests.
 *
 * A connection rests between two requests. Its worker may then be busy with
 * another one for long, while a sibling has nothing to do: so another process
 * may take a connection that rests, with what has come on it. The two agree
 * through one word of shared memory for each descriptor of the worker.
 *
 *   word = generation << 2 | state
 *
 *            at a request's end           before it reads, or closes
 *   OWNED -----------------------> RESTS -----------------------> OWNED
 *                                    |                              ^
 *                                    | somebody has taken it        |
 *                                    `----------> TAKEN ------------'
 *                                                  its worker closes its
 *                                                  descriptor, and no more
 *
 * The worker alone counts the generation up, each time it lets a connection
 * rest. Whoever takes looks at the word first, then fetches the descriptor, and
 * then moves exactly that word on: so what he has fetched is what rested. */
#ifndef YK_NET_CLAIMS_H
#define YK_NET_CLAIMS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Descriptors from here on are never taken. */
#define YK_CLAIMS_MAX 4096

enum yk_claim_state {
    YK_CLAIM_OWNED,
    YK_CLAIM_RESTS,
    YK_CLAIM_TAKEN,
};

#define YK_CLAIM_STATE(word)      ((enum yk_claim_state)((word)&3u))
#define YK_CLAIM_WORD(gen, state) ((uint32_t)(gen) << 2 | (uint32_t)(state))

/* All zero at first. */
struct yk_claims {
    _Atomic uint32_t limit; /* No descriptor from here on has ever rested. */
    _Atomic uint32_t taken; /* How many were ever taken. */
    uint32_t unused[14];    /* The rest of the cache line. */
    _Atomic uint32_t words[YK_CLAIMS_MAX];
};

/* This process's; NULL: nobody may take anything. Written once, by the cluster.
 */
extern struct yk_claims *yk_claims;

/* ---- In the worker ---- */

/* The descriptor's word; NULL when it cannot be taken. */
static inline _Atomic uint32_t *yk_claim_of(int fd)
{
    return yk_claims && fd >= 0 && fd < YK_CLAIMS_MAX ? &yk_claims->words[fd]
                                                      : NULL;
}

/* From here on others may take it. */
static inline void yk_claim_rest(_Atomic uint32_t *word)
{
    uint32_t old = atomic_load_explicit(word, memory_order_relaxed);

    atomic_store_explicit(word, YK_CLAIM_WORD((old >> 2) + 1, YK_CLAIM_RESTS),
                          memory_order_release);
}

/* False: somebody has taken it. Nothing may be read, nor the connection be ended;
 * the descriptor is to be closed. */
static inline bool yk_claim_own(_Atomic uint32_t *word)
{
    uint32_t old = atomic_load_explicit(word, memory_order_relaxed);

    old = atomic_exchange_explicit(
        word, YK_CLAIM_WORD(old >> 2, YK_CLAIM_OWNED), memory_order_acq_rel);
    return YK_CLAIM_STATE(old) != YK_CLAIM_TAKEN;
}

/* ---- In who takes ---- */

/* True: `word`, which was seen before the descriptor was fetched, has not been
 * moved since; what was fetched is the caller's. */
bool yk_claims_take(struct yk_claims *claims, int fd, uint32_t word);

/* The next descriptor that rests, from `*cursor` on, which is moved behind it.
 * `*left`, at first YK_CLAIMS_MAX, sees to it that none comes twice. False:
 * there is none. */
bool yk_claims_next(const struct yk_claims *claims, uint32_t *cursor,
                    uint32_t *left, int *ret_fd, uint32_t *ret_word);

#endif
