/* The public face of content negotiation. */
#include <yoke/negotiate.h>

#include <errno.h>

#include "app/accept.h"
#include "app/fresh.h"
#include "app/mime.h"
#include "app/range.h"
#include "app/req.h"
#include "core/arena.h"

#include "core/banned.h"

#define OFFERS_MAX YK_ACCEPT_OFFERS_MAX

/* ---- Preferences ---- */

static size_t take_offers(enum yk_accept_kind kind, const char *const *offers,
                          struct yk_slice out[OFFERS_MAX])
{
    size_t n = 0;
    for (; offers[n] && n < OFFERS_MAX; n++) {
        out[n] = yk_slice_of(offers[n]);
        if (kind == YK_ACCEPT_TYPE)
            out[n] = yk_mime_of(out[n]);
    }
    return n;
}

static const char *best_of(const yoke_req *req, enum yk_accept_kind kind,
                           struct yk_slice field, const char *const *offers)
{
    struct yk_slice texts[OFFERS_MAX];
    struct yk_slice list = yk_req_list(req, field);
    if (!offers[0])
        return NULL;
    /* An empty Accept is taken for none, as Express does; by the RFC it would
     * accept nothing, which no client can mean. */
    if (kind == YK_ACCEPT_TYPE ? list.len == 0
                               : !list.ptr && kind != YK_ACCEPT_ENCODING)
        return offers[0];
    size_t n = take_offers(kind, offers, texts);
    int place = yk_accept_best(kind, list, texts, n);
    return place < 0 ? NULL : offers[place];
}

const char *yoke_req_accepts_of(const yoke_req *req, const char *const *offers)
{
    return best_of(req, YK_ACCEPT_TYPE, YK_LIT("Accept"), offers);
}

const char *yoke_req_accepts_encodings_of(const yoke_req *req,
                                          const char *const *offers)
{
    return best_of(req, YK_ACCEPT_ENCODING, YK_LIT("Accept-Encoding"), offers);
}

const char *yoke_req_accepts_charsets_of(const yoke_req *req,
                                         const char *const *offers)
{
    return best_of(req, YK_ACCEPT_CHARSET, YK_LIT("Accept-Charset"), offers);
}

const char *yoke_req_accepts_languages_of(const yoke_req *req,
                                          const char *const *offers)
{
    return best_of(req, YK_ACCEPT_LANGUAGE, YK_LIT("Accept-Language"), offers);
}

static size_t sorted_of(const yoke_req *req, enum yk_accept_kind kind,
                        struct yk_slice field, const char **out, size_t max)
{
    struct yk_slice texts[OFFERS_MAX];
    struct yk_slice list = yk_req_list(req, field);
    if (!list.ptr && kind == YK_ACCEPT_TYPE)
        list = YK_LIT("*/*");
    else if (!list.ptr && kind != YK_ACCEPT_ENCODING)
        list = YK_LIT("*");
    size_t n = yk_accept_sorted(kind, list, texts,
                                max < OFFERS_MAX ? max : OFFERS_MAX);
    for (size_t i = 0; i < n; i++)
        out[i] = yk_arena_strndup(req->x->arena, texts[i].ptr, texts[i].len);
    return n;
}

size_t yoke_req_accepted(const yoke_req *req, const char **out, size_t max)
{
    return sorted_of(req, YK_ACCEPT_TYPE, YK_LIT("Accept"), out, max);
}

size_t yoke_req_accepted_encodings(const yoke_req *req, const char **out,
                                   size_t max)
{
    return sorted_of(req, YK_ACCEPT_ENCODING, YK_LIT("Accept-Encoding"), out,
                     max);
}

size_t yoke_req_accepted_charsets(const yoke_req *req, const char **out,
                                  size_t max)
{
    return sorted_of(req, YK_ACCEPT_CHARSET, YK_LIT("Accept-Charset"), out,
                     max);
}

size_t yoke_req_accepted_languages(const yoke_req *req, const char **out,
                                   size_t max)
{
    return sorted_of(req, YK_ACCEPT_LANGUAGE, YK_LIT("Accept-Language"), out,
                     max);
}

/* ---- The body's type ---- */

static bool is_any(struct yk_slice text)
{
    return yk_slice_eq(text, YK_LIT("*"));
}

static bool ends_with(struct yk_slice text, struct yk_slice end)
{
    return text.len > end.len &&
           yk_slice_eq_nocase(
               (struct yk_slice){text.ptr + text.len - end.len, end.len}, end);
}

/* A wanted subtype is a name, "*", or "*+json". */
static bool is_subtype(struct yk_slice wanted, struct yk_slice subtype)
{
    if (wanted.len > 2 && wanted.ptr[0] == '*' && wanted.ptr[1] == '+')
        return ends_with(subtype,
                         (struct yk_slice){wanted.ptr + 1, wanted.len - 1});
    return is_any(wanted) || yk_slice_eq_nocase(wanted, subtype);
}

/* The full name of what a handler may ask for in short. */
static struct yk_slice expand(struct yk_slice wanted, struct yk_arena *arena)
{
    if (yk_slice_eq(wanted, YK_LIT("urlencoded")))
        return YK_LIT("application/x-www-form-urlencoded");
    if (yk_slice_eq(wanted, YK_LIT("multipart")))
        return YK_LIT("multipart/*");
    if (wanted.len == 0 || *wanted.ptr != '+')
        return yk_mime_of(wanted);
    char *text = yk_arena_alloc(arena, wanted.len + 3);
    memcpy(text, "*/*", 3);
    memcpy(text + 3, wanted.ptr, wanted.len);
    return (struct yk_slice){text, wanted.len + 3};
}

static bool is_type(struct yk_slice wanted, struct yk_slice type,
                    struct yk_slice subtype)
{
    const char *slash = wanted.len ? memchr(wanted.ptr, '/', wanted.len) : NULL;
    if (!slash)
        return false;
    size_t len = (size_t)(slash - wanted.ptr);
    struct yk_slice first = {wanted.ptr, len};
    struct yk_slice second = {slash + 1, wanted.len - len - 1};
    return (is_any(first) || yk_slice_eq_nocase(first, type)) &&
           is_subtype(second, subtype);
}

static const char *sent_type(const yoke_req *req, struct yk_slice type,
                             struct yk_slice subtype)
{
    size_t len = (size_t)(subtype.ptr + subtype.len - type.ptr);
    char *text = yk_arena_strndup(req->x->arena, type.ptr, len);
    for (size_t i = 0; i < len; i++)
        text[i] = (char)yk_lower((unsigned char)text[i]);
    return text;
}

/* One of no bytes is a body, too. */
static bool has_body(const yoke_req *req)
{
    return req->x->request->body != YK_BODY_NONE ||
           yoke_req_get(req, "Content-Length");
}

const char *yoke_req_is_of(const yoke_req *req, const char *const *types)
{
    const char *text = yoke_req_get(req, "Content-Type");
    struct yk_slice type, subtype, params;
    if (!text || !has_body(req) ||
        !yk_accept_split_type(yk_slice_of(text), &type, &subtype, &params))
        return NULL;
    for (; *types; types++) {
        struct yk_slice wanted = yk_slice_of(*types);
        if (!is_type(expand(wanted, req->x->arena), type, subtype))
            continue;
        bool is_general = wanted.len && (*wanted.ptr == '+' ||
                                         memchr(wanted.ptr, '*', wanted.len));
        return is_general ? sent_type(req, type, subtype) : *types;
    }
    return NULL;
}

/* ---- Ranges and validators ---- */

int yoke_req_range(const yoke_req *req, uint64_t size,
                   struct yoke_ranges *ret_ranges)
{
    struct yk_slice text = yk_req_list(req, YK_LIT("Range"));
    return text.ptr ? yk_range_parse(text, size, ret_ranges) : 0;
}

bool yoke_req_is_fresh(const yoke_req *req)
{
    return yk_fresh(req);
}

void yoke_req_want_whole(yoke_req *req)
{
    req->wants_whole = true;
}

bool yoke_req_may_go_on(const yoke_req *req)
{
    return yk_fresh_may_go_on(req);
}
