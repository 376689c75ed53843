/* Header fields that make a browser careful with the site's pages.
 *
 *     yoke_app_use(app, yoke_secure_headers());
 *     yoke_app_use(app, yoke_secure_headers(
 *         .content_security_policy = "default-src 'self'; img-src *",
 *         .strict_transport_security = YOKE_NO_HEADER));
 *
 * What is sent unless it is set or switched off, each field beside its name
 * below, is what helmet 8 sends. A handler may set a field anew for its own
 * answer. Errors that yoke answers keep their stricter Content-Security-Policy.
 * (npm: helmet.) */
#ifndef YOKE_MIDDLEWARE_SECURE_HEADERS_H
#define YOKE_MIDDLEWARE_SECURE_HEADERS_H

#include <stdbool.h>

#include <yoke/app.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* The field is not sent. */
#define YOKE_NO_HEADER ""

/* Options: the value of each field; NULL is what stands beside it. Copied.
 * One with a line end or another control character is an error of
 * registration. */
struct yoke_secure_headers_options {
    int reserved_; /* Leave it; it lets the macro be called without any. */
    /* "default-src 'self';base-uri 'self';font-src 'self' https: data:;
     * form-action 'self';frame-ancestors 'self';img-src 'self' data:;
     * object-src 'none';script-src 'self';script-src-attr 'none';
     * style-src 'self' https: 'unsafe-inline';upgrade-insecure-requests".
     * "{nonce}" in it stands for a random word of each request,
     * "script-src 'nonce-{nonce}'", which yoke_csp_nonce tells. */
    const char *content_security_policy;
    bool reports_only; /* It goes into Content-Security-Policy-Report-Only: the
                          browser complains, and blocks nothing. */
    const char *cross_origin_embedder_policy;      /* Not sent. */
    const char *cross_origin_opener_policy;        /* "same-origin" */
    const char *cross_origin_resource_policy;      /* "same-origin" */
    const char *origin_agent_cluster;              /* "?1" */
    const char *permissions_policy;                /* Not sent. */
    const char *referrer_policy;                   /* "no-referrer" */
    const char *strict_transport_security;         /* "max-age=31536000;
                                                      includeSubDomains"; browsers
                                                      ignore it over http. */
    const char *x_content_type_options;            /* "nosniff" */
    const char *x_dns_prefetch_control;            /* "off" */
    const char *x_download_options;                /* "noopen" */
    const char *x_frame_options;                   /* "SAMEORIGIN" */
    const char *x_permitted_cross_domain_policies; /* "none" */
    const char *x_xss_protection;                  /* "0" */
};

#define yoke_secure_headers(...)                                               \
    yoke_secure_headers_with(                                                  \
        YOKE_OPTIONS_(yoke_secure_headers_options, __VA_ARGS__))
struct yoke_handler
yoke_secure_headers_with(const struct yoke_secure_headers_options *options);

/* The request's nonce, for the page: <script nonce="...">. NULL when the policy
 * has none. */
const char *yoke_csp_nonce(const yoke_req *req);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
