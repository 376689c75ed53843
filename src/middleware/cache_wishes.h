/* What a request wants of a cache (RFC 9111 section 5.2.1). */
#ifndef YK_MIDDLEWARE_CACHE_WISHES_H
#define YK_MIDDLEWARE_CACHE_WISHES_H

#include <stdbool.h>

#include <yoke/app.h>

#include "middleware/cache_control.h"

struct yk_visit;

/* Its directives; Pragma counts where there is no Cache-Control (section 5.4). */
void yk_wishes_read(const yoke_req *req, struct yk_cache_control *control);

/* Whether it wants something else than a whole page as it is, or sets a
 * condition that the cache may not judge (section 4.3.2). */
bool yk_wishes_are_special(const yoke_req *req);

/* Makes the query of them. */
void yk_wishes_set(struct yk_visit *visit,
                   const struct yk_cache_control *control);

#endif
