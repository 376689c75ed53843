#include "middleware/cache_recorder.h"

#include <string.h>

#include <yoke/filter.h>
#include <yoke/req.h>
#include <yoke/res.h>

#include "middleware/cache_gift.h"
#include "middleware/cache_status.h"
#include "middleware/cache_visit.h"

#include "core/banned.h"

static int capture(yoke_filter *filter, const void *ptr, size_t len,
                   enum yoke_filter_step step, void *data)
{
    struct yk_visit *visit = data;
    size_t most = visit->head_len + visit->layer->options.max_body_len;

    if (visit->job && !visit->is_complete) {
        yk_pile_add(&visit->pile, ptr, len);
        if (visit->pile.len > most)
            yk_gift_nothing(visit);
        else if (step == YOKE_FILTER_END)
            yk_gift_answer(visit);
    }
    return yoke_filter_pass(filter, ptr, len);
}

static bool may_keep(struct yk_visit *visit, int64_t len)
{
    const struct yoke_http_cache_options *options = &visit->layer->options;

    return yk_freshness_of(visit->res, options->default_ttl_s,
                           options->max_ttl_s, &visit->freshness) &&
           yk_vary_names(visit->res, visit->vary) &&
           (len < 0 || (uint64_t)len <= options->max_body_len);
}

/* ---- An error (RFC 5861 section 4) ---- */

static bool is_error(int status)
{
    return status == 500 || (status >= 502 && status <= 504);
}

/* The body that takes the place of what the handlers send. */
struct other_body {
    const char *ptr;
    size_t len;
    bool is_sent;
};

static int replace(yoke_filter *filter, const void *ptr, size_t len,
                   enum yoke_filter_step step, void *data)
{
    struct other_body *body = data;

    (void)ptr;
    (void)len;
    (void)step;
    if (body->is_sent)
        return 0;
    body->is_sent = true;
    return yoke_filter_pass(filter, body->ptr, body->len);
}

/* In the request's memory, for what is old is gone when its job is given. */
static void answer_old(struct yk_visit *visit,
                       const struct yoke_cache_result *old)
{
    yoke_res *res = visit->res;
    int status = yoke_res_get_status(res);
    char *copy = yoke_req_alloc(visit->req, old->len);
    struct other_body *body = yoke_req_alloc(visit->req, sizeof(*body));

    memcpy(copy, old->value, old->len);
    yk_fields_take_back(res, &visit->before);
    body->ptr = yk_kept_answer_set(res, copy, old->len, old->age_ms / 1000);
    body->len = old->len - (size_t)(body->ptr - copy);
    body->is_sent = false;
    yk_cache_status_helped(visit, status);
    yk_gift_failure(visit, 0);
    yoke_res_filter(res, replace, body);
}

static bool has_helped(struct yk_visit *visit)
{
    struct yoke_cache_result old;

    if (!is_error(yoke_res_get_status(visit->res)) ||
        !yoke_cache_job_old(visit->job, &old) ||
        !yk_is_kept_answer(old.value, old.len))
        return false;
    answer_old(visit, &old);
    return true;
}

/* ---- The answer ---- */

static void on_head(yoke_res *res, void *data)
{
    struct yk_visit *visit = data;
    int64_t len = yoke_res_expected_len(res);

    if (!visit->job || has_helped(visit))
        return;
    if (!may_keep(visit, len)) {
        yk_cache_status_forwarded(visit, false);
        yk_gift_nothing(visit);
        return;
    }
    yk_kept_answer_begin(&visit->pile, res, &visit->before);
    visit->head_len = visit->pile.len;
    yk_cache_status_forwarded(visit, len >= 0);
    if (len == 0)
        yk_gift_answer(visit);
    else if (yoke_res_filter(res, capture, visit) < 0)
        yk_gift_nothing(visit);
}

/* Whatever has become of it: nobody waits for ever. */
static void on_finish(yoke_res *res, void *data)
{
    struct yk_visit *visit = data;

    (void)res;
    if (!visit->is_complete)
        yk_gift_failure(visit, YOKE_CACHE_NONE);
    yk_visit_release(visit);
}

void yk_recorder_compute(yoke_cache_job *job, const char *key, void *data)
{
    struct yk_visit *visit = data;
    yoke_req *req = visit->req;

    (void)key;
    visit->job = job;
    visit->is_computing = true;
    visit->refs++;
    if (strcmp(visit->fwd, "request") != 0 && yoke_cache_job_renews(job))
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
            yk_gift_nothing(visit);
    }
    yoke_next(req);
}
