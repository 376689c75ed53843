/* Where a PostgreSQL store is, and how it wants to be spoken to: its URL, read.
 * What yoke does not know itself is an option of libpq's, if libpq has it. */
#ifndef YK_STORE_POSTGRES_TARGET_H
#define YK_STORE_POSTGRES_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/url.h"

/* Options of libpq, those of the URL and ours. */
#define YK_PG_OPTIONS_MAX    32
/* Longest name of a schema, as the server has it; and in quotes, with a dot. */
#define YK_PG_SCHEMA_MAX     63
#define YK_PG_QUALIFIER_SIZE (YK_PG_SCHEMA_MAX + sizeof("\"\"."))

/* When a write is safe. */
enum yk_pg_sync {
    YK_PG_SYNC_INTERVAL, /* Within a second: synchronous_commit off. */
    YK_PG_SYNC_COMMIT,   /* Before it is answered, as the server is set. */
    YK_PG_SYNC_NONE,     /* Never: unlogged tables. */
};

struct yk_pg_host {
    char *name; /* Or the folder of a socket: it begins with a slash. Owned. */
    int port;   /* 0: libpq's. */
};

struct yk_pg_target {
    struct yk_pg_host hosts[YK_URL_HOSTS_MAX]; /* None: libpq's. */
    int host_count;
    /* For libpq; owned, and a password among them. */
    char *names[YK_PG_OPTIONS_MAX];
    char *values[YK_PG_OPTIONS_MAX];
    int option_count;
    enum yk_pg_sync sync;
    char schema[YK_PG_SCHEMA_MAX + 1]; /* "": the first of the search path. */
    char qualifier[YK_PG_QUALIFIER_SIZE]; /* The schema, quoted, and a dot. */
    bool wants_writable; /* It has chosen a server by target_session_attrs. */
    uint32_t connect_ms;
    uint32_t beat_ms;
};

/* Reads the URL into a target that is all zero. Returns 0; or -EINVAL, with the
 * reason in `why`. libpq has been loaded. */
int yk_pg_target_read(struct yk_pg_target *target, struct yk_url *url,
                      char *why);

/* Frees what it has; nothing of a password stays in memory. */
void yk_pg_target_done(struct yk_pg_target *target);

#endif
