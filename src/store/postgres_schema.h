/* What is kept in the database, and the statements that work on it.
 *
 *     yoke_store         key bytea          any bytes are a key, and bytes are
 *                                           in order
 *                        number bigint      what is written as a number; NULL:
 *                        value bytea        another value
 *                        version bigint     at random, by who writes; 0: another
 *                                           program's
 *                        expires_at         'infinity': never
 *     yoke_store_lock    name bytea
 *                        fence bigint       microseconds since 1970, or one more
 *                                           than before
 *                        expires_at         the end of the lease
 *
 * The time is the server's. What has expired is not seen by any statement, and
 * removed by a sweep, which goes through the table's blocks; a lock stays for a
 * day, so that its fence grows although the clock may not. Each statement is atomic by itself; wherever one has to wait
 * for another's row, it looks at that again afterwards.
 *
 * Messages go by NOTIFY on channels named by a hash, for a channel's name has at
 * most 63 bytes there, in pieces of base64, for a message has at most 8,000, of
 * text:
 *
 *     ID  piece  length of the whole  base64 of the piece
 *
 * The whole is the length of the channel's name as a byte, the name, and the
 * message. The pieces of one message come one behind the other, for a transaction
 * is told as one. */
#ifndef YK_STORE_POSTGRES_SCHEMA_H
#define YK_STORE_POSTGRES_SCHEMA_H

#include <stddef.h>

#include "store/postgres_target.h"

/* Bytes of a message in one notification. */
#define YK_PG_PIECE 5700

/* Room for any statement. */
#define YK_PG_SQL_MAX 4096

/* What is prepared. Their parameters are in the order of their `$`, as named. */
enum yk_pg_statement {
    YK_PG_GET,     /* key */
    YK_PG_SET,     /* key, value, number, version, ttl */
    YK_PG_ADD,     /* the same */
    YK_PG_REPLACE, /* the same, and the version that it has */
    YK_PG_DELETE,  /* key */
    YK_PG_TOUCH,   /* key, ttl */
    YK_PG_INCR,    /* key, by, version, ttl */
    YK_PG_SCAN,    /* first key, what is behind the last, cursor, count */
    YK_PG_LOCK,    /* name, lease */
    YK_PG_RENEW,   /* name, fence, lease */
    YK_PG_UNLOCK,  /* name, fence */
    YK_PG_PUBLISH, /* channel, id, name with its length, message */
    YK_PG_SWEEP,   /* first block, the one behind the last, count */
    YK_PG_STATEMENT_COUNT,
};

/* Its name when it is prepared. */
const char *yk_pg_statement_name(enum yk_pg_statement statement);

/* Writes the text of a statement; of what makes the tables, several workers at
 * once being no harm; and of a session's settings. `out` has YK_PG_SQL_MAX
 * bytes. */
void yk_pg_statement_text(char *out, enum yk_pg_statement statement,
                          const struct yk_pg_target *target);
void yk_pg_schema_text(char *out, const struct yk_pg_target *target);
void yk_pg_settings_text(char *out, const struct yk_pg_target *target,
                         unsigned timeout_ms);

#endif
