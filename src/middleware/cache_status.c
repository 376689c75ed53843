#include "middleware/cache_status.h"

#include <string.h>

#include <yoke/req.h>
#include <yoke/res.h>

#include "middleware/cache_visit.h"
#include "middleware/texts.h"

#include "core/banned.h"

/* ---- The name ---- */

/* RFC 8941 section 3.3.4. */
static bool is_token(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz*";
    static const char others[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz"
                                 "0123456789!#$%&'*+-.^_`|~:/";

    return *name && strchr(letters, *name) &&
           name[strspn(name, others)] == '\0';
}

/* Section 3.3.3: only what can be printed, of ASCII. */
static char *quote(const char *name)
{
    char *out = yk_zeroed(2 * strlen(name) + 3), *at = out;

    *at++ = '"';
    for (; *name; name++) {
        if (*name == '"' || *name == '\\')
            *at++ = '\\';
        *at++ = *name >= ' ' && *name <= '~' ? *name : '?';
    }
    *at = '"';
    return out;
}

char *yk_cache_status_name(const char *name)
{
    return is_token(name) ? yk_text_copy(name) : quote(name);
}

/* ---- What is said ---- */

static void say(const struct yk_cache_layer *layer, yoke_res *res,
                const char *text, const char *more)
{
    const char *const parts[] = {layer->options.status_name, "; ", text, more,
                                 NULL};

    if (!layer->options.no_status)
        yoke_res_append(res, "Cache-Status",
                        yk_text_row(yoke_res_req(res), parts));
}

void yk_cache_status_say(const struct yk_cache_layer *layer, yoke_res *res,
                         const char *text)
{
    say(layer, res, text, "");
}

void yk_cache_status_hit(const struct yk_visit *visit, int64_t ttl_s)
{
    char number[24];

    say(visit->layer, visit->res, "hit; ttl=", yk_text_number(number, ttl_s));
}

void yk_cache_status_forwarded(const struct yk_visit *visit, bool is_stored)
{
    yk_cache_status_say(visit->layer, visit->res,
                        yoke_req_printf(visit->req, "fwd=%s%s", visit->fwd,
                                        is_stored ? "; stored" : ""));
}

void yk_cache_status_helped(const struct yk_visit *visit, int status)
{
    yk_cache_status_say(
        visit->layer, visit->res,
        yoke_req_printf(visit->req,
                        "fwd=%s; fwd-status=%d; detail=stale-if-error",
                        visit->fwd, status));
}
