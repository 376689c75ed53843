/* One look under the page's key, and what is there says how to go on:
 *
 *     an answer  -> it is sent
 *     variants   -> a second look, under the key of the one that is wanted
 *     nothing    -> this request goes on to the handlers, and what they answer
 *                   is kept on its way out; or another one has, and this one is
 *                   sent what that is answered
 *
 * A visit is what this knows of a request. It may outlive that, for what was
 * answered is still to be put into the store, and is freed when nobody refers to
 * it: a call of the cache that has not come back, a job that is not given. */
#include <yoke/middleware/http_cache.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include <yoke/error.h>
#include <yoke/filter.h>
#include <yoke/req.h>
#include <yoke/res.h>

#include "middleware/cache_control.h"
#include "middleware/freshness.h"
#include "middleware/kept_answer.h"
#include "middleware/texts.h"
#include "middleware/vary.h"

#include "core/banned.h"

#define MAX_BODY_LEN ((size_t)256 << 10)
#define MAX_VARIANTS 16
#define MAX_TTL_S    86400
#define SPARE_VISITS 32

struct visit {
    struct layer *layer;
    struct visit *next; /* Among the spare ones. */
    yoke_req *req;
    yoke_res *res;
    unsigned refs;
    const char *key; /* The page's; in the request's memory. */
    const char *fwd; /* Why it goes on to the handlers, for Cache-Status. */
    struct yoke_cache_query query; /* What is wanted of the cache. */
    bool has_wishes;               /* That are about answers, not lists. */
    bool is_only_if_cached;
    bool has_list;         /* The page has variants. */
    uint64_t list_version; /* Of what is in the store; */
    struct yk_variants list;
    yoke_cache_job *job; /* NULL: not this request's, or given. */
    bool is_computing;   /* It is, or was, this request's. */
    bool is_complete;    /* All of the answer has been seen. */
    struct yk_fields_before before;
    struct yk_freshness freshness;
    char vary[YK_VARY_NAMES_MAX];
    struct yk_pile pile; /* The answer. */
    size_t head_len;
};

struct layer {
    struct yoke_http_cache_options options; /* Defaults filled in. */
    struct visit *spare;
    unsigned spare_count;
    unsigned visit_count;
    bool is_over; /* The application is gone; the last visit frees it. */
};

/* ---- Visits ---- */

static void free_layer_if_idle(struct layer *layer)
{
    if (!layer->is_over || layer->visit_count > 0)
        return;
    while (layer->spare) {
        struct visit *visit = layer->spare;
        layer->spare = visit->next;
        free(visit);
    }
    yk_text_free(layer->options.status_name);
    free(layer);
}

static struct visit *take_visit(struct layer *layer, yoke_req *req,
                                yoke_res *res)
{
    struct visit *visit = layer->spare;

    if (visit) {
        layer->spare = visit->next;
        layer->spare_count--;
    } else {
        visit = yk_zeroed(sizeof(*visit));
    }
    memset(visit, 0, sizeof(*visit));
    visit->layer = layer;
    visit->req = req;
    visit->res = res;
    visit->refs = 1;
    visit->fwd = "uri-miss";
    layer->visit_count++;
    return visit;
}

static void release(struct visit *visit)
{
    struct layer *layer = visit->layer;

    if (--visit->refs > 0)
        return;
    yk_pile_free(&visit->pile);
    layer->visit_count--;
    if (layer->spare_count < SPARE_VISITS) {
        visit->next = layer->spare;
        layer->spare = visit;
        layer->spare_count++;
    } else {
        free(visit);
    }
    free_layer_if_idle(layer);
}

/* ---- Cache-Status ---- */

static void say_status(const struct layer *layer, yoke_res *res,
                       const char *text)
{
    if (!layer->options.no_status)
        yoke_res_append(res, "Cache-Status",
                        yoke_req_printf(yoke_res_req(res), "%s; %s",
                                        layer->options.status_name, text));
}

static void say_forwarded(const struct visit *visit, bool is_stored)
{
    say_status(visit->layer, visit->res,
               yoke_req_printf(visit->req, "fwd=%s%s", visit->fwd,
                               is_stored ? "; stored" : ""));
}

/* The request goes on, and its answer is not looked at. */
static void pass(struct visit *visit, const char *fwd)
{
    yoke_req *req = visit->req;

    visit->fwd = fwd;
    if (!yoke_res_is_sent(visit->res))
        say_forwarded(visit, false);
    release(visit);
    yoke_next(req);
}

/* ---- An answer on its way out ---- */

static struct yoke_cache_keep keep_of(const struct visit *visit)
{
    const struct yk_freshness *fresh = &visit->freshness;

    return (struct yoke_cache_keep){
        .ttl_s = fresh->ttl_s ? fresh->ttl_s : YOKE_CACHE_NONE,
        .stale_s = fresh->stale_s ? fresh->stale_s : YOKE_CACHE_NONE,
        .stale_error_s = YOKE_CACHE_NONE,
    };
}

static yoke_cache_job *take_job(struct visit *visit)
{
    yoke_cache_job *job = visit->job;

    visit->job = NULL;
    return job;
}

/* It is this client's alone. */
static void give_nothing(struct visit *visit)
{
    yoke_cache_job *job = take_job(visit);

    if (!job)
        return;
    yk_pile_free(&visit->pile);
    if (visit->query.alone)
        yoke_cache_give(job, "", 0, .ttl_s = YOKE_CACHE_NONE,
                        .stale_s = YOKE_CACHE_NONE,
                        .stale_error_s = YOKE_CACHE_NONE);
    else
        yoke_cache_give_unshared(job, 0);
    release(visit);
}

static void give_answer(struct visit *visit)
{
    struct yoke_cache_keep keep = keep_of(visit);

    yoke_cache_give_with(take_job(visit), visit->pile.ptr, visit->pile.len,
                         &keep);
    yk_pile_free(&visit->pile);
    release(visit);
}

/* ---- Variants ---- */

static struct yoke_cache_keep keep_list(const struct visit *visit,
                                        uint64_t version)
{
    return (struct yoke_cache_keep){
        .ttl_s = visit->layer->options.max_ttl_s,
        .stale_s = YOKE_CACHE_NONE,
        .stale_error_s = YOKE_CACHE_NONE,
        .version = version,
    };
}

/* In place of the one that was read; if that has changed, it stays. */
static void put_list(struct visit *visit)
{
    struct yk_pile bytes = {.ptr = NULL};
    struct yoke_cache_keep keep = keep_list(visit, visit->list_version);

    yk_variants_write(&visit->list, &bytes);
    if (!bytes.has_failed)
        yoke_cache_put_with(visit->layer->options.cache, visit->key, bytes.ptr,
                            bytes.len, NULL, NULL, &keep);
    yk_pile_free(&bytes);
}

/* The variant is there: now the list may say so. */
static void on_variant_put(int err, void *data)
{
    struct visit *visit = data;
    struct yk_pile bytes = {.ptr = NULL};
    struct yoke_cache_keep keep = keep_list(visit, 0);

    yk_variants_write(&visit->list, &bytes);
    if (err || bytes.has_failed) {
        give_nothing(visit);
    } else {
        yoke_cache_give_with(take_job(visit), bytes.ptr, bytes.len, &keep);
        release(visit);
    }
    yk_pile_free(&bytes);
    release(visit);
}

/* A list of its own, with the answer as its first variant. */
static const char *begin_list(struct visit *visit, const char *names)
{
    struct yk_variants *list = &visit->list;

    *list = (struct yk_variants){.count = 1};
    memcpy(list->names, names, strlen(names) + 1);
    if (getrandom(&list->id, sizeof(list->id), 0) < 0)
        abort();
    const char *key = yk_variant_key(visit->req, visit->key, list);
    list->known[0] = yk_variant_hash(key);
    return key;
}

static void give_first_variant(struct visit *visit)
{
    const char *key = begin_list(visit, visit->vary);
    struct yoke_cache_keep keep = keep_of(visit);

    visit->refs++;
    yoke_cache_put_with(visit->layer->options.cache, key, visit->pile.ptr,
                        visit->pile.len, on_variant_put, visit, &keep);
    yk_pile_free(&visit->pile);
}

/* It depends on more than was known: a new list. */
static void give_other_variant(struct visit *visit, const char *names)
{
    const char *key = begin_list(visit, names);
    struct yoke_cache_keep keep = keep_of(visit);

    yoke_cache_put_with(visit->layer->options.cache, key, visit->pile.ptr,
                        visit->pile.len, NULL, NULL, &keep);
    put_list(visit);
    give_nothing(visit);
}

static void give_variant(struct visit *visit)
{
    struct yk_variants *list = &visit->list;
    char names[YK_VARY_NAMES_MAX];

    memcpy(names, list->names, sizeof(names));
    if (!yk_vary_join(names, visit->vary)) {
        give_nothing(visit);
        return;
    }
    if (strcmp(names, list->names) != 0) {
        give_other_variant(visit, names);
        return;
    }
    uint64_t hash =
        yk_variant_hash(yk_variant_key(visit->req, visit->key, list));
    if (!yk_variant_is_known(list, hash) && list->count < YK_VARIANTS_MAX) {
        list->known[list->count++] = hash;
        put_list(visit);
    }
    give_answer(visit);
}

static void complete(struct visit *visit)
{
    if (!visit->job)
        return;
    visit->is_complete = true;
    if (visit->pile.has_failed)
        give_nothing(visit);
    else if (visit->has_list)
        give_variant(visit);
    else if (*visit->vary)
        give_first_variant(visit);
    else
        give_answer(visit);
}

/* ---- Watching the answer ---- */

static int capture(yoke_filter *filter, const void *ptr, size_t len,
                   enum yoke_filter_step step, void *data)
{
    struct visit *visit = data;
    size_t most = visit->head_len + visit->layer->options.max_body_len;

    if (visit->job && !visit->is_complete) {
        yk_pile_add(&visit->pile, ptr, len);
        if (visit->pile.len > most)
            give_nothing(visit);
        else if (step == YOKE_FILTER_END)
            complete(visit);
    }
    return yoke_filter_pass(filter, ptr, len);
}

static bool may_keep(struct visit *visit, int64_t len)
{
    const struct yoke_http_cache_options *options = &visit->layer->options;

    return yk_freshness_of(visit->res, options->default_ttl_s,
                           options->max_ttl_s, &visit->freshness) &&
           yk_vary_names(visit->res, visit->vary) &&
           (len < 0 || (uint64_t)len <= options->max_body_len);
}

static void on_head(yoke_res *res, void *data)
{
    struct visit *visit = data;
    int64_t len = yoke_res_expected_len(res);

    if (!visit->job)
        return;
    if (!may_keep(visit, len)) {
        say_forwarded(visit, false);
        give_nothing(visit);
        return;
    }
    yk_kept_answer_begin(&visit->pile, res, &visit->before);
    visit->head_len = visit->pile.len;
    say_forwarded(visit, len >= 0);
    if (len == 0)
        complete(visit);
    else if (yoke_res_filter(res, capture, visit) < 0)
        give_nothing(visit);
}

/* Whatever has become of it: nobody waits for ever. */
static void on_finish(yoke_res *res, void *data)
{
    struct visit *visit = data;

    (void)res;
    if (!visit->is_complete)
        give_nothing(visit);
    release(visit);
}

/* This request is the one that goes on to the handlers. */
static void compute(yoke_cache_job *job, const char *key, void *data)
{
    struct visit *visit = data;
    yoke_req *req = visit->req;

    (void)key;
    visit->job = job;
    visit->is_computing = true;
    visit->refs++;
    if (!visit->has_wishes && yoke_cache_job_renews(job))
        visit->fwd = "stale";
    visit->refs++; /* on_finish's */
    if (yoke_res_is_sent(visit->res) ||
        yoke_res_on_finish(visit->res, on_finish, visit) < 0) {
        on_finish(visit->res, visit);
    } else {
        /* A 304 could not be kept, and is for one alone. */
        yoke_req_want_whole(req);
        yk_fields_note(visit->res, &visit->before);
        if (yoke_res_on_head(visit->res, on_head, visit) < 0)
            give_nothing(visit);
    }
    yoke_next(req);
}

/* ---- What is there ---- */

static void send_kept(struct visit *visit,
                      const struct yoke_cache_result *result)
{
    yoke_req *req = visit->req;
    yoke_res *res = visit->res;
    long long ttl = (long long)(result->fresh_ms / 1000);

    if (yoke_res_is_sent(res)) {
        release(visit);
        yoke_next(req); /* It has been given up; this lets go of it. */
        return;
    }
    say_status(visit->layer, res,
               result->how == YOKE_CACHE_SHARED
                   ? yoke_req_printf(req, "fwd=%s; collapsed", visit->fwd)
                   : yoke_req_printf(req, "hit; ttl=%lld", ttl));
    release(visit);
    yk_kept_answer_send(res, result->value, result->len, result->age_ms / 1000);
}

static void miss(struct visit *visit, int err)
{
    yoke_req *req = visit->req;

    if (!visit->is_only_if_cached) {
        pass(visit, err == -ENOENT ? visit->fwd : "bypass");
        return;
    }
    /* RFC 9111 section 5.2.1.7 */
    say_status(visit->layer, visit->res, "hit=?0; detail=only-if-cached");
    release(visit);
    yoke_next_err(req, 504, "only-if-cached, and it is not");
}

static void on_answer(const struct yoke_cache_result *result, void *data);

static void ask(struct visit *visit, const char *key, yoke_cache_fn *fn)
{
    yoke_cache_get_with(visit->layer->options.cache, key, fn, visit,
                        &visit->query);
}

/* The page has variants: look for the one that is wanted. */
static void ask_variant(struct visit *visit,
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

static bool is_list(struct visit *visit, const struct yoke_cache_result *result)
{
    return result->err == 0 && !visit->has_list &&
           yk_variants_read(result->value, result->len, &visit->list);
}

static void on_answer(const struct yoke_cache_result *result, void *data)
{
    struct visit *visit = data;

    if (visit->is_computing)
        release(visit); /* It is being answered, or has been. */
    else if (is_list(visit, result))
        ask_variant(visit, result);
    else if (result->err == 0 && yk_is_kept_answer(result->value, result->len))
        send_kept(visit, result);
    else
        miss(visit, result->err ? result->err : -ENOENT);
}

/* Wishes are about answers: a list that is old is as good as any. */
static void on_peek(const struct yoke_cache_result *result, void *data)
{
    struct visit *visit = data;

    if (is_list(visit, result))
        ask_variant(visit, result);
    else
        ask(visit, visit->key, on_answer);
}

/* ---- What the request wants ---- */

static void read_control(const yoke_req *req, struct yk_cache_control *control)
{
    const char *name, *value;
    bool has_control = false;

    yk_cache_control_init(control);
    for (size_t i = 0; yoke_req_header_at(req, i, &name, &value); i++) {
        if (strcasecmp(name, "Cache-Control") != 0)
            continue;
        has_control = true;
        yk_cache_control_add(control, value);
    }
    /* RFC 9111 section 5.4 */
    const char *pragma = has_control ? NULL : yoke_req_get(req, "Pragma");
    if (pragma && strcasecmp(pragma, "no-cache") == 0)
        control->no_cache = true;
}

/* Others than those for a whole page as it is; what the cache may not judge
 * (RFC 9111 section 4.3.2). */
static bool is_special(const yoke_req *req)
{
    const char *len = yoke_req_get(req, "Content-Length");

    return yoke_req_get(req, "Range") || yoke_req_get(req, "If-Match") ||
           yoke_req_get(req, "If-Unmodified-Since") ||
           yoke_req_get(req, "Upgrade") ||
           yoke_req_get(req, "Transfer-Encoding") ||
           (len && strcmp(len, "0") != 0);
}

static uint32_t at_least_one(int64_t seconds)
{
    return seconds > 0 ? (uint32_t)seconds : 0;
}

static void set_query(struct visit *visit,
                      const struct yk_cache_control *control)
{
    struct yoke_cache_query *query = &visit->query;
    const yoke_req *req = visit->req;

    *query = (struct yoke_cache_query){
        .compute = compute,
        .compute_data = visit,
        .refreshes_first = true,
        .anew = control->no_cache || control->max_age == 0,
        .max_age_s = at_least_one(control->max_age),
        .min_fresh_s = at_least_one(control->min_fresh),
    };
    visit->has_wishes =
        query->anew || query->max_age_s > 0 || query->min_fresh_s > 0;
    if (visit->has_wishes)
        visit->fwd = "request";
    /* What such a request is answered may be for it alone. */
    query->alone = visit->has_wishes || yoke_req_get(req, "Authorization");
    visit->is_only_if_cached = control->only_if_cached;
    if (visit->is_only_if_cached || strcmp(yoke_req_method(req), "GET") != 0)
        query->compute = NULL;
}

/* ---- Keys ---- */

static const char *key_of_url(yoke_req *req, const char *url)
{
    const char *host = yoke_req_host(req);
    char *key = yoke_req_printf(req, "%s://%s%s", yoke_req_protocol(req),
                                host ? host : "", url);

    /* Of protocol and host case does not count. */
    for (char *c = key; *c && c < key + strlen(key) - strlen(url); c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c | 0x20) : *c;
    return key;
}

static const char *key_of(const struct layer *layer, yoke_req *req)
{
    const char *key = layer->options.key
                          ? layer->options.key(req, layer->options.data)
                          : key_of_url(req, yoke_req_original_url(req));

    return key && *key && strlen(key) <= YOKE_CACHE_KEY_MAX / 2 ? key : NULL;
}

/* ---- Invalidation (RFC 9111 section 4.4) ---- */

/* Of a URL in a field: a path, or one of this very host. */
static void forget_url(const struct layer *layer, yoke_res *res,
                       const char *field)
{
    yoke_req *req = yoke_res_req(res);
    const char *url = yoke_res_get(res, field);
    const char *origin = key_of_url(req, "");

    if (!url)
        return;
    if (strncasecmp(url, origin, strlen(origin)) == 0)
        url += strlen(origin);
    if (*url == '/' && url[1] != '/')
        yoke_cache_delete(layer->options.cache, key_of_url(req, url), NULL,
                          NULL);
}

static void on_change_head(yoke_res *res, void *data)
{
    const struct layer *layer = data;
    int status = yoke_res_get_status(res);
    const char *key = key_of(layer, yoke_res_req(res));

    if (status >= 400)
        return;
    if (key)
        yoke_cache_delete(layer->options.cache, key, NULL, NULL);
    forget_url(layer, res, "Location");
    forget_url(layer, res, "Content-Location");
}

/* ---- The handler ---- */

static bool is_one_of(const char *method, const char *const *methods)
{
    for (; *methods; methods++)
        if (strcmp(method, *methods) == 0)
            return true;
    return false;
}

/* Neither GET nor HEAD. */
static void run_other(struct layer *layer, yoke_req *req, yoke_res *res)
{
    static const char *const safe[] = {"OPTIONS", "TRACE",  "QUERY", "PROPFIND",
                                       "REPORT",  "SEARCH", NULL};

    if (!is_one_of(yoke_req_method(req), safe))
        yoke_res_on_head(res, on_change_head, layer);
    say_status(layer, res, "fwd=method");
    yoke_next(req);
}

static void look(struct visit *visit)
{
    const struct yoke_http_cache_options *options = &visit->layer->options;

    yoke_hold(visit->req);
    if (options->tags)
        visit->query.tags = options->tags(visit->req, options->data);
    if (visit->has_wishes)
        yoke_cache_get(options->cache, visit->key, on_peek, visit,
                       .tags = visit->query.tags);
    else
        ask(visit, visit->key, on_answer);
}

static void run(yoke_req *req, yoke_res *res)
{
    static const char *const methods[] = {"GET", "HEAD", NULL};
    struct layer *layer = yoke_data(req);
    struct yk_cache_control control;

    if (!layer->options.cache) {
        yoke_next(req);
        return;
    }
    if (!is_one_of(yoke_req_method(req), methods)) {
        run_other(layer, req, res);
        return;
    }
    read_control(req, &control);
    if (layer->options.ignores_requests)
        yk_cache_control_init(&control);
    struct visit *visit = take_visit(layer, req, res);
    visit->key = key_of(layer, req);
    if (control.no_store || is_special(req) || !visit->key) {
        pass(visit, control.no_store ? "request" : "bypass");
        return;
    }
    set_query(visit, &control);
    look(visit);
}

static void layer_free(void *data)
{
    struct layer *layer = data;

    layer->is_over = true;
    free_layer_if_idle(layer);
}

struct yoke_handler
yoke_http_cache_with(const struct yoke_http_cache_options *options)
{
    struct layer *layer = yk_zeroed(sizeof(*layer));

    layer->options = *options;
    layer->options.status_name =
        yk_text_copy(options->status_name ? options->status_name : "yoke");
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
