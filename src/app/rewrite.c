/* Requests that become other requests on their way down the stack: method
 * override, and urls that are rewritten. */
#include <errno.h>

#include "app/layer.h"
#include "app/query.h"
#include "app/req.h"
#include "core/arena.h"
#include "http/chars.h"

#include "core/banned.h"

int yoke_req_set_method(yoke_req *req, const char *method)
{
    if (!method || !yk_chars_are(yk_slice_of(method), YK_CHAR_TOKEN))
        return -EINVAL;
    yk_req_use_method(req, yoke_req_strdup(req, method));
    return 0;
}

int yoke_req_set_url(yoke_req *req, const char *url)
{
    if (!url || url[0] != '/')
        return -EINVAL;
    /* The routers around keep their part of the path. */
    struct yk_slice old = yk_req_target(req), rest = yk_slice_of(url);
    char *text = yk_arena_try_alloc(req->x->arena, req->off + rest.len + 1);
    if (!text)
        return -ENOMEM;
    memcpy(text, old.ptr, req->off);
    memcpy(text + req->off, rest.ptr, rest.len + 1);
    req->target = (struct yk_slice){text, req->off + rest.len};

    const char *query = strchr(text + req->off, '?');
    req->path_len =
        (uint32_t)(query ? (size_t)(query - text) : req->target.len);
    req->query = NULL; /* It is parsed anew. */
    yk_query_json_free(req);
    req->rewrites++;
    return 0;
}

const char *yoke_req_route_path(const yoke_req *req)
{
    const struct yk_layer *route = req->route;
    return route ? route->pattern.paths[req->route_path] : NULL;
}

const char *yoke_req_route_full_path(const yoke_req *req)
{
    const struct yk_layer *route = req->route;
    return route ? route->full_paths[req->route_path] : NULL;
}
