/* This request is the one that goes on to the handlers; what they answer is
 * recorded on its way out. It is looked at twice: when the head is about to go,
 * which says whether it may be kept, and as a filter of the body. Whatever
 * happens to the answer, the job is given, so that nobody waits for ever. */
#ifndef YK_MIDDLEWARE_CACHE_RECORDER_H
#define YK_MIDDLEWARE_CACHE_RECORDER_H

#include <yoke/cache.h>

/* The computation of a page; `data` is the visit. */
void yk_recorder_compute(yoke_cache_job *job, const char *key, void *data);

#endif
