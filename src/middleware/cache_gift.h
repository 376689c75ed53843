/* What is given to the cache of an answer that has been recorded: the answer
 * itself or, if it varies, the answer under its variant's key and the list of
 * variants under the page's (vary.h). First the variant, then the list, so that
 * no list names one that is not there. */
#ifndef YK_MIDDLEWARE_CACHE_GIFT_H
#define YK_MIDDLEWARE_CACHE_GIFT_H

struct yk_visit;

/* The recorded answer, all of it. Without a job it does nothing, as does the
 * other. */
void yk_gift_answer(struct yk_visit *visit);

/* It is this client's alone: others compute for themselves. */
void yk_gift_nothing(struct yk_visit *visit);

#endif
