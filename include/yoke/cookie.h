/* Cookies (RFC 6265 and its successor): reading, setting, signing.
 *
 *     yoke_app_cookie_secrets(app, getenv("SECRET"), getenv("OLD_SECRET"));
 *     ...
 *     yoke_res_cookie(res, "theme", "dark", .max_age_s = 86400);
 *     yoke_res_cookie(res, "user", "7", .is_signed = true, .http_only = true,
 *                     .secure = true, .same_site = YOKE_SAME_SITE_LAX);
 *     ...
 *     const char *user = yoke_req_signed_cookie(req, "user");
 *
 * A signature shows that a value was made here; it does not hide it. It does
 * not say how old the value is, or for whom it was made, either: put that into
 * the value, if it matters. */
#ifndef YOKE_COOKIE_H
#define YOKE_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yoke/app.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

struct json_t; /* jansson's */

/* ---- What the client has sent ----
 *
 * Values are percent-decoded, if they can be, and without the quotes around
 * them. Of several cookies with one name the first counts: clients send the one
 * with the most specific path first. Cookies after the 256th are ignored. All
 * is borrowed until the answer has been ended. */

/* The value of a cookie, or NULL. Of a signed one the text with its signature;
 * it is good for nothing. (Express: req.cookies, with cookie-parser.) */
const char *yoke_req_cookie(yoke_req *req, const char *name);

/* The value of a signed cookie, if any of the application's secrets has signed
 * it; else NULL. (Express: req.signedCookies.) */
const char *yoke_req_signed_cookie(yoke_req *req, const char *name);

/* The JSON value of a cookie that yoke_res_json_cookie, or cookie-parser, has
 * set: its text is "j:" and JSON; and the same of a signed one. A new reference,
 * or NULL: there is none, or it is none. (Express: req.cookies and
 * req.signedCookies, which have such values among the others.) */
struct json_t *yoke_req_json_cookie(yoke_req *req, const char *name);
struct json_t *yoke_req_signed_json_cookie(yoke_req *req, const char *name);

/* The number of cookies, and the n-th; as for header fields. */
size_t yoke_req_cookie_count(yoke_req *req);
bool yoke_req_cookie_at(yoke_req *req, size_t n, const char **ret_name,
                        const char **ret_value);

/* ---- What the client is to keep ---- */

enum yoke_same_site {
    YOKE_SAME_SITE_UNSET,  /* Not said: browsers take it for lax. */
    YOKE_SAME_SITE_STRICT, /* Only with requests from pages of this site. */
    YOKE_SAME_SITE_LAX,    /* With links from elsewhere, too. */
    YOKE_SAME_SITE_NONE,   /* With everything; browsers want `secure`, too. */
};

enum yoke_priority {
    YOKE_PRIORITY_UNSET,
    YOKE_PRIORITY_LOW,
    YOKE_PRIORITY_MEDIUM,
    YOKE_PRIORITY_HIGH,
};

/* Attributes of a cookie. Zero is every field's default. */
struct yoke_cookie {
    int reserved_;      /* Leave it; it lets the macro be called without any. */
    int64_t max_age_s;  /* Seconds to live: sent as Max-Age and Expires.
                           0: until the browser is closed. */
    int64_t expires;    /* Instead: the second since 1970 at which it ends. */
    const char *path;   /* NULL: "/". */
    const char *domain; /* NULL: this host alone. */
    bool http_only;     /* Scripts do not see it. */
    bool secure;        /* Only over TLS. */
    bool secure_auto;   /* The same, if the request came so: see
                           yoke_req_is_secure (yoke/client.h), which believes
                           what trusted proxies say. */
    bool partitioned;   /* A jar of its own for each top-level site. */
    bool is_signed;     /* With the application's first secret. */
    bool is_raw;        /* The value is not percent-encoded. */
    enum yoke_priority priority;
    enum yoke_same_site same_site;
};

/* Adds a `Set-Cookie`: `yoke_res_cookie(res, "a", "b", .secure = true)`. The
 * attributes are the fields of `struct yoke_cookie`. The value is
 * percent-encoded as encodeURIComponent does, unless `is_raw`.
 *
 * Returns 0; -YOKE_EHEADER when the name is no token, or the value (raw), the
 * path or the domain has a character that would end it; -EINVAL when it is to
 * be signed and the application has no secret. Both make the answer a 500.
 * -YOKE_EANSWERED when the head has been sent. SameSite=None and `partitioned`
 * without Secure are sent, as Express does, though browsers drop such cookies; the
 * log says so at the first. A cookie of the same name that was set before stays,
 * for it may have another path: the browser sorts it out. (Express: res.cookie.) */
#define yoke_res_cookie(res, name, value, ...)                                 \
    yoke_res_cookie_with((res), (name), (value),                               \
                         YOKE_OPTIONS_(yoke_cookie, __VA_ARGS__))
int yoke_res_cookie_with(yoke_res *res, const char *name, const char *value,
                         const struct yoke_cookie *cookie);

/* The same with a JSON value, whose reference it takes over, as "j:" and its
 * text; NULL, or a value that contains itself, gives a 500 and -EINVAL; else it
 * returns as yoke_res_cookie. Browsers keep cookies of up to 4096
 * bytes, name, value and attributes together. (Express: res.cookie with an
 * object.) */
#define yoke_res_json_cookie(res, name, value, ...)                            \
    yoke_res_json_cookie_with((res), (name), (value),                          \
                              YOKE_OPTIONS_(yoke_cookie, __VA_ARGS__))
int yoke_res_json_cookie_with(yoke_res *res, const char *name,
                              struct json_t *value,
                              const struct yoke_cookie *cookie);

/* Tells the client to forget a cookie. Path and domain must be those with which
 * it was set: `yoke_res_clear_cookie(res, "a", .path = "/admin")`. Its times
 * are ignored. Returns as yoke_res_cookie. (Express: res.clearCookie.) */
#define yoke_res_clear_cookie(res, name, ...)                                  \
    yoke_res_clear_cookie_with((res), (name),                                  \
                               YOKE_OPTIONS_(yoke_cookie, __VA_ARGS__))
int yoke_res_clear_cookie_with(yoke_res *res, const char *name,
                               const struct yoke_cookie *cookie);

/* ---- Secrets ---- */

/* The secrets of the application, up to 16; each is copied. The first signs;
 * any of them is good for reading, so that a secret can be replaced without
 * signing everybody out: put the new one in front. One that is empty is an error
 * of registration, and so is NULL for the first; NULL for another is left out,
 * for mostly there is no old one. A mounted application without secrets has its
 * parent's. (Express: cookieParser([new, old]).) */
#define yoke_app_cookie_secrets(app, ...)                                      \
    yoke_app_cookie_secrets_of((app), YOKE_HERE, YOKE_TEXTS_(__VA_ARGS__),     \
                               sizeof((const char *const[]){__VA_ARGS__}) /    \
                                   sizeof(const char *))
void yoke_app_cookie_secrets_of(yoke_app *app, struct yoke_here here,
                                const char *const *secrets, size_t n);

/* Signs any text as cookies are: "value.signature", in the request's memory;
 * and the value back, or NULL when none of the secrets has signed it. Both NULL
 * when the application has no secret. (npm: cookie-signature.) */
const char *yoke_req_sign(yoke_req *req, const char *value);
const char *yoke_req_unsign(yoke_req *req, const char *text);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
