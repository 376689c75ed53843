/* A head has what all of them add in `done_number`, and in `tag` the last of
 * them while they are gathered; the others have a `done_err`. */
#include "store/memcached_tally.h"

#include "core/number.h"

#include "core/banned.h"

/* In the version of a sum that was never there by itself: above all that a
 * server gives, so `replace` finds that it has changed. */
#define PASSED_BY (UINT64_C(1) << 63)

void yk_mc_tally_init(struct yk_mc_tally *tally)
{
    *tally = (struct yk_mc_tally){.next = 0};
    yk_list_init(&tally->calls);
}

bool yk_mc_tally_takes(const struct yk_call *call)
{
    return call->op == YK_OP_INCR && call->number >= 0 &&
           call->number <= YK_MC_COUNT_MAX;
}

bool yk_mc_tally_shares(const struct yk_call *call)
{
    return call->op == YK_OP_INCR && call->done_err != 0;
}

void yk_mc_tally_part(struct yk_call *call)
{
    call->done_err = 0;
    call->done_number = call->number;
    call->tag = NULL;
}

/* Counts it with `head`, if it may be. */
static bool can_share(struct yk_call *head, const struct yk_call *call)
{
    if (!yk_slice_eq(head->key, call->key) || head->ttl_s != call->ttl_s ||
        head->done_number > YK_MC_COUNT_MAX - call->number)
        return false;
    head->done_number += call->number;
    return true;
}

static struct yk_call *find_head(struct yk_mc_tally *tally,
                                 const struct yk_call *call)
{
    for (unsigned i = 0; i < YK_MC_TALLY_KEYS; i++)
        if (tally->heads[i] && can_share(tally->heads[i], call))
            return tally->heads[i];
    return NULL;
}

void yk_mc_tally_add(struct yk_mc_tally *tally, struct yk_call *call)
{
    struct yk_call *head = find_head(tally, call);

    yk_mc_tally_part(call);
    if (head) {
        struct yk_call *last = head->tag;
        call->done_err = 1;
        yk_list_add(last->node.next, &call->node);
        head->tag = call;
        return;
    }
    call->tag = call;
    yk_list_add(&tally->calls, &call->node);
    tally->heads[tally->next++ % YK_MC_TALLY_KEYS] = call;
}

struct yk_call *yk_mc_tally_take(struct yk_mc_tally *tally)
{
    struct yk_list *node = yk_list_take(&tally->calls);

    if (node)
        return yk_call_of(node);
    yk_mc_tally_init(tally);
    return NULL;
}

bool yk_mc_tally_answer(struct yk_call *head, struct yk_list *sharing,
                        const struct yk_mc_reply *reply)
{
    struct yk_list *node;
    uint64_t sum;

    if (reply->code != YK_MC_VALUE ||
        yk_parse_u64(reply->value, INT64_MAX, &sum) < 0 ||
        (int64_t)sum < head->done_number)
        return false;
    int64_t now = (int64_t)sum - head->done_number;
    yk_list_add(sharing->next, &head->node);
    while ((node = yk_list_take(sharing))) {
        struct yk_call *call = yk_call_of(node);
        bool is_last = yk_list_is_empty(sharing);
        now += call->number;
        struct yoke_store_result result = {
            .number = now,
            .version = is_last ? reply->cas : reply->cas | PASSED_BY,
        };
        yk_call_answer(call, &result);
    }
    return true;
}
