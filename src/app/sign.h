/* Signed text: "value.signature", by the secrets of an application. */
#ifndef YK_APP_SIGN_H
#define YK_APP_SIGN_H

#include <stdbool.h>

#include "core/slice.h"

struct yoke_req;

/* Signs `value`; NULL when the application has no secret. In the arena. */
const char *yk_sign(struct yoke_req *req, const char *value);

/* The value of a signed text, in the arena; NULL when no secret has signed
 * it. */
const char *yk_unsign(struct yoke_req *req, const char *text);

#endif
