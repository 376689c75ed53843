#include "store/postgres_schema.h"

#include <stdio.h>
#include <string.h>

#include "core/banned.h"

/* In the texts, `@` is the schema with its dot, and `~` the kind of table. */
#define NOW      "statement_timestamp()"
#define LIVE     "expires_at > " NOW
#define DEAD     "expires_at <= " NOW
/* A time to live of NULL: never. */
#define END(n)   "coalesce(" NOW " + " n "::bigint * interval '1 s', 'infinity')"
#define LEASE(n) NOW " + " n "::bigint * interval '1 s'"
/* Rows in some of the table's blocks. */
#define BLOCKS                                                                 \
    "ctid >= ('(' || $1::bigint || ',0)')::tid "                               \
    "AND ctid < ('(' || $2::bigint || ',0)')::tid"

#define STORE                                                                  \
    "INSERT INTO @yoke_store AS s (key, value, number, version, expires_at) "  \
    "VALUES ($1, $2, $3, $4, " END(                                            \
        "$5") ") "                                                             \
              "ON CONFLICT (key) DO UPDATE SET value = excluded.value, "       \
              "number = excluded.number, version = excluded.version, "         \
              "expires_at = excluded.expires_at"

static const struct {
    const char *name, *sql;
} statements[YK_PG_STATEMENT_COUNT] = {
    [YK_PG_GET] = {"yoke_get", "SELECT value, number, version FROM @yoke_store "
                               "WHERE key = $1 AND " LIVE},
    [YK_PG_SET] = {"yoke_set", STORE},
    [YK_PG_ADD] = {"yoke_add", STORE " WHERE s." DEAD},
    /* How many it has changed, and how many there are. */
    [YK_PG_REPLACE] =
        {"yoke_replace",
         "WITH done AS (UPDATE @yoke_store SET value = $2, number = $3, "
         "version = $4, expires_at = " END(
             "$5") " WHERE key = $1 AND version = $6 AND " LIVE " RETURNING 1) "
                   "SELECT (SELECT count(*) FROM done), (SELECT count(*) "
                   "FROM @yoke_store WHERE key = $1 AND " LIVE ")"},
    [YK_PG_DELETE] = {"yoke_delete",
                      "DELETE FROM @yoke_store WHERE key = $1 AND " LIVE},
    [YK_PG_TOUCH] = {"yoke_touch", "UPDATE @yoke_store SET expires_at = " END(
                                       "$2") " WHERE key = $1 AND " LIVE},
    /* Nothing at all is returned when there is something else than a number. */
    [YK_PG_INCR] =
        {"yoke_incr",
         "INSERT INTO @yoke_store AS s (key, number, version, expires_at) "
         "VALUES ($1, $2, $3, " END(
             "$4") ") "
                   "ON CONFLICT (key) DO UPDATE SET value = NULL, "
                   "number = excluded.number + "
                   "CASE WHEN s." LIVE " THEN s.number ELSE 0 END, "
                   "version = excluded.version, expires_at = "
                   "CASE WHEN s." LIVE
                   " THEN s.expires_at ELSE excluded.expires_at END "
                   "WHERE s.number IS NOT NULL OR s." DEAD " RETURNING number"},
    /* Without what another program may have put there and no key can be. */
    [YK_PG_SCAN] = {"yoke_scan",
                    "SELECT key FROM @yoke_store WHERE key >= $1 AND key < $2 "
                    "AND key > $3 AND " LIVE
                    " AND octet_length(key) BETWEEN 1 AND 250 "
                    "AND position('\\x00'::bytea IN key) = 0 "
                    "ORDER BY key LIMIT $4::bigint"},
    [YK_PG_LOCK] =
        {"yoke_lock",
         "INSERT INTO @yoke_store_lock AS l (name, fence, expires_at) "
         "VALUES ($1, (extract(epoch FROM clock_timestamp()) * 1000000)"
         "::bigint, " LEASE(
             "$2") ") "
                   "ON CONFLICT (name) DO UPDATE SET "
                   "fence = greatest(l.fence + 1, excluded.fence), "
                   "expires_at = excluded.expires_at WHERE l." DEAD
                   " RETURNING fence"},
    [YK_PG_RENEW] = {"yoke_renew",
                     "UPDATE @yoke_store_lock SET expires_at = " LEASE(
                         "$3") " WHERE name = $1 AND fence = $2 AND " LIVE},
    [YK_PG_UNLOCK] = {"yoke_unlock",
                      "UPDATE @yoke_store_lock SET expires_at = " NOW
                      " WHERE name = $1 AND fence = $2 AND " LIVE},
    /* OFFSET 0: the whole is put together once, not for each piece. */
    [YK_PG_PUBLISH] =
        {"yoke_publish",
         "SELECT count(pg_notify($1::text, $2::text || ' ' || piece || ' ' || "
         "octet_length(bytes) || ' ' || encode(substring(bytes "
         "FROM piece * 5700 + 1 FOR 5700), 'base64'))) "
         "FROM (SELECT $3::bytea || $4::bytea AS bytes OFFSET 0) AS whole, "
         "generate_series(0, (octet_length(bytes) - 1) / 5700) AS piece"},
    /* Whoever has the lock keeps it as long as its session. What others are
     * changing is left for the next time: nobody waits for it, and it waits for
     * nobody. */
    [YK_PG_SWEEP] =
        {"yoke_sweep",
         "WITH mine AS (SELECT pg_try_advisory_lock((2037345125::bigint << 32) "
         "| '@yoke_store'::regclass::oid::bigint) AS held), "
         "gone AS (DELETE FROM @yoke_store WHERE ctid = ANY (ARRAY("
         "SELECT ctid FROM @yoke_store WHERE " BLOCKS " AND " DEAD
         " AND (SELECT held FROM mine) "
         "LIMIT $3::bigint FOR UPDATE SKIP LOCKED)) RETURNING 1), "
         "gone_lock AS (DELETE FROM @yoke_store_lock WHERE ctid = ANY (ARRAY("
         "SELECT ctid FROM @yoke_store_lock WHERE " BLOCKS
         " AND expires_at < " NOW " - interval '1 day' "
         "AND (SELECT held FROM mine) "
         "LIMIT $3::bigint FOR UPDATE SKIP LOCKED))) "
         "SELECT (SELECT held::int::bigint FROM mine), "
         "(SELECT count(*) FROM gone), "
         "greatest(pg_relation_size('@yoke_store'), "
         "pg_relation_size('@yoke_store_lock')) "
         "/ current_setting('block_size')::bigint"},
};

/* There is no index but the key's: a write that changes what an index has costs
 * twice as much, and a session's every write changes when it ends. */
static const char tables[] =
    "CREATE ~TABLE IF NOT EXISTS @yoke_store ("
    "key bytea PRIMARY KEY, "
    "value bytea, number bigint, version bigint NOT NULL DEFAULT 0, "
    "expires_at timestamptz NOT NULL DEFAULT 'infinity') "
    "WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05); "
    "CREATE ~TABLE IF NOT EXISTS @yoke_store_lock ("
    "name bytea PRIMARY KEY, fence bigint NOT NULL, "
    "expires_at timestamptz NOT NULL) "
    "WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05); ";

/* Puts what is the target's own into a text. */
static void expand(char *out, size_t size, const char *sql,
                   const struct yk_pg_target *target)
{
    const char *kind = target->sync == YK_PG_SYNC_NONE ? "UNLOGGED " : "";
    size_t len = 0;

    for (; *sql && len + 1 < size; sql++) {
        const char *put = *sql == '@'   ? target->qualifier
                          : *sql == '~' ? kind
                                        : NULL;
        if (put)
            len += (size_t)snprintf(out + len, size - len, "%s", put);
        else
            out[len++] = *sql;
    }
    out[len < size ? len : size - 1] = '\0';
}

const char *yk_pg_statement_name(enum yk_pg_statement statement)
{
    return statements[statement].name;
}

void yk_pg_statement_text(char *out, enum yk_pg_statement statement,
                          const struct yk_pg_target *target)
{
    expand(out, YK_PG_SQL_MAX, statements[statement].sql, target);
}

/* A schema is made only if it is missing, for to ask for what is there needs
 * the same permission. */
void yk_pg_schema_text(char *out, const struct yk_pg_target *target)
{
    char schema[256] = "", body[YK_PG_SQL_MAX - 512];
    const char *name = target->schema;

    if (*name)
        snprintf(schema, sizeof(schema),
                 "IF to_regnamespace('\"%s\"') IS NULL THEN "
                 "CREATE SCHEMA \"%s\"; END IF; ",
                 name, name);
    expand(body, sizeof(body), tables, target);
    snprintf(out, YK_PG_SQL_MAX,
             "DO $yoke$ BEGIN PERFORM pg_advisory_xact_lock(2037345125, 1); "
             "%s%s END $yoke$",
             schema, body);
}

/* What this server's version has of them. A plan that was made for small tables
 * must not be the wrong one when they have grown: only the indexes are used. */
void yk_pg_settings_text(char *out, const struct yk_pg_target *target,
                         unsigned timeout_ms)
{
    snprintf(out, YK_PG_SQL_MAX,
             "SELECT set_config(s.name, w.value, false) FROM pg_settings s "
             "JOIN (VALUES ('statement_timeout', '%u'), "
             "('lock_timeout', '0'), "
             "('idle_session_timeout', '0'), "
             "('idle_in_transaction_session_timeout', '0'), "
             "('default_transaction_isolation', 'read committed'), "
             "('plan_cache_mode', 'force_generic_plan'), "
             "('enable_seqscan', 'off'), "
             "('jit', 'off')%s) AS w (name, value) ON s.name = w.name",
             timeout_ms,
             target->sync == YK_PG_SYNC_COMMIT
                 ? ""
                 : ", ('synchronous_commit', 'off')");
}
