#include "middleware/cache_lookup.h"

#include <errno.h>
#include <string.h>

#include <yoke/req.h>
#include <yoke/res.h>

#include "middleware/cache_recorder.h"
#include "middleware/cache_status.h"
#include "middleware/cache_visit.h"

#include "core/banned.h"

/* ---- Answering ---- */

static void send_kept(struct yk_visit *visit,
                      const struct yoke_cache_result *result)
{
    yoke_req *req = visit->req;
    yoke_res *res = visit->res;

    if (yoke_res_is_sent(res)) {
        yk_visit_release(visit);
        yoke_next(req); /* It has been given up; this lets go of it. */
        return;
    }
    if (result->how == YOKE_CACHE_SHARED)
        yk_cache_status_say(
            visit->layer, res,
            yoke_req_printf(req, "fwd=%s; collapsed", visit->fwd));
    else
        yk_cache_status_hit(visit, result->fresh_ms / 1000);
    yk_visit_release(visit);
    yk_kept_answer_send(res, result->value, result->len, result->age_ms / 1000);
}

/* ---- Asking ---- */

static void on_answer(const struct yoke_cache_result *result, void *data);

static void ask(struct yk_visit *visit, const char *key, yoke_cache_fn *fn)
{
    yoke_cache_get_with(visit->layer->options.cache, key, fn, visit,
                        &visit->query);
}

/* The page has variants: look for the one that is wanted. */
static void ask_variant(struct yk_visit *visit,
                        const struct yoke_cache_result *result)
{
    const struct yk_variants *list = &visit->list;
    const char *key = yk_variant_key(visit->req, visit->key, list);

    visit->has_list = true;
    visit->list_version = result->version;
    visit->query.tags = NULL; /* The list has them. */
    if (strcmp(visit->fwd, "uri-miss") == 0)
        visit->fwd = "vary-miss";
    if (!yk_variant_is_known(list, yk_variant_hash(key)) &&
        list->count >= visit->layer->options.max_variants)
        visit->query.compute = NULL;
    ask(visit, key, on_answer);
}

static bool is_list(struct yk_visit *visit,
                    const struct yoke_cache_result *result)
{
    return result->err == 0 && !visit->has_list &&
           yk_variants_read(result->value, result->len, &visit->list);
}

/* The cache could not say, or who was waited for has failed. */
static bool has_failed(const struct yoke_cache_result *result)
{
    return result->err && result->err != -ENOENT;
}

/* Another version of this program has kept it, or somebody else: it is made
 * anew, rather than by everybody until its time is over. */
static void ask_anew(struct yk_visit *visit, const char *key)
{
    visit->query.anew = visit->query.alone = true;
    ask(visit, key, on_answer);
}

static bool is_foreign(const struct yk_visit *visit,
                       const struct yoke_cache_result *result)
{
    return result->err == 0 && visit->query.compute && !visit->query.anew;
}

static void on_answer(const struct yoke_cache_result *result, void *data)
{
    struct yk_visit *visit = data;

    if (visit->is_computing)
        yk_visit_release(visit); /* It is being answered, or has been. */
    else if (is_list(visit, result))
        ask_variant(visit, result);
    else if (result->err == 0 && yk_is_kept_answer(result->value, result->len))
        send_kept(visit, result);
    else if (is_foreign(visit, result))
        ask_anew(visit, result->key);
    else
        yk_visit_pass(visit, has_failed(result) ? "bypass" : visit->fwd);
}

/* Wishes are about answers: a list that is old is as good as any. */
static void on_peek(const struct yoke_cache_result *result, void *data)
{
    struct yk_visit *visit = data;

    if (is_list(visit, result))
        ask_variant(visit, result);
    else
        ask(visit, visit->key, on_answer);
}

/* What HEAD is answered is no page. */
static bool may_compute(const struct yk_visit *visit)
{
    return !visit->is_only_if_cached &&
           strcmp(yoke_req_method(visit->req), "GET") == 0;
}

void yk_lookup_begin(struct yk_visit *visit)
{
    const struct yoke_http_cache_options *options = &visit->layer->options;

    yoke_hold(visit->req);
    if (may_compute(visit)) {
        visit->query.compute = yk_recorder_compute;
        visit->query.compute_data = visit;
    }
    if (options->tags)
        visit->query.tags = options->tags(visit->req, options->data);
    if (visit->has_wishes)
        yoke_cache_get(options->cache, visit->key, on_peek, visit,
                       .tags = visit->query.tags);
    else
        ask(visit, visit->key, on_answer);
}
