/* What is answered for a path that is no file: nothing, or a folder. */
#include "middleware/site.h"

#include <errno.h>
#include <string.h>

#include <yoke/req.h>
#include <yoke/res.h>

#include "middleware/list_folder.h"

#include "core/banned.h"

/* ---- What is not there ---- */

void yk_site_miss(yoke_req *req, const struct yk_site *site, int status)
{
    if (!site->options.no_fallthrough && status < 500)
        yoke_next(req);
    else
        yoke_next_err(req, status, "no file of %s", site->root);
}

int yk_site_status_of(int err)
{
    switch (err) {
    case -ENOENT:
    case -EISDIR:
        return 404;
    case -EACCES:
    case -EXDEV:
        return 403;
    default:
        return 500;
    }
}

/* ---- Folders ---- */

/* To the same path with a slash behind it. Of slashes at its front one is kept:
 * "//host" would be another site, and browsers take a backslash for a slash. */
void yk_site_redirect(yoke_req *req, yoke_res *res)
{
    const char *url = yoke_req_original_url(req);
    size_t len = strcspn(url, "?");
    size_t skip = strspn(url, "/\\");
    const char *to = yoke_req_printf(req, "/%.*s/%s", (int)(len - skip),
                                     url + skip, url + len);
    yoke_res_set(res, "Content-Security-Policy", "default-src 'none'");
    yoke_res_set(res, "X-Content-Type-Options", "nosniff");
    yoke_res_redirect(res, 301, to);
}

void yk_site_show_folder(yoke_req *req, yoke_res *res,
                         const struct yk_site *site, const char *path)
{
    int err = -ENOENT;
    if (site->options.lists_folders)
        err =
            yk_list_folder(req, res, site->root, path, site->options.dotfiles);
    if (err < 0)
        yk_site_miss(req, site, err == -ENOTDIR ? 404 : yk_site_status_of(err));
}
