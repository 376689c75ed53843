#include <yoke/field.h>

#include <errno.h>

#include <yoke/error.h>

#include "app/accept.h"
#include "app/disposition.h"
#include "app/mime.h"
#include "app/req.h"
#include "core/arena.h"
#include "http/chars.h"
#include "http/url.h"

#include "core/banned.h"

/* ---- Type ---- */

int yoke_res_type(yoke_res *res, const char *type)
{
    if (!type)
        return yk_res_break(res, -YOKE_EHEADER, "the type is NULL");
    struct yk_slice found = yk_slice_of(type);
    if (!strchr(type, '/'))
        found = yk_mime_with_charset(yk_mime_of(found), res->req->x->arena);
    return yoke_res_set(res, "Content-Type",
                        found.len ? found.ptr : "application/octet-stream");
}

/* ---- Vary ---- */

static bool is_named(struct yk_slice list, struct yk_slice name)
{
    struct yk_slice field;
    while (yk_accept_next(&list, &field))
        if (yk_slice_eq_nocase(field, name))
            return true;
    return false;
}

/* `list` with `name` behind it, unless it is there. */
static const char *add_name(yoke_req *req, const char *list,
                            struct yk_slice name)
{
    if (yk_slice_eq(name, YK_LIT("*")))
        return "*";
    if (strcmp(list, "*") == 0 || is_named(yk_slice_of(list), name))
        return list;
    return YK_JOIN(req->x->arena, yk_slice_of(list),
                   *list ? YK_LIT(", ") : YK_LIT(""), name)
        .ptr;
}

int yoke_res_vary(yoke_res *res, const char *fields)
{
    struct yk_slice rest = yk_slice_of(fields ? fields : ""), name;
    const char *before = yoke_res_get(res, "Vary");
    const char *list = before ? before : "";
    if (rest.len == 0)
        return yk_res_break(res, -YOKE_EHEADER, "Vary: no field is named");
    while (yk_accept_next(&rest, &name)) {
        if (!yk_chars_are(name, YK_CHAR_TOKEN))
            return yk_res_break(res, -YOKE_EHEADER,
                                "Vary: a name is not a token");
        list = add_name(res->req, list, name);
    }
    return list == before ? 0 : yoke_res_set(res, "Vary", list);
}

void yk_res_vary(yoke_res *res, struct yk_slice name)
{
    struct yk_exchange *x = res->req->x;
    if (yk_headers_find(&x->headers, YK_LIT("Vary")))
        yoke_res_vary(res, name.ptr);
    else
        yk_headers_set_static(&x->headers, x->arena, YK_LIT("Vary"), name);
}

/* ---- URLs ---- */

/* The URL made fit to be sent; NULL, and the answer broken, when it cannot. */
static const char *encode(yoke_res *res, const char *what, const char *url)
{
    struct yk_slice text = yk_slice_of(url ? url : "");
    if (!url || !yk_chars_are_value(text.ptr, text.len) ||
        memchr(text.ptr, '\t', text.len)) {
        yk_res_break(res, -YOKE_EHEADER, "%s: %s", what,
                     url ? "a control character in the URL"
                         : "the URL is NULL");
        return NULL;
    }
    char *out =
        yk_arena_alloc(res->req->x->arena, YK_URL_ENCODED_MAX(text.len) + 1);
    out[yk_url_encode(text, out)] = '\0';
    return out;
}

int yoke_res_location(yoke_res *res, const char *url)
{
    const char *encoded = encode(res, "location", url);
    return encoded ? yoke_res_set(res, "Location", encoded) : -YOKE_EHEADER;
}

int yoke_res_link(yoke_res *res, const char *rel, const char *url)
{
    const char *before = yoke_res_get(res, "Link");
    const char *encoded = encode(res, "link", url);
    if (!encoded)
        return -YOKE_EHEADER;
    if (!rel || strchr(rel, '"') || strchr(rel, '\\'))
        return yk_res_break(res, -YOKE_EHEADER, "link: not a relation: %s",
                            rel ? rel : "NULL");
    return yoke_res_set(res, "Link",
                        yoke_req_printf(res->req, "%s%s<%s>; rel=\"%s\"",
                                        before ? before : "",
                                        before ? ", " : "", encoded, rel));
}

/* ---- Files to be saved ---- */

int yoke_res_attachment(yoke_res *res, const char *filename)
{
    const char *slash = filename ? strrchr(filename, '/') : NULL;
    const char *name = slash ? slash + 1 : filename;
    if (name && strrchr(name, '.')) {
        int err = yoke_res_type(res, name);
        if (err < 0)
            return err;
    }
    return yoke_res_set(res, "Content-Disposition",
                        yk_disposition(filename, res->req->x->arena));
}

/* ---- Before and behind the answer ---- */

int yoke_res_early_hints_of(yoke_res *res, const char *const *links)
{
    struct yk_exchange *x = res->req->x;
    struct yk_headers hints = {.items = NULL};
    if (yoke_res_is_sent(res))
        return -YOKE_EANSWERED;
    for (; *links; links++) {
        int err = yk_headers_add(&hints, x->arena, YK_LIT("Link"),
                                 yk_slice_of(*links));
        if (err < 0)
            return yk_res_break(res, err, "early hint: %s", yoke_strerror(err));
    }
    return yk_exchange_inform(x, 103, &hints);
}

/* Fields that say where a message ends, to whom it goes, who sends it, or how
 * its body is to be read, cannot come behind the body. */
static bool may_trail(struct yk_slice name)
{
    static const char *const refused[] = {
        "Age",
        "Authorization",
        "Cache-Control",
        "Connection",
        "Content-Encoding",
        "Content-Length",
        "Content-Range",
        "Content-Type",
        "Date",
        "Expires",
        "Host",
        "Location",
        "Max-Forwards",
        "Proxy-Authenticate",
        "Retry-After",
        "Set-Cookie",
        "TE",
        "Trailer",
        "Upgrade",
        "Transfer-Encoding",
        "Vary",
        "Warning",
        "WWW-Authenticate",
    };
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        if (yk_slice_eq_nocase(name, yk_slice_of(refused[i])))
            return false;
    return true;
}

#define TRAILERS_MAX 32

int yoke_res_trailer(yoke_res *res, const char *name, const char *value)
{
    struct yk_exchange *x = res->req->x;
    if (yk_req_is_answered(res->req))
        return -YOKE_EANSWERED;
    struct yk_slice key = yk_slice_of(name ? name : "");
    if (!value || !may_trail(key)) {
        yk_req_log(res->req, YOKE_LOG_ERROR,
                   "trailer \"%s\" is left out: it cannot be one",
                   name ? name : "");
        return -YOKE_EHEADER;
    }
    if (!x->answer_trailers) {
        x->answer_trailers =
            yk_arena_alloc(x->arena, sizeof(*x->answer_trailers));
        *x->answer_trailers = (struct yk_headers){.items = NULL};
    }
    if (x->answer_trailers->count == TRAILERS_MAX)
        return -YOKE_EFULL;
    int err =
        yk_headers_add(x->answer_trailers, x->arena, key, yk_slice_of(value));
    if (err < 0)
        yk_req_log(res->req, YOKE_LOG_ERROR, "trailer \"%s\" is left out: %s",
                   name, yoke_strerror(err));
    return err;
}
