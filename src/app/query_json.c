/* The query as a JSON value: flat, or nested by its brackets, with the limits
 * that Express has for queries. */
#include <yoke/value.h>

#include <string.h>

#include <jansson.h>

#include "app/app.h"
#include "app/query.h"
#include "app/req.h"
#include "app/tree.h"
#include "core/arena.h"
#include "http/url.h"

#include "core/banned.h"

#define DEPTH_MAX 5
#define INDEX_MAX 20

static bool is_extended(const struct yoke_req *req)
{
    const struct yk_setting *setting =
        yk_setting(req->app, YK_SETTING_QUERY_PARSER);
    return setting->kind == YK_SETTING_STR &&
           strcmp(setting->text, "extended") == 0;
}

/* No NUL comes out of it but the one behind it. */
static char *decode(struct yk_slice text, struct yk_arena *arena)
{
    char *out = yk_arena_alloc(arena, text.len + 1);
    out[yk_url_decode_query(text, out)] = '\0';
    return out;
}

/* By a function of the application's own; NULL: it has none, or that makes
 * none. */
static json_t *parse_by_app(struct yoke_req *req, struct yk_slice text)
{
    const struct yk_setting *setting =
        yk_setting(req->app, YK_SETTING_QUERY_PARSER);
    if (setting->kind != YK_SETTING_PTR || !setting->ptr)
        return NULL;
    const struct yoke_query_parser *parser = setting->ptr;
    const char *copy = yk_arena_strndup(req->x->arena, text.ptr, text.len);
    return parser->fn(req, copy, parser->data);
}

static json_t *parse(const struct yoke_req *req, struct yk_slice text)
{
    struct yk_tree tree = {.root = json_object(),
                           .max_depth = is_extended(req) ? DEPTH_MAX : 0,
                           .max_index = INDEX_MAX};
    struct yk_url_pair pair;
    for (int n = 0; n < YK_QUERY_MAX && yk_url_next_pair(&text, &pair); n++)
        yk_tree_add(&tree, decode(pair.name, req->x->arena),
                    pair.value.ptr ? decode(pair.value, req->x->arena) : "");
    yk_tree_finish(&tree);
    return tree.root;
}

struct json_t *yoke_req_query_json(yoke_req *req)
{
    if (req->query_json)
        return req->query_json;
    req->needs_release = true;
    req->query_json = parse_by_app(req, yk_query_text(req));
    if (!req->query_json)
        req->query_json = parse(req, yk_query_text(req));
    return req->query_json;
}

void yk_query_json_free(struct yoke_req *req)
{
    json_decref(req->query_json);
    req->query_json = NULL;
}
