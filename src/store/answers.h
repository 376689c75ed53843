/* What the user is told of a call, once; by yk_call_answer and yk_call_fail
 * (call.h), or before the backend has done with it. */
#ifndef YK_STORE_ANSWERS_H
#define YK_STORE_ANSWERS_H

#include "store/call.h"

/* So many are unanswered; for others to see, too. */
void yk_answers_owe(yoke_store *store, size_t unanswered);

/* Tells the user, and counts it. The call stays, with the backend. */
void yk_call_tell(struct yk_call *call, struct yoke_store_result *result);

/* Tells every unanswered call that it is given up. */
void yk_calls_abort(yoke_store *store, int err, const char *text);

#endif
