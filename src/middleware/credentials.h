/* The credentials of the Basic scheme (RFC 7617). */
#ifndef YK_MIDDLEWARE_CREDENTIALS_H
#define YK_MIDDLEWARE_CREDENTIALS_H

#include <stdbool.h>

#include <yoke/app.h>

/* Name and password of the request, in its memory; false when it has no
 * credentials of this kind. */
bool yk_credentials_read(yoke_req *req, const char **ret_name,
                         const char **ret_password);

#endif
