/* The tags of a job, and their versions: numbers in the store, one under each
 * tag's name. A record carries those it was computed under and is void when one
 * has changed; so one write makes all of a tag's values void.
 *
 * A tag without a version, new or swept away, makes everything of it void. Who
 * computes gives it one first; of two that do the store takes one. */
#ifndef YK_SHARED_CACHE_TAGS_H
#define YK_SHARED_CACHE_TAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yoke/cache.h>

#include "shared/cache_record.h"

/* For how long the store keeps a version. */
#define YK_CACHE_TAG_TTL_S (7u * 24 * 3600)

/* A version that no tag has had; never 0. */
uint64_t yk_cache_new_version(yoke_cache *cache);

/* How many there are before the NULL, YOKE_CACHE_TAGS_MAX + 1 at most. */
size_t yk_cache_tags_count(const char *const *tags);

/* Says which a new job has. Copied. */
void yk_cache_tags_set(yoke_cache_job *job, const char *const *tags);

/* The same as another's. */
void yk_cache_tags_copy(yoke_cache_job *job, const yoke_cache_job *from);

/* Takes down the versions that were read, one item for each tag. */
void yk_cache_tags_read(yoke_cache_job *job,
                        const struct yoke_store_item *items);

/* Whether each has a version. */
bool yk_cache_tags_are_known(const yoke_cache_job *job);

/* Whether the record was computed under these versions. */
bool yk_cache_tags_fit(const yoke_cache_job *job,
                       const struct yk_cache_record *record);

/* Gives a version to those that have none. True when there are any: then
 * yk_cache_check is called when the store has them. */
bool yk_cache_tags_add(yoke_cache_job *job);

#endif
