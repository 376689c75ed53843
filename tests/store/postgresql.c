/* What postgresql: promises: faults.h, and what only it has. */
#include "faults.h"

#include <libpq-fe.h>

/* ---- The server, by itself ---- */

static PGconn *admin_connect(void)
{
    char info[300];

    snprintf(info, sizeof(info), "host=%s user=yoke dbname=postgres",
             fixture_folder());
    PGconn *conn = PQconnectdb(info);
    if (PQstatus(conn) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(conn));
    return conn;
}

/* Carries out statements, which have to succeed, and returns what the last has
 * found first, or "". */
static const char *admin(const char *sql)
{
    static char found[200];
    PGconn *conn = admin_connect();
    PGresult *result = PQexec(conn, sql);

    if (PQresultStatus(result) != PGRES_TUPLES_OK &&
        PQresultStatus(result) != PGRES_COMMAND_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(conn));
    bool is_there = PQntuples(result) > 0 && PQnfields(result) > 0;
    snprintf(found, sizeof(found), "%s",
             is_there ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    PQfinish(conn);
    return found;
}

/* Those of one kind have that in their last statement. */
#define CUT(condition)                                                         \
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "            \
    "application_name = 'yoke' AND query " condition

static void cut_calls(void)
{
    admin(CUT("!~ '^(LISTEN|SELECT 1$)'"));
}

static void cut_channels(void)
{
    admin(CUT("~ '^(LISTEN|SELECT 1$)'"));
}

static const struct faults postgres_faults = {
    .nowhere = "postgresql+unix:",
    .cut = cut_calls,
    .cut_channels = cut_channels,
};

int main(void)
{
    yoke_log_set_level(YOKE_LOG_ERROR);
    fixture_start("postgresql");
    int failed = run_fault_tests(&postgres_faults);
    fixture_stop();
    return failed;
}
