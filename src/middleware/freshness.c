#include "middleware/freshness.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <yoke/req.h>
#include <yoke/res.h>

#include "middleware/cache_control.h"
#include "middleware/cache_date.h"

#include "core/banned.h"

/* ---- What the answer says ---- */

static void read_control(const yoke_res *res, struct yk_cache_control *control)
{
    const char *name, *value;

    yk_cache_control_init(control);
    for (size_t i = 0; yoke_res_header_at(res, i, &name, &value); i++)
        if (strcasecmp(name, "Cache-Control") == 0)
            yk_cache_control_add(control, value);
}

/* Seconds that are left of what Expires says; -1: it says nothing. */
static int64_t expires_in(const yoke_res *res)
{
    const char *expires = yoke_res_get(res, "Expires");
    int64_t now = yoke_req_time_s(yoke_res_req(res));

    if (!expires)
        return -1;
    int64_t at = yk_cache_date(expires, now);
    if (at - now > YK_CACHE_SECONDS_MAX)
        return YK_CACHE_SECONDS_MAX;
    return at > now ? at - now : 0;
}

/* Section 4.2.1: the first of these that is there. */
static int64_t lifetime(const yoke_res *res,
                        const struct yk_cache_control *control)
{
    if (control->s_maxage >= 0)
        return control->s_maxage;
    if (control->max_age >= 0)
        return control->max_age;
    return expires_in(res);
}

/* How old it was when it was answered, if it came from elsewhere. */
static int64_t age_of(const yoke_res *res)
{
    const char *age = yoke_res_get(res, "Age");
    long long seconds = age ? strtoll(age, NULL, 10) : 0;

    if (seconds > YK_CACHE_SECONDS_MAX)
        return YK_CACHE_SECONDS_MAX;
    return seconds > 0 ? seconds : 0;
}

/* ---- What may be kept ---- */

/* RFC 9110 section 15.1, without 206, for parts are not kept. */
static bool is_status_by_default(int status)
{
    static const int statuses[] = {200, 203, 204, 300, 301, 308,
                                   404, 405, 410, 414, 501};

    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        if (statuses[i] == status)
            return true;
    return false;
}

/* Section 3.5. */
static bool may_authorized(const yoke_res *res,
                           const struct yk_cache_control *control)
{
    return !yoke_req_get(yoke_res_req(res), "Authorization") ||
           control->is_public || control->must_revalidate ||
           control->s_maxage >= 0;
}

static bool is_stream(const yoke_res *res)
{
    const char *type = yoke_res_get(res, "Content-Type");
    return type && strncasecmp(type, "text/event-stream", 17) == 0;
}

/* Section 5.2.2.3: who understands the status need not hear no-store, which is
 * for the others. */
static bool is_understood(int status, const struct yk_cache_control *control)
{
    return control->must_understand ? is_status_by_default(status)
                                    : !control->no_store;
}

static bool may_keep(const yoke_res *res,
                     const struct yk_cache_control *control)
{
    int status = yoke_res_get_status(res);

    return status != 206 && status != 304 && is_understood(status, control) &&
           !control->no_cache && !control->is_private &&
           may_authorized(res, control) && !yoke_res_get(res, "Set-Cookie") &&
           !yoke_res_get(res, "Content-Range") && !is_stream(res);
}

/* Section 4.2.4. */
static bool may_be_stale(const struct yk_cache_control *control)
{
    return !control->must_revalidate && !control->proxy_revalidate &&
           control->s_maxage < 0;
}

static uint32_t limit(int64_t seconds, uint32_t most)
{
    if (seconds < 0)
        return 0;
    return seconds > most ? most : (uint32_t)seconds;
}

bool yk_freshness_of(yoke_res *res, uint32_t default_ttl_s, uint32_t max_ttl_s,
                     struct yk_freshness *ret_freshness)
{
    struct yk_cache_control control;

    read_control(res, &control);
    if (!may_keep(res, &control))
        return false;
    int64_t left = lifetime(res, &control), age = age_of(res);
    /* Section 4.2.2. */
    if (left < 0 &&
        (control.is_public || is_status_by_default(yoke_res_get_status(res))))
        left = default_ttl_s;
    struct yk_freshness freshness = {.ttl_s = limit(left - age, max_ttl_s),
                                     .age_s = (uint32_t)age};
    if (may_be_stale(&control)) {
        freshness.stale_s = limit(control.stale_while_revalidate, max_ttl_s);
        freshness.stale_error_s = limit(control.stale_if_error, max_ttl_s);
    }
    if (left - age < 0 || (freshness.ttl_s == 0 && freshness.stale_s == 0 &&
                           freshness.stale_error_s == 0))
        return false;
    *ret_freshness = freshness;
    return true;
}
