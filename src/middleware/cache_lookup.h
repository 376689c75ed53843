/* One look under the page's key, and what is there says how to go on:
 *
 *     an answer  -> it is sent
 *     variants   -> a second look, under the key of the one that is wanted
 *     nothing    -> this request goes on to the handlers, and what they answer
 *                   is kept on its way out; or another one has, and this one is
 *                   sent what that is answered */
#ifndef YK_MIDDLEWARE_CACHE_LOOKUP_H
#define YK_MIDDLEWARE_CACHE_LOOKUP_H

struct yk_visit;

/* Holds the request and looks. Takes the visit's reference. */
void yk_lookup_begin(struct yk_visit *visit);

#endif
