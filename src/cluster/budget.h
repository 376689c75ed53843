/* A budget of failures: so many within so long, and no more.
 *
 * The moments of the last failures are kept in a ring; the budget is exhausted
 * when the oldest of as many as it allows is still within the window. Pure
 * arithmetic, the caller passes time in. */
#ifndef YK_CLUSTER_BUDGET_H
#define YK_CLUSTER_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/* Larger budgets are taken for this. */
#define YK_BUDGET_MAX 1000

struct yk_budget {
    uint64_t *times_ms; /* A ring of `limit`. Owned. */
    uint32_t limit;     /* Failures in the window that exhaust it. */
    uint32_t next;      /* Where the next failure goes. */
    uint32_t count;     /* Failures in the ring. */
    uint64_t window_ms;
};

/* `limit` at least 1. Allocates the ring. Returns 0, or -ENOMEM. */
int yk_budget_init(struct yk_budget *budget, uint32_t limit,
                   uint64_t window_ms);

void yk_budget_done(struct yk_budget *budget);

/* Forgets all failures. */
void yk_budget_clear(struct yk_budget *budget);

/* Records a failure; true when it exhausts the budget. */
bool yk_budget_fail(struct yk_budget *budget, uint64_t now_ms);

#endif
