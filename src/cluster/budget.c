#include "cluster/budget.h"

#include <errno.h>
#include <stdlib.h>

#include "core/alloc.h"

int yk_budget_init(struct yk_budget *budget, uint32_t limit, uint64_t window_ms)
{
    if (limit > YK_BUDGET_MAX)
        limit = YK_BUDGET_MAX;
    uint64_t *times_ms = yk_try_alloc(limit * sizeof(*times_ms));
    if (!times_ms)
        return -ENOMEM;
    *budget = (struct yk_budget){
        .times_ms = times_ms, .limit = limit, .window_ms = window_ms};
    return 0;
}

void yk_budget_done(struct yk_budget *budget)
{
    free(budget->times_ms);
    budget->times_ms = NULL;
}

void yk_budget_clear(struct yk_budget *budget)
{
    budget->next = budget->count = 0;
}

bool yk_budget_fail(struct yk_budget *budget, uint64_t now_ms)
{
    budget->times_ms[budget->next] = now_ms;
    budget->next = (budget->next + 1) % budget->limit;
    if (budget->count < budget->limit)
        budget->count++;
    if (budget->count < budget->limit)
        return false;
    /* The ring is full: the next place has the oldest. */
    return now_ms - budget->times_ms[budget->next] < budget->window_ms;
}
