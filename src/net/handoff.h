/* A hand-off: what a worker owes the primary for one connection it was dealt.
 *
 * The primary keeps its own copy of a connection's descriptor until the worker
 * has begun to read from it, so that a worker's death loses nothing that was
 * not begun. The two agree through one word of shared memory per connection; a
 * store there costs nothing, where a message would cost a system call for each
 * connection, and it is in place before the first byte is read, so that a
 * request which kills its worker is not dealt to the next one.
 *
 *   word = generation << 3 | state
 *
 *        primary deals            worker registers it       worker reads first
 *   FREE ------------> SENT ------------> TAKEN ------------------> BEGUN
 *    ^                  |                   |  \                      |
 *    |                  | worker dies       |   `-> RETURNED          |
 *    |                  v                   v          | deal again   |
 *    |               deal again     evicted: too many  v              |
 *    `---------------- (generation + 1) <-- silent ones <-------------'
 *
 * What has been SENT for too long, to a worker that is stuck, the primary takes
 * back in the same way and deals again.
 *
 * The primary frees an entry by counting the generation up; a worker that still
 * holds the old one then fails to change it, which is harmless: it means that
 * the connection is the worker's alone. */
#ifndef YK_NET_HANDOFF_H
#define YK_NET_HANDOFF_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum yk_handoff_state {
    YK_HANDOFF_FREE,
    YK_HANDOFF_SENT,     /* On its way; the worker has not seen it. */
    YK_HANDOFF_TAKEN,    /* The worker waits for its first byte. */
    YK_HANDOFF_BEGUN,    /* Read from, or closed: the worker's alone. */
    YK_HANDOFF_RETURNED, /* Not wanted: the primary is to deal it again. */
};

#define YK_HANDOFF_STATE(word)      ((enum yk_handoff_state)((word)&7u))
#define YK_HANDOFF_GENERATION(word) ((word) >> 3)
#define YK_HANDOFF_WORD(gen, state) ((uint32_t)(gen) << 3 | (uint32_t)(state))

/* The worker's end of one hand-off; embedded in the connection. A connection
 * that was accepted directly has `word` NULL, and all calls do nothing. */
struct yk_handoff {
    _Atomic uint32_t *word; /* In memory shared with the primary, or NULL. */
    uint32_t generation;
    bool was_given; /* By another worker, which may still hold its copy. */
};

/* Moves from `from` to `to`; false when the entry has moved on. */
static inline bool yk_handoff_move(const struct yk_handoff *handoff,
                                   enum yk_handoff_state from,
                                   enum yk_handoff_state to)
{
    uint32_t expected = YK_HANDOFF_WORD(handoff->generation, from);
    return atomic_compare_exchange_strong_explicit(
        handoff->word, &expected, YK_HANDOFF_WORD(handoff->generation, to),
        memory_order_acq_rel, memory_order_acquire);
}

/* To be called before the first byte is read, and before a connection is
 * closed that was never read. From here on it is lost if this process dies. */
static inline void yk_handoff_begin(const struct yk_handoff *handoff)
{
    if (handoff->word)
        yk_handoff_move(handoff, YK_HANDOFF_TAKEN, YK_HANDOFF_BEGUN);
}

/* Asks the primary to deal the connection to another worker. True: it will,
 * and the caller closes its descriptor without shutting the connection down.
 * False: the primary has no copy (any more); the connection is the caller's. */
static inline bool yk_handoff_return(const struct yk_handoff *handoff)
{
    return handoff->word &&
           yk_handoff_move(handoff, YK_HANDOFF_TAKEN, YK_HANDOFF_RETURNED);
}

/* True while the primary has a copy and deals it again if this process dies. */
static inline bool yk_handoff_is_covered(const struct yk_handoff *handoff)
{
    return handoff->word &&
           atomic_load_explicit(handoff->word, memory_order_acquire) ==
               YK_HANDOFF_WORD(handoff->generation, YK_HANDOFF_TAKEN);
}

/* True while another process may hold a copy of the descriptor. */
static inline bool yk_handoff_is_held(const struct yk_handoff *handoff)
{
    return handoff->was_given ||
           (handoff->word &&
            YK_HANDOFF_GENERATION(atomic_load_explicit(
                handoff->word, memory_order_acquire)) == handoff->generation);
}

#endif
