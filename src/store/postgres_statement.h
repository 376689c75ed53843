/* What is sent to a PostgreSQL server, with its parameters, and what a result says
 * of an error. */
#ifndef YK_STORE_POSTGRES_STATEMENT_H
#define YK_STORE_POSTGRES_STATEMENT_H

#include <stdint.h>

#include "core/slice.h"
#include "store/postgres_conn.h"

/* Most parameters of a statement. */
#define YK_PG_PARAMS_MAX 6

/* Parameters: bytes and numbers, all binary. They are borrowed until they are
 * sent, and numbers are kept here. */
struct yk_pg_params {
    int count;
    const char *values[YK_PG_PARAMS_MAX]; /* NULL: NULL. */
    int lens[YK_PG_PARAMS_MAX];
    uint64_t numbers[YK_PG_PARAMS_MAX]; /* As they are sent. */
};

/* Adds a parameter. */
void yk_pg_bytes(struct yk_pg_params *params, struct yk_slice bytes);
void yk_pg_number(struct yk_pg_params *params, int64_t number);
void yk_pg_null(struct yk_pg_params *params);

/* Sends: a text to be prepared as `name`, what has been prepared, or a text with
 * parameters of the server's choice. They are on their way after the next
 * sync. What cannot be sent breaks the connection, by the sync. */
void yk_pg_prepare(struct yk_pg_conn *conn, const char *name, const char *sql);
void yk_pg_execute(struct yk_pg_conn *conn, const char *name,
                   const struct yk_pg_params *params);
void yk_pg_query(struct yk_pg_conn *conn, const char *sql,
                 const struct yk_pg_params *params);

/* A number of a result; 0 when there is none. */
int64_t yk_pg_number_at(const PGresult *result, int row, int column);

/* The five letters of a result's error, "" without one. */
const char *yk_pg_state(const PGresult *result);

/* Copies a text of libpq's, which has several lines, as one; `out` has
 * YOKE_STORE_TEXT_MAX bytes. */
void yk_pg_one_line(char *out, const char *text);

/* A result's error in words, in `out`, which has YOKE_STORE_TEXT_MAX bytes, and
 * which is returned. */
const char *yk_pg_text(const PGresult *result, char *out);

#endif
