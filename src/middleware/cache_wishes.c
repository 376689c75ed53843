#include "middleware/cache_wishes.h"

#include <string.h>
#include <strings.h>

#include <yoke/req.h>

#include "middleware/cache_visit.h"

#include "core/banned.h"

void yk_wishes_read(const yoke_req *req, struct yk_cache_control *control)
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
    /* Section 5.4. */
    const char *pragma = has_control ? NULL : yoke_req_get(req, "Pragma");
    if (pragma && strcasecmp(pragma, "no-cache") == 0)
        control->no_cache = true;
}

bool yk_wishes_are_special(const yoke_req *req)
{
    const char *len = yoke_req_get(req, "Content-Length");

    return yoke_req_get(req, "Range") || yoke_req_get(req, "If-Match") ||
           yoke_req_get(req, "If-Unmodified-Since") ||
           yoke_req_get(req, "Upgrade") ||
           yoke_req_get(req, "Transfer-Encoding") ||
           (len && strcmp(len, "0") != 0);
}

static uint32_t seconds(int64_t said)
{
    return said > 0 ? (uint32_t)said : 0;
}

void yk_wishes_set(struct yk_visit *visit,
                   const struct yk_cache_control *control)
{
    struct yoke_cache_query *query = &visit->query;
    const yoke_req *req = visit->req;

    *query = (struct yoke_cache_query){
        .refreshes_first = true,
        .anew = control->no_cache || control->max_age == 0,
        .max_age_s = seconds(control->max_age),
        .min_fresh_s = seconds(control->min_fresh),
        .max_stale_s = seconds(control->max_stale),
        .stale_error_s = control->stale_if_error == 0
                             ? YOKE_CACHE_NONE
                             : seconds(control->stale_if_error),
        /* Section 5.2.1.4; an error may still be answered with what is old when
         * only its age counts (RFC 5861 section 4). */
        .no_stale = control->no_cache,
    };
    visit->has_wishes = query->anew || query->max_age_s > 0 ||
                        query->min_fresh_s > 0 || query->max_stale_s > 0;
    if (query->anew || query->max_age_s > 0 || query->min_fresh_s > 0)
        visit->fwd = "request";
    /* What such a request is answered may be for it alone. */
    query->alone = visit->has_wishes || yoke_req_get(req, "Authorization");
    visit->is_only_if_cached = control->only_if_cached;
}
