/* One question to the store: the record of a job's key, and the versions of its
 * tags. The answer says how the job goes on; cache_job.h draws the ways. */
#ifndef YK_SHARED_CACHE_LOOK_H
#define YK_SHARED_CACHE_LOOK_H

#include <yoke/cache.h>

/* Begins a job, or begins it again after a rest. */
void yk_cache_look(yoke_cache_job *job);

/* Looks once more before computing: another may have been faster, and the tags
 * have versions now. */
void yk_cache_check(yoke_cache_job *job);

#endif
