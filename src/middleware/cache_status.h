/* The field Cache-Status (RFC 9211): what this cache has done with a request. It
 * is appended, for there may be other caches. */
#ifndef YK_MIDDLEWARE_CACHE_STATUS_H
#define YK_MIDDLEWARE_CACHE_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include <yoke/app.h>

struct yk_cache_layer;
struct yk_visit;

/* How the name of a cache is sent: as it is or, if it has to be, in quotes. For
 * yk_text_free. */
char *yk_cache_status_name(const char *name);

/* Parameters as they are: "hit; ttl=42". Nothing when the options say so. */
void yk_cache_status_say(const struct yk_cache_layer *layer, yoke_res *res,
                         const char *text);

/* That it was there, and is good for so long; negative: it is old. */
void yk_cache_status_hit(const struct yk_visit *visit, int64_t ttl_s);

/* That the handlers have answered, and why they were asked. */
void yk_cache_status_forwarded(const struct yk_visit *visit, bool is_stored);

/* That they answered with that error, and the old answer took its place. */
void yk_cache_status_helped(const struct yk_visit *visit, int status);

#endif
