#include <yoke/middleware/csrf.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include <yoke/cookie.h>
#include <yoke/form.h>
#include <yoke/negotiate.h>
#include <yoke/req.h>
#include <yoke/res.h>
#include <yoke/value.h>

#include "middleware/origins.h"
#include "middleware/texts.h"

#include "core/banned.h"

#define RANDOM_LEN 24 /* Characters, of which each has 6 bits. */

/* The options of the last one that has run, for yoke_csrf_token. */
static const char options_key;

/* ---- Where a request comes from ---- */

static bool is_trusted(const struct yoke_csrf_options *options,
                       const char *origin)
{
    return options->trusted && origin &&
           yk_texts_have(options->trusted, origin);
}

/* "https://example.com:8080" and "example.com:8080". */
static bool is_of_host(const char *origin, const char *host)
{
    const char *slashes = strstr(origin, "://");
    return slashes && host && strcasecmp(slashes + 3, host) == 0;
}

static bool comes_from_here(const yoke_req *req,
                            const struct yoke_csrf_options *options)
{
    const char *site = yoke_req_get(req, "Sec-Fetch-Site");
    const char *origin = yoke_req_get(req, "Origin");
    if (is_trusted(options, origin))
        return true;
    if (site)
        return strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0 ||
               (options->allows_same_site && strcmp(site, "same-site") == 0);
    return !origin || is_of_host(origin, yoke_req_host(req));
}

/* ---- Tokens ---- */

/* Whoever signs other things with the same secrets must not make tokens. */
static const char *purpose_of(yoke_req *req,
                              const struct yoke_csrf_options *options,
                              const char *token)
{
    const char *session =
        options->session ? options->session(req, options->data) : NULL;
    return yoke_req_printf(req, "csrf:%s:%s", session ? session : "", token);
}

static bool is_signed(yoke_req *req, const struct yoke_csrf_options *options,
                      const char *token)
{
    return yoke_req_unsign(req, purpose_of(req, options, token)) != NULL;
}

/* In a time that does not tell where they differ. */
static bool is_same(const char *a, const char *b)
{
    size_t len = strlen(a);
    volatile unsigned char difference = 0;
    if (strlen(b) != len)
        return false;
    for (size_t i = 0; i < len; i++)
        difference |= (unsigned char)(a[i] ^ b[i]);
    return difference == 0;
}

static const char *sent_token(yoke_req *req,
                              const struct yoke_csrf_options *options)
{
    const char *token = yoke_req_get(req, options->header);
    return token ? token : yoke_req_form(req, options->field);
}

static void check_token(yoke_req *req, const struct yoke_csrf_options *options)
{
    const char *kept = yoke_req_cookie(req, options->cookie);
    const char *sent = sent_token(req, options);
    if (!kept || !sent)
        yoke_next_typed(req, 403, "csrf.token.missing",
                        "the request lacks its token, or its cookie");
    else if (!is_same(kept, sent) || !is_signed(req, options, sent))
        yoke_next_typed(req, 403, "csrf.token.invalid",
                        "the token of the request is not valid");
    else
        yoke_next(req);
}

/* Random characters that are safe in cookies, URLs and pages; NULL when the
 * system has none. */
static char *random_text(yoke_req *req)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned char bytes[RANDOM_LEN];
    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        return NULL;
    char *text = yoke_req_alloc(req, sizeof(bytes) + 1);
    for (size_t i = 0; i < sizeof(bytes); i++)
        text[i] = digits[bytes[i] & 63];
    text[sizeof(bytes)] = '\0';
    return text;
}

static const char *new_token(yoke_req *req,
                             const struct yoke_csrf_options *options)
{
    const char *text = random_text(req);
    const char *whole =
        text ? yoke_req_sign(req, purpose_of(req, options, text)) : NULL;
    const char *signature = whole ? strrchr(whole, '.') : NULL;
    return signature ? yoke_req_printf(req, "%s%s", text, signature) : NULL;
}

const char *yoke_csrf_token(yoke_req *req, yoke_res *res)
{
    const struct yoke_csrf_options *options =
        yoke_req_attached(req, &options_key);
    if (!options || !options->cookie)
        return NULL;
    const char *token = yoke_req_cookie(req, options->cookie);
    if (token && is_signed(req, options, token))
        return token;
    token = new_token(req, options);
    if (!token || yoke_res_is_sent(res))
        return NULL;
    yoke_res_cookie(res, options->cookie, token, .http_only = true,
                    .secure = yoke_req_is_secure(req),
                    .same_site = YOKE_SAME_SITE_LAX);
    return token;
}

/* ---- The handler ---- */

static bool is_safe(const char *method)
{
    return yk_texts_have(YOKE_TEXTS("GET", "HEAD", "OPTIONS", "TRACE", "QUERY"),
                         method);
}

static void run(yoke_req *req, yoke_res *res)
{
    const struct yoke_csrf_options *options = yoke_data(req);
    (void)res;
    if (options->cookie)
        yoke_req_attach(req, &options_key, (void *)(uintptr_t)options, NULL);
    if (is_safe(yoke_req_method(req)) ||
        (options->is_exempt && options->is_exempt(req, options->data)))
        yoke_next(req);
    else if (!comes_from_here(req, options))
        yoke_next_typed(req, 403, "csrf.cross.site",
                        "the request comes from a page of another site");
    else if (options->cookie)
        check_token(req, options);
    else
        yoke_next(req);
}

static void options_free(void *data)
{
    struct yoke_csrf_options *options = data;
    yk_texts_free(options->trusted);
    yk_text_free(options->cookie);
    yk_text_free(options->header);
    yk_text_free(options->field);
    free(options);
}

struct yoke_handler yoke_csrf_with(const struct yoke_csrf_options *options)
{
    if (!yk_origins_are_good("yoke_csrf", options->trusted, false))
        return yoke_with(NULL, NULL, NULL);
    struct yoke_csrf_options *copy = malloc(sizeof(*copy));
    if (!copy)
        abort();
    *copy = *options;
    copy->trusted = yk_texts_copy(options->trusted);
    copy->cookie = yk_text_copy(options->cookie);
    copy->header =
        yk_text_copy(options->header ? options->header : "X-CSRF-Token");
    copy->field = yk_text_copy(options->field ? options->field : "_csrf");
    return yoke_with(run, copy, options_free);
}
