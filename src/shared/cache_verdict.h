/* What a record that was found is good for. No store, no waiters: only the
 * record, the time, and what the author of the job wants. */
#ifndef YK_SHARED_CACHE_VERDICT_H
#define YK_SHARED_CACHE_VERDICT_H

#include <yoke/cache.h>

#include "shared/cache_record.h"

enum yk_cache_verdict {
    YK_CACHE_GOOD,
    YK_CACHE_OLD,       /* May be answered while it is computed anew. */
    YK_CACHE_LAST_HELP, /* May be answered when it cannot be computed. */
    YK_CACHE_NOBODYS,   /* Each has to compute it for himself. */
    YK_CACHE_NOT_THERE,
};

enum yk_cache_verdict yk_cache_judge(const yoke_cache_job *job,
                                     const struct yk_cache_record *record);

/* Whether a record may be answered to that query when it cannot be computed. */
bool yk_cache_helps(const struct yoke_cache_query *query,
                    const struct yk_cache_record *record, uint64_t now);

/* Whether the query has wishes that a shared computation would not know: such a
 * call looks and computes for itself. */
bool yk_cache_has_wishes(const struct yoke_cache_query *query);

#endif
