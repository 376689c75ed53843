/* Calls as commands, and replies as results. */
#ifndef YK_STORE_REDIS_COMMAND_H
#define YK_STORE_REDIS_COMMAND_H

#include "store/call.h"
#include "store/redis_conn.h"
#include "store/redis_script.h"

/* A script's hash, and a NUL. */
#define YK_SCRIPT_HASH_LEN 40

struct yk_redis_hashes {
    char text[YK_SCRIPT_COUNT][YK_SCRIPT_HASH_LEN + 1];
};

/* Appends the command of a call. `hashes` NULL: scripts are sent in full. */
void yk_redis_command(struct yk_redis_conn *conn, struct yk_call *call,
                      const struct yk_redis_hashes *hashes);

/* True when the reply says that the call has to be sent in another way, which
 * has been appended: a script that is not known is sent in full, a number that
 * is kept as a value is counted by the script. */
bool yk_redis_sends_again(struct yk_redis_conn *conn, struct yk_call *call,
                          const redisReply *reply,
                          const struct yk_redis_hashes *hashes);

/* Answers the call by a reply. */
void yk_redis_answer(struct yk_call *call, const redisReply *reply);

#endif
