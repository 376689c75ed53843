#include <yoke/middleware/static.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <yoke/log.h>
#include <yoke/req.h>
#include <yoke/res.h>

#include "middleware/site.h"
#include "middleware/texts.h"

#include "core/banned.h"

/* ---- The middleware ---- */

static void refuse_method(yoke_req *req, yoke_res *res,
                          const struct yk_site *site)
{
    if (site->options.no_fallthrough)
        yoke_res_set(res, "Allow", "GET, HEAD");
    yk_site_miss(req, site, 405);
}

static void serve(yoke_req *req, yoke_res *res)
{
    const struct yk_site *site = yoke_data(req);
    const char *method = yoke_req_method(req);
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        refuse_method(req, res, site);
        return;
    }
    const char *path = yoke_req_decoded_path(req);
    if (!path || *path != '/') {
        yk_site_miss(req, site, 400);
        return;
    }
    if (site->options.is_precompressed)
        yoke_res_vary(res, "Accept-Encoding");
    yk_site_search(req, res, site, path);
}

/* ---- Options ---- */

static void site_free(void *data)
{
    struct yk_site *site = data;
    yk_texts_free(site->index);
    yk_texts_free(site->extensions);
    free(site->root);
    free(site);
}

static char *root_of(const char *root)
{
    char *path = realpath(root, NULL);
    if (path)
        return path;
    yoke_log(YOKE_LOG_WARN, "yoke_static(\"%s\"): %s", root, strerror(errno));
    char *folder = *root == '/' ? NULL : getcwd(NULL, 0);
    path = folder ? yk_text_join(folder, "/", root) : yk_text_copy(root);
    free(folder);
    return path;
}

struct yoke_handler yoke_static_with(const char *root,
                                     const struct yoke_static_options *options)
{
    if (!root || !*root) {
        yoke_log(YOKE_LOG_ERROR, "yoke_static: there is no root");
        return yoke_with(NULL, NULL, NULL);
    }
    struct yk_site *site = yk_zeroed(sizeof(*site));
    site->options = *options;
    site->root = root_of(root);
    if (!options->no_index)
        site->index = yk_texts_copy(options->index ? options->index
                                                   : YOKE_TEXTS("index.html"));
    site->extensions = yk_texts_copy(options->extensions);
    site->file = yk_site_file(site);
    return yoke_with(serve, site, site_free);
}
