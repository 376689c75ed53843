#include <yoke/middleware/http_cache.h>

#include <string.h>

#include <yoke/filter.h>
#include <yoke/req.h>

#include "middleware/cache_lookup.h"
#include "middleware/cache_page.h"
#include "middleware/cache_status.h"
#include "middleware/cache_visit.h"
#include "middleware/cache_wishes.h"
#include "middleware/texts.h"

#include "core/banned.h"

#define MAX_BODY_LEN ((size_t)256 << 10)
#define MAX_VARIANTS 16
#define MAX_TTL_S    86400

static bool is_one_of(const char *method, const char *const *methods)
{
    for (; *methods; methods++)
        if (strcmp(method, *methods) == 0)
            return true;
    return false;
}

/* Neither GET nor HEAD. */
static void run_other(struct yk_cache_layer *layer, yoke_req *req,
                      yoke_res *res)
{
    static const char *const safe[] = {"OPTIONS", "TRACE",  "QUERY", "PROPFIND",
                                       "REPORT",  "SEARCH", NULL};

    if (!is_one_of(yoke_req_method(req), safe))
        yoke_res_on_head(res, yk_page_forget, layer);
    yk_cache_status_say(layer, res, "fwd=method");
    yoke_next(req);
}

static void run(yoke_req *req, yoke_res *res)
{
    static const char *const methods[] = {"GET", "HEAD", NULL};
    struct yk_cache_layer *layer = yoke_data(req);
    struct yk_cache_control control;

    if (!layer->options.cache) {
        yoke_next(req);
        return;
    }
    if (!is_one_of(yoke_req_method(req), methods)) {
        run_other(layer, req, res);
        return;
    }
    yk_wishes_read(req, &control);
    if (layer->options.ignores_requests)
        yk_cache_control_init(&control);
    struct yk_visit *visit = yk_visit_take(layer, req, res);
    visit->key = yk_page_key(layer, req);
    yk_wishes_set(visit, &control);
    if (control.no_store)
        yk_visit_pass(visit, "request");
    else if (yk_wishes_are_special(req) || !visit->key)
        yk_visit_pass(visit, "bypass");
    else
        yk_lookup_begin(visit);
}

static void layer_free(void *data)
{
    struct yk_cache_layer *layer = data;

    layer->is_over = true;
    yk_cache_layer_free_if_idle(layer);
}

struct yoke_handler
yoke_http_cache_with(const struct yoke_http_cache_options *options)
{
    struct yk_cache_layer *layer = yk_zeroed(sizeof(*layer));

    layer->options = *options;
    layer->options.status_name = yk_cache_status_name(
        options->status_name ? options->status_name : "yoke");
    if (options->max_body_len == 0)
        layer->options.max_body_len = MAX_BODY_LEN;
    if (options->max_variants == 0)
        layer->options.max_variants = MAX_VARIANTS;
    if (options->max_variants > YK_VARIANTS_MAX)
        layer->options.max_variants = YK_VARIANTS_MAX;
    if (options->max_ttl_s == 0)
        layer->options.max_ttl_s = MAX_TTL_S;
    return yoke_with(run, layer, layer_free);
}
