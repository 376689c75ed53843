/* A call of yoke_cache_get that waits for a job, and what it is answered.
 *
 * The first of a job is its author: it is his computation. His waiter lives as
 * long as the job, for his query is asked for until its end; all others go back
 * to the cache's blocks when they have been answered. */
#ifndef YK_SHARED_CACHE_WAITERS_H
#define YK_SHARED_CACHE_WAITERS_H

#include <stdbool.h>

#include <yoke/cache.h>

#include "core/list.h"
#include "shared/cache_record.h"

struct yk_cache_waiter {
    struct yk_list node;
    yoke_cache_fn *fn;
    void *data;
    struct yoke_cache_query query; /* Without the tags. */
    int err;                       /* Of one that is refused. */
    bool is_author; /* Freed with its job, not when it is answered. */
};

/* What a call is told of a record. */
struct yoke_cache_result
yk_cache_result_of(const yoke_cache_job *job,
                   const struct yk_cache_record *record,
                   enum yoke_cache_how how);

/* Answers all that wait now; the author may be among them and is told apart.
 * Who joins from inside of a callback is left to the next time. */
void yk_cache_answer_all(yoke_cache_job *job,
                         const struct yk_cache_record *record,
                         enum yoke_cache_how author_how,
                         enum yoke_cache_how how);

/* The computation has failed, and the outcome is the old value now: answers all
 * with that, but for those who want none so old, who get the failure. */
void yk_cache_answer_helped(yoke_cache_job *job,
                            const struct yk_cache_record *failure);
bool yk_cache_author_takes_old(const yoke_cache_job *job);

/* Answers all with the old value, but for an author who would rather have the
 * new one: he goes on waiting. */
void yk_cache_answer_old(yoke_cache_job *job);

#endif
