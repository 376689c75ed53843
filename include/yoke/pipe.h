/* A request's body as a file. (Express: req.pipe(fs.createWriteStream(path)).)
 *
 *     static void stored(yoke_req *req, yoke_res *res, uint64_t len, void *data)
 *     {
 *         yoke_res_send_status(res, 201);
 *     }
 *
 *     static void put_picture(yoke_req *req, yoke_res *res)
 *     {
 *         yoke_req_pipe_file(req, res, yoke_req_param(req, "name"),
 *                            .root = "/srv/pictures", .max_len = 20 << 20,
 *                            .done = stored);
 *     }
 *
 * The body goes to the file as it comes, whatever its type, a `Content-Encoding`
 * left on it. It is written on the thread pool, and the client is slowed down to
 * the pace of the disk, so that a request needs about 128 KiB whatever it sends.
 *
 * The file has no name until it is whole: nobody sees half of it, and a client
 * that goes, an error or the death of the process leaves nothing. (Where the
 * file system has no such files, it has a name that begins with ".upload-" until
 * then, which a process that is killed leaves.) To have it survive the failure
 * of the machine, fsync(2) it.
 *
 * What is wrong is passed on as an error with a type (`err->type`):
 *
 *     400  request.aborted        the client has gone before the end
 *     400  file.name.malformed    the path ends with no name, or is too long
 *     403  file.outside           the path leads out of the root, or has a part
 *                                 that begins with a dot
 *     404  file.folder.missing    there is no such folder
 *     409  file.exists            there is one of that name
 *     413  entity.too.large       the body is longer than `.max_len`; at once, if
 *                                 its Content-Length says so
 *     500  file.failed            whatever else; the log says what
 *     503  entity.no.memory       there is no memory for it
 *     507  file.disk.full         the disk is full, or a limit on
 *                                 files is reached (setrlimit(2), quotas) */
#ifndef YOKE_PIPE_H
#define YOKE_PIPE_H

#include <stdbool.h>
#include <stdint.h>

#include <yoke/app.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* Options. Zero is every field's default. Texts are borrowed for the call. */
struct yoke_pipe_file {
    int reserved_;    /* Leave it; it lets the macro be called without any. */
    const char *root; /* The path is below this folder, and never leads out of
                         it: not by "..", not by a link; and no part of it
                         begins with a dot. Has to be set when a client has a
                         say in the path. NULL: the path is the program's
                         own. */
    uint64_t max_len; /* 32 MiB */
    unsigned mode;    /* The file's permissions, whatever umask(2) says. 0600 */
    bool replaces;    /* A file of that name is replaced, in one step. A link is
                         itself replaced. Else it is 409. */
    /* Called when the file is there, `len` bytes, under its name: answers, or
     * passes on, in it or later. NULL: the next layer runs. */
    void (*done)(yoke_req *req, yoke_res *res, uint64_t len, void *data);
    void *data; /* Handed to it. */
};

/* Writes the body to a file; a request without one makes an empty file. Implies
 * yoke_hold. Nothing else may read the body: in front of this there is no parser
 * and no yoke_body that takes it.
 *
 * Returns 0, or a negative code when it could not begin: -EALREADY, the body has
 * been read (500); -YOKE_ETOOLARGE, its Content-Length is over the limit; or -EINVAL,
 * -EXDEV, -EEXIST and others of open(2), as said above. The error has been passed
 * on; there is nothing more to do. */
#define yoke_req_pipe_file(req, res, path, ...)                                \
    yoke_req_pipe_file_with((req), (res), (path),                              \
                            YOKE_OPTIONS_(yoke_pipe_file, __VA_ARGS__))
int yoke_req_pipe_file_with(yoke_req *req, yoke_res *res, const char *path,
                            const struct yoke_pipe_file *options);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
