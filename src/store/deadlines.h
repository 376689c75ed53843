/* When calls are given up, and when a lock that another has is tried again.
 *
 * A store gives each call the same time. So they fall due in the order in which
 * they have come, and the first of the list says whether there is anything to
 * do: a deadline costs a call no more than a number. Only a lock that is waited
 * for has a time of its own. Those are in a list apart, all of which is looked
 * at: each is tried again far more dearly than that. */
#ifndef YK_STORE_DEADLINES_H
#define YK_STORE_DEADLINES_H

#include "store/call.h"

void yk_deadlines_init(yoke_store *store);

/* Its timer is made anew: it was closed, but the store goes on. */
void yk_deadlines_begin(yoke_store *store);

/* The call is among those that are unanswered. */
void yk_deadlines_add(struct yk_call *call);

/* It is handed to the backend, at `now_ms` of the loop. */
void yk_deadline_set(struct yk_call *call, uint64_t now_ms);

/* Leaves the lock that it is about alone for a moment, and then has it handed
 * over again. False: it is not to be waited for, or not any longer. */
bool yk_call_rest(struct yk_call *call);

/* The loop is kept alive as long as somebody waits; to be told when the first
 * has come, and when the last has gone. */
void yk_deadlines_hold_loop(yoke_store *store);

/* Watches over what the backend has. */
void yk_deadlines_watch(yoke_store *store);

#endif
