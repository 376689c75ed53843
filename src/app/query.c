/* Query parameters: taken apart at the first question, once per request. */
#include "app/query.h"

#include <yoke/req.h>

#include "app/app.h"
#include "app/req.h"
#include "core/arena.h"
#include "http/url.h"

#include "core/banned.h"

struct yk_query {
    size_t count;
    struct {
        const char *name, *value;
    } items[];
};

static size_t count_pairs(struct yk_slice text)
{
    struct yk_url_pair pair;
    size_t n = 0;
    while (n < YK_QUERY_MAX && yk_url_next_pair(&text, &pair))
        n++;
    return n;
}

/* Decodes `text` to `*out`, puts a NUL behind it, and moves on. */
static const char *decode(struct yk_slice text, char **out)
{
    char *start = *out;
    size_t len = yk_url_decode_query(text, start);
    start[len] = '\0';
    *out = start + len + 1;
    return start;
}

static struct yk_query *parse(struct yk_slice text, struct yk_arena *arena)
{
    size_t count = count_pairs(text);
    struct yk_query *query =
        yk_arena_alloc(arena, sizeof(*query) + count * sizeof(query->items[0]));
    /* Each name and value takes the place of itself and of what follows it. */
    char *out = yk_arena_alloc(arena, text.len + 1);
    struct yk_url_pair pair;

    query->count = count;
    for (size_t i = 0; i < count && yk_url_next_pair(&text, &pair); i++) {
        query->items[i].name = decode(pair.name, &out);
        query->items[i].value = pair.value.ptr ? decode(pair.value, &out) : "";
    }
    return query;
}

struct yk_slice yk_query_text(const struct yoke_req *req)
{
    struct yk_slice text = yk_req_target(req);
    size_t before = yk_req_target_path(req).len;
    before += before < text.len; /* the "?" */
    if (!yk_setting_is_enabled(req->app, YK_SETTING_QUERY_PARSER))
        return YK_LIT("");
    return (struct yk_slice){text.ptr + before, text.len - before};
}

static const struct yk_query *query_of(yoke_req *req)
{
    if (!req->query) {
        struct yk_slice text = yk_query_text(req);
        req->query = parse(text, req->x->arena);
    }
    return req->query;
}

const char *yoke_req_query(yoke_req *req, const char *name)
{
    const struct yk_query *query = query_of(req);
    for (size_t i = 0; i < query->count; i++)
        if (strcmp(query->items[i].name, name) == 0)
            return query->items[i].value;
    return NULL;
}

size_t yoke_req_query_count(yoke_req *req)
{
    return query_of(req)->count;
}

bool yoke_req_query_at(yoke_req *req, size_t n, const char **ret_name,
                       const char **ret_value)
{
    const struct yk_query *query = query_of(req);
    if (n >= query->count)
        return false;
    *ret_name = query->items[n].name;
    *ret_value = query->items[n].value;
    return true;
}
