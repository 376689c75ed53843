/* What a computation has given (yoke_cache_give and its sisters): who waits is
 * answered with it, then it is kept, and the job ends.
 *
 * A computation may give from anywhere, also from inside its own call. So a gift
 * is only put down, and looked at from the loop. */
#ifndef YK_SHARED_CACHE_OUTCOME_H
#define YK_SHARED_CACHE_OUTCOME_H

#include <yoke/cache.h>

/* Answers and keeps what was given. An error gives way to an old value that may
 * still be answered. */
void yk_cache_settle(yoke_cache_job *job);

#endif
