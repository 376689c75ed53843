/* The files of a form: a list that hangs on the request. */
#ifndef YK_MIDDLEWARE_UPLOAD_H
#define YK_MIDDLEWARE_UPLOAD_H

#include <yoke/middleware/multipart.h>

struct yk_upload {
    struct yoke_upload file;
    const char *path; /* Of a file on disk that has a name; or NULL. */
    struct yk_upload *next;
};

/* A file without bytes yet, in the request's memory; its strings are copied. It
 * is closed, and removed, when the request is over. */
struct yk_upload *yk_upload_new(yoke_req *req, const char *name,
                                const char *filename, const char *type);

/* Puts it behind the others, where the handlers find it. */
void yk_upload_list(yoke_req *req, struct yk_upload *upload);

#endif
