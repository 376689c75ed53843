/* Uploads: a form with a progress bar, files on disk, limits.
 *
 *     $ UPLOAD_DIR=/tmp/files build/yoke run build/examples/upload.so &
 *     $ curl -F file=@photo.jpg -F title=Holiday http://127.0.0.1:1337/files
 *     {"title":"Holiday","files":[{"path":"/files/d69ed877eae43efa","filename":
 *     "photo.jpg","type":"image/jpeg","bytes":31415}]}
 *
 * While a file arrives it has no name in the folder, so one that is broken off
 * leaves nothing there, not even when the process dies. When all of it is here
 * it gets a name of ours; what the client calls it is only shown. */
#include "app.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <jansson.h>

#define MIB (1024 * 1024)

/* The browser knows how much it has sent. */
static const char page[] =
    "<!DOCTYPE html>\n"
    "<meta charset=\"utf-8\">\n"
    "<title>Upload</title>\n"
    "<form><input name=\"title\" placeholder=\"Title\">\n"
    "<input type=\"file\" name=\"file\" multiple> "
    "<button>Send</button></form>\n"
    "<progress max=\"1\" value=\"0\"></progress> <pre></pre>\n"
    "<script>\n"
    "const [form] = document.forms, bar = document.querySelector('progress');\n"
    "form.onsubmit = event => {\n"
    "  event.preventDefault();\n"
    "  const request = new XMLHttpRequest();\n"
    "  request.upload.onprogress = e => bar.value = e.loaded / e.total;\n"
    "  request.onload = () =>\n"
    "    document.querySelector('pre').textContent = request.responseText;\n"
    "  request.open('POST', '/files');\n"
    "  request.send(new FormData(form));\n"
    "};\n"
    "</script>\n";

static const char *folder(void)
{
    const char *dir = getenv("UPLOAD_DIR");
    return dir && *dir ? dir : "uploads";
}

static void show_page(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_html(res, page);
}

/* Gives a file its name in the folder. Returns that name, or NULL. */
static const char *keep(yoke_req *req, const struct yoke_upload *file)
{
    unsigned long long id;
    if (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id))
        return NULL;
    const char *name = yoke_req_printf(req, "%016llx", id);
    int err =
        yoke_upload_keep(file, yoke_req_printf(req, "%s/%s", folder(), name));
    if (err < 0)
        yoke_log(YOKE_LOG_ERROR, "cannot keep a file: %s", yoke_strerror(err));
    return err < 0 ? NULL : name;
}

static void add_files(yoke_req *req, yoke_res *res)
{
    const char *title = yoke_req_form(req, "title");
    const struct yoke_upload *file;
    json_t *list = json_array();
    for (size_t i = 0; (file = yoke_req_upload_at(req, i)); i++) {
        const char *name = keep(req, file);
        if (!name) {
            json_decref(list);
            yoke_next_err(req, 500, "a file cannot be kept");
            return;
        }
        json_array_append_new(
            list, json_pack("{s:s, s:s*, s:s, s:I}", "path",
                            yoke_req_printf(req, "/files/%s", name), "filename",
                            file->filename, "type", file->type, "bytes",
                            (json_int_t)file->len));
    }
    yoke_res_status(res, 201);
    yoke_res_json(res, json_pack("{s:s, s:o}", "title", title ? title : "",
                                 "files", list));
}

/* As a download of no known type: what strangers have sent must not be shown as
 * a page of this site. */
static void send_file(yoke_req *req, yoke_res *res)
{
    const char *name = yoke_req_param(req, "name");
    yoke_res_type(res, "application/octet-stream");
    yoke_res_download(res, name, NULL, .root = folder());
}

yoke_app *make_app(void)
{
    if (mkdir(folder(), 0700) < 0 && errno != EEXIST) {
        yoke_log(YOKE_LOG_ERROR, "%s: %s", folder(), strerror(errno));
        return NULL;
    }
    yoke_app *app = yoke_app_new();
    yoke_app_use(app, yoke_csrf());
    yoke_app_get(app, "/", show_page);
    yoke_app_post(app, "/files",
                  yoke_multipart(.dir = folder(), .max_files = 10,
                                 .max_file_len = 64 * MIB,
                                 .max_total_len = 128 * MIB,
                                 .fields = YOKE_UPLOAD_FIELDS({"file", 10})),
                  add_files);
    yoke_app_get(app, "/files/:name<hex>", send_file);
    return app;
}
