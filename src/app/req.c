#include "app/req.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "app/app.h"
#include "app/layer.h"
#include "core/arena.h"
#include "core/log.h"
#include "http/url.h"

#include "core/banned.h"

/* A NUL follows the name. */
static inline void use_method(struct yoke_req *req, struct yk_slice name)
{
    req->method = name.ptr;
    if (name.len == 3 && memcmp(name.ptr, "GET", 3) == 0) {
        req->methods = YK_METHOD_GET;
        return;
    }
    req->methods = yk_methods_find(&req->root->methods, name);
    /* GET's handlers answer HEAD too. */
    if (req->methods == YK_METHOD_HEAD)
        req->methods |= YK_METHOD_GET;
}

void yk_req_init(struct yoke_req *req, yoke_app *app, struct yk_exchange *x)
{
    const struct yk_request *head = x->request;
    req->x = x;
    req->root = app;
    req->app = app;
    req->frame = NULL;
    req->spare = NULL;
    req->allow = 0;
    req->off = 0;
    req->rewrites = 0;
    req->target = yk_request_slice(head, head->target);
    req->path_len = head->path_len;
    req->route = NULL;
    req->is_observed = false;
    req->wish = YK_WISH_NONE;
    req->is_running = false;
    req->has_turn = false;
    req->is_held = false;
    req->has_route = false;
    req->is_answered = false;
    req->needs_release = false;
    req->wants_whole = false;
    req->holds = 0;
    req->late = 0;
    req->jobs = NULL;
    req->err = NULL;
    req->caught = NULL;
    req->data = NULL;
    req->alarms = NULL;
    req->query = NULL;
    req->cookies = NULL;
    req->json = NULL;
    req->query_json = NULL;
    req->locals = NULL;
    req->sending = NULL;
    req->sse = NULL;
    req->attached = NULL;
    req->id = NULL;
    req->body = NULL;
    req->on_close = NULL;
    yk_res_init(&req->res, req);

    use_method(req, yk_request_slice(head, head->method));
}

void yk_req_use_method(struct yoke_req *req, const char *name)
{
    use_method(req, yk_slice_of(name));
}

struct yk_slice yk_req_original_path(const struct yoke_req *req)
{
    const struct yk_request *head = req->x->request;
    return (struct yk_slice){head->base + head->target.off, head->path_len};
}

void yk_req_log(const struct yoke_req *req, enum yoke_log_level level,
                const char *fmt, ...)
{
    const struct yk_layer *layer = req->frame ? req->frame->layer : NULL;
    char text[512];
    va_list args;

    if (!yk_log_is_shown(level))
        return;
    va_start(args, fmt);
    if (vsnprintf(text, sizeof(text), fmt, args) < 0)
        text[0] = '\0';
    va_end(args);
    yoke_log(level, "%s %s: %s (%s)%s%s%s", yoke_req_method(req),
             yoke_req_original_url(req), text, layer ? layer->here : "-",
             req->id ? " [" : "", req->id ? req->id : "", req->id ? "]" : "");
}

/* ---- The request line ---- */

const char *yoke_req_method(const yoke_req *req)
{
    return req->method;
}

const char *yoke_req_original_url(const yoke_req *req)
{
    return yk_req_original_path(req).ptr;
}

/* What is left of `text` without the mounted path. A url starts with "/", which
 * is missing when it is the mounted path, or that and a query. */
static const char *strip(const struct yoke_req *req, struct yk_slice text)
{
    const char *rest = text.ptr + req->off;
    size_t len = text.len - req->off;
    if (len == 0)
        return "/";
    bool has_slash = req->off == 0 || *rest == '/';
    if (has_slash && rest[len] == '\0')
        return rest;

    char *copy = yk_arena_alloc(req->x->arena, len + 2);
    char *to = copy;
    if (!has_slash)
        *to++ = '/';
    memcpy(to, rest, len);
    to[len] = '\0';
    return copy;
}

const char *yoke_req_url(const yoke_req *req)
{
    return strip(req, yk_req_target(req));
}

const char *yoke_req_path(const yoke_req *req)
{
    return strip(req, yk_req_target_path(req));
}

const char *yoke_req_decoded_path(const yoke_req *req)
{
    const char *path = yoke_req_path(req);
    struct yk_slice text = yk_slice_of(path);
    if (!memchr(path, '%', text.len))
        return path;
    if (strstr(path, "%2F") || strstr(path, "%2f"))
        return NULL;
    char *out = yk_arena_alloc(req->x->arena, text.len + 1);
    size_t len;
    if (yk_url_decode(text, out, &len) < 0)
        return NULL;
    out[len] = '\0';
    return out;
}

const char *yoke_req_base_url(const yoke_req *req)
{
    const char *target = yk_req_target(req).ptr;
    size_t len = req->off;
    if (len > 0 && target[len - 1] == '/')
        len--;
    return len ? yk_arena_strndup(req->x->arena, target, len) : "";
}

const char *yoke_req_http_version(const yoke_req *req)
{
    return req->x->request->minor ? "1.1" : "1.0";
}

/* ---- Header fields ---- */

static const char *field_value(const struct yk_request *head,
                               const struct yk_field *field)
{
    return field ? head->base + field->value.off : NULL;
}

const char *yoke_req_get(const yoke_req *req, const char *name)
{
    const struct yk_request *head = req->x->request;
    struct yk_slice wanted = yk_slice_of(name);

    if (yk_slice_eq_nocase(wanted, YK_LIT("host")))
        return head->host.len ? head->base + head->host.off : NULL;
    const struct yk_field *field = yk_request_find(head, wanted);
    /* The field was misspelt when it was invented; either is understood. */
    if (!field && yk_slice_eq_nocase(wanted, YK_LIT("referrer")))
        field = yk_request_find(head, YK_LIT("referer"));
    else if (!field && yk_slice_eq_nocase(wanted, YK_LIT("referer")))
        field = yk_request_find(head, YK_LIT("referrer"));
    return field_value(head, field);
}

/* ---- Fields as lists ---- */

static bool is_named(const struct yk_request *head, size_t n,
                     struct yk_slice name)
{
    return yk_slice_eq_nocase(yk_request_slice(head, head->fields[n].name),
                              name);
}

/* The length of all the fields of that name from the `n`-th on, joined. */
static size_t joined_len(const struct yk_request *head, size_t n,
                         struct yk_slice name)
{
    size_t len = 0;
    for (; n < head->field_count; n++)
        if (is_named(head, n, name))
            len += head->fields[n].value.len + 2;
    return len;
}

/* Cookies are the one field that is a list of another kind (RFC 6265 section
 * 5.4; a client over HTTP/1 sends one field). */
static struct yk_slice join(const struct yoke_req *req, size_t n,
                            struct yk_slice name)
{
    bool is_cookie = yk_slice_eq_nocase(name, YK_LIT("Cookie"));
    const struct yk_request *head = req->x->request;
    size_t len = joined_len(head, n, name) - 2;
    char *text = yk_arena_alloc(req->x->arena, len + 1), *to = text;
    for (; n < head->field_count; n++) {
        if (!is_named(head, n, name))
            continue;
        struct yk_slice value = yk_request_slice(head, head->fields[n].value);
        if (to > text) {
            memcpy(to, is_cookie ? "; " : ", ", 2);
            to += 2;
        }
        memcpy(to, value.ptr, value.len);
        to += value.len;
    }
    *to = '\0';
    return (struct yk_slice){text, len};
}

struct yk_slice yk_req_list(const struct yoke_req *req, struct yk_slice name)
{
    const struct yk_request *head = req->x->request;
    const struct yk_field *first = yk_request_find(head, name);
    if (!first)
        return (struct yk_slice){NULL, 0};
    size_t n = (size_t)(first - head->fields);
    for (size_t i = n + 1; i < head->field_count; i++)
        if (is_named(head, i, name))
            return join(req, n, name);
    return yk_request_slice(head, first->value);
}

/* ---- All fields ---- */

size_t yoke_req_header_count(const yoke_req *req)
{
    return req->x->request->field_count;
}

bool yoke_req_header_at(const yoke_req *req, size_t n, const char **ret_name,
                        const char **ret_value)
{
    const struct yk_request *head = req->x->request;
    if (n >= head->field_count)
        return false;
    *ret_name = head->base + head->fields[n].name.off;
    *ret_value = head->base + head->fields[n].value.off;
    return true;
}

const char *yoke_req_trailer(const yoke_req *req, const char *name)
{
    const struct yk_exchange *x = req->x;
    if (!x->trailers || x->body_state != YK_READ_DONE)
        return NULL;
    const struct yk_header *header =
        yk_headers_find(x->trailers, yk_slice_of(name));
    return header ? header->value.ptr : NULL;
}

/* ---- The client ---- */

bool yoke_req_is_aborted(const yoke_req *req)
{
    return req->x->is_aborted;
}

void yoke_req_on_close(yoke_req *req, void (*fn)(yoke_req *req, void *data),
                       void *data)
{
    req->on_close = fn;
    req->on_close_data = data;
}

int yoke_req_set_id(yoke_req *req, const char *id)
{
    size_t len = id ? strlen(id) : 0;
    for (size_t i = 0; i < len; i++)
        if (id[i] <= ' ' || id[i] >= 0x7f)
            return -EINVAL;
    if (len == 0 || len > YK_REQUEST_ID_MAX)
        return -EINVAL;
    req->id = yk_arena_strndup(req->x->arena, id, len);
    return 0;
}

const char *yoke_req_id(const yoke_req *req)
{
    return req->id;
}

/* ---- Memory and data ---- */

void *yoke_req_alloc(yoke_req *req, size_t len)
{
    return yk_arena_alloc(req->x->arena, len);
}

void *yoke_req_try_alloc(yoke_req *req, size_t len)
{
    return yk_arena_try_alloc(req->x->arena, len);
}

char *yoke_req_strdup(yoke_req *req, const char *text)
{
    return yk_arena_strndup(req->x->arena, text, strlen(text));
}

char *yk_req_vprintf(struct yoke_req *req, const char *fmt, va_list args)
{
    char text[256];
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(text, sizeof(text), fmt, args);
    size_t room = len < 0 ? 1 : (size_t)len + 1;
    char *out = yk_arena_alloc(req->x->arena, room);
    /* Most fit; formatting again costs more than copying. */
    if (len < 0)
        *out = '\0';
    else if (room <= sizeof(text))
        memcpy(out, text, room);
    else
        vsnprintf(out, room, fmt, again);
    va_end(again);
    return out;
}

char *yoke_req_printf(yoke_req *req, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = yk_req_vprintf(req, fmt, args);
    va_end(args);
    return text;
}

int64_t yoke_req_time_s(const yoke_req *req)
{
    return yk_exchange_now(req->x);
}

yoke_app *yoke_req_app(const yoke_req *req)
{
    return req->app;
}

void yoke_req_set_data(yoke_req *req, void *data)
{
    req->data = data;
}

void *yoke_req_get_data(const yoke_req *req)
{
    return req->data;
}

void *yoke_data(const yoke_req *req)
{
    const struct yoke_handler *handler = req->frame->handler;
    return handler ? handler->data : NULL;
}

uint64_t yoke_req_now_ms(const yoke_req *req)
{
    const struct yk_clock *clock = req->x->clock;
    struct timespec now;
    if (clock)
        return clock->now_ms(clock->data);
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
