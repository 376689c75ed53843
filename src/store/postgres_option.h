/* An option of libpq's in a store's URL: whether a store may have it, and
 * whether its value can be right. libpq itself would say so with the first
 * connection, when the store has long been opened. */
#ifndef YK_STORE_POSTGRES_OPTION_H
#define YK_STORE_POSTGRES_OPTION_H

#include "store/url.h"

/* The option is in the URL. Returns 0; or -EINVAL, with the reason in `why`.
 * Values that only libpq and the server know are not looked at. */
int yk_pg_option_check(struct yk_url *url, const char *name, char *why);

#endif
