#include "app/fresh.h"

#include "app/accept.h"
#include "app/req.h"
#include "http/date.h"

#include "core/banned.h"

/* ---- Entity tags ---- */

static bool is_weak(struct yk_slice etag)
{
    return etag.len > 2 && etag.ptr[0] == 'W' && etag.ptr[1] == '/';
}

static struct yk_slice opaque_part(struct yk_slice etag)
{
    if (is_weak(etag))
        return (struct yk_slice){etag.ptr + 2, etag.len - 2};
    return etag;
}

static bool is_same(struct yk_slice a, struct yk_slice b, bool is_strong)
{
    if (is_strong && (is_weak(a) || is_weak(b)))
        return false;
    return yk_slice_eq(opaque_part(a), opaque_part(b));
}

/* Takes the next tag, quotes and all, off a list. A tag has no escapes, and may
 * have commas; what has no quotes is none, and is passed over. */
static bool next_tag(struct yk_slice *rest, struct yk_slice *ret_tag)
{
    const char *end = rest->ptr + rest->len;
    const char *open = rest->len ? memchr(rest->ptr, '"', rest->len) : NULL;
    const char *close =
        open ? memchr(open + 1, '"', (size_t)(end - open) - 1) : NULL;
    if (!close)
        return false;
    if (open - rest->ptr >= 2 && open[-1] == '/' && open[-2] == 'W')
        open -= 2;
    *ret_tag = (struct yk_slice){open, (size_t)(close + 1 - open)};
    *rest = (struct yk_slice){close + 1, (size_t)(end - close) - 1};
    return true;
}

bool yk_etag_is_in(struct yk_slice list, struct yk_slice etag, bool is_strong)
{
    struct yk_slice tag;
    if (yk_slice_eq(yk_trim(list), YK_LIT("*")))
        return true;
    if (etag.len == 0)
        return false;
    while (next_tag(&list, &tag))
        if (is_same(tag, etag, is_strong))
            return true;
    return false;
}

/* ---- Fields ---- */

static struct yk_slice answer_field(const struct yoke_req *req,
                                    struct yk_slice name)
{
    const struct yk_header *header = yk_headers_find(&req->x->headers, name);
    return header ? header->value : (struct yk_slice){NULL, 0};
}

/* Takes a date of the request; false when there is none, or none that is
 * valid. A field that comes twice is not. */
static bool take_date(const struct yoke_req *req, struct yk_slice name,
                      int64_t *ret_second)
{
    struct yk_slice text = yk_req_list(req, name);
    return text.ptr && yk_http_date_parse(text, ret_second);
}

static bool has_no_cache(const struct yoke_req *req)
{
    struct yk_slice list = yk_req_list(req, YK_LIT("Cache-Control"));
    struct yk_slice directive;
    while (yk_accept_next(&list, &directive))
        if (yk_slice_eq_nocase(directive, YK_LIT("no-cache")))
            return true;
    return false;
}

/* ---- Preconditions, in the order of RFC 9110 section 13.2.2 ---- */

static bool is_not_modified_since(const struct yoke_req *req)
{
    int64_t since, modified;
    return take_date(req, YK_LIT("If-Modified-Since"), &since) &&
           since <= yk_http_now() &&
           yk_http_date_parse(answer_field(req, YK_LIT("Last-Modified")),
                              &modified) &&
           modified <= since;
}

static bool is_method_for_copies(const struct yoke_req *req)
{
    struct yk_slice method =
        yk_request_slice(req->x->request, req->x->request->method);
    return yk_slice_eq(method, YK_LIT("GET")) || req->x->request->is_head ||
           yk_slice_eq(method, YK_LIT("QUERY"));
}

bool yk_fresh(const struct yoke_req *req)
{
    int status = req->x->status;
    if ((status < 200 || status > 299) && status != 304)
        return false;
    if (!is_method_for_copies(req) || req->wants_whole)
        return false;
    struct yk_slice tags = yk_req_list(req, YK_LIT("If-None-Match"));
    if (!tags.ptr &&
        !yk_request_find(req->x->request, YK_LIT("If-Modified-Since")))
        return false;
    if (has_no_cache(req))
        return false;
    if (tags.ptr)
        return yk_etag_is_in(tags, answer_field(req, YK_LIT("ETag")), false);
    return is_not_modified_since(req);
}

/* If-Match, or without it If-Unmodified-Since. */
static bool is_what_is_meant(const struct yoke_req *req)
{
    struct yk_slice tags = yk_req_list(req, YK_LIT("If-Match"));
    int64_t since, modified;
    if (tags.ptr)
        return yk_etag_is_in(tags, answer_field(req, YK_LIT("ETag")), true);
    if (!take_date(req, YK_LIT("If-Unmodified-Since"), &since) ||
        !yk_http_date_parse(answer_field(req, YK_LIT("Last-Modified")),
                            &modified))
        return true;
    return modified <= since;
}

bool yk_fresh_may_go_on(const struct yoke_req *req)
{
    if (!is_what_is_meant(req))
        return false;
    struct yk_slice tags = yk_req_list(req, YK_LIT("If-None-Match"));
    return !tags.ptr || is_method_for_copies(req) ||
           !yk_etag_is_in(tags, answer_field(req, YK_LIT("ETag")), false);
}

bool yk_fresh_may_range(const struct yoke_req *req)
{
    struct yk_slice text = yk_req_list(req, YK_LIT("If-Range"));
    struct yk_slice etag = answer_field(req, YK_LIT("ETag"));
    int64_t wanted, modified;
    if (!text.ptr)
        return true;
    if (text.len > 0 && memchr(text.ptr, '"', text.len))
        return etag.len > 0 && is_same(text, etag, true);
    return yk_http_date_parse(text, &wanted) &&
           yk_http_date_parse(answer_field(req, YK_LIT("Last-Modified")),
                              &modified) &&
           wanted == modified;
}
