#include "middleware/freshness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <yoke/req.h>
#include <yoke/res.h>

#include "middleware/cache_control.h"

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

/* "Sun, 06 Nov 1994 08:49:37 GMT", as all who make one today; anything else has
 * been over for long (section 5.3). */
static int64_t parse_date(const char *text)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char month[4], zone[4];
    struct tm tm = {.tm_isdst = 0};

    if (sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d %3[A-Z]",
               &tm.tm_mday, month, &tm.tm_year, &tm.tm_hour, &tm.tm_min,
               &tm.tm_sec, zone) != 7 ||
        strcmp(zone, "GMT") != 0)
        return 0;
    const char *at = strlen(month) == 3 ? strstr(months, month) : NULL;
    if (!at || (at - months) % 3 != 0)
        return 0;
    tm.tm_mon = (int)((at - months) / 3);
    tm.tm_year -= 1900;
    return timegm(&tm);
}

/* Seconds that are left of what Expires says; -1: it says nothing. */
static int64_t expires_in(const yoke_res *res)
{
    const char *expires = yoke_res_get(res, "Expires");
    int64_t at = expires ? parse_date(expires) : 0;
    int64_t now = yoke_req_time_s(yoke_res_req(res));

    if (!expires)
        return -1;
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

static bool may_keep(const yoke_res *res,
                     const struct yk_cache_control *control)
{
    int status = yoke_res_get_status(res);

    return status != 206 && status != 304 && !control->no_store &&
           !control->no_cache && !control->is_private &&
           may_authorized(res, control) && !yoke_res_get(res, "Set-Cookie") &&
           !yoke_res_get(res, "Content-Range") && !is_stream(res);
}

static uint32_t stale_time(const struct yk_cache_control *control)
{
    /* Section 4.2.4. */
    if (control->must_revalidate || control->s_maxage >= 0 ||
        control->stale_while_revalidate < 0)
        return 0;
    return (uint32_t)control->stale_while_revalidate;
}

bool yk_freshness_of(yoke_res *res, uint32_t default_ttl_s, uint32_t max_ttl_s,
                     struct yk_freshness *ret_freshness)
{
    struct yk_cache_control control;

    read_control(res, &control);
    if (!may_keep(res, &control))
        return false;
    int64_t left = lifetime(res, &control);
    /* Section 4.2.2. */
    if (left < 0 &&
        (control.is_public || is_status_by_default(yoke_res_get_status(res))))
        left = default_ttl_s;
    left -= age_of(res);
    uint32_t stale_s = stale_time(&control);
    if (left < 0 || (left == 0 && stale_s == 0))
        return false;
    *ret_freshness = (struct yk_freshness){
        .ttl_s = left > max_ttl_s ? max_ttl_s : (uint32_t)left,
        .stale_s = stale_s > max_ttl_s ? max_ttl_s : stale_s,
    };
    return true;
}
