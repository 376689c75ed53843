#include <yoke/middleware/secure_headers.h>

#include <stdlib.h>
#include <string.h>

#include <yoke/req.h>
#include <yoke/res.h>

#include "middleware/header_option.h"
#include "middleware/random_id.h"
#include "middleware/texts.h"

#include "core/banned.h"

#define FIELDS_MAX 15
#define NONCE      "{nonce}"
#define NONCE_LEN  22

static const char nonce_key;

struct field {
    const char *name;
    char *value;
};

struct headers {
    struct field fields[FIELDS_MAX];
    size_t count;
    const char *policy_name;
    char *policy; /* If it has a nonce; else it is one of the fields. */
};

static const char default_policy[] =
    "default-src 'self';base-uri 'self';font-src 'self' https: data:;"
    "form-action 'self';frame-ancestors 'self';img-src 'self' data:;"
    "object-src 'none';script-src 'self';script-src-attr 'none';"
    "style-src 'self' https: 'unsafe-inline';upgrade-insecure-requests";

/* ---- For each request ---- */

const char *yoke_csp_nonce(const yoke_req *req)
{
    return yoke_req_attached(req, &nonce_key);
}

/* The policy with each "{nonce}" replaced. */
static void set_policy(yoke_req *req, yoke_res *res,
                       const struct headers *headers)
{
    char *nonce = yoke_req_alloc(req, NONCE_LEN + 1);
    yk_random_word(nonce, NONCE_LEN);
    yoke_req_attach(req, &nonce_key, nonce, NULL);
    const char *text = "", *rest = headers->policy, *found;
    while ((found = strstr(rest, NONCE))) {
        text = yoke_req_printf(req, "%s%.*s%s", text, (int)(found - rest), rest,
                               nonce);
        rest = found + strlen(NONCE);
    }
    yoke_res_set(res, headers->policy_name,
                 yoke_req_printf(req, "%s%s", text, rest));
}

static void set_all(yoke_req *req, yoke_res *res)
{
    const struct headers *headers = yoke_data(req);
    for (size_t i = 0; i < headers->count; i++)
        yoke_res_set(res, headers->fields[i].name, headers->fields[i].value);
    if (headers->policy)
        set_policy(req, res, headers);
    yoke_res_remove(res, "X-Powered-By");
    yoke_next(req);
}

/* ---- Options ---- */

static bool is_good(const char *name, const char *value)
{
    return yk_header_value_is_good("yoke_secure_headers", name, value);
}

static void add(struct headers *headers, const char *name, const char *value,
                const char *fallback)
{
    if (!value)
        value = fallback;
    if (value && *value)
        headers->fields[headers->count++] =
            (struct field){name, yk_text_copy(value)};
}

static void add_policy(struct headers *headers,
                       const struct yoke_secure_headers_options *options)
{
    const char *policy = options->content_security_policy;
    headers->policy_name = options->reports_only
                               ? "Content-Security-Policy-Report-Only"
                               : "Content-Security-Policy";
    if (policy && strstr(policy, NONCE))
        headers->policy = yk_text_copy(policy);
    else
        add(headers, headers->policy_name, policy, default_policy);
}

static void headers_free(void *data)
{
    struct headers *headers = data;
    for (size_t i = 0; i < headers->count; i++)
        free(headers->fields[i].value);
    free(headers->policy);
    free(headers);
}

struct yoke_handler
yoke_secure_headers_with(const struct yoke_secure_headers_options *options)
{
    const struct {
        const char *name, *value, *fallback;
    } all[] = {
        {"Cross-Origin-Embedder-Policy", options->cross_origin_embedder_policy,
         NULL},
        {"Cross-Origin-Opener-Policy", options->cross_origin_opener_policy,
         "same-origin"},
        {"Cross-Origin-Resource-Policy", options->cross_origin_resource_policy,
         "same-origin"},
        {"Origin-Agent-Cluster", options->origin_agent_cluster, "?1"},
        {"Permissions-Policy", options->permissions_policy, NULL},
        {"Referrer-Policy", options->referrer_policy, "no-referrer"},
        {"Strict-Transport-Security", options->strict_transport_security,
         "max-age=31536000; includeSubDomains"},
        {"X-Content-Type-Options", options->x_content_type_options, "nosniff"},
        {"X-DNS-Prefetch-Control", options->x_dns_prefetch_control, "off"},
        {"X-Download-Options", options->x_download_options, "noopen"},
        {"X-Frame-Options", options->x_frame_options, "SAMEORIGIN"},
        {"X-Permitted-Cross-Domain-Policies",
         options->x_permitted_cross_domain_policies, "none"},
        {"X-XSS-Protection", options->x_xss_protection, "0"},
    };
    bool are_good =
        is_good("Content-Security-Policy", options->content_security_policy);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        are_good &= is_good(all[i].name, all[i].value);
    if (!are_good)
        return yoke_with(NULL, NULL, NULL);
    struct headers *headers = yk_zeroed(sizeof(*headers));
    add_policy(headers, options);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        add(headers, all[i].name, all[i].value, all[i].fallback);
    return yoke_with(set_all, headers, headers_free);
}
