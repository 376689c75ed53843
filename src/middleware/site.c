/* A path stands for several files, of which the first that is there is sent:
 *
 *     /docs/   docs/index.html        /page   page, page.html
 *
 * and for each of them perhaps a compressed one first. They are tried by
 * sending them: `done` says that there is no such file, and the next is tried.
 * So each file is looked for once, by the open(2) that also sends it. */
#include "middleware/site.h"

#include <errno.h>
#include <string.h>

#include <yoke/error.h>
#include <yoke/req.h>
#include <yoke/res.h>

#include "middleware/encoding.h"

#include "core/banned.h"

/* One request's way through the candidates; in its memory. */
struct search {
    const struct yk_site *site;
    const char *path; /* Below the root: "docs/", "page"; "" is the root. */
    const char *candidate; /* Without the coding's extension. */
    size_t tried;          /* Index files, or extensions. */
    enum yk_encoding codings[YK_ENCODINGS];
    size_t coding_count, coding; /* The next one to try. */
    bool is_folder;              /* The path ends in a slash. */
};

/* ---- The candidates ---- */

static bool has_extension(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    return dot && dot != name;
}

static const char *next_index(yoke_req *req, struct search *s)
{
    const char *const *names = s->site->index;
    if (!names || !names[s->tried])
        return NULL;
    return yoke_req_printf(req, "%s%s", s->path, names[s->tried++]);
}

/* An extension may be written with its dot. */
static const char *next_extension(yoke_req *req, struct search *s)
{
    const char *const *names = s->site->extensions;
    if (!names || !names[s->tried] || has_extension(s->path))
        return NULL;
    const char *name = names[s->tried++];
    return yoke_req_printf(req, "%s.%s", s->path, name + (*name == '.'));
}

/* The next name, or NULL. */
static const char *next_candidate(yoke_req *req, struct search *s)
{
    if (s->is_folder)
        return next_index(req, s);
    return s->candidate ? next_extension(req, s) : s->path;
}

static void try_next(yoke_req *req, yoke_res *res, struct search *s);

static void on_done(yoke_req *req, yoke_res *res, int err, void *data)
{
    struct search *s = data;
    if (err == 0 || yoke_res_is_sent(res))
        return;
    bool was_coded = s->coding > 0 && s->coding <= s->coding_count;
    if (was_coded)
        yoke_res_remove(res, "Content-Encoding");
    if (err == -YOKE_ECONDITION || err == -YOKE_ERANGE)
        yoke_next_err(req, err == -YOKE_ERANGE ? 416 : 412, "%s",
                      yoke_strerror(err));
    else if (err == -ENOENT || was_coded ||
             (err == -EISDIR && s->candidate != s->path))
        try_next(req, res, s);
    else if (err == -EISDIR && !s->site->options.no_redirect)
        yk_site_redirect(req, res);
    else
        yk_site_miss(req, s->site, yk_site_status_of(err));
}

static void on_headers(yoke_res *res, const char *path, const struct stat *stat,
                       void *data)
{
    const struct search *s = data;
    const struct yoke_static_options *options = &s->site->options;
    options->headers(res, path, stat, options->data);
}

static void send_candidate(yoke_res *res, const char *path, struct search *s)
{
    struct yoke_file file = s->site->file;
    file.data = s;
    yoke_res_send_file_with(res, path, &file);
}

/* The candidate in the next coding that the client takes, or as it is. */
static void try_coding(yoke_req *req, yoke_res *res, struct search *s)
{
    if (s->coding == s->coding_count) {
        s->coding++;
        send_candidate(res, s->candidate, s);
        return;
    }
    enum yk_encoding coding = s->codings[s->coding++];
    const char *slash = strrchr(s->candidate, '/');
    yoke_res_type(res, slash ? slash + 1 : s->candidate);
    yoke_res_set(res, "Content-Encoding", yk_encoding_name(coding));
    send_candidate(res,
                   yoke_req_printf(req, "%s.%s", s->candidate,
                                   coding == YK_ENCODING_BR ? "br" : "gz"),
                   s);
}

static void try_next(yoke_req *req, yoke_res *res, struct search *s)
{
    if (!s->candidate || s->coding > s->coding_count) {
        s->candidate = next_candidate(req, s);
        s->coding = 0;
    }
    if (s->candidate && *s->candidate)
        try_coding(req, res, s);
    else if (s->candidate && !s->site->options.no_redirect)
        yk_site_redirect(req, res);
    else if (s->is_folder)
        yk_site_show_folder(req, res, s->site, s->path);
    else
        yk_site_miss(req, s->site, 404);
}

/* ---- Its start ---- */

/* At the very path where it is mounted, "/docs" without a slash, the rest is
 * "/" as for "/docs/"; only the whole target tells them apart. */
static bool is_mount_without_slash(const yoke_req *req)
{
    const char *url = yoke_req_original_url(req);
    size_t len = strcspn(url, "?");
    return strcmp(yoke_req_path(req), "/") == 0 && len > 0 &&
           url[len - 1] != '/';
}

static struct search *search_new(yoke_req *req, const struct yk_site *site,
                                 const char *path)
{
    struct search *s = yoke_req_alloc(req, sizeof(*s));
    size_t len = strlen(path);
    *s = (struct search){.site = site, .path = path + 1};
    s->is_folder = path[len - 1] == '/' && !is_mount_without_slash(req);
    if (site->options.is_precompressed)
        s->coding_count = yk_encodings_wanted(req, s->codings);
    return s;
}

void yk_site_search(yoke_req *req, yoke_res *res, const struct yk_site *site,
                    const char *path)
{
    try_next(req, res, search_new(req, site, path));
}

struct yoke_file yk_site_file(const struct yk_site *site)
{
    const struct yoke_static_options *options = &site->options;
    return (struct yoke_file){
        .root = site->root,
        .dotfiles = options->dotfiles,
        .max_age_s = options->max_age_s,
        .is_immutable = options->is_immutable,
        .no_cache_control = options->no_cache_control,
        .no_last_modified = options->no_last_modified,
        .no_etag = options->no_etag,
        .no_ranges = options->no_ranges,
        .headers = options->headers ? on_headers : NULL,
        .done = on_done,
    };
}
