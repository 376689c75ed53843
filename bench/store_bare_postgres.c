#include "store_bare.h"

#include <endian.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <libpq-fe.h>

static PGconn *conn;

/* What a program of its own would prepare for the same: values that end, and a
 * version that every write changes. */
#define TABLE                                                                  \
    "CREATE TABLE IF NOT EXISTS bare (key bytea PRIMARY KEY, value bytea, "    \
    "number bigint, version bigint, expires_at timestamptz)"

static const char *const first[] = {
    "SET client_min_messages = warning",
    "SET synchronous_commit = off",
    TABLE,
};

static const struct {
    const char *name, *sql;
} statements[] = {
    {"get", "SELECT value, version FROM bare "
            "WHERE key = $1 AND expires_at > now()"},
    {"set", "INSERT INTO bare (key, value, version, expires_at) "
            "VALUES ($1, $2, $3, now() + $4::bigint * interval '1 s') "
            "ON CONFLICT (key) DO UPDATE SET value = excluded.value, "
            "version = excluded.version, expires_at = excluded.expires_at"},
    {"incr", "INSERT INTO bare AS b (key, number, version, expires_at) "
             "VALUES ($1, $2, $3, 'infinity') ON CONFLICT (key) DO UPDATE SET "
             "number = excluded.number + CASE WHEN b.expires_at > now() "
             "THEN b.number ELSE 0 END, version = excluded.version, "
             "expires_at = CASE WHEN b.expires_at > now() "
             "THEN b.expires_at ELSE excluded.expires_at END "
             "RETURNING number"},
};

static void must_be(PGresult *result, ExecStatusType wanted)
{
    if (PQresultStatus(result) != wanted)
        die(PQerrorMessage(conn));
    PQclear(result);
}

void bare_postgres_open(const char *folder)
{
    char info[300];

    snprintf(info, sizeof(info), "host=%s user=yoke dbname=postgres", folder);
    conn = PQconnectdb(info);
    if (PQstatus(conn) != CONNECTION_OK)
        die(PQerrorMessage(conn));
    for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
        must_be(PQexec(conn, first[i]), PGRES_COMMAND_OK);
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
        must_be(PQprepare(conn, statements[i].name, statements[i].sql, 0, NULL),
                PGRES_COMMAND_OK);
    PQenterPipelineMode(conn);
}

static void send_one(enum operation operation, const char *key)
{
    static uint64_t version;
    const uint64_t one = htobe64(1), ttl = htobe64(3600);
    uint64_t next = htobe64(++version);
    const char *values[] = {key, value, (const char *)&next,
                            (const char *)&ttl};
    int lens[] = {(int)strlen(key), VALUE_LEN, sizeof(next), sizeof(ttl)};
    const int formats[] = {1, 1, 1, 1};
    int counts[] = {[GET] = 1, [SET] = 4, [INCR] = 3};

    if (operation == INCR) {
        values[0] = "counter";
        lens[0] = 7;
        values[1] = (const char *)&one;
        lens[1] = sizeof(one);
    }
    if (!PQsendQueryPrepared(conn, statements[operation].name,
                             counts[operation], values, lens, formats, 1))
        die(PQerrorMessage(conn));
}

static void postgres_round(enum operation operation, unsigned n, int depth)
{
    for (int i = 0; i < depth; i++)
        send_one(operation, keys[(n + (unsigned)i * 17) % KEYS]);
    PQpipelineSync(conn);
    for (int i = 0; i < depth; i++) {
        must_be(PQgetResult(conn),
                operation == SET ? PGRES_COMMAND_OK : PGRES_TUPLES_OK);
        PQgetResult(conn); /* NULL is between them. */
    }
    must_be(PQgetResult(conn), PGRES_PIPELINE_SYNC);
}

void bare_postgres(enum operation operation, unsigned n, int depth)
{
    postgres_round(operation == SESSION ? GET : operation, n, depth);
    if (operation == SESSION)
        postgres_round(SET, n, depth);
}
