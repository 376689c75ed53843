/* The head of an answer: its status and its fields, until they have been sent. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include <yoke/error.h>

#include "app/req.h"
#include "app/res.h"
#include "core/arena.h"
#include "core/number.h"
#include "http/date.h"
#include "http/exchange.h"

#include "core/banned.h"

/* Status and headers are fixed; true if they still can be set: also by those
 * for whom an answer waits. */
static bool can_set(yoke_res *res, const char *what)
{
    if (!yk_res_is_fixed(res) || res->delay)
        return true;
    if (!res->req->late)
        yk_req_log(res->req, YOKE_LOG_WARN,
                   "%s is set after the head of the answer has gone", what);
    return false;
}

int yoke_res_status(yoke_res *res, int status)
{
    if (!can_set(res, "the status"))
        return -YOKE_EANSWERED;
    if (status < 200 || status > 999)
        return yk_res_break(res, -YOKE_ESTATUS, "status %d: %s", status,
                            yoke_strerror(-YOKE_ESTATUS));
    res->req->x->status = status;
    return 0;
}

int yoke_res_get_status(const yoke_res *res)
{
    return res->req->x->status;
}

/* The fields that say how a message is framed and how long the connection
 * lives are the protocol's; and so is Date. */
static bool is_ours(struct yk_slice name)
{
    return yk_slice_eq_nocase(name, YK_LIT("Connection")) ||
           yk_slice_eq_nocase(name, YK_LIT("Transfer-Encoding")) ||
           yk_slice_eq_nocase(name, YK_LIT("Date"));
}

static bool is_length(struct yk_slice name)
{
    return yk_slice_eq_nocase(name, YK_LIT("Content-Length"));
}

static int set_length(yoke_res *res, struct yk_slice value)
{
    uint64_t len;
    if (yk_parse_u64(value, INT64_MAX, &len) < 0)
        return yk_res_break(res, -YOKE_EHEADER,
                            "header \"Content-Length\": not a length");
    res->req->x->content_length = (int64_t)len;
    return 0;
}

/* The road of every field: `store` is yk_headers_set or yk_headers_add. */
static int put_header(yoke_res *res, const char *name, const char *value,
                      int (*store)(struct yk_headers *, struct yk_arena *,
                                   struct yk_slice, struct yk_slice))
{
    struct yk_exchange *x = res->req->x;
    if (!can_set(res, "a header"))
        return -YOKE_EANSWERED;
    if (!name || !value)
        return yk_res_break(res, -YOKE_EHEADER, "header \"%s\": the %s is NULL",
                            name ? name : "", name ? "value" : "name");
    struct yk_slice key = yk_slice_of(name), text = yk_slice_of(value);
    if (is_ours(key))
        return yk_res_break(res, -YOKE_EHEADER,
                            "header \"%s\": yoke sets it itself", name);
    if (is_length(key))
        return set_length(res, text);
    int err = store(&x->headers, x->arena, key, text);
    if (err < 0)
        return yk_res_break(res, err, "header \"%s\": %s", name,
                            yoke_strerror(err));
    return 0;
}

int yoke_res_set(yoke_res *res, const char *name, const char *value)
{
    return put_header(res, name, value, yk_headers_set);
}

int yoke_res_setf(yoke_res *res, const char *name, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const char *value = yk_req_vprintf(res->req, fmt, args);
    va_end(args);
    return yoke_res_set(res, name, value);
}

int yoke_res_append(yoke_res *res, const char *name, const char *value)
{
    return put_header(res, name, value, yk_headers_add);
}

int yoke_res_date(yoke_res *res, int64_t second)
{
    if (!can_set(res, "the date"))
        return -YOKE_EANSWERED;
    char *text = yk_arena_alloc(res->req->x->arena, YK_HTTP_DATE_LEN + 1);
    yk_http_date_format(text, second);
    res->req->x->date = text;
    return 0;
}

int yoke_res_remove(yoke_res *res, const char *name)
{
    if (!can_set(res, "a header"))
        return -YOKE_EANSWERED;
    struct yk_slice key = yk_slice_of(name);
    if (is_length(key))
        res->req->x->content_length = -1;
    yk_headers_remove(&res->req->x->headers, key);
    return 0;
}

const char *yoke_res_get(const yoke_res *res, const char *name)
{
    struct yk_exchange *x = res->req->x;
    struct yk_slice key = yk_slice_of(name);
    if (is_length(key) && x->content_length >= 0)
        return yoke_req_printf(res->req, "%lld", (long long)x->content_length);
    const struct yk_header *header = yk_headers_find(&x->headers, key);
    return header ? header->value.ptr : NULL;
}

size_t yoke_res_header_count(const yoke_res *res)
{
    return res->req->x->headers.count;
}

bool yoke_res_header_at(const yoke_res *res, size_t n, const char **ret_name,
                        const char **ret_value)
{
    const struct yk_headers *headers = &res->req->x->headers;
    if (n >= headers->count)
        return false;
    const struct yk_slice name = headers->items[n].name;
    char *text = yoke_req_alloc(res->req, name.len + 1);
    memcpy(text, name.ptr, name.len);
    text[name.len] = '\0';
    *ret_name = text;
    *ret_value = headers->items[n].value.ptr;
    return true;
}
