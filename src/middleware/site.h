/* A folder of files that is served, and the search for the file that a path
 * stands for. */
#ifndef YK_MIDDLEWARE_SITE_H
#define YK_MIDDLEWARE_SITE_H

#include <yoke/middleware/static.h>

struct yk_site {
    struct yoke_static_options options;
    struct yoke_file file; /* What of them is for yoke_res_send_file. */
    char *root;
    const char *const *index, *const *extensions;
};

/* Answers with what is there for a path of the request, which is decoded and
 * begins with a slash; or passes on. */
void yk_site_search(yoke_req *req, yoke_res *res, const struct yk_site *site,
                    const char *path);

/* There is nothing: passes on, or an error of that status. */
void yk_site_miss(yoke_req *req, const struct yk_site *site, int status);

/* The status for what yoke_res_send_file has told. */
int yk_site_status_of(int err);

/* The path is a folder's, and lacks the slash behind it: leads there. */
void yk_site_redirect(yoke_req *req, yoke_res *res);

/* Answers with the list of a folder, if the site has them; or passes on. */
void yk_site_show_folder(yoke_req *req, yoke_res *res,
                         const struct yk_site *site, const char *path);

/* What of the site's options is for yoke_res_send_file. */
struct yoke_file yk_site_file(const struct yk_site *site);

#endif
