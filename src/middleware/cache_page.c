#include "middleware/cache_page.h"

#include <string.h>
#include <strings.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/req.h>
#include <yoke/res.h>

#include "middleware/cache_visit.h"
#include "middleware/texts.h"

#include "core/banned.h"

/* ---- Keys ---- */

static const char *yk_page_key_of_url(yoke_req *req, const char *url)
{
    const char *host = yoke_req_host(req), *protocol = yoke_req_protocol(req);
    size_t origin_len = strlen(protocol) + 3 + strlen(host ? host : "");
    char *key =
        yk_text_row(req, (const char *const[]){protocol, "://",
                                               host ? host : "", url, NULL});

    /* Of protocol and host case does not count. */
    for (size_t i = 0; i < origin_len; i++)
        key[i] =
            key[i] >= 'A' && key[i] <= 'Z' ? (char)(key[i] | 0x20) : key[i];
    return key;
}

const char *yk_page_key(const struct yk_cache_layer *layer, yoke_req *req)
{
    const char *key = layer->options.key
                          ? layer->options.key(req, layer->options.data)
                          : yk_page_key_of_url(req, yoke_req_original_url(req));

    return key && *key && strlen(key) <= YOKE_CACHE_KEY_MAX / 2 ? key : NULL;
}

/* ---- Invalidation (RFC 9111 section 4.4) ---- */

/* The client hears of the change when what was kept is void, so that it reads
 * what it has written; or when the store cannot be had, for which it has its
 * deadline. */
static void on_forgotten(int err, void *data)
{
    yoke_res *res = data;

    if (err < 0)
        yoke_log(YOKE_LOG_WARN,
                 "http cache: what is kept of %s was to be void, and the store "
                 "failed: %s",
                 yoke_req_path(yoke_res_req(res)), yoke_strerror(err));
    yoke_res_proceed(res);
}

static void forget(const struct yk_cache_layer *layer, yoke_res *res,
                   const char *key)
{
    if (yoke_res_delay(res) == 0)
        yoke_cache_delete(layer->options.cache, key, on_forgotten, res);
}

/* Of a URL in a field: a path, or one of this very host. */
static void forget_url(const struct yk_cache_layer *layer, yoke_res *res,
                       const char *field)
{
    yoke_req *req = yoke_res_req(res);
    const char *url = yoke_res_get(res, field);
    const char *origin = yk_page_key_of_url(req, "");

    if (!url)
        return;
    if (strncasecmp(url, origin, strlen(origin)) == 0)
        url += strlen(origin);
    if (*url == '/' && url[1] != '/')
        forget(layer, res, yk_page_key_of_url(req, url));
}

void yk_page_forget(yoke_res *res, void *data)
{
    const struct yk_cache_layer *layer = data;
    int status = yoke_res_get_status(res);
    const char *key;

    if (status >= 400)
        return;
    if ((key = yk_page_key(layer, yoke_res_req(res))))
        forget(layer, res, key);
    forget_url(layer, res, "Location");
    forget_url(layer, res, "Content-Location");
}
