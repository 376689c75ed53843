#include <yoke/middleware/vhost.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/client.h>
#include <yoke/log.h>
#include <yoke/req.h>

#include "middleware/texts.h"

#include "core/banned.h"

#define PARTS_MAX 8

static const char match_key;

/* What the stars of a pattern stand for; in the request's memory. */
struct match {
    const char *parts[PARTS_MAX];
    size_t lens[PARTS_MAX];
    size_t count;
};

static bool is_same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* A star takes as much of its label as it can, and at least something. There
 * are few, for a pattern has at most PARTS_MAX, and a label is short. */
static bool fits(const char *pattern, const char *host, size_t len,
                 struct match *match)
{
    for (; *pattern && *pattern != '*'; pattern++, host++, len--)
        if (len == 0 || !is_same(*pattern, *host))
            return false;
    if (!*pattern)
        return len == 0;
    size_t n = match->count++;
    size_t label = strcspn(host, ".:");
    for (size_t taken = label < len ? label : len; taken > 0; taken--) {
        match->parts[n] = host;
        match->lens[n] = taken;
        if (fits(pattern + 1, host + taken, len - taken, match))
            return true;
        match->count = n + 1;
    }
    match->count = n;
    return false;
}

static const char *host_for(const yoke_req *req, const char *pattern)
{
    const char *end = strrchr(pattern, ']');
    bool has_port = strchr(end ? end : pattern, ':');
    return has_port ? yoke_req_host(req) : yoke_req_hostname(req);
}

/* A host may end in a dot, which means the same. */
static size_t host_len(const char *host)
{
    size_t len = strlen(host);
    return len > 0 && host[len - 1] == '.' ? len - 1 : len;
}

static void check(yoke_req *req, yoke_res *res)
{
    const char *pattern = yoke_data(req);
    const char *host = host_for(req, pattern);
    struct match match = {.count = 0}, *kept;
    (void)res;
    if (!host || !fits(pattern, host, host_len(host), &match)) {
        yoke_next_router(req);
        return;
    }
    kept = yoke_req_alloc(req, sizeof(*kept));
    *kept = match;
    for (size_t i = 0; i < match.count; i++)
        kept->parts[i] =
            yoke_req_printf(req, "%.*s", (int)match.lens[i], match.parts[i]);
    yoke_req_attach(req, &match_key, kept, NULL);
    yoke_next(req);
}

const char *yoke_vhost_part(const yoke_req *req, size_t n)
{
    const struct match *match = yoke_req_attached(req, &match_key);
    return match && n < match->count ? match->parts[n] : NULL;
}

static size_t count_stars(const char *pattern)
{
    size_t count = 0;
    for (; *pattern; pattern++)
        count += *pattern == '*';
    return count;
}

struct yoke_handler yoke_vhost(const char *pattern)
{
    if (pattern && *pattern && count_stars(pattern) <= PARTS_MAX)
        return yoke_with(check, yk_text_copy(pattern), free);
    yoke_log(YOKE_LOG_ERROR, "yoke_vhost: not a host with up to 8 stars: %s",
             pattern ? pattern : "NULL");
    return yoke_with(NULL, NULL, NULL);
}

void yoke_app_vhost(yoke_app *app, const char *pattern, yoke_app *site)
{
    yoke_app *gate = yoke_app_new();
    yoke_app_use(gate, yoke_vhost(pattern));
    yoke_app_mount(gate, "/", site);
    yoke_app_mount(app, "/", gate);
}
