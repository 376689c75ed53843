/* Forms with files: multipart/form-data (RFC 7578). (Express: multer, busboy.)
 *
 *     yoke_app_post(app, "/photos", yoke_multipart(.dir = "/srv/incoming"),
 *                   add_photo);
 *     ...
 *     const struct yoke_upload *photo = yoke_req_upload(req, "photo");
 *     const char *title = yoke_req_form(req, "title");
 *
 * The body is read as it comes, and the next layer runs when all of it is
 * there. Its fields are what `yoke_req_form` gives and, as one value,
 * `yoke_req_form_json` (both yoke/form.h). Its files are in memory
 * or, with `.dir`, on disk: a file there has no name until it is given one
 * (`yoke_upload_keep`), so that one which nobody keeps is gone when the answer
 * has been ended, and an upload that is broken off, or a process that dies,
 * leaves none. Or they go piece by piece to functions of the application's own.
 * Files are written on the thread pool, and the client is slowed down to the
 * pace of the disk.
 *
 * A request of another type, without a body, or whose body has been read
 * already passes through. A part is a file if it has a filename. One whose
 * filename is empty is what a browser sends when no file was chosen: it is left
 * out.
 *
 * What is wrong is passed on as an error with a type (`err->type`):
 *
 *     400  multipart.malformed           no multipart body, or its end is missing
 *     400  multipart.boundary.missing    Content-Type names no boundary
 *     400  multipart.name.missing        a part has no name
 *     400  multipart.name.too.long       its name, or a file's
 *     400  multipart.head.too.large      the head of a part
 *     400  multipart.file.unexpected     a file that nobody has asked for
 *     400  querystring.parse.rangeError  brackets nest too deeply (`.extended`)
 *     400  request.aborted               the client has gone before its end
 *     413  multipart.too.large           the whole body
 *     413  multipart.file.too.large      a file (multer: LIMIT_FILE_SIZE)
 *     413  multipart.field.too.large     a field's value (LIMIT_FIELD_VALUE)
 *     413  multipart.parts.too.many      (LIMIT_PART_COUNT)
 *     413  multipart.files.too.many      (LIMIT_FILE_COUNT)
 *     413  multipart.fields.too.many     (LIMIT_FIELD_COUNT)
 *     415  encoding.unsupported          the body is in a coding
 *     500  multipart.storage.failed      a file cannot be written
 *     500  multipart.consumer.failed     `.on_data` has said so
 *     503  entity.no.memory              there is no memory for it
 *     507  file.disk.full                the disk is full, or a limit on files
 *                                        is reached (setrlimit(2), quotas) */
#ifndef YOKE_MIDDLEWARE_MULTIPART_H
#define YOKE_MIDDLEWARE_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yoke/app.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* A file that has been sent. Borrowed until the answer has been ended. */
struct yoke_upload {
    const char *name;     /* The field's. */
    const char *filename; /* What the client calls it, in UTF-8, without folders
                             and control characters. To be shown, not
                             opened. */
    const char *type;     /* Its Content-Type, which is a mere claim; else
                             "application/octet-stream". */
    uint64_t len;         /* Bytes so far; at the end, all. */
    const char *ptr;      /* In memory: its bytes, with a NUL behind them; else
                             NULL. */
    int fd;               /* On disk: its descriptor, for reading and writing,
                             at its start; else -1. Do not close it. */
    void *data;           /* The hooks' own. */
};

/* What is to become of a file. */
enum yoke_upload_action {
    YOKE_UPLOAD_STORE,  /* Memory or disk, as the options say. */
    YOKE_UPLOAD_STREAM, /* Its pieces go to `.on_data`. */
    YOKE_UPLOAD_SKIP,   /* It is read and forgotten. */
    YOKE_UPLOAD_REFUSE, /* 400 multipart.file.unexpected */
};

/* A field that may have files. */
struct yoke_upload_field {
    const char *name;
    size_t max_files; /* 0: as many as in all. */
};

/* Options. Zero is every field's default. Limits are in bytes. What they point
 * to is copied, but for `data`. */
struct yoke_multipart_options {
    int reserved_;   /* Leave it; it lets the macro be called without any. */
    const char *dir; /* Files go to disk, into this folder or, without a
                             name, onto its file system. NULL: to memory. */
    size_t max_total_len; /* The whole body. 32 MiB. */
    size_t max_file_len;  /* A file. 8 MiB. */
    size_t max_field_len; /* A field's value. 1 MiB. */
    size_t max_parts;     /* Parts of any kind. 1,000. */
    size_t max_files;     /* Files. 16. */
    size_t max_fields;    /* Fields that are no files. 1,000. */
    size_t max_name_len;  /* A field's name, or a file's. 255. */
    size_t max_head_len;  /* The head of a part. 2 KiB. */
    bool no_files;        /* Any file is refused. */
    bool extended;        /* Brackets in names nest in yoke_req_form_json, as in
                             yoke_urlencoded, 32 deep. */
    /* The fields that may have files, ended by one without a name: any other is
     * refused. NULL: every field. See YOKE_UPLOAD_FIELDS. */
    const struct yoke_upload_field *fields;

    /* ---- Hooks: for files that are to go elsewhere ---- */

    /* A file begins: all but its length is known; what has been sent before it
     * is there, `yoke_req_form` included. NULL: every file is stored. */
    enum yoke_upload_action (*on_file)(yoke_req *req,
                                       struct yoke_upload *upload, void *data);
    /* A piece of a file to be streamed. Returns 0; or 1 if nothing more is to
     * come until yoke_upload_resume; or a negative code, which ends the upload
     * with multipart.consumer.failed. */
    int (*on_data)(yoke_req *req, struct yoke_upload *upload, const char *ptr,
                   size_t len, void *data);
    /* It is there whole; any file, stored ones too. May be NULL. After an error
     * it is not called: what the hooks hold belongs into `yoke_req_attach`. */
    void (*on_file_end)(yoke_req *req, struct yoke_upload *upload, void *data);
    void *data; /* Handed to the hooks; it must outlive the application. */
};

/* `.fields = YOKE_UPLOAD_FIELDS({"avatar", 1}, {"photos", 8})` */
#define YOKE_UPLOAD_FIELDS(...)                                                \
    YOKE_STRUCTS_(yoke_upload_field, __VA_ARGS__, {NULL, 0})

#define yoke_multipart(...)                                                    \
    yoke_multipart_with(YOKE_OPTIONS_(yoke_multipart_options, __VA_ARGS__))
struct yoke_handler
yoke_multipart_with(const struct yoke_multipart_options *options);

/* The first file of a field, or NULL. (multer: req.file.) */
const struct yoke_upload *yoke_req_upload(const yoke_req *req,
                                          const char *name);

/* The number of files, and the n-th, from 0, or NULL. (multer: req.files.) */
size_t yoke_req_upload_count(const yoke_req *req);
const struct yoke_upload *yoke_req_upload_at(const yoke_req *req, size_t n);

/* Gives a file on disk a name: `path`, on the same file system, where nothing
 * may be yet. It has the mode 0600 (fchmod(2) on its descriptor changes that),
 * and stays. Returns 0; -EEXIST; -EXDEV for another file system; -EINVAL for a
 * file in memory; or another -errno of linkat(2). */
int yoke_upload_keep(const struct yoke_upload *upload, const char *path);

/* Lets the pieces come again after `.on_data` has returned 1. Not from within
 * it, and not when the request is over: see `.on_file_end`. */
void yoke_upload_resume(yoke_req *req);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
