/* A cache in a store: what was computed once, by whichever worker on whichever
 * machine, is there for all.
 *
 *     static void load_user(yoke_cache_job *job, const char *key, void *data)
 *     {
 *         ... asks a database, and when that has answered:
 *         yoke_cache_give(job, json, strlen(json), .ttl_s = 60);
 *     }
 *
 *     static void on_user(const struct yoke_cache_result *result, void *data)
 *     {
 *         yoke_res *res = data;
 *         if (result->err)
 *             yoke_res_send_status(res, result->err == -ENOENT ? 404 : 503);
 *         else
 *             yoke_res_send(res, result->value, result->len);
 *     }
 *
 *     cache = yoke_cache_open(.store = store, .stale_s = 30);
 *     yoke_hold(req);
 *     yoke_cache_get(cache, "user:7", on_user, res, .compute = load_user,
 *                    .compute_data = strdup("7"), .free_data = free);
 *
 * **Computed once.** Of all that ask for a key which is not there, one computes
 * it. In a process the others wait for that one; between processes a lock of the
 * store says who it is, and the others look again every 20 to 160 ms. When it
 * dies, another begins as soon as its lock's lease is over, or those that wait
 * have waited for `wait_ms`, whatever comes first.
 *
 * **Old values.** For `stale_s` after its time a value is still answered, at
 * once, while one computes it anew. For `stale_error_s` it is answered when it
 * cannot be computed.
 *
 * **Nothing, and errors,** are kept as well, each for a time of its own, so that
 * what is not there is not looked for again and again.
 *
 * **Tags.** A value belongs to up to 8 tags; `yoke_cache_invalidate` makes all
 * values of a tag void in one call, however many there are, for each value
 * carries the version that its tags had. What is being computed meanwhile is
 * void, too. All calls for a key have to name the same tags.
 *
 * **Who has changed something reads what he has changed.** A call that is made
 * when yoke_cache_put, _delete or _invalidate has come back, in whichever process
 * (also when its client goes from one to the other), is not answered with what
 * was computed, or was begun to be, before: it looks into the store, or waits for
 * what is computed from then on.
 *
 * **The store may be away.** Then values are computed as if there were no cache,
 * by each process for itself, and an error is nobody's because of the cache
 * alone (unless `needs_store` says so).
 *
 * It works with any store, also with one that cannot publish. Times are the
 * machine's; machines that share a cache have to agree on it as well as their
 * values have to be fresh. */
#ifndef YOKE_CACHE_H
#define YOKE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yoke/store.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

typedef struct yoke_cache yoke_cache;         /* It belongs to the loop. */
typedef struct yoke_cache_job yoke_cache_job; /* One computation. */

/* Most tags of a value, and the longest key, in bytes. */
#define YOKE_CACHE_TAGS_MAX 8
#define YOKE_CACHE_KEY_MAX  32768
/* Where a time has a default: no time at all. */
#define YOKE_CACHE_NONE     UINT32_MAX

/* Options of yoke_cache_open. Zero is every field's default. */
struct yoke_cache_options {
    int reserved_;     /* Leave it. */
    yoke_store *store; /* Has to outlive the cache. */
    const char *name;  /* Before its keys in the store: letters, digits and
                               ".:_-", up to 32; "cache". Copied. */
    uint32_t ttl_s;    /* For how long a value is good; 60. */
    uint32_t stale_s;  /* And then answered while it is computed anew; 0. */
    uint32_t stale_error_s; /* And answered when that fails; 0. Counted from the
                               end of `ttl_s`, as `stale_s` is. */
    uint32_t nothing_ttl_s; /* For how long "nothing" is good; 5. */
    uint32_t error_ttl_s;   /* The same for an error; 1. */
    int jitter;             /* Percent by which a time may be shorter, so that
                               not all that was computed at a time ends at a
                               time; 10. -1: none. */
    uint32_t lease_s;       /* How long a computation takes at most, before
                               others begin, too; 10. */
    uint32_t wait_ms;       /* How long to wait for another process's; 10,000 */
    size_t max_value_len;   /* What is larger is answered, but not kept; what
                               the store takes, less what a record adds. */
    uint32_t max_flights;   /* Keys that are looked up or computed at a time;
                               10,000 */
    uint32_t max_waiters;   /* Calls that wait; 100,000 */
    bool needs_store;       /* What the store cannot answer is an error. */
    /* For tests: milliseconds since 1970. */
    uint64_t (*now_ms)(void *data);
    void *now_data;
};

/* Opens a cache. NULL, with errno EINVAL and a line in the log, when there is no
 * store or the name is wrong. */
#define yoke_cache_open(...)                                                   \
    yoke_cache_open_with(YOKE_OPTIONS_(yoke_cache_options, __VA_ARGS__))
yoke_cache *yoke_cache_open_with(const struct yoke_cache_options *options);

/* Closes it: what is under way is still answered, new calls with -ECANCELED.
 * It is freed when the last is over. NULL is allowed. */
void yoke_cache_close(yoke_cache *cache);

/* ---- Getting ---- */

enum yoke_cache_how {
    YOKE_CACHE_HIT,      /* It was there. */
    YOKE_CACHE_STALE,    /* It was there, and is old. */
    YOKE_CACHE_COMPUTED, /* This very call's computation made it. */
    YOKE_CACHE_SHARED,   /* Another's, while this one waited. */
    YOKE_CACHE_MISS,     /* It was not there, and there was no computation. */
};

/* How a call ended. All of it is borrowed for the callback. */
struct yoke_cache_result {
    /* 0, or
     * -ENOENT            there is nothing, says the computation (HIT, COMPUTED,
     *                    SHARED), or nothing is known (MISS)
     * -YOKE_EFULL        too many are under way
     * -ECANCELED         the cache is closed
     * -EINVAL            the key or a tag is empty or too long
     * what the computation failed with; or with `needs_store` the store's */
    int err;
    const char *key;
    const void *value; /* "" without one; there is a NUL behind it. */
    size_t len;
    enum yoke_cache_how how;
    uint64_t age_ms;  /* Since it was computed. */
    int64_t fresh_ms; /* Until it is old; negative: it is. */
    uint64_t version; /* For yoke_cache_put; 0: unknown. */
};

typedef void yoke_cache_fn(const struct yoke_cache_result *result, void *data);

/* Computes the value of a key, now or later, and gives it: exactly once, by one
 * of the functions below. `key` is borrowed for the call. It is called from the
 * loop, never from inside yoke_cache_get. */
typedef void yoke_cache_compute_fn(yoke_cache_job *job, const char *key,
                                   void *data);

/* What a call wants. Zero is every field's default. */
struct yoke_cache_query {
    int reserved_;                  /* Leave it. */
    yoke_cache_compute_fn *compute; /* NULL: only look. */
    void *compute_data;             /* The cache's from here on: it may be */
    void (*free_data)(void *data);  /* needed longer than the call takes, when
                                       an old value is answered at once.
                                       Called when it is not any more; may be
                                       NULL. */
    const char *const *tags;        /* NULL behind the last; NULL: none. Copied.
                                       `.tags = YOKE_TEXTS("users")` */
    uint32_t max_age_s;   /* What was computed longer ago is old; 0: any age. */
    uint32_t min_fresh_s; /* What is good for less is old. */
    uint32_t max_stale_s; /* What has been old for no longer is good, as long as
                             its `stale_s` or `stale_error_s` lasts. */
    uint32_t stale_error_s; /* What has been old for no longer is answered when
                               it cannot be computed, as long as its `stale_s` or
                               `stale_error_s` lasts; 0: what that says;
                               YOKE_CACHE_NONE: not a moment longer. */
    bool anew;              /* Computed, whatever is there. */
    bool no_stale;          /* Old values are none. */
    bool alone;             /* Computes for itself, waits for nobody. Implied by
                             `max_age_s`, `min_fresh_s`, `max_stale_s`, `anew`
                             and `no_stale`, and without `compute`. */
    bool refreshes_first;   /* If its computation is the one that renews an old
                             value, it waits for it instead of taking the old
                             one. */
};

/* Gets the value of a key, which is any text. `fn` is called once, from the
 * loop, never from inside the call. */
#define yoke_cache_get(cache, key, fn, data, ...)                              \
    yoke_cache_get_with((cache), (key), (fn), (data),                          \
                        YOKE_OPTIONS_(yoke_cache_query, __VA_ARGS__))
void yoke_cache_get_with(yoke_cache *cache, const char *key, yoke_cache_fn *fn,
                         void *data, const struct yoke_cache_query *query);

/* Whether there is an old value, which the computation is to renew. */
bool yoke_cache_job_renews(const yoke_cache_job *job);

/* The old value, if it will be answered should the computation give an error:
 * for one that answers somebody by itself. Borrowed until the job is given.
 * False when there is none, or its time is over. */
bool yoke_cache_job_old(const yoke_cache_job *job,
                        struct yoke_cache_result *ret_old);

/* ---- Giving what was computed. The job is over then. ---- */

/* How a value is kept. Zero is every field's default. */
struct yoke_cache_keep {
    int reserved_;          /* Leave it. */
    uint32_t ttl_s;         /* Instead of the cache's; YOKE_CACHE_NONE: it is
                               answered, and not kept. */
    uint32_t stale_s;       /* YOKE_CACHE_NONE: none. */
    uint32_t stale_error_s; /* The same. */
    uint32_t age_s;         /* How old it is already, when it comes from another
                               cache; `ttl_s` is what is left from now on. */
    uint64_t version; /* yoke_cache_put: only if what is there has that version;
                         0: whatever is there. */
};

/* A value; copied. Whoever waits for it is answered from the loop. */
#define yoke_cache_give(job, ptr, len, ...)                                    \
    yoke_cache_give_with((job), (ptr), (len),                                  \
                         YOKE_OPTIONS_(yoke_cache_keep, __VA_ARGS__))
void yoke_cache_give_with(yoke_cache_job *job, const void *ptr, size_t len,
                          const struct yoke_cache_keep *keep);

/* There is nothing of that key: -ENOENT for all. `ttl_s` 0: the cache's. */
void yoke_cache_give_nothing(yoke_cache_job *job, uint32_t ttl_s);

/* It failed: a negative code. Whoever may have an old value gets that. */
void yoke_cache_give_error(yoke_cache_job *job, int err, uint32_t ttl_s);

/* What was computed is for its caller alone: his call is answered with -ENOENT,
 * COMPUTED; each of the others computes for itself. So do, without waiting for
 * one another, all that ask within `ttl_s`, 5 by default. */
void yoke_cache_give_unshared(yoke_cache_job *job, uint32_t ttl_s);

/* ---- Changing ---- */

/* How it ended: 0, or a negative code as the store's. */
typedef void yoke_cache_done_fn(int err, void *data);

/* Keeps a value without a computation; it belongs to no tag. With `.version` it
 * takes the place of that value, and its tags; -YOKE_ECONFLICT when something
 * else is there. `fn` may be NULL. */
#define yoke_cache_put(cache, key, ptr, len, fn, data, ...)                    \
    yoke_cache_put_with((cache), (key), (ptr), (len), (fn), (data),            \
                        YOKE_OPTIONS_(yoke_cache_keep, __VA_ARGS__))
void yoke_cache_put_with(yoke_cache *cache, const char *key, const void *ptr,
                         size_t len, yoke_cache_done_fn *fn, void *data,
                         const struct yoke_cache_keep *keep);

/* Forgets a key. What is being computed for it meanwhile is answered but not
 * kept, if it takes no longer than twice the lease. */
void yoke_cache_delete(yoke_cache *cache, const char *key,
                       yoke_cache_done_fn *fn, void *data);

/* Makes every value of a tag void, also those that are being computed. */
void yoke_cache_invalidate(yoke_cache *cache, const char *tag,
                           yoke_cache_done_fn *fn, void *data);

/* ---- How it is ---- */

/* Calls and what became of them, since this process opened the cache. */
struct yoke_cache_stats {
    uint64_t hits;         /* Answered with what was there and good, */
    uint64_t stale;        /* or old, */
    uint64_t misses;       /* or not there (only looked), */
    uint64_t shared;       /* with what another computed, */
    uint64_t computed;     /* or with what they computed themselves. */
    uint64_t computations; /* Begun; old values are renewed by some. */
    uint64_t failures;     /* Of these: ended with an error. */
    uint64_t unshared;     /* Ended with a value for one alone. */
    uint64_t waits;        /* Keys that waited for another process. */
    uint64_t overdue;      /* Of these: computed here, for it took too long. */
    uint64_t unkept;       /* Computed, and not kept: too large, meanwhile
                              deleted or void, or the store failed. */
    uint64_t store_errors; /* Lookups that the store failed. */
    uint64_t refused;      /* -YOKE_EFULL */
    uint32_t flights;      /* Keys that are under way, */
    uint32_t waiters;      /* and calls. */
};

/* Fills in how it is now. */
void yoke_cache_stats(const yoke_cache *cache,
                      struct yoke_cache_stats *ret_stats);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
