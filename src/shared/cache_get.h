/* A call of yoke_cache_get: it joins the job of its key, or begins one.
 *
 * **Whoever asks when something has been changed is never answered what was
 * computed from how it was before**, though it may have been changed by another
 * process, of which this one hears nothing. So a call joins a job only as long
 * as that looks around. One that comes when the job computes waits for its end,
 * and looks in the store then: there is what was computed, unless that has
 * become void. One that comes when an old value is being renewed looks at once
 * whether that is still there. */
#ifndef YK_SHARED_CACHE_GET_H
#define YK_SHARED_CACHE_GET_H

#include "shared/cache_job.h"

/* Has a waiter that has not been counted told an error, from the loop. */
void yk_cache_refuse(yoke_cache *cache, struct yk_cache_waiter *waiter,
                     int err);

/* Those who came late begin, all together, where the job began. It is not to be
 * joined any more. */
void yk_cache_begin_late(yoke_cache_job *job);

/* A job that only looked whether an old value is still there, and that is not, is
 * one that can be joined from here on. False when there is another one: its
 * author waits for that, and the job is gone. */
bool yk_cache_enter(yoke_cache_job *job);

#endif
