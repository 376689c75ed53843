/* A scout: a connection to any one of several servers that is kept up, on which
 * a question is asked again and again. Sentinels are asked where the primary is,
 * nodes of a cluster who has which slots.
 *
 * It asks when it has connected, once in several beats, and when it is told that
 * something has changed (yk_redis_scout_want), though not more than ten times a
 * second. A server that is away, or of whose answer nothing can be made, is
 * left for the next. */
#ifndef YK_STORE_REDIS_SCOUT_H
#define YK_STORE_REDIS_SCOUT_H

#include "store/redis_conn.h"
#include "store/url.h"

/* How often one should have a beat: as long as that, and once more, an answer is
 * waited for. */
#define YK_REDIS_SCOUT_BEAT_MS 1000
/* Those of the URL and those that have been learned. */
#define YK_REDIS_SCOUT_MAX     128

struct yk_redis_scout;

struct yk_redis_scout_ops {
    /* Appends the question. */
    void (*ask)(struct yk_redis_scout *scout);
    /* The answer. False: it is of no use, with the reason in `why`, which has
     * YOKE_STORE_TEXT_MAX bytes. */
    bool (*on_answer)(struct yk_redis_scout *scout, const redisReply *reply,
                      char *why);
    /* None of all has given a useful answer since the last; it goes on trying,
     * and this is called after each. */
    void (*on_lost)(struct yk_redis_scout *scout, const char *why);
    /* After yk_redis_scout_close: its memory is the owner's again. */
    void (*on_closed)(struct yk_redis_scout *scout);
};

struct yk_redis_scout {
    struct yk_redis_conn conn; /* First; its settings are set by the owner. */
    const struct yk_redis_scout_ops *ops;
    void *owner;
    unsigned quiet_beats; /* It asks in one of so many beats. */

    struct yk_redis_address current; /* Where it is, or goes next. */
    struct yk_redis_address addresses[YK_REDIS_SCOUT_MAX];
    size_t seed_count; /* The URL's; the others are learned. */
    size_t count, at;
    size_t failures; /* Servers in a row. */
    unsigned beats;  /* Since it asked. */
    bool has_asked;  /* The answer is on its way. */
    bool is_wanted;  /* Another one is. */
    uint64_t asked_ms;
    uv_timer_t timer; /* Until it may ask again. */
};

/* The fields up to `quiet_beats` have been set. `port` is that of hosts without
 * one. Returns 0; or -EINVAL, with the reason in `why`, when a host is none. */
int yk_redis_scout_init(struct yk_redis_scout *scout, const struct yk_url *url,
                        int port, char *why);
void yk_redis_scout_start(struct yk_redis_scout *scout);

/* Something has changed, or is not as it was said. */
void yk_redis_scout_want(struct yk_redis_scout *scout);

/* This server's answers are not to be trusted: the next one. */
void yk_redis_scout_leave(struct yk_redis_scout *scout, const char *why);

/* Servers that may be asked, too, instead of those learned before. Those that
 * are too many are left out. */
void yk_redis_scout_learn(struct yk_redis_scout *scout,
                          const struct yk_redis_address *addresses,
                          size_t count);

/* on_closed follows. */
void yk_redis_scout_close(struct yk_redis_scout *scout);

#endif
