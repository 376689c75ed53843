/* What is behind a store: the one variation point. One file, or a few with the
 * same beginning, for each.
 *
 * Parameters are checked, limits kept, deadlines watched and results delivered
 * above (store.c); a backend carries out what is possible at all. Everything
 * here is called from the loop. */
#ifndef YK_STORE_BACKEND_H
#define YK_STORE_BACKEND_H

#include <stdbool.h>
#include <stdint.h>

#include "store/call.h"
#include "store/topics.h"
#include "store/url.h"

struct yk_store_backend {
    /* The URL's, ended by NULL. */
    const char *const *schemes;
    /* The operations that it has not got; YK_OP_PUBLISH stands for channels.
     * open may add some to the store's own set. */
    uint32_t lacks;
    /* Sets up `store->state`. Waits for no server. Returns 0; or a negative
     * code, with the reason in `why`, and nothing is left over. */
    int (*open)(yoke_store *store, struct yk_url *url, char *why);
    /* Takes over all calls of one turn of the loop, in the order they were
     * made. What can be done at once may be answered at once. */
    void (*run)(yoke_store *store, struct yk_list *calls);
    /* There is a first subscriber of a channel, or no more. `yk_topic_ready`
     * follows the first, now or later. NULL for both: a message is heard only
     * by yk_topics_tell, and topics are ready at once. */
    void (*listen)(yoke_store *store, struct yk_topic *topic);
    void (*unlisten)(yoke_store *store, struct yk_topic *topic);
    /* Calls time out one after the other, and none is answered: the connection
     * may be dead without a sign. NULL: there is none. */
    void (*suspect)(yoke_store *store);
    /* Lets go of everything, fails what calls it still has (their users have
     * been told), and calls yk_store_closed, now or later. */
    void (*close)(yoke_store *store);
};

extern const struct yk_store_backend yk_store_memory;
extern const struct yk_store_backend yk_store_lmdb;
extern const struct yk_store_backend yk_store_redis;
extern const struct yk_store_backend yk_store_redis_cluster;
extern const struct yk_store_backend yk_store_memcached;
extern const struct yk_store_backend yk_store_postgres;

#endif
