/* Subscriptions at a PostgreSQL server: a connection of their own, which calls
 * do not hold up. It is opened by the first, and kept up; after a break
 * everything is listened to again, and subscribers are told that they may have
 * missed something. How messages travel, postgres_schema.h says. */
#ifndef YK_STORE_POSTGRES_CHANNELS_H
#define YK_STORE_POSTGRES_CHANNELS_H

#include "store/inbox.h"
#include "store/postgres_conn.h"
#include "store/postgres_greeting.h"
#include "store/skip.h"
#include "store/topics.h"

struct yk_pg_channels {
    struct yk_pg_conn conn;
    struct yk_pg_greeting greeting;
    yoke_store *store;
    void (*on_closed)(yoke_store *store);

    /* The server's names, with how many topics have them. */
    struct yk_skip listened;
    /* What has been sent, in the order of the results. */
    struct yk_list sent;
    struct yk_list done; /* But the transaction is not over. */

    /* The message that is being put together: how many bytes it has, and the
     * piece that comes next. */
    struct yk_inbox whole;
    size_t whole_len;
    unsigned next_piece;
    char id[17];
};

/* `conn`'s target, `store`, `on_closed` and the greeting's `timeout_ms` are
 * set. */
void yk_pg_channels_init(struct yk_pg_channels *channels);

void yk_pg_channels_add(struct yk_pg_channels *channels,
                        struct yk_topic *topic);
void yk_pg_channels_remove(struct yk_pg_channels *channels,
                           struct yk_topic *topic);

/* on_closed follows. */
void yk_pg_channels_close(struct yk_pg_channels *channels);

#endif
