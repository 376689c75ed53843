/* Calls as statements, and results as answers. */
#ifndef YK_STORE_POSTGRES_COMMAND_H
#define YK_STORE_POSTGRES_COMMAND_H

#include "store/call.h"
#include "store/postgres_conn.h"

/* The longest name of a channel at the server, with its NUL. */
#define YK_PG_CHANNEL_SIZE 24

/* The server's name of a channel: "yoke_" and a hash of the schema's and the
 * channel's. */
void yk_pg_channel(char out[YK_PG_CHANNEL_SIZE],
                   const struct yk_pg_target *target, struct yk_slice name);

/* Has an increment count `behind` more than its own, for those that come behind
 * it and share its statement; or (`is_shared`) share the statement of one before.
 * Its sum is its own all the same. */
void yk_pg_share(struct yk_call *call, bool is_shared, int64_t behind);
bool yk_pg_is_shared(const struct yk_call *call);

/* Sends the statement of a call. */
void yk_pg_command(struct yk_pg_conn *conn, struct yk_call *call);

/* Notes what a result says in the call's own memory, if there is room, so that
 * the result can be freed before its transaction is over: memory that is used
 * again at once is faster. */
bool yk_pg_keep(struct yk_call *call, const PGresult *result);

/* Answers the call by what has been kept. */
void yk_pg_answer_kept(struct yk_call *call);

/* Answers the call by a result whose transaction is over. */
void yk_pg_answer(struct yk_call *call, const PGresult *result);

/* The same by an error. */
void yk_pg_answer_error(struct yk_call *call, const PGresult *result);

#endif
