/* What a connection says first: its settings, and its statements, which the
 * server prepares. When the tables are not there, they are made, and it begins
 * again. */
#ifndef YK_STORE_POSTGRES_GREETING_H
#define YK_STORE_POSTGRES_GREETING_H

#include <stdbool.h>

#include "store/postgres_conn.h"

struct yk_pg_greeting {
    struct yk_pg_conn *conn;
    unsigned timeout_ms; /* Of a statement. */
    bool has_statements; /* A connection for channels has none. */

    bool has_made;                  /* The tables, on this connection. */
    bool is_making;                 /* Them, now. */
    char state[6];                  /* Of the first error; "": none. */
    char text[YOKE_STORE_TEXT_MAX]; /* The same in words. */
};

/* Begins, on a connection that is new. */
void yk_pg_greeting_start(struct yk_pg_greeting *greeting);

/* Takes what has come, until it is over. A sync returns true when it is, and the
 * connection may be called up. It breaks the connection when it cannot be. */
void yk_pg_greeting_result(struct yk_pg_greeting *greeting, PGresult *result);
bool yk_pg_greeting_sync(struct yk_pg_greeting *greeting);

#endif
