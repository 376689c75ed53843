/* Files of a folder, for the paths below which the middleware stands.
 *
 *     yoke_app_use(app, yoke_static("public"));
 *     yoke_app_use_at(app, "/assets", yoke_static("build", .max_age_s = 86400,
 *                                                 .is_precompressed = true));
 *
 * The files are sent as by yoke_res_send_file (yoke/file.h): with type, length,
 * `ETag` and `Last-Modified`, ranges and conditional requests, sendfile(2), and
 * never from outside of the folder, whatever the path and the links say.
 *
 * A path that ends in "/" is a folder's: its index file is sent. A folder
 * without that slash is redirected to (301). What is not there is left to the
 * next layer, unless `.no_fallthrough` makes it an error. (Express:
 * express.static.) */
#ifndef YOKE_MIDDLEWARE_STATIC_H
#define YOKE_MIDDLEWARE_STATIC_H

#include <stdbool.h>
#include <stdint.h>

#include <yoke/app.h>
#include <yoke/file.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* Options. Zero is every field's default; text is copied. */
struct yoke_static_options {
    int reserved_; /* Leave it; it lets the macro be called without any. */
    enum yoke_dotfiles dotfiles; /* Names that begin with a dot. */
    /* Names of index files, the first that is there is taken; NULL ends the
     * list: YOKE_TEXTS("index.html", "index.htm"). NULL: "index.html". */
    const char *const *index;
    /* Extensions that are tried for a name that is not there and has none:
     * YOKE_TEXTS("html"). */
    const char *const *extensions;
    int64_t max_age_s; /* As in struct yoke_file: */
    bool is_immutable;
    bool no_cache_control;
    bool no_last_modified;
    bool no_etag;
    bool no_ranges;
    bool no_index;       /* Index files are not looked for. */
    bool no_redirect;    /* A folder without its slash is not there. */
    bool no_fallthrough; /* What is not there: 404; a path that leads out of the
                            folder or is denied: 403; a malformed one: 400; a
                            method other than GET and HEAD: 405. */
    bool is_precompressed; /* Of "app.js", "app.js.br" or "app.js.gz" is sent to
                              a client that takes it. Sends `Vary`. */
    bool
        lists_folders; /* A folder without an index file is answered with a list
                           of what is in it, as a page or as JSON. */
    /* Called before a file's head is sent, to set more fields; may be NULL. */
    void (*headers)(yoke_res *res, const char *path, const struct stat *stat,
                    void *data);
    void *data; /* Handed to it. */
};

/* A relative `root` is looked for from the working directory of now. When it is
 * not there, a line in the log says so; it may come later. */
#define yoke_static(root, ...)                                                 \
    yoke_static_with((root), YOKE_OPTIONS_(yoke_static_options, __VA_ARGS__))
struct yoke_handler yoke_static_with(const char *root,
                                     const struct yoke_static_options *options);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
