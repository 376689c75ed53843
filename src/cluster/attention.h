/* Attention: since when the primary has looked after its workers without a gap.
 *
 * What has stood still for too long is ended. But when all has stood still, for
 * the machine or its container was frozen, the primary may be the first to run
 * again, and would take every worker for one that hangs. So a worker is only
 * blamed for time during which the primary was there itself:
 *
 *   rounds:   |   |   |   |                    |   |   |   |
 *   worker:          due ------- stands still ------------------>
 *   counted:                                   |----------->
 *
 * Pure arithmetic: the caller passes time in. All times are of one clock, which
 * may be in any unit. */
#ifndef YK_CLUSTER_ATTENTION_H
#define YK_CLUSTER_ATTENTION_H

#include <stdint.h>

struct yk_attention {
    uint64_t last;  /* The round before this one; */
    uint64_t since; /* the first one after the last gap. */
};

/* A round begins. Longer than `gap_max` after the one before, it is the first
 * after a gap, as the very first is. */
void yk_attention_round(struct yk_attention *attention, uint64_t now,
                        uint64_t gap_max);

/* How much of the time from `then` until the last round counts. */
uint64_t yk_attention_lasted(const struct yk_attention *attention,
                             uint64_t then);

#endif
