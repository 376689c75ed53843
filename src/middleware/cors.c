#include <yoke/middleware/cors.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <yoke/field.h>
#include <yoke/log.h>
#include <yoke/req.h>
#include <yoke/res.h>

#include "middleware/texts.h"

#include "core/banned.h"

struct policy {
    struct yoke_cors_options options;
    char *origin, *methods, *allowed_headers, *exposed_headers;
    const char *const *origins;
};

/* What `ask` has been asked; attached to the request under this key. */
static const char asked_key;

/* ---- Origins ---- */

/* A pattern with "*." in front of its host is every host below that domain,
 * a.b.example.com, and not the domain itself. */
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
           !memchr(origin + head, '/', len - head);
}

static bool is_listed(const struct policy *policy, const char *origin)
{
    for (const char *const *one = policy->origins; one && *one; one++)
        if (strcasecmp(*one, origin) == 0 || is_below(origin, *one))
            return true;
    return false;
}

/* The answer depends on who asks. */
static bool is_dynamic(const struct yoke_cors_options *options)
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
static bool set_origin(const struct policy *policy, yoke_req *req,
                       yoke_res *res, bool is_allowed)
{
    const struct yoke_cors_options *options = &policy->options;
    const char *origin = yoke_req_get(req, "Origin");
    if (is_dynamic(options)) {
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

static void set_allowed_headers(const struct policy *policy, yoke_req *req,
                                yoke_res *res)
{
    const char *wanted = yoke_req_get(req, "Access-Control-Request-Headers");
    if (!policy->allowed_headers)
        yoke_res_vary(res, "Access-Control-Request-Headers");
    set_unless_null(res, "Access-Control-Allow-Headers",
                    policy->allowed_headers ? policy->allowed_headers : wanted);
}

static void set_max_age(const struct policy *policy, yoke_req *req,
                        yoke_res *res)
{
    int64_t age_s = policy->options.max_age_s;
    if (age_s != 0)
        yoke_res_set(
            res, "Access-Control-Max-Age",
            yoke_req_printf(req, "%lld", (long long)(age_s < 0 ? 0 : age_s)));
}

static void set_private_network(const struct policy *policy, yoke_req *req,
                                yoke_res *res)
{
    const char *wanted =
        yoke_req_get(req, "Access-Control-Request-Private-Network");
    if (policy->options.private_network && wanted &&
        strcmp(wanted, "true") == 0)
        yoke_res_set(res, "Access-Control-Allow-Private-Network", "true");
}

/* ---- The two kinds of requests ---- */

static bool is_preflight(const yoke_req *req)
{
    return strcmp(yoke_req_method(req), "OPTIONS") == 0 &&
           yoke_req_get(req, "Access-Control-Request-Method");
}

static void answer_preflight(const struct policy *policy, yoke_req *req,
                             yoke_res *res, bool is_allowed)
{
    if (set_origin(policy, req, res, is_allowed)) {
        yoke_res_set(res, "Access-Control-Allow-Methods", policy->methods);
        set_allowed_headers(policy, req, res);
        set_max_age(policy, req, res);
        set_private_network(policy, req, res);
    }
    if (policy->options.continues) {
        yoke_next(req);
        return;
    }
    yoke_res_status(res, policy->options.status);
    yoke_res_end(res);
}

static void decide(const struct policy *policy, yoke_req *req, yoke_res *res,
                   bool is_allowed)
{
    if (is_preflight(req)) {
        answer_preflight(policy, req, res, is_allowed);
        return;
    }
    if (set_origin(policy, req, res, is_allowed))
        set_unless_null(res, "Access-Control-Expose-Headers",
                        policy->exposed_headers);
    yoke_next(req);
}

void yoke_cors_decide(yoke_req *req, yoke_res *res, bool is_allowed)
{
    const struct policy *policy = yoke_req_attached(req, &asked_key);
    yoke_req_attach(req, &asked_key, NULL, NULL);
    if (policy)
        decide(policy, req, res, is_allowed);
    else
        yoke_log(YOKE_LOG_WARN, "yoke_cors_decide: nobody has asked");
}

static void check(yoke_req *req, yoke_res *res)
{
    struct policy *policy = yoke_data(req);
    const struct yoke_cors_options *options = &policy->options;
    const char *origin = yoke_req_get(req, "Origin");
    if (origin && options->ask) {
        yoke_req_attach(req, &asked_key, policy, NULL);
        yoke_hold(req);
        options->ask(req, res, origin, options->data);
        return;
    }
    bool is_allowed =
        origin &&
        (options->reflects ||
         (options->allow && options->allow(req, origin, options->data)) ||
         is_listed(policy, origin));
    decide(policy, req, res, is_allowed);
}

/* ---- Options ---- */

static void policy_free(void *data)
{
    struct policy *policy = data;
    yk_texts_free(policy->origins);
    free(policy->origin);
    free(policy->methods);
    free(policy->allowed_headers);
    free(policy->exposed_headers);
    free(policy);
}

struct yoke_handler yoke_cors_with(const struct yoke_cors_options *options)
{
    struct policy *policy = yk_zeroed(sizeof(*policy));
    policy->options = *options;
    if (options->status == 0)
        policy->options.status = 204;
    policy->origin = yk_text_copy(options->origin ? options->origin : "*");
    policy->methods = yk_text_copy(
        options->methods ? options->methods : "GET,HEAD,PUT,PATCH,POST,DELETE");
    policy->allowed_headers = yk_text_copy(options->allowed_headers);
    policy->exposed_headers = yk_text_copy(options->exposed_headers);
    policy->origins = yk_texts_copy(options->origins);
    if (options->credentials && !is_dynamic(options) &&
        strcmp(policy->origin, "*") == 0)
        yoke_log(YOKE_LOG_WARN,
                 "yoke_cors: browsers refuse .credentials with the origin "
                 "\"*\"; name origins, or set .reflects");
    return yoke_with(check, policy, policy_free);
}
