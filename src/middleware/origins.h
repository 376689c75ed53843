/* Lists of origins in options. What stands there is compared with what browsers
 * send, so one that is written otherwise would never match, and nobody would be
 * told why. */
#ifndef YK_MIDDLEWARE_ORIGINS_H
#define YK_MIDDLEWARE_ORIGINS_H

#include <stdbool.h>

/* Whether each is "null" or a scheme, a host and, if need be, a port (RFC 6454
 * section 7); with `has_stars`, "*." may stand for the first labels of the host.
 * NULL is no list, and good. The log says for `who` what is wrong. */
bool yk_origins_are_good(const char *who, const char *const *origins,
                         bool has_stars);

#endif
