/* Sentinels: servers that watch a Redis primary and its replicas, agree when
 * the primary has died, and make another of them. Here they are asked, one after
 * the other, where the primary is.
 *
 * What one says may be old. So each connection asks the server for its role
 * (redis_conn.h), and when there was no primary where a sentinel said, several
 * times, another sentinel is asked. */
#ifndef YK_STORE_REDIS_SENTINEL_H
#define YK_STORE_REDIS_SENTINEL_H

#include "store/redis_scout.h"
#include "store/redis_settings.h"

struct yk_redis_sentinel {
    struct yk_redis_scout scout;
    struct yk_redis_login login; /* At the sentinels. */
    char *name;                  /* The primary's. */
    char *user, *password;       /* What `login` borrows. */
    unsigned doubts;             /* In a row. */
    void *owner;

    /* The primary is there, as before or elsewhere. */
    void (*on_found)(struct yk_redis_sentinel *sentinel,
                     const struct yk_redis_address *address);
    /* No sentinel knows it. It goes on asking, and tells each time. */
    void (*on_lost)(struct yk_redis_sentinel *sentinel, const char *why);
    /* After yk_redis_sentinel_close. */
    void (*on_closed)(struct yk_redis_sentinel *sentinel);
};

/* Makes one of a URL, whose path is NAME or NAME/DB; stores the database. NULL:
 * it is wrong, with the reason in `why`. `owner` and what is called are set by
 * the caller. */
struct yk_redis_sentinel *
yk_redis_sentinel_new(struct yk_url *url,
                      const struct yk_redis_settings *settings, int *ret_db,
                      char *why);
void yk_redis_sentinel_free(struct yk_redis_sentinel *sentinel);

void yk_redis_sentinel_start(struct yk_redis_sentinel *sentinel);

/* There is no primary, where it was said. */
void yk_redis_sentinel_doubt(struct yk_redis_sentinel *sentinel);

/* There is. */
void yk_redis_sentinel_trust(struct yk_redis_sentinel *sentinel);

/* on_closed follows. */
void yk_redis_sentinel_close(struct yk_redis_sentinel *sentinel);

#endif
