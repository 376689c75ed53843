/* What is given to the cache of an answer that has been recorded: the answer
 * itself or, if it varies, the answer under its variant's key and the list of
 * variants under the page's (vary.h). First the variant, then the list, so that
 * no list names one that is not there. */
#ifndef YK_MIDDLEWARE_CACHE_GIFT_H
#define YK_MIDDLEWARE_CACHE_GIFT_H

#include <stdint.h>

struct yk_visit;

/* Each does nothing when the visit has no job: it has been given. */

/* The recorded answer, all of it. */
void yk_gift_answer(struct yk_visit *visit);

/* It is this client's alone: others compute for themselves. */
void yk_gift_nothing(struct yk_visit *visit);

/* There is no answer. Who waits gets the old one, and for `ttl_s` nobody tries
 * again (0: as long as the cache's options say); without an old one, who waits
 * goes on to the handlers, and so do all for that time. */
void yk_gift_failure(struct yk_visit *visit, uint32_t ttl_s);

#endif
