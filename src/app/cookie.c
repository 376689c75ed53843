#include "app/cookie.h"

#include <errno.h>
#include <stdlib.h>

#include <jansson.h>

#include <yoke/client.h>
#include <yoke/cookie.h>
#include <yoke/error.h>
#include <yoke/log.h>

#include "app/accept.h"
#include "app/app.h"
#include "app/req.h"
#include "app/sign.h"
#include "core/arena.h"
#include "http/chars.h"
#include "http/date.h"
#include "http/url.h"

#include "core/banned.h"

/* ---- Text ---- */

bool yk_cookie_next(struct yk_slice *rest, struct yk_slice *ret_name,
                    struct yk_slice *ret_value)
{
    while (rest->len > 0) {
        const char *end = memchr(rest->ptr, ';', rest->len);
        size_t len = end ? (size_t)(end - rest->ptr) : rest->len;
        const char *equals = memchr(rest->ptr, '=', len);
        struct yk_slice pair = {rest->ptr, len};
        len += end != NULL;
        rest->ptr += len;
        rest->len -= len;
        if (!equals)
            continue;
        size_t name_len = (size_t)(equals - pair.ptr);
        *ret_name = yk_trim((struct yk_slice){pair.ptr, name_len});
        *ret_value =
            yk_trim((struct yk_slice){equals + 1, pair.len - name_len - 1});
        if (ret_name->len > 0)
            return true;
    }
    return false;
}

static struct yk_slice unquote(struct yk_slice text)
{
    if (text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"')
        return (struct yk_slice){text.ptr + 1, text.len - 2};
    return text;
}

size_t yk_cookie_decode(struct yk_slice value, char *out)
{
    size_t len;
    value = unquote(value);
    if (value.len > 0 && memchr(value.ptr, '%', value.len) &&
        yk_url_decode(value, out, &len) == 0)
        return len;
    memmove(out, value.ptr, value.len);
    return value.len;
}

bool yk_cookie_is_value(struct yk_slice value)
{
    value = unquote(value);
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (c <= ' ' || c >= 0x7f || strchr("\",;\\", c))
            return false;
    }
    return true;
}

bool yk_cookie_is_attribute(struct yk_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < 0x20 || c == 0x7f || c == ';')
            return false;
    }
    return true;
}

/* ---- Of the request ---- */

struct yk_cookies {
    size_t count;
    struct {
        const char *name, *value;
    } items[];
};

static struct yk_slice field_of(const struct yoke_req *req)
{
    struct yk_slice list = yk_req_list(req, YK_LIT("Cookie"));
    return list.ptr ? list : YK_LIT("");
}

static size_t count_pairs(struct yk_slice list)
{
    struct yk_slice name, value;
    size_t n = 0;
    while (n < YK_COOKIES_MAX && yk_cookie_next(&list, &name, &value))
        n++;
    return n;
}

/* Taken apart at the first question, once. Each name and value takes the place
 * of itself and of the delimiter behind it. */
static const struct yk_cookies *cookies_of(struct yoke_req *req)
{
    struct yk_slice list, name, value;
    if (req->cookies)
        return req->cookies;
    list = field_of(req);
    size_t count = count_pairs(list);
    struct yk_cookies *cookies = yk_arena_alloc(
        req->x->arena, sizeof(*cookies) + count * sizeof(cookies->items[0]));
    char *out = yk_arena_alloc(req->x->arena, list.len + 2);
    cookies->count = count;
    for (size_t i = 0; i < count && yk_cookie_next(&list, &name, &value); i++) {
        memcpy(out, name.ptr, name.len);
        out[name.len] = '\0';
        cookies->items[i].name = out;
        out += name.len + 1;
        size_t len = yk_cookie_decode(value, out);
        out[len] = '\0';
        cookies->items[i].value = out;
        out += len + 1;
    }
    req->cookies = cookies;
    return cookies;
}

const char *yoke_req_cookie(yoke_req *req, const char *name)
{
    const struct yk_cookies *cookies = cookies_of(req);
    for (size_t i = 0; i < cookies->count; i++)
        if (strcmp(cookies->items[i].name, name) == 0)
            return cookies->items[i].value;
    return NULL;
}

const char *yoke_req_signed_cookie(yoke_req *req, const char *name)
{
    const char *value = yoke_req_cookie(req, name);
    if (!value || strncmp(value, "s:", 2) != 0)
        return NULL;
    return yk_unsign(req, value + 2);
}

/* cookie-parser's way to mark JSON. */
#define JSON_MARK "j:"

static json_t *json_of(const char *value)
{
    size_t mark_len = strlen(JSON_MARK);
    if (!value || strncmp(value, JSON_MARK, mark_len) != 0)
        return NULL;
    return json_loads(value + mark_len,
                      JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
}

struct json_t *yoke_req_json_cookie(yoke_req *req, const char *name)
{
    return json_of(yoke_req_cookie(req, name));
}

struct json_t *yoke_req_signed_json_cookie(yoke_req *req, const char *name)
{
    return json_of(yoke_req_signed_cookie(req, name));
}

size_t yoke_req_cookie_count(yoke_req *req)
{
    return cookies_of(req)->count;
}

bool yoke_req_cookie_at(yoke_req *req, size_t n, const char **ret_name,
                        const char **ret_value)
{
    const struct yk_cookies *cookies = cookies_of(req);
    if (n >= cookies->count)
        return false;
    *ret_name = cookies->items[n].name;
    *ret_value = cookies->items[n].value;
    return true;
}

/* ---- Of the answer ---- */

/* As encodeURIComponent: only letters, digits and -_.!~*'() stay. */
static const char *encode(const char *text, struct yk_arena *arena)
{
    char *start = yk_arena_alloc(arena, YK_URL_ENCODED_MAX(strlen(text)) + 1);
    char *to = start;
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        unsigned char lower = yk_lower(c);
        if ((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
            strchr("-_.!~*'()", c)) {
            *to++ = (char)c;
            continue;
        }
        *to++ = '%';
        *to++ = "0123456789ABCDEF"[c >> 4];
        *to++ = "0123456789ABCDEF"[c & 15];
    }
    *to = '\0';
    return start;
}

/* "; Name=value", or nothing when there is no value. */
static const char *attribute(yoke_req *req, const char *name, const char *value)
{
    return value ? yoke_req_printf(req, "; %s=%s", name, value) : "";
}

static const char *expires_text(yoke_req *req, int64_t second)
{
    char *text = yk_arena_alloc(req->x->arena, YK_HTTP_DATE_LEN + 1);
    yk_http_date_format(text, second);
    return text;
}

/* Max-Age and Expires, for clients that know only one of them. */
static const char *times(yoke_req *req, const struct yoke_cookie *cookie,
                         const char **ret_max_age)
{
    *ret_max_age = "";
    if (cookie->max_age_s) {
        int64_t now = yk_exchange_now(req->x);
        *ret_max_age = yoke_req_printf(req, "; Max-Age=%lld",
                                       (long long)cookie->max_age_s);
        return expires_text(req, cookie->max_age_s > INT64_MAX - now
                                     ? INT64_MAX
                                     : now + cookie->max_age_s);
    }
    return cookie->expires ? expires_text(req, cookie->expires) : NULL;
}

static const char *const same_sites[] = {NULL, "Strict", "Lax", "None"};
static const char *const priorities[] = {NULL, "Low", "Medium", "High"};

static bool is_secure(const yoke_req *req, const struct yoke_cookie *cookie)
{
    return cookie->secure || (cookie->secure_auto && yoke_req_is_secure(req));
}

/* The attributes, in Express's order. */
static const char *attributes(yoke_req *req, const struct yoke_cookie *cookie)
{
    const char *max_age;
    const char *expires = times(req, cookie, &max_age);
    return yoke_req_printf(
        req, "%s%s; Path=%s%s%s%s%s%s%s", max_age,
        attribute(req, "Domain", cookie->domain),
        cookie->path ? cookie->path : "/", attribute(req, "Expires", expires),
        cookie->http_only ? "; HttpOnly" : "",
        is_secure(req, cookie) ? "; Secure" : "",
        cookie->partitioned ? "; Partitioned" : "",
        attribute(req, "Priority", priorities[cookie->priority]),
        attribute(req, "SameSite", same_sites[cookie->same_site]));
}

static const char *find_fault(const char *name, const char *value,
                              const struct yoke_cookie *cookie)
{
    if (!name || !yk_chars_are(yk_slice_of(name), YK_CHAR_TOKEN))
        return "the name is no token";
    if (!value)
        return "the value is NULL";
    if (cookie->is_raw && !yk_cookie_is_value(yk_slice_of(value)))
        return "the value has a character that must be encoded";
    if (cookie->path && !yk_cookie_is_attribute(yk_slice_of(cookie->path)))
        return "the path has a control character or a semicolon";
    if (cookie->domain && !yk_cookie_is_attribute(yk_slice_of(cookie->domain)))
        return "the domain has a control character or a semicolon";
    if (cookie->same_site > YOKE_SAME_SITE_NONE ||
        cookie->priority > YOKE_PRIORITY_HIGH)
        return "same_site or priority is none of its values";
    return NULL;
}

/* Browsers drop it (RFC 6265bis section 5.7), and nobody is told there. It is
 * sent all the same, for other clients keep it; the log says so, once. */
static void tell_dropped(yoke_req *req, const char *name,
                         const struct yoke_cookie *cookie)
{
    bool is_for_all = cookie->same_site == YOKE_SAME_SITE_NONE;
    if ((!is_for_all && !cookie->partitioned) || req->app->is_drop_told ||
        is_secure(req, cookie))
        return;
    req->app->is_drop_told = true;
    yoke_log(YOKE_LOG_WARN,
             "cookie \"%s\": %s without Secure: browsers drop it; set "
             ".secure%s",
             name, is_for_all ? "SameSite=None" : "Partitioned",
             cookie->secure_auto
                 ? ": .secure_auto is not enough for a request that did not "
                   "come over TLS (see \"trust proxy\")"
                 : "");
}

int yoke_res_cookie_with(yoke_res *res, const char *name, const char *value,
                         const struct yoke_cookie *cookie)
{
    yoke_req *req = res->req;
    const char *fault = find_fault(name, value, cookie);
    if (fault)
        return yk_res_break(res, -YOKE_EHEADER, "cookie \"%s\": %s",
                            name ? name : "", fault);
    if (cookie->is_signed) {
        value = yk_sign(req, value);
        if (!value)
            return yk_res_break(res, -EINVAL,
                                "cookie \"%s\" is to be signed, but the "
                                "application has no secret (see "
                                "yoke_app_cookie_secrets)",
                                name);
        value = yoke_req_printf(req, "s:%s", value);
    }
    if (!cookie->is_raw)
        value = encode(value, req->x->arena);
    tell_dropped(req, name, cookie);
    return yoke_res_append(
        res, "Set-Cookie",
        yoke_req_printf(req, "%s=%s%s", name, value, attributes(req, cookie)));
}

int yoke_res_json_cookie_with(yoke_res *res, const char *name,
                              struct json_t *value,
                              const struct yoke_cookie *cookie)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(value);
    if (!text)
        return yk_res_break(res, -EINVAL,
                            "cookie \"%s\": the value is NULL, or contains "
                            "itself",
                            name ? name : "");
    const char *marked = yoke_req_printf(res->req, JSON_MARK "%s", text);
    free(text);
    return yoke_res_cookie_with(res, name, marked, cookie);
}

int yoke_res_clear_cookie_with(yoke_res *res, const char *name,
                               const struct yoke_cookie *cookie)
{
    struct yoke_cookie gone = *cookie;
    gone.max_age_s = 0;
    gone.expires = -1; /* Before 1970, which is sent as its first second. */
    gone.is_signed = false;
    return yoke_res_cookie_with(res, name, "", &gone);
}
