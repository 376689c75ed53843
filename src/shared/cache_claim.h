/* Who may compute a key, of all processes: whoever gets the lock that the store
 * has under its name. The others rest for 20 to 160 ms and look again; those
 * that have rested for `wait_ms` in all compute, too, rather than wait for one
 * that has died or hangs. */
#ifndef YK_SHARED_CACHE_CLAIM_H
#define YK_SHARED_CACHE_CLAIM_H

#include <yoke/cache.h>

/* It is not there, or old: goes on with computing, resting, or, when somebody
 * else is renewing what has been answered, ends. */
void yk_cache_claim(yoke_cache_job *job);

#endif
