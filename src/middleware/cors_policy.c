#include "middleware/cors_policy.h"

#include <string.h>
#include <strings.h>

#include <yoke/field.h>
#include <yoke/req.h>
#include <yoke/res.h>

#include "core/banned.h"

/* ---- Origins ---- */

/* A pattern with "*." in front of its host is every host below that domain,
 * a.b.example.com, and not the domain itself. What stands for the star is part of
 * a host, and not all of one with something behind it. */
static bool is_below(const char *origin, const char *pattern)
{
    const char *star = strstr(pattern, "://*.");
    if (!star)
        return false;
    size_t head = (size_t)(star - pattern) + 3;
    const char *tail = pattern + head + 1;
    size_t len = strlen(origin), tail_len = strlen(tail);
    return len > head + tail_len && strncasecmp(origin, pattern, head) == 0 &&
           strcasecmp(origin + len - tail_len, tail) == 0 &&
           !strpbrk(origin + head, "/?#@\\");
}

bool yk_cors_is_listed(const struct yk_cors_policy *policy, const char *origin)
{
    for (const char *const *one = policy->origins; one && *one; one++)
        if (strcasecmp(*one, origin) == 0 || is_below(origin, *one))
            return true;
    return false;
}

bool yk_cors_is_dynamic(const struct yoke_cors_options *options)
{
    return options->origins || options->reflects || options->allow ||
           options->ask;
}

/* ---- Fields ---- */

static void set_unless_null(yoke_res *res, const char *name, const char *value)
{
    if (value)
        yoke_res_set(res, name, value);
}

/* False when this origin may not read the answer. */
static bool set_origin(const struct yk_cors_policy *policy, yoke_req *req,
                       yoke_res *res, bool is_allowed)
{
    const struct yoke_cors_options *options = &policy->options;
    const char *origin = yoke_req_get(req, "Origin");
    if (yk_cors_is_dynamic(options)) {
        yoke_res_vary(res, "Origin");
        if (!origin || !is_allowed)
            return false;
        yoke_res_set(res, "Access-Control-Allow-Origin", origin);
    } else {
        yoke_res_set(res, "Access-Control-Allow-Origin", policy->origin);
        if (strcmp(policy->origin, "*") != 0)
            yoke_res_vary(res, "Origin");
    }
    if (options->credentials)
        yoke_res_set(res, "Access-Control-Allow-Credentials", "true");
    return true;
}

static void set_allowed_headers(const struct yk_cors_policy *policy,
                                yoke_req *req, yoke_res *res)
{
    const char *wanted = yoke_req_get(req, "Access-Control-Request-Headers");
    if (!policy->allowed_headers)
        yoke_res_vary(res, "Access-Control-Request-Headers");
    set_unless_null(res, "Access-Control-Allow-Headers",
                    policy->allowed_headers ? policy->allowed_headers : wanted);
}

static void set_max_age(const struct yk_cors_policy *policy, yoke_req *req,
                        yoke_res *res)
{
    int64_t age_s = policy->options.max_age_s;
    if (age_s != 0)
        yoke_res_set(
            res, "Access-Control-Max-Age",
            yoke_req_printf(req, "%lld", (long long)(age_s < 0 ? 0 : age_s)));
}

static void set_private_network(const struct yk_cors_policy *policy,
                                yoke_req *req, yoke_res *res)
{
    const char *wanted =
        yoke_req_get(req, "Access-Control-Request-Private-Network");
    if (policy->options.private_network && wanted &&
        strcmp(wanted, "true") == 0)
        yoke_res_set(res, "Access-Control-Allow-Private-Network", "true");
}

/* ---- The two kinds of requests ---- */

void yk_cors_set(const struct yk_cors_policy *policy, yoke_req *req,
                 yoke_res *res, bool is_allowed)
{
    if (set_origin(policy, req, res, is_allowed))
        set_unless_null(res, "Access-Control-Expose-Headers",
                        policy->exposed_headers);
}

void yk_cors_set_preflight(const struct yk_cors_policy *policy, yoke_req *req,
                           yoke_res *res, bool is_allowed)
{
    if (set_origin(policy, req, res, is_allowed)) {
        yoke_res_set(res, "Access-Control-Allow-Methods", policy->methods);
        set_allowed_headers(policy, req, res);
        set_max_age(policy, req, res);
        set_private_network(policy, req, res);
    }
}
