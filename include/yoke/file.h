/* Files as answers. (Express: res.sendFile, res.download.)
 *
 *     yoke_res_send_file(res, yoke_req_param(req, "name"),
 *                        .root = "/srv/pictures", .max_age_s = 3600);
 *     yoke_res_download(res, "/srv/reports/2026-11.pdf", "Bericht März.pdf");
 *
 * The file is opened once, so what is sent is one version of it, whatever
 * happens to its name meanwhile; if it shrinks while it is being sent, the
 * connection is cut. The answer says its type (by extension), `Content-Length`,
 * `ETag`, `Last-Modified`, `Cache-Control` and `Accept-Ranges`, unless the
 * handler has set them; it is 304 for a client whose copy is good, 206 for one
 * range (several that touch are one; several others, a malformed one such as
 * "5-2", or another unit than bytes are answered with the whole file), 416, or
 * 412, also for `If-None-Match` with another method than GET and HEAD. An error
 * says nothing of the file: what was set for it is removed again. HEAD is
 * answered without reading it. (Rules 35 to 37 of docs/http-rules.md.)
 *
 * What blocks: opening the file, and reading it, block the loop as long as the
 * disk does. What is in the page cache costs no more than a copy of memory
 * (sendfile(2), where the connection is a socket), and the system is asked to
 * read ahead. Files on a network file system that may hang should not be sent
 * so. */
#ifndef YOKE_FILE_H
#define YOKE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include <yoke/app.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

struct stat; /* stat(2)'s */

/* What becomes of files and folders whose name begins with a dot. */
enum yoke_dotfiles {
    YOKE_DOTFILES_IGNORE, /* As if they were not there: 404. */
    YOKE_DOTFILES_DENY,   /* 403 */
    YOKE_DOTFILES_ALLOW,  /* As any other. */
};

/* Options of the functions below. Zero is every field's default. */
struct yoke_file {
    int reserved_;    /* Leave it; it lets the macro be called without any. */
    const char *root; /* The path is below this folder, and never leads out of
                         it: not by "..", not by a link. NULL: the path is the
                         program's own, absolute; links in it are followed
                         wherever they lead, ".." is refused as well. */
    enum yoke_dotfiles dotfiles; /* For every part of the path: of one without a
                                    root also for the folders above. */
    int64_t max_age_s;     /* Cache-Control: public, max-age. A year at most.
                                 0: the client asks each time. */
    bool is_immutable;     /* It never changes: "immutable". */
    bool no_cache_control; /* These fields are left out. */
    bool no_last_modified;
    bool no_etag;
    bool no_ranges; /* Range is ignored, Accept-Ranges left out. */
    /* Called before the head is sent, to set more fields; may be NULL. */
    void (*headers)(yoke_res *res, const char *path, const struct stat *stat,
                    void *data);
    /* Told once what became of it; may be NULL. 0: all has been sent. Else the
     * same codes as below, or -YOKE_ECLOSED: the client has gone, -EIO: the
     * file could not be read to its end. When `yoke_res_is_sent(res)` is false,
     * the handler that gets an error has to answer, or pass on, in it or later;
     * without a function the error is passed on by itself. */
    void (*done)(yoke_req *req, yoke_res *res, int err, void *data);
    void *data; /* Handed to both. */
};

/* Answers with a file. Implies `yoke_hold`: `req` and `res` are in use until
 * all has been sent, and the answer is ended then.
 *
 * Returns 0, or a negative code for what is found at once: -ENOENT (404),
 * -EACCES (403), -EXDEV for a path with ".." or out of the root (403), -EINVAL
 * for a path with a NUL or a relative one without a root (500), -YOKE_EHEADER
 * (500), -EAGAIN (503: folders on the way are being renamed all the time), 412
 * and 416 as -YOKE_ECONDITION and -YOKE_ERANGE, or another -errno of open(2)
 * (500). The error has been passed on, or told to `done`; there is nothing more
 * to do. -YOKE_EANSWERED when there has been an answer, which stands. */
#define yoke_res_send_file(res, path, ...)                                     \
    yoke_res_send_file_with((res), (path),                                     \
                            YOKE_OPTIONS_(yoke_file, __VA_ARGS__))
int yoke_res_send_file_with(yoke_res *res, const char *path,
                            const struct yoke_file *options);

/* The same as a file to be saved: `Content-Disposition: attachment` with
 * `filename`, or the path's own if it is NULL. Returns the same. */
#define yoke_res_download(res, path, filename, ...)                            \
    yoke_res_download_with((res), (path), (filename),                          \
                           YOKE_OPTIONS_(yoke_file, __VA_ARGS__))
int yoke_res_download_with(yoke_res *res, const char *path,
                           const char *filename,
                           const struct yoke_file *options);

/* Opens for reading what a client may have named, a file or a folder, below
 * `root`, with the care of the functions above: never outside of it, not by
 * "..", not by a link, and never waiting. "" and "/" are the folder itself.
 * Returns a descriptor that is the caller's, or -errno: -EXDEV for a path that
 * leads out. What it is tells fstat(2). */
int yoke_open_below(const char *root, const char *path);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
