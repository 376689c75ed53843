#include "store/postgres_statement.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "core/banned.h"

void yk_pg_bytes(struct yk_pg_params *params, struct yk_slice bytes)
{
    params->values[params->count] = bytes.ptr;
    params->lens[params->count++] = (int)bytes.len;
}

void yk_pg_number(struct yk_pg_params *params, int64_t number)
{
    uint64_t *at = &params->numbers[params->count];

    *at = htobe64((uint64_t)number);
    yk_pg_bytes(params, (struct yk_slice){(const char *)at, sizeof(*at)});
}

void yk_pg_null(struct yk_pg_params *params)
{
    yk_pg_bytes(params, (struct yk_slice){NULL, 0});
}

static const int binary[YK_PG_PARAMS_MAX] = {1, 1, 1, 1, 1, 1};

static void note_sent(struct yk_pg_conn *conn, int is_sent)
{
    if (!is_sent)
        yk_pg_conn_tear(conn);
}

void yk_pg_prepare(struct yk_pg_conn *conn, const char *name, const char *sql)
{
    if (yk_pg_conn_is_open(conn))
        note_sent(conn, yk_libpq.PQsendPrepare(conn->pg, name, sql, 0, NULL));
}

void yk_pg_execute(struct yk_pg_conn *conn, const char *name,
                   const struct yk_pg_params *params)
{
    if (yk_pg_conn_is_open(conn))
        note_sent(conn, yk_libpq.PQsendQueryPrepared(
                            conn->pg, name, params->count, params->values,
                            params->lens, binary, 1));
}

void yk_pg_query(struct yk_pg_conn *conn, const char *sql,
                 const struct yk_pg_params *params)
{
    if (yk_pg_conn_is_open(conn))
        note_sent(conn, yk_libpq.PQsendQueryParams(conn->pg, sql, params->count,
                                                   NULL, params->values,
                                                   params->lens, binary, 1));
}

/* ---- Results ---- */

int64_t yk_pg_number_at(const PGresult *result, int row, int column)
{
    uint64_t number = 0;

    if (row < yk_libpq.PQntuples(result) &&
        column < yk_libpq.PQnfields(result) &&
        yk_libpq.PQgetlength(result, row, column) == sizeof(number))
        memcpy(&number, yk_libpq.PQgetvalue(result, row, column),
               sizeof(number));
    return (int64_t)be64toh(number);
}

void yk_pg_one_line(char *out, const char *text)
{
    size_t len = 0;

    for (; *text && len + 1 < YOKE_STORE_TEXT_MAX; text++) {
        bool is_blank = *text == '\n' || *text == '\t' || *text == ' ';
        if (!is_blank)
            out[len++] = *text;
        else if (len > 0 && out[len - 1] != ' ')
            out[len++] = ' ';
    }
    while (len > 0 && out[len - 1] == ' ')
        len--;
    out[len] = '\0';
}

const char *yk_pg_state(const PGresult *result)
{
    const char *state = yk_libpq.PQresultErrorField(result, PG_DIAG_SQLSTATE);
    return state ? state : "";
}

const char *yk_pg_text(const PGresult *result, char *out)
{
    const char *text =
        yk_libpq.PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    char line[YOKE_STORE_TEXT_MAX];

    yk_pg_one_line(line, text ? text : "the server gives no reason");
    snprintf(out, YOKE_STORE_TEXT_MAX, "the server: %.220s (%s)", line,
             yk_pg_state(result));
    return out;
}
