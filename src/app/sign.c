/* The signature is the HMAC-SHA-256 of the value in base64 without padding, as
 * Express's cookies have it, so that the two can share cookies. */
#include "app/sign.h"

#include <stdlib.h>

#include <yoke/cookie.h>

#include "app/app.h"
#include "app/hash.h"
#include "app/req.h"
#include "core/alloc.h"
#include "core/arena.h"
#include "core/base64.h"

#include "core/banned.h"

#define SECRETS_MAX 16
#define SETTING     "cookie secrets"

struct secrets {
    size_t count;
    struct yk_hmac_key *keys[SECRETS_MAX];
};

static void secrets_free(void *ptr)
{
    struct secrets *secrets = ptr;
    for (size_t i = 0; i < secrets->count; i++)
        yk_hmac_key_free(secrets->keys[i]);
    free(secrets);
}

void yoke_app_cookie_secrets_of(yoke_app *app, struct yoke_here here,
                                const char *const *secrets, size_t n)
{
    struct secrets *copy = yk_alloc(sizeof(*copy));
    if (n > SECRETS_MAX)
        yoke_app_fail(app, "%s:%d: more than %d cookie secrets", here.file,
                      here.line, SECRETS_MAX);
    for (size_t i = 0; i < n && i < SECRETS_MAX; i++) {
        if (secrets[i] && *secrets[i])
            copy->keys[copy->count++] =
                yk_hmac_key_new(yk_slice_of(secrets[i]));
        else if (secrets[i] || i == 0)
            yoke_app_fail(app,
                          "%s:%d: cookie secret %zu of %zu is empty; set it to "
                          "a long random text",
                          here.file, here.line, i + 1, n);
    }
    yoke_app_put_ptr(app, here, SETTING, copy, secrets_free);
}

static const struct secrets *secrets_of(const struct yoke_req *req)
{
    return yoke_app_get_ptr(req->app, SETTING);
}

static size_t make_signature(struct yk_slice value,
                             const struct yk_hmac_key *key,
                             char out[YK_BASE64_MAX(YK_HMAC_SHA256_LEN)])
{
    uint8_t hash[YK_HMAC_SHA256_LEN];
    yk_hmac_sha256(key, value, hash);
    return yk_base64_encode(hash, sizeof(hash), out);
}

const char *yk_sign(struct yoke_req *req, const char *value)
{
    const struct secrets *secrets = secrets_of(req);
    char signature[YK_BASE64_MAX(YK_HMAC_SHA256_LEN)];
    if (!secrets || secrets->count == 0)
        return NULL;
    size_t len =
        make_signature(yk_slice_of(value), secrets->keys[0], signature);
    return yoke_req_printf(req, "%s.%.*s", value, (int)len, signature);
}

const char *yk_unsign(struct yoke_req *req, const char *text)
{
    const struct secrets *secrets = secrets_of(req);
    const char *dot = strrchr(text, '.');
    if (!secrets || !dot)
        return NULL;
    struct yk_slice value = {text, (size_t)(dot - text)};
    struct yk_slice given = yk_slice_of(dot + 1);
    bool is_good = false;
    /* All of them, always: the time must not tell which one it was. */
    for (size_t i = 0; i < secrets->count; i++) {
        char wanted[YK_BASE64_MAX(YK_HMAC_SHA256_LEN)];
        size_t len = make_signature(value, secrets->keys[i], wanted);
        is_good |=
            yk_is_equal_in_constant_time(given, (struct yk_slice){wanted, len});
    }
    return is_good ? yk_arena_strndup(req->x->arena, value.ptr, value.len)
                   : NULL;
}

const char *yoke_req_sign(yoke_req *req, const char *value)
{
    return yk_sign(req, value);
}

const char *yoke_req_unsign(yoke_req *req, const char *text)
{
    return yk_unsign(req, text);
}
