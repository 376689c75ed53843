/* Calls as commands, and replies as results. */
#ifndef YK_STORE_REDIS_COMMAND_H
#define YK_STORE_REDIS_COMMAND_H

#include <yoke/store.h>

#include "store/call.h"
#include "store/redis_conn.h"
#include "store/redis_script.h"

/* A script's hash, and a NUL. */
#define YK_SCRIPT_HASH_LEN    40
#define YK_REDIS_LOCK_KEY_MAX (YOKE_STORE_KEY_MAX + sizeof("fence {.}"))

struct yk_redis_hashes {
    char text[YK_SCRIPT_COUNT][YK_SCRIPT_HASH_LEN + 1];
};

/* What a cluster notes in a call's `step`, above the number of times that it has
 * been sent on. */
enum yk_redis_step {
    YK_REDIS_ASK = 0x10000,    /* ASKING goes before its command, */
    YK_REDIS_ASKING = 0x20000, /* has been sent, and not been answered. */
};

/* Appends the command of a call. `hashes` NULL: scripts are sent in full. */
void yk_redis_command(struct yk_redis_conn *conn, struct yk_call *call,
                      const struct yk_redis_hashes *hashes);

/* True when an error says that the call has to be sent in another way: a script
 * that is not known in full, a number that is kept as a value by a script. A call
 * that nobody waits for is never sent again. */
bool yk_redis_sends_again(struct yk_call *call, const char *error,
                          bool *ret_in_full);

/* True when an error begins with that word. */
bool yk_redis_error_is(const char *error, const char *word);

/* The cursor that the user gets for one of the server's, "0" being its end;
 * NULL: that was the last page. */
typedef const char *yk_redis_cursor_fn(const struct yk_call *call,
                                       const char *cursor);

/* Answers the call by a reply. `cursor` NULL: as the server has it. */
void yk_redis_answer(struct yk_call *call, const redisReply *reply,
                     yk_redis_cursor_fn *cursor);

/* The key of a lock, or what begins like it: of "lock" or "fence", into `out`,
 * of YK_REDIS_LOCK_KEY_MAX bytes. */
struct yk_slice yk_redis_lock_key(char *out, const char *kind,
                                  struct yk_slice name);

#endif
