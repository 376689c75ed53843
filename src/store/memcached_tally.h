/* Increments of one turn, gathered by their keys: those of one key are one
 * command, which counts them all. What many requests count together, visits for
 * one, costs the server no more than one of them; each is told the sum as if
 * they had come one after the other.
 *
 *   sent:  incr visits 1 -- incr visits 1 -- incr visits 5 -- get ...
 *          head: ma D7      share its reply, base + 1, + 2, + 7
 *
 * When the command fails, or would count too far, each is on its own. */
#ifndef YK_STORE_MEMCACHED_TALLY_H
#define YK_STORE_MEMCACHED_TALLY_H

#include <stdbool.h>

#include "core/list.h"
#include "store/call.h"
#include "store/memcached_conn.h"

/* Keys that are remembered at a time: an increment of any other is a command of
 * its own. */
#define YK_MC_TALLY_KEYS 8

/* By how much memcached counts at most: then a sum that is too large has not
 * more digits than the largest, and no blank stays when it is taken back. */
#define YK_MC_COUNT_MAX                                                        \
    ((int64_t)(UINT64_C(10000000000000000000) - (UINT64_C(1) << 63)))

struct yk_mc_tally {
    struct yk_list calls; /* Those of a key follow one another. */
    struct yk_call *heads[YK_MC_TALLY_KEYS]; /* The last ones; NULL: none. */
    unsigned next;
};

void yk_mc_tally_init(struct yk_mc_tally *tally);

/* Whether it belongs in one: memcached only counts upwards, and not by more. */
bool yk_mc_tally_takes(const struct yk_call *call);

void yk_mc_tally_add(struct yk_mc_tally *tally, struct yk_call *call);

/* The next call, or NULL: then it is empty, and begins anew. */
struct yk_call *yk_mc_tally_take(struct yk_mc_tally *tally);

/* True for one that shares the command of the head before it. */
bool yk_mc_tally_shares(const struct yk_call *call);

/* The call is on its own, from here on. */
void yk_mc_tally_part(struct yk_call *call);

/* Answers the head and those that share its command (all of `sharing`), if the
 * reply says that they have been counted; else returns false. */
bool yk_mc_tally_answer(struct yk_call *head, struct yk_list *sharing,
                        const struct yk_mc_reply *reply);

#endif
