/* Forms with files: what is read, where files go, limits, hooks, and that
 * nothing is left behind. */
#include "../unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>
#include <uv.h>
#include <yoke/yoke.h>

/* ---- The application: shows what it has read ---- */

static char folder[64];
static char last_error[64]; /* Its type. */

static void show_error(const struct yoke_err *err, yoke_req *req, yoke_res *res)
{
    (void)req;
    snprintf(last_error, sizeof(last_error), "%s", err->type ? err->type : "");
    yoke_res_status(res, err->status);
    yoke_res_text(res, err->type ? err->type : err->message);
}

/* The first bytes of a file, wherever it is. */
static const char *content(yoke_req *req, const struct yoke_upload *file)
{
    static char bytes[32];
    if (file->ptr)
        return yoke_req_printf(req, "%.20s", file->ptr);
    ssize_t n = read(file->fd, bytes, 20);
    assert_true(n >= 0);
    return yoke_req_printf(req, "%.*s", (int)n, bytes);
}

/* "name=value;" for each field, "name:filename:type:length:bytes;" for each
 * file. */
static void show(yoke_req *req, yoke_res *res)
{
    const char *name, *value, *text = "";
    const struct yoke_upload *file;
    for (size_t i = 0; yoke_req_form_at(req, i, &name, &value); i++)
        text = yoke_req_printf(req, "%s%s=%s;", text, name, value);
    for (size_t i = 0; (file = yoke_req_upload_at(req, i)); i++)
        text = yoke_req_printf(req, "%s%s:%s:%s:%zu:%s;", text, file->name,
                               file->filename, file->type, (size_t)file->len,
                               content(req, file));
    assert_int_equal(
        yoke_req_form_at(req, yoke_req_form_count(req), &name, &value), false);
    assert_null(yoke_req_upload_at(req, yoke_req_upload_count(req)));
    yoke_res_text(res, text);
}

static yoke_app *app_with(const struct yoke_multipart_options *options)
{
    yoke_app *app = yoke_app_new();
    yoke_app_post(app, "/", yoke_multipart_with(options), show);
    yoke_app_catch(app, show_error);
    return app;
}

/* ---- What is read ---- */

#define TYPE       "multipart/form-data; boundary=B"
#define PART(name) "--B\r\nContent-Disposition: form-data; name=\"" name "\""
#define END        "\r\n--B--\r\n"

static const struct {
    const char *name, *type, *sent;
    int status;
    const char *answer;
} bodies[] = {
    {"a field", TYPE, PART("a") "\r\n\r\n1" END, 200, "a=1;"},
    {"several, in their order", TYPE,
     PART("b") "\r\n\r\n1\r\n" PART("a") "\r\n\r\n2\r\n" PART(
         "b") "\r\n\r\n3" END,
     200, "b=1;a=2;b=3;"},
    {"an empty field", TYPE, PART("a") "\r\n\r\n" END, 200, "a=;"},
    {"a file", TYPE,
     PART("f") "; filename=\"x.txt\"\r\nContent-Type: "
               "text/plain\r\n\r\nhello" END,
     200, "f:x.txt:text/plain:5:hello;"},
    {"a file without a type", TYPE, PART("f") "; filename=x\r\n\r\nhello" END,
     200, "f:x:application/octet-stream:5:hello;"},
    {"an empty file", TYPE, PART("f") "; filename=\"x\"\r\n\r\n" END, 200,
     "f:x:application/octet-stream:0:;"},
    {"no file was chosen", TYPE,
     PART("f") "; filename=\"\"\r\nContent-Type: x/y\r\n\r\n" END, 200, ""},
    {"what looks like a boundary and is none", TYPE,
     PART("a") "\r\n\r\n\r\r\n-\r\n--\r\n--b\r\n--\r\n" END, 200,
     "a=\r\r\n-\r\n--\r\n--b\r\n--\r\n;"},
    {"no part at all", TYPE, "--B--\r\n", 200, ""},
    {"text in front and behind", TYPE,
     "hello\r\n--C\r\n" PART("a") "\r\n\r\n1" END "--B\r\nmore", 200, "a=1;"},
    {"spaces behind a boundary", TYPE,
     "--B \t\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--B--", 200,
     "a=1;"},
    {"a boundary in quotes", "multipart/form-data; boundary=\"a b\"",
     "--a b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--a b--", 200,
     "a=1;"},
    {"other fields of a head do not matter", TYPE,
     "--B\r\nX-Y: z\r\ncontent-disposition:form-data;name=a\r\n"
     "Content-Transfer-Encoding: binary\r\n\r\n1" END,
     200, "a=1;"},

    {"names: as browsers write them", TYPE,
     PART("a%22b%0D%0A%41\\\\\\\"c") "\r\n\r\n1" END, 200,
     "a\"b\r\n%41\\\"c=1;"},
    {"names: a path is cut off", TYPE,
     PART("f") "; filename=\"C:\\dir\\x.txt\"\r\n\r\n1\r\n" PART(
         "g") "; filename=\"../../etc/passwd\"\r\n\r\n2" END,
     200,
     "f:x.txt:application/octet-stream:1:1;"
     "g:passwd:application/octet-stream:1:2;"},
    {"names: nothing but a path is no file", TYPE,
     PART("f") "; filename=\"..\"\r\n\r\n1" END, 200, ""},
    {"names: control characters", TYPE,
     PART("f") "; filename=\"a%0Ab\tc\"\r\n\r\n1" END, 200,
     "f:a_b_c:application/octet-stream:1:1;"},
    {"names: what is not UTF-8", TYPE,
     PART(
         "f") "; filename=\"a\xff\xe4.txt\"\r\nContent-Type: \xff\r\n\r\n1" END,
     200, "f:a__.txt:application/octet-stream:1:1;"},
    {"names: filename* counts", TYPE,
     PART("f") "; filename=\"x\"; filename*=UTF-8''na%C3%AFve%2Fy\r\n\r\n1" END,
     200, "f:y:application/octet-stream:1:1;"},
    {"names: filename* in a charset that is not known", TYPE,
     PART("f") "; filename=x; filename*=koi8-r''%C1\r\n\r\n1" END, 200,
     "f:x:application/octet-stream:1:1;"},
    {"names: UTF-8 as it is", TYPE,
     PART("\u00e4") "; filename=\"\u8bba.txt\"\r\n\r\n1" END, 200,
     "\u00e4:\u8bba.txt:application/octet-stream:1:1;"},

    {"wrong: no boundary in the type", "multipart/form-data", "--B--", 400,
     "multipart.boundary.missing"},
    {"wrong: an empty boundary", "multipart/form-data; boundary=\"\"", "----",
     400, "multipart.boundary.missing"},
    {"wrong: an empty body", TYPE, "", 400, "multipart.malformed"},
    {"wrong: the end is missing", TYPE, PART("a") "\r\n\r\n1\r\n--B\r\n", 400,
     "multipart.malformed"},
    {"wrong: in the middle of a part", TYPE, PART("a") "\r\n\r\n1", 400,
     "multipart.malformed"},
    {"wrong: bare line feeds", TYPE,
     "--B\nContent-Disposition: form-data; name=a\n\n1\n--B--", 400,
     "multipart.malformed"},
    {"wrong: something behind a boundary", TYPE, "--Bx\r\n", 400,
     "multipart.malformed"},
    {"wrong: a line without a colon", TYPE, "--B\r\nhello\r\n\r\n1" END, 400,
     "multipart.malformed"},
    {"wrong: another disposition", TYPE,
     "--B\r\nContent-Disposition: attachment; name=a\r\n\r\n1" END, 400,
     "multipart.malformed"},
    {"wrong: a quote that is not closed", TYPE,
     "--B\r\nContent-Disposition: form-data; name=\"a\r\n\r\n1" END, 400,
     "multipart.malformed"},
    {"wrong: no name", TYPE, "--B\r\nContent-Type: a/b\r\n\r\n1" END, 400,
     "multipart.name.missing"},
    {"wrong: a part without a head", TYPE, "--B\r\n\r\n1" END, 400,
     "multipart.name.missing"},
};

static void bodies_are_read_however_they_are_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        for (int on_disk = 0; on_disk < 2; on_disk++) {
            yoke_test *t =
                yoke_test_new(app_with(&(struct yoke_multipart_options){
                    .dir = on_disk ? folder : NULL}));
            yoke_tr *r = yoke_test_post(t, "/");
            yoke_tr_type(r, bodies[i].type);
            yoke_tr_body(r, bodies[i].sent);
            if (bodies[i].status == 200)
                yoke_tr_split_everywhere(r);
            print_message("%s\n", bodies[i].name);
            yoke_expect_text(r, bodies[i].status, bodies[i].answer);
            yoke_test_free(t);
        }
    }
}

static void other_bodies_pass_through(void **state)
{
    (void)state;
    yoke_test *t =
        yoke_test_new(app_with(&(struct yoke_multipart_options){.dir = NULL}));
    yoke_expect_text(yoke_test_post(t, "/"), 200, "");
    yoke_tr *r = yoke_test_post(t, "/");
    yoke_tr_form(r, "a", "1");
    yoke_expect_text(r, 200, "");
    yoke_test_free(t);
}

static void a_coding_is_refused(void **state)
{
    (void)state;
    yoke_test *t =
        yoke_test_new(app_with(&(struct yoke_multipart_options){.dir = NULL}));
    yoke_tr *r = yoke_test_post(t, "/");
    yoke_tr_set(r, "Content-Encoding", "gzip");
    yoke_tr_field(r, "a", "1");
    yoke_expect_text(r, 415, "encoding.unsupported");
    yoke_test_free(t);
}

static void show_json(yoke_req *req, yoke_res *res)
{
    yoke_res_json(res, json_incref(yoke_req_form_json(req)));
}

static void brackets_nest_if_wanted(void **state)
{
    (void)state;
    yoke_app *app = yoke_app_new();
    yoke_app_post(app, "/", yoke_multipart(.extended = true), show_json);
    yoke_test *t = yoke_test_new(app);
    yoke_tr *r = yoke_test_post(t, "/");
    yoke_tr_field(r, "user[name]", "ada");
    yoke_tr_field(r, "user[tags][]", "x");
    yoke_tr_field(r, "user[tags][]", "y");
    yoke_expect_text(r, 200,
                     "{\"user\":{\"name\":\"ada\",\"tags\":[\"x\",\"y\"]}}");
    yoke_test_free(t);
}

static void show_number(yoke_req *req, yoke_res *res)
{
    int64_t number;
    if (yoke_req_int(req, YOKE_FORM, "n", 1, 9, &number))
        yoke_res_text(res, number == 7 ? "seven" : "another");
}

static void typed_getters_read_fields(void **state)
{
    (void)state;
    yoke_app *app = yoke_app_new();
    yoke_app_post(app, "/", yoke_multipart(), show_number);
    yoke_test *t = yoke_test_new(app);
    yoke_tr *r = yoke_test_post(t, "/");
    yoke_tr_field(r, "n", "7");
    yoke_expect_text(r, 200, "seven");
    r = yoke_test_post(t, "/");
    yoke_tr_field(r, "n", "70");
    yoke_expect_text(r, 400,
                     "form field \"n\" must be a whole number from 1 to 9");
    yoke_test_free(t);
}

static void a_nul_in_a_field_is_refused(void **state)
{
    static const char sent[] = PART("a") "\r\n\r\n1\0002" END;
    (void)state;
    yoke_test *t =
        yoke_test_new(app_with(&(struct yoke_multipart_options){.dir = NULL}));
    yoke_tr *r = yoke_test_post(t, "/");
    yoke_tr_type(r, TYPE);
    yoke_tr_body_bytes(r, sent, sizeof(sent) - 1);
    yoke_expect_text(r, 400, "multipart.malformed");
    yoke_test_free(t);
}

/* ---- Limits ---- */

static const struct {
    const char *name;
    struct yoke_multipart_options options;
    int status;
    const char *answer;
} limits[] = {
    {"all of them kept",
     {.max_parts = 4, .max_files = 2, .max_fields = 2},
     200,
     NULL},
    {"the whole body", {.max_total_len = 100}, 413, "multipart.too.large"},
    {"a file", {.max_file_len = 9}, 413, "multipart.file.too.large"},
    {"a file as long as allowed", {.max_file_len = 10}, 200, NULL},
    {"a field", {.max_field_len = 4}, 413, "multipart.field.too.large"},
    {"a field as long as allowed", {.max_field_len = 5}, 200, NULL},
    {"parts", {.max_parts = 3}, 413, "multipart.parts.too.many"},
    {"files", {.max_files = 1}, 413, "multipart.files.too.many"},
    {"fields", {.max_fields = 1}, 413, "multipart.fields.too.many"},
    {"names", {.max_name_len = 4}, 400, "multipart.name.too.long"},
    {"heads", {.max_head_len = 40}, 400, "multipart.head.too.large"},
    {"no files", {.no_files = true}, 400, "multipart.file.unexpected"},
    {"only files that are expected",
     {.fields = (const struct yoke_upload_field[]){{"other", 0}, {NULL, 0}}},
     400,
     "multipart.file.unexpected"},
    {"so many of a field",
     {.fields = (const struct yoke_upload_field[]){{"file", 1}, {NULL, 0}}},
     413,
     "multipart.files.too.many"},
    {"any number of a field",
     {.fields = (const struct yoke_upload_field[]){{"file", 0}, {NULL, 0}}},
     200,
     NULL},
};

/* Two fields and two files. */
static yoke_tr *ask(yoke_test *t)
{
    yoke_tr *r = yoke_test_post(t, "/");
    yoke_tr_field(r, "a", "12345");
    yoke_tr_file(r, "file", "x.txt", NULL, "0123456789", 10);
    yoke_tr_field(r, "b", "12345");
    yoke_tr_file(r, "file", "y.txt", NULL, "0123456789", 10);
    return r;
}

static size_t files_in_folder(void)
{
    DIR *dir = opendir(folder);
    size_t n = 0;
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir));)
        n += entry->d_name[0] != '.' || entry->d_name[1] == 'u';
    closedir(dir);
    return n;
}

static size_t open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    size_t n = 0;
    assert_non_null(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

static void limits_are_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        for (int how = 0; how < 4; how++) {
            struct yoke_multipart_options options = limits[i].options;
            options.dir = how & 1 ? folder : NULL;
            yoke_test *t = yoke_test_new(app_with(&options));
            yoke_tr *r = ask(t);
            if (how & 2)
                yoke_tr_chunked(r, 7);
            print_message("%s\n", limits[i].name);
            yoke_expect_status(r, limits[i].status);
            if (limits[i].answer)
                yoke_expect_body(r, limits[i].answer);
            yoke_test_free(t);
        }
    }
    assert_int_equal(files_in_folder(), 0);
}

/* ---- Files on disk ---- */

static char *large_text(size_t len)
{
    char *text = malloc(len);
    assert_non_null(text);
    for (size_t i = 0; i < len; i++)
        text[i] = (char)('a' + i % 23);
    return text;
}

static void compare_file(yoke_req *req, yoke_res *res)
{
    const struct yoke_upload *file = yoke_req_upload(req, "file");
    char *wanted = large_text(file->len), *got = malloc(file->len);
    struct stat stat;
    assert_int_equal(read(file->fd, got, file->len), (ssize_t)file->len);
    assert_memory_equal(got, wanted, file->len);
    assert_int_equal(fstat(file->fd, &stat), 0);
    assert_int_equal(stat.st_mode & 0777, 0600);
    assert_int_equal(stat.st_size, file->len);
    free(wanted);
    free(got);
    yoke_res_text(res, yoke_req_form(req, "after"));
}

static void a_large_file_is_written_piece_by_piece(void **state)
{
    (void)state;
    size_t len = 3000000;
    char *text = large_text(len);
    yoke_app *app = yoke_app_new();
    yoke_app_post(app, "/", yoke_multipart(.dir = folder), compare_file);
    yoke_test *t = yoke_test_new(app);
    size_t before = open_descriptors();
    for (int split = 0; split < 2; split++) {
        yoke_tr *r = yoke_test_post(t, "/");
        yoke_tr_file(r, "file", "x", NULL, text, len);
        yoke_tr_field(r, "after", "all");
        if (split)
            yoke_tr_split(r, 10007);
        yoke_expect_text(r, 200, "all");
    }
    assert_int_equal(open_descriptors(), before);
    assert_int_equal(files_in_folder(), 0);
    yoke_test_free(t);
    free(text);
}

static void keep(yoke_req *req, yoke_res *res)
{
    const char *path = yoke_req_printf(req, "%s/kept", folder);
    const struct yoke_upload *file = yoke_req_upload(req, "file");
    assert_null(yoke_req_upload(req, "other"));
    assert_int_equal(yoke_upload_keep(file, path), 0);
    assert_int_equal(yoke_upload_keep(file, path), -EEXIST);
    yoke_res_text(res, "kept");
}

static void a_file_that_is_kept_stays(void **state)
{
    (void)state;
    char path[80], bytes[8] = {0};
    snprintf(path, sizeof(path), "%s/kept", folder);
    yoke_app *app = yoke_app_new();
    yoke_app_post(app, "/", yoke_multipart(.dir = folder), keep);
    yoke_test *t = yoke_test_new(app);
    yoke_tr *r = yoke_test_post(t, "/");
    yoke_tr_file(r, "file", "x", NULL, "hello", 5);
    yoke_expect_text(r, 200, "kept");
    yoke_test_free(t);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(read(fd, bytes, sizeof(bytes)), 5);
    assert_string_equal(bytes, "hello");
    close(fd);
    assert_int_equal(unlink(path), 0);
}

static void keep_memory(yoke_req *req, yoke_res *res)
{
    const struct yoke_upload *file = yoke_req_upload(req, "file");
    assert_int_equal(yoke_upload_keep(file, "/tmp/x"), -EINVAL);
    yoke_res_text(res, "not kept");
}

static void a_file_in_memory_cannot_be_kept(void **state)
{
    (void)state;
    yoke_app *app = yoke_app_new();
    yoke_app_post(app, "/", yoke_multipart(), keep_memory);
    yoke_test *t = yoke_test_new(app);
    yoke_expect_text(ask(t), 200, "not kept");
    yoke_test_free(t);
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    yoke_test *t = yoke_test_new(app_with(
        &(struct yoke_multipart_options){.dir = "/nonexistent/folder"}));
    yoke_expect_text(ask(t), 500, "multipart.storage.failed");
    yoke_test_free(t);
}

static void a_full_disk_is_told_as_such(void **state)
{
    (void)state;
    struct rlimit none = {5, RLIM_INFINITY}, before;
    yoke_test *t = yoke_test_new(
        app_with(&(struct yoke_multipart_options){.dir = folder}));
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    yoke_tr *r = ask(t);
    int status = yoke_tr_status(r);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, 507);
    yoke_expect_body(r, "file.disk.full");
    yoke_test_free(t);
}

static void an_upload_that_is_broken_off_leaves_nothing(void **state)
{
    (void)state;
    size_t before = open_descriptors(), len = 200000;
    char *text = large_text(len);
    for (size_t after = 300; after < len; after += 40000) {
        for (int reset = 0; reset < 2; reset++) {
            yoke_test *t = yoke_test_new(
                app_with(&(struct yoke_multipart_options){.dir = folder}));
            yoke_tr *r = yoke_test_post(t, "/");
            yoke_tr_file(r, "file", "x", NULL, text, len);
            last_error[0] = '\0';
            if (reset)
                yoke_tr_reset_after(r, after);
            else
                yoke_tr_abort_after(r, after);
            yoke_tr_send(r);
            yoke_tr_status(r);
            yoke_test_free(t);
            assert_string_equal(last_error, "request.aborted");
        }
    }
    free(text);
    assert_int_equal(files_in_folder(), 0);
    assert_int_equal(open_descriptors(), before);
}

/* ---- Hooks ---- */

static char trace[4096];

static void add(const char *text, size_t len)
{
    size_t used = strlen(trace);
    snprintf(trace + used, sizeof(trace) - used, "%.*s", (int)len, text);
}

static enum yoke_upload_action choose(yoke_req *req, struct yoke_upload *upload,
                                      void *data)
{
    (void)data;
    assert_non_null(yoke_req_form(req, "a"));
    if (strcmp(upload->filename, "refused") == 0)
        return YOKE_UPLOAD_REFUSE;
    if (strcmp(upload->filename, "skipped") == 0)
        return YOKE_UPLOAD_SKIP;
    if (strcmp(upload->filename, "stored") == 0)
        return YOKE_UPLOAD_STORE;
    upload->data = trace;
    return YOKE_UPLOAD_STREAM;
}

static int take(yoke_req *req, struct yoke_upload *upload, const char *ptr,
                size_t len, void *data)
{
    (void)req, (void)data;
    assert_ptr_equal(upload->data, trace);
    add(ptr, len);
    return 0;
}

static void file_ends(yoke_req *req, struct yoke_upload *upload, void *data)
{
    (void)req, (void)data;
    add("<", 1);
    add(upload->filename, strlen(upload->filename));
    add(">", 1);
}

static yoke_tr *ask_for(yoke_test *t, const char *filename)
{
    yoke_tr *r = yoke_test_post(t, "/");
    trace[0] = '\0';
    yoke_tr_field(r, "a", "1");
    yoke_tr_file(r, "file", filename, NULL, "0123456789", 10);
    yoke_tr_field(r, "b", "2");
    yoke_tr_split(r, 3);
    return r;
}

static void hooks_decide_where_a_file_goes(void **state)
{
    (void)state;
    yoke_test *t = yoke_test_new(app_with(&(struct yoke_multipart_options){
        .on_file = choose, .on_data = take, .on_file_end = file_ends}));
    yoke_expect_text(ask_for(t, "streamed"), 200, "a=1;b=2;");
    assert_string_equal(trace, "0123456789<streamed>");
    yoke_expect_text(ask_for(t, "skipped"), 200, "a=1;b=2;");
    assert_string_equal(trace, "");
    yoke_expect_text(
        ask_for(t, "stored"), 200,
        "a=1;b=2;file:stored:application/octet-stream:10:0123456789;");
    assert_string_equal(trace, "<stored>");
    yoke_expect_text(ask_for(t, "refused"), 400, "multipart.file.unexpected");
    yoke_test_free(t);
}

static int take_none(yoke_req *req, struct yoke_upload *upload, const char *ptr,
                     size_t len, void *data)
{
    (void)req, (void)upload, (void)ptr, (void)len, (void)data;
    return -EIO;
}

static void a_hook_can_fail(void **state)
{
    (void)state;
    yoke_test *t = yoke_test_new(app_with(&(struct yoke_multipart_options){
        .on_file = choose, .on_data = take_none}));
    yoke_expect_text(ask_for(t, "streamed"), 500, "multipart.consumer.failed");
    yoke_test_free(t);
}

/* A consumer that wants a piece only when the last one has been used. */
static uv_timer_t pace;
static size_t pauses;

static void next_piece(uv_timer_t *timer)
{
    yoke_upload_resume(timer->data);
}

static int take_slowly(yoke_req *req, struct yoke_upload *upload,
                       const char *ptr, size_t len, void *data)
{
    (void)upload, (void)data;
    assert_false(uv_is_active((uv_handle_t *)&pace));
    add(ptr, len);
    pauses++;
    pace.data = req;
    uv_timer_start(&pace, next_piece, 1, 0);
    return 1;
}

static void a_hook_can_slow_the_client_down(void **state)
{
    (void)state;
    uv_timer_init(yoke_loop(), &pace);
    yoke_test *t = yoke_test_new(app_with(&(struct yoke_multipart_options){
        .on_file = choose, .on_data = take_slowly}));
    pauses = 0;
    yoke_expect_text(ask_for(t, "slow"), 200, "a=1;b=2;");
    assert_string_equal(trace, "0123456789");
    assert_true(pauses > 1);
    uv_close((uv_handle_t *)&pace, NULL);
    yoke_test_free(t);
}

/* ---- All ---- */

static int make_folder(void **state)
{
    (void)state;
    yoke_log_set_level(YOKE_LOG_OFF);
    snprintf(folder, sizeof(folder), "/tmp/yoke-test-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_are_read_however_they_are_cut),
        cmocka_unit_test(other_bodies_pass_through),
        cmocka_unit_test(a_coding_is_refused),
        cmocka_unit_test(brackets_nest_if_wanted),
        cmocka_unit_test(typed_getters_read_fields),
        cmocka_unit_test(a_nul_in_a_field_is_refused),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(a_large_file_is_written_piece_by_piece),
        cmocka_unit_test(a_file_that_is_kept_stays),
        cmocka_unit_test(a_file_in_memory_cannot_be_kept),
        cmocka_unit_test(a_folder_that_is_not_there_is_an_error),
        cmocka_unit_test(a_full_disk_is_told_as_such),
        cmocka_unit_test(an_upload_that_is_broken_off_leaves_nothing),
        cmocka_unit_test(hooks_decide_where_a_file_goes),
        cmocka_unit_test(a_hook_can_fail),
        cmocka_unit_test(a_hook_can_slow_the_client_down),
    };
    return cmocka_run_group_tests_name("multipart", tests, make_folder,
                                       remove_folder);
}
