/* A cache from the inside: its settings, and whatever is under way in this
 * process. Each key that is looked up or computed is a job (cache_job.h), each
 * call that waits for one a waiter (cache_waiters.h).
 *
 *     cache.c          opens, closes
 *     cache_get.c      finds or begins the job of a call
 *     cache_job.c      a job's life
 *     cache_look.c     what is there
 *     cache_verdict.c  what that is good for
 *     cache_claim.c    who computes it, of all processes
 *     cache_tags.c     tags and their versions
 *     cache_outcome.c  what was computed: answered and kept
 *     cache_waiters.c  who is answered, and what he is told
 *     cache_time.c     times of what is kept
 *     cache_record.c   its bytes
 *     cache_change.c   put, delete, invalidate */
#ifndef YK_SHARED_CACHE_H
#define YK_SHARED_CACHE_H

#include <uv.h>

#include <yoke/cache.h>

#include "core/blocks.h"
#include "core/list.h"
#include "core/random.h"
#include "net/later.h"
#include "shared/names.h"

#define YK_CACHE_BUCKETS 256

struct yoke_cache {
    struct yoke_cache_options options; /* Defaults filled in. */
    char name[YK_NAME_MAX + 1];
    struct yk_list table[YK_CACHE_BUCKETS]; /* Jobs that can be joined. */
    struct yk_list ready;   /* Jobs with somebody to be answered. */
    struct yk_list resting; /* Jobs that look again when it is time. */
    struct yk_list refused; /* Waiters that are told an error. */
    struct yk_later later;  /* Looks at `ready` and `refused`. */
    uv_timer_t timer;       /* Looks at `resting`. */
    struct yk_blocks jobs, waiters;
    struct yk_random random;
    struct yoke_cache_stats stats;
    bool is_closing;
};

/* Has a job look again when its `due_ms` has come. */
void yk_cache_rest(yoke_cache_job *job);

/* To be called when a job has ended: frees a cache that is closed with the last
 * of them. */
void yk_cache_free_if_idle(yoke_cache *cache);

/* Whether a text can be a key, or a tag: neither empty nor too long. NULL is
 * not. */
bool yk_cache_is_text(const char *text);

#endif
