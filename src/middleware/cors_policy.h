/* Which pages of other origins may read answers, and the fields that say so. */
#ifndef YK_MIDDLEWARE_CORS_POLICY_H
#define YK_MIDDLEWARE_CORS_POLICY_H

#include <yoke/middleware/cors.h>

struct yk_cors_policy {
    struct yoke_cors_options options;
    char *origin, *methods, *allowed_headers, *exposed_headers;
    const char *const *origins;
};

/* Whether the list of origins has it. */
bool yk_cors_is_listed(const struct yk_cors_policy *policy, const char *origin);

/* Whether the answer depends on who asks. */
bool yk_cors_is_dynamic(const struct yoke_cors_options *options);

/* Sets the fields of an answer, and of the answer to a preflight. */
void yk_cors_set(const struct yk_cors_policy *policy, yoke_req *req,
                 yoke_res *res, bool is_allowed);
void yk_cors_set_preflight(const struct yk_cors_policy *policy, yoke_req *req,
                           yoke_res *res, bool is_allowed);

#endif
