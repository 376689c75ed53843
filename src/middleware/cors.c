#include <yoke/middleware/cors.h>

#include <stdlib.h>
#include <string.h>

#include <yoke/log.h>
#include <yoke/req.h>
#include <yoke/res.h>

#include "middleware/cors_policy.h"
#include "middleware/origins.h"
#include "middleware/texts.h"

#include "core/banned.h"

/* What `ask` has been asked; attached to the request under this key. */
static const char asked_key;

/* ---- The two kinds of requests ---- */

static bool is_preflight(const yoke_req *req)
{
    return strcmp(yoke_req_method(req), "OPTIONS") == 0 &&
           yoke_req_get(req, "Access-Control-Request-Method");
}

static void answer_preflight(const struct yk_cors_policy *policy, yoke_req *req,
                             yoke_res *res, bool is_allowed)
{
    yk_cors_set_preflight(policy, req, res, is_allowed);
    if (policy->options.continues) {
        yoke_next(req);
        return;
    }
    yoke_res_status(res, policy->options.status);
    yoke_res_end(res);
}

static void decide(const struct yk_cors_policy *policy, yoke_req *req,
                   yoke_res *res, bool is_allowed)
{
    if (is_preflight(req)) {
        answer_preflight(policy, req, res, is_allowed);
        return;
    }
    yk_cors_set(policy, req, res, is_allowed);
    yoke_next(req);
}

void yoke_cors_decide(yoke_req *req, yoke_res *res, bool is_allowed)
{
    const struct yk_cors_policy *policy = yoke_req_attached(req, &asked_key);
    yoke_req_attach(req, &asked_key, NULL, NULL);
    if (policy)
        decide(policy, req, res, is_allowed);
    else
        yoke_log(YOKE_LOG_WARN, "yoke_cors_decide: nobody has asked");
}

static void check(yoke_req *req, yoke_res *res)
{
    struct yk_cors_policy *policy = yoke_data(req);
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
         yk_cors_is_listed(policy, origin));
    decide(policy, req, res, is_allowed);
}

/* ---- Options ---- */

static void policy_free(void *data)
{
    struct yk_cors_policy *policy = data;
    yk_texts_free(policy->origins);
    free(policy->origin);
    free(policy->methods);
    free(policy->allowed_headers);
    free(policy->exposed_headers);
    free(policy);
}

static bool is_good(const struct yoke_cors_options *options)
{
    bool has_origin = options->origin && strcmp(options->origin, "*") != 0;
    return yk_origins_are_good("yoke_cors", options->origins, true) &&
           (!has_origin ||
            yk_origins_are_good("yoke_cors", YOKE_TEXTS(options->origin),
                                false));
}

struct yoke_handler yoke_cors_with(const struct yoke_cors_options *options)
{
    if (!is_good(options))
        return yoke_with(NULL, NULL, NULL);
    struct yk_cors_policy *policy = yk_zeroed(sizeof(*policy));
    policy->options = *options;
    if (options->status == 0)
        policy->options.status = 204;
    policy->origin = yk_text_copy(options->origin ? options->origin : "*");
    policy->methods = yk_text_copy(
        options->methods ? options->methods : "GET,HEAD,PUT,PATCH,POST,DELETE");
    policy->allowed_headers = yk_text_copy(options->allowed_headers);
    policy->exposed_headers = yk_text_copy(options->exposed_headers);
    policy->origins = yk_texts_copy(options->origins);
    if (options->credentials && !yk_cors_is_dynamic(options) &&
        strcmp(policy->origin, "*") == 0)
        yoke_log(YOKE_LOG_WARN,
                 "yoke_cors: browsers refuse .credentials with the origin "
                 "\"*\"; name origins, or set .reflects");
    return yoke_with(check, policy, policy_free);
}
