#include "net/claims.h"

struct yk_claims *yk_claims;

bool yk_claims_take(struct yk_claims *claims, int fd, uint32_t word)
{
    uint32_t taken = YK_CLAIM_WORD(word >> 2, YK_CLAIM_TAKEN);

    if (!atomic_compare_exchange_strong_explicit(&claims->words[fd], &word,
                                                 taken, memory_order_acq_rel,
                                                 memory_order_acquire))
        return false;
    atomic_fetch_add_explicit(&claims->taken, 1, memory_order_release);
    return true;
}

/* The table is a worker's, which may write rubbish there. */
static uint32_t limit_of(const struct yk_claims *claims)
{
    uint32_t limit = atomic_load_explicit(&claims->limit, memory_order_relaxed);

    return limit < YK_CLAIMS_MAX ? limit : YK_CLAIMS_MAX;
}

bool yk_claims_next(const struct yk_claims *claims, uint32_t *cursor,
                    uint32_t *left, int *ret_fd, uint32_t *ret_word)
{
    uint32_t limit = limit_of(claims);

    if (*left > limit)
        *left = limit;
    while (*left > 0) {
        uint32_t fd = *cursor < limit ? *cursor : 0;
        uint32_t word =
            atomic_load_explicit(&claims->words[fd], memory_order_acquire);
        *cursor = fd + 1;
        --*left;
        if (YK_CLAIM_STATE(word) == YK_CLAIM_RESTS) {
            *ret_fd = (int)fd;
            *ret_word = word;
            return true;
        }
    }
    return false;
}
