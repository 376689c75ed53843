#include "store/postgres_greeting.h"

#include <stdio.h>
#include <string.h>

#include "store/postgres_schema.h"
#include "store/postgres_statement.h"

#include "core/banned.h"

static const struct yk_pg_params no_params = {.count = 0};

static void send_statements(struct yk_pg_greeting *greeting)
{
    char sql[YK_PG_SQL_MAX];

    /* Some may have been prepared when another failed. */
    yk_pg_query(greeting->conn, "DEALLOCATE ALL", &no_params);
    for (int i = 0; i < YK_PG_STATEMENT_COUNT; i++) {
        enum yk_pg_statement statement = (enum yk_pg_statement)i;
        yk_pg_statement_text(sql, statement, greeting->conn->target);
        yk_pg_prepare(greeting->conn, yk_pg_statement_name(statement), sql);
    }
}

static void send_all(struct yk_pg_greeting *greeting)
{
    char sql[YK_PG_SQL_MAX];

    greeting->is_making = false;
    *greeting->state = '\0';
    yk_pg_settings_text(sql, greeting->conn->target, greeting->timeout_ms);
    yk_pg_query(greeting->conn, sql, &no_params);
    if (greeting->has_statements)
        send_statements(greeting);
    yk_pg_conn_sync(greeting->conn);
}

static void make_tables(struct yk_pg_greeting *greeting)
{
    char sql[YK_PG_SQL_MAX];

    greeting->has_made = greeting->is_making = true;
    *greeting->state = '\0';
    yk_pg_schema_text(sql, greeting->conn->target);
    yk_pg_query(greeting->conn, sql, &no_params);
    yk_pg_conn_sync(greeting->conn);
}

void yk_pg_greeting_start(struct yk_pg_greeting *greeting)
{
    greeting->has_made = false;
    send_all(greeting);
}

void yk_pg_greeting_result(struct yk_pg_greeting *greeting, PGresult *result)
{
    if (yk_libpq.PQresultStatus(result) == PGRES_FATAL_ERROR &&
        !*greeting->state) {
        snprintf(greeting->state, sizeof(greeting->state), "%s",
                 yk_pg_state(result));
        yk_pg_text(result, greeting->text);
    }
    yk_libpq.PQclear(result);
}

/* No such table, no such schema. */
static bool lacks_tables(const struct yk_pg_greeting *greeting)
{
    return strcmp(greeting->state, "42P01") == 0 ||
           strcmp(greeting->state, "3F000") == 0;
}

bool yk_pg_greeting_sync(struct yk_pg_greeting *greeting)
{
    char why[YOKE_STORE_TEXT_MAX + 32];

    if (!*greeting->state && !greeting->is_making)
        return true;
    if (!*greeting->state) {
        send_all(greeting);
        return false;
    }
    if (lacks_tables(greeting) && !greeting->has_made) {
        make_tables(greeting);
        return false;
    }
    snprintf(why, sizeof(why), "%s%s",
             greeting->is_making ? "tables cannot be made: " : "",
             greeting->text);
    yk_pg_conn_break(greeting->conn, why);
    return false;
}
