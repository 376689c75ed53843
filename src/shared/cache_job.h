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

#include <uv.h>

#include <yoke/cache.h>

#include "core/blocks.h"
#include "core/list.h"
#include "core/random.h"
#include "net/later.h"
#include "shared/cache_record.h"
#include "shared/names.h"

#define YK_CACHE_BUCKETS   256
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

/* A call. */
struct yk_cache_waiter {
    struct yk_list node;
    yoke_cache_fn *fn;
    void *data;
    struct yoke_cache_query query; /* Without the tags. */
    const char *key;               /* Of one that is refused: not its own. */
    int err;
    bool is_author; /* Freed with its job, not when it is answered. */
};

struct yoke_cache_job {
    struct yk_list node; /* In the table; alone, in none. */
    struct yk_list ready, rest;
    yoke_cache *cache;
    enum yk_cache_state state;
    struct yk_list waiters;
    struct yk_cache_waiter *author; /* Whose computation it is. */
    char *key, short_key[YK_CACHE_SHORT_KEY];
    uint64_t hash;
    char name[YK_NAME_SIZE]; /* In the store; the lock's, too. */
    char tag_names[YOKE_CACHE_TAGS_MAX][YK_NAME_SIZE];
    struct yk_cache_tag tags[YOKE_CACHE_TAGS_MAX]; /* As they were last. */
    size_t tag_count;
    unsigned tagging; /* Tags on their way. */
    bool is_alone;
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

/* Whether the query has wishes that a shared computation would not know. */
bool yk_cache_has_wishes(const struct yoke_cache_query *query);

/* A job for a key, whose author is that waiter; NULL when there is no memory.
 * Not begun, and in no table. */
yoke_cache_job *yk_cache_job_new(yoke_cache *cache, const char *key,
                                 struct yk_cache_waiter *author);

/* Begins it. */
void yk_cache_job_look(yoke_cache_job *job);

/* Begins it again when its time has come. */
void yk_cache_rest(yoke_cache_job *job);

/* One more waits for it. */
void yk_cache_job_join(yoke_cache_job *job, struct yk_cache_waiter *waiter);

/* Somebody is to be answered: from the loop. */
void yk_cache_job_on_ready(yoke_cache_job *job);

/* Times of what is kept from now on. */
void yk_cache_stamp(yoke_cache *cache, struct yk_cache_record *record,
                    uint32_t ttl_s, uint32_t stale_s, uint32_t stale_error_s);

/* For how long the store has to keep it; 0: not at all. */
uint32_t yk_cache_keep_s(yoke_cache *cache,
                         const struct yk_cache_record *record);

uint64_t yk_cache_now(const yoke_cache *cache);

/* The version of a tag, and for how long the store keeps it. */
uint64_t yk_cache_new_version(yoke_cache *cache);
#define YK_CACHE_TAG_TTL_S (7u * 24 * 3600)

/* The last job of a cache that is closed has ended. */
void yk_cache_free_if_idle(yoke_cache *cache);

#endif
