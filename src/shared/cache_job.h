/* A key of a cache that is looked up or computed, and those that wait for it.
 *
 *     get --> LOOKING --good--> answered                      (HIT, SHARED)
 *               |  \--old----> answered, and on as a renewal  (STALE)
 *               | not there             ^
 *               v                       | the lock is another's: a renewal
 *            LOCKING --another's--------+ is left to him, else:
 *               |        \--> RESTING --> LOOKING ... --wait_ms--> COMPUTING
 *               v
 *            TAGGING --> CHECKING --good--> answered
 *                           |
 *                           v
 *                       COMPUTING --given--> GIVEN --> KEEPING --> unlocked
 *
 * In TAGGING tags that have no version yet get one. CHECKING looks again, for
 * between LOOKING and LOCKING another may have computed it; whoever is alone has
 * no lock and needs that only for new tags.
 *
 * What was there when it looked last has a version, and what was computed is
 * kept only if that still is there: so whatever was changed, deleted or stored
 * meanwhile stays, also when this one's lease is long over. */
#ifndef YK_SHARED_CACHE_JOB_H
#define YK_SHARED_CACHE_JOB_H

#include "shared/cache.h"
#include "shared/cache_record.h"
#include "shared/cache_waiters.h"

/* Keys up to this length have room in the job. */
#define YK_CACHE_SHORT_KEY 128

enum yk_cache_state {
    YK_CACHE_LOOKING,
    YK_CACHE_LOCKING,
    YK_CACHE_RESTING,
    YK_CACHE_TAGGING,
    YK_CACHE_CHECKING,
    YK_CACHE_COMPUTING,
    YK_CACHE_GIVEN,
    YK_CACHE_KEEPING,
};

struct yoke_cache_job {
    struct yk_list node; /* In the table; alone, in none. */
    struct yk_list ready, rest;
    yoke_cache *cache;
    enum yk_cache_state state;
    struct yk_list waiters;
    struct yk_list late; /* Those who came when it was computing, or later. */
    struct yk_cache_waiter *author; /* Whose computation it is. */
    char *key, short_key[YK_CACHE_SHORT_KEY];
    uint64_t hash;
    char name[YK_NAME_SIZE]; /* In the store; the lock's, too. */
    char tag_names[YOKE_CACHE_TAGS_MAX][YK_NAME_SIZE];
    struct yk_cache_tag tags[YOKE_CACHE_TAGS_MAX]; /* As they were last. */
    size_t tag_count;
    unsigned tagging; /* Tags on their way. */
    bool is_alone;
    bool only_looks;  /* Another renews it; it is in no table, either. */
    bool is_renewing; /* The old value has been answered. */
    bool has_waited;
    bool has_lock;
    bool is_unshared;          /* It is known to be so. */
    bool may_keep;             /* What is there is known. */
    int64_t fence;             /* The lock's number. */
    uint64_t version;          /* Of what is there; 0: nothing. */
    uint64_t begun_ms, due_ms; /* By the loop's clock. */
    unsigned rest_ms;
    struct yk_cache_record old; /* With a copy of its value, if that is ... */
    char *old_value;            /* ... not NULL. */
    struct yk_cache_record outcome;
    char *value; /* The same. */
};

/* A job for a key, whose author is that waiter; NULL when there is no memory.
 * Not begun (yk_cache_look), and in no table. */
yoke_cache_job *yk_cache_job_new(yoke_cache *cache, const char *key,
                                 struct yk_cache_waiter *author);

/* One more waits for it. */
void yk_cache_job_join(yoke_cache_job *job, struct yk_cache_waiter *waiter);

/* The author of a job that has come to nothing waits for another; the job is
 * gone. */
void yk_cache_job_hand_over(yoke_cache_job *job, yoke_cache_job *other);

/* Somebody is to be answered: yk_cache_job_on_ready is called from the loop. */
void yk_cache_job_make_ready(yoke_cache_job *job);
void yk_cache_job_on_ready(yoke_cache_job *job);

/* ---- Computing ---- */

/* Calls the author's function; without one there is nothing. */
void yk_cache_job_compute(yoke_cache_job *job);

/* Everybody but the author computes for himself from here on. */
void yk_cache_job_split(yoke_cache_job *job);

/* The store has failed with `err`: computes without it, answers what is old, or,
 * if the cache's options say so, fails. */
void yk_cache_job_do_without(yoke_cache_job *job, int err);

/* ---- The end. The job is gone afterwards. ---- */

/* All that wait get that record. */
void yk_cache_job_conclude(yoke_cache_job *job,
                           const struct yk_cache_record *record,
                           enum yoke_cache_how how);

/* All get that error. */
void yk_cache_job_fail(yoke_cache_job *job, int err);

#endif
