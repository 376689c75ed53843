/* Calls as meta commands. Some take several, one after the other: each reply is
 * either the call's answer or the cause of the next command. */
#ifndef YK_STORE_MEMCACHED_COMMAND_H
#define YK_STORE_MEMCACHED_COMMAND_H

#include <stdbool.h>

#include "store/call.h"
#include "store/memcached_conn.h"

/* Locks have a name in front, of so many bytes. */
#define YK_MC_LOCK_NAME_MAX (YOKE_STORE_KEY_MAX - 2)

/* Appends the first command of a call; of an increment that others share, for
 * all of them (memcached_tally.h). */
void yk_mc_begin(struct yk_mc_conn *conn, struct yk_call *call);

/* Takes the reply to its last command: answers the call, and returns false; or
 * appends another command, and returns true. */
bool yk_mc_continue(struct yk_mc_conn *conn, struct yk_call *call,
                    const struct yk_mc_reply *reply);

#endif
