#include "middleware/upload.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <yoke/req.h>

#include "middleware/spool.h"

#include "core/banned.h"

struct uploads {
    struct yk_upload *first, *last;
    size_t count;
};

/* Those that are listed, and each of them, so that it is closed. */
static const char list_key;

static void upload_free(void *value)
{
    const struct yk_upload *upload = value;
    if (upload->file.fd >= 0)
        close(upload->file.fd);
    if (upload->path)
        unlink(upload->path);
}

struct yk_upload *yk_upload_new(yoke_req *req, const char *name,
                                const char *filename, const char *type)
{
    struct yk_upload *upload = yoke_req_alloc(req, sizeof(*upload));
    *upload = (struct yk_upload){
        .file =
            {
                .name = yoke_req_strdup(req, name),
                .filename = yoke_req_strdup(req, filename),
                .type = yoke_req_strdup(req, type ? type
                                                  : "application/octet-stream"),
                .fd = -1,
            },
    };
    yoke_req_attach(req, upload, upload, upload_free);
    return upload;
}

void yk_upload_list(yoke_req *req, struct yk_upload *upload)
{
    struct uploads *uploads = yoke_req_attached(req, &list_key);
    if (!uploads) {
        uploads = yoke_req_alloc(req, sizeof(*uploads));
        *uploads = (struct uploads){.count = 0};
        yoke_req_attach(req, &list_key, uploads, NULL);
    }
    if (uploads->last)
        uploads->last->next = upload;
    else
        uploads->first = upload;
    uploads->last = upload;
    uploads->count++;
}

/* ---- For the handlers ---- */

static const struct yk_upload *first_of(const yoke_req *req)
{
    const struct uploads *uploads = yoke_req_attached(req, &list_key);
    return uploads ? uploads->first : NULL;
}

const struct yoke_upload *yoke_req_upload(const yoke_req *req, const char *name)
{
    for (const struct yk_upload *u = first_of(req); u; u = u->next)
        if (strcmp(u->file.name, name) == 0)
            return &u->file;
    return NULL;
}

size_t yoke_req_upload_count(const yoke_req *req)
{
    const struct uploads *uploads = yoke_req_attached(req, &list_key);
    return uploads ? uploads->count : 0;
}

const struct yoke_upload *yoke_req_upload_at(const yoke_req *req, size_t n)
{
    const struct yk_upload *upload = first_of(req);
    while (upload && n-- > 0)
        upload = upload->next;
    return upload ? &upload->file : NULL;
}

int yoke_upload_keep(const struct yoke_upload *file, const char *path)
{
    /* It is the first member. */
    const struct yk_upload *upload = (const struct yk_upload *)file;
    if (file->fd < 0)
        return -EINVAL;
    return yk_spool_link(file->fd, upload->path, path);
}
