/* Express: test/res.sendFile.js and test/res.download.js. Arguments of other
 * types, async local storage (two each), and the units and texts of maxAge are
 * JavaScript's; `start` and `end` are left out, for Range does it. */
#include "fixtures.h"

#include <uv.h>

#include <yoke/loop.h>

static int told; /* What `done` was told; 1: nothing yet. */

static void send_file(yoke_req *req, yoke_res *res)
{
    yoke_res_send_file(res, public_path(req, yoke_data(req)));
}

static void relative(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_send_file(res, "name.txt");
}

static void missing_path(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_send_file(res, NULL);
}

static void from_root(yoke_req *req, yoke_res *res)
{
    yoke_res_send_file(res, yoke_data(req), .root = public_root(req));
}

/* A file, and how it is to be sent. */
struct sent {
    const char *name;
    struct yoke_file options;
};

static void send_with(yoke_req *req, yoke_res *res)
{
    const struct sent *sent = yoke_data(req);
    yoke_res_send_file_with(res, public_path(req, sent->name), &sent->options);
}

#define WITH(name, ...)                                                        \
    send_with, .data = &(const struct sent)                                    \
    {                                                                          \
        name,                                                                  \
        {                                                                      \
            __VA_ARGS__                                                        \
        }                                                                      \
    }

static void typed(yoke_req *req, yoke_res *res)
{
    yoke_res_type(res, "application/x-bogus");
    send_file(req, res);
}

static void set_fields(yoke_res *res, const char *path, const struct stat *stat,
                       void *data)
{
    assert_non_null(strstr(path, "/public/"));
    assert_int_equal(stat->st_size, 20);
    yoke_res_set(res, "X-Foo", "Bar");
    yoke_res_set(res, "Content-Type", data);
}

static void with_fields(yoke_req *req, yoke_res *res)
{
    yoke_res_send_file(res, public_path(req, yoke_data(req)),
                       .headers = set_fields,
                       .data = (void *)(uintptr_t) "text/x-custom");
}

static void note(yoke_req *req, yoke_res *res, int err, void *data)
{
    (void)req;
    (void)data;
    assert_int_equal(told, 1);
    told = err;
    if (err < 0 && !yoke_res_is_sent(res))
        yoke_res_text(res, "failed");
}

static void kept_by_nobody(yoke_req *req, yoke_res *res)
{
    yoke_res_set(res, "Cache-Control", "no-store");
    send_file(req, res);
}

static void kept_for_ever(yoke_req *req, yoke_res *res)
{
    yoke_res_set(res, "Cache-Control", "max-age=86400, immutable");
    send_file(req, res);
}

static void on_timer(uv_timer_t *timer)
{
    yoke_res_text(timer->data, "later");
    uv_close((uv_handle_t *)timer, NULL);
}

static void set_timer(yoke_req *req, yoke_res *res, int err, void *data)
{
    static uv_timer_t timer;
    (void)req;
    (void)data;
    assert_int_equal(err, -ENOENT);
    uv_timer_init(yoke_loop(), &timer);
    timer.data = res;
    uv_timer_start(&timer, on_timer, 1, 0);
}

static void answer_later(yoke_req *req, yoke_res *res)
{
    yoke_res_send_file(res, public_path(req, yoke_data(req)),
                       .done = set_timer);
}

static void noted(yoke_req *req, yoke_res *res)
{
    told = 1;
    yoke_res_send_file(res, public_path(req, yoke_data(req)), .done = note);
}

static void download(yoke_req *req, yoke_res *res)
{
    yoke_res_download(res, public_path(req, yoke_data(req)), NULL);
}

static void download_as(yoke_req *req, yoke_res *res)
{
    yoke_res_download(res, public_path(req, yoke_data(req)), "document");
}

static void download_with_options(yoke_req *req, yoke_res *res)
{
    yoke_res_download(res, yoke_data(req), NULL, .root = public_root(req),
                      .dotfiles = YOKE_DOTFILES_ALLOW, .max_age_s = 14400);
}

static void download_with_fields(yoke_req *req, yoke_res *res)
{
    yoke_res_download(res, public_path(req, yoke_data(req)), NULL,
                      .headers = set_fields,
                      .data = (void *)(uintptr_t) "text/x-custom");
}

static void show_inline(yoke_res *res, const char *path,
                        const struct stat *stat, void *data)
{
    (void)path;
    (void)stat;
    (void)data;
    yoke_res_set(res, "content-disposition", "inline");
}

static void download_inline(yoke_req *req, yoke_res *res)
{
    yoke_res_download(res, public_path(req, yoke_data(req)), NULL,
                      .headers = show_inline);
}

static void download_noted(yoke_req *req, yoke_res *res)
{
    told = 1;
    yoke_res_download(res, public_path(req, yoke_data(req)), "document",
                      .done = note);
}

#define IS(type)                                                               \
    {                                                                          \
        "Content-Type", type                                                   \
    }
#define TEXT IS("text/plain; charset=utf-8")
/* Nothing is left of what the file has set. */
#define FORGOTTEN                                                              \
    CACHED(NULL), {"ETag", NULL}, {"Last-Modified", NULL},                     \
    {                                                                          \
        "Accept-Ranges", NULL                                                  \
    }
#define CACHED(text)                                                           \
    {                                                                          \
        "Cache-Control", text                                                  \
    }
#define RANGE(text)                                                            \
    {                                                                          \
        {                                                                      \
            "Range", text                                                      \
        }                                                                      \
    }
#define SAVED(name)                                                            \
    {                                                                          \
        "Content-Disposition", "attachment; filename=" name                    \
    }
#define FUTURE "Tue, 01 Jan 2999 00:00:00 GMT"

static const struct express_case cases[] = {
    {"no path", missing_path, .status = 500},
    {"a relative path without a root", relative, .status = 500},
    {"a file", send_file, .data = "name.txt", .body = "tobi",
     .answered = {TEXT,
                  {"Content-Length", "4"},
                  CACHED("public, max-age=0"),
                  {"Accept-Ranges", "bytes"}}},
    {"a file with an odd name", send_file, .data = "% of dogs.txt",
     .body = "20%"},
    {"a file without an extension", send_file, .data = "plain",
     .body = "no extension", .answered = {IS("application/octet-stream")}},
    {"an empty file", send_file, .data = "empty.txt", .body = "",
     .answered = {{"Content-Length", "0"}}},
    {"HEAD", send_file, .data = "name.txt", .method = "HEAD", .body = "",
     .answered = {TEXT, {"Content-Length", "4"}}},
    {"no ETag", WITH("name.txt", .no_etag = true), .body = "tobi",
     .answered = {{"ETag", NULL}}},
    {"a folder", send_file, .data = "blog", .status = 404},
    {"a folder with a slash", send_file, .data = "blog/", .status = 404},
    {"a file with a slash", send_file, .data = "name.txt/", .status = 404},
    {"no such file", send_file, .data = "does-not-exist", .status = 404,
     .body = "Not Found", .answered = {{"Cache-Control", NULL}}},
    {"no dotfiles by default", send_file, .data = ".name", .status = 404},
    {"the handler's type stays", typed, .data = "name.txt", .body = "tobi",
     .answered = {IS("application/x-bogus")}},

    {"done: when all is sent", noted, .data = "name.txt", .body = "tobi"},
    {"done: of HEAD", noted, .data = "name.txt", .method = "HEAD"},
    {"done: can answer an error", noted, .data = "does-not-exist",
     .body = "failed"},
    {"done: can answer an error later", answer_later, .data = "does-not-exist",
     .body = "later"},

    {"range: one", send_file, .data = "nums.txt", .fields = RANGE("bytes=0-4"),
     .status = 206, .body = "12345",
     .answered = {{"Content-Range", "bytes 0-4/9"}, {"Content-Length", "5"}}},
    {"range: the last bytes", send_file, .data = "nums.txt",
     .fields = RANGE("bytes=-3"), .status = 206, .body = "789",
     .answered = {{"Content-Range", "bytes 6-8/9"}}},
    {"range: from a byte on", send_file, .data = "nums.txt",
     .fields = RANGE("bytes=5-"), .status = 206, .body = "6789"},
    {"range: two that touch are one", send_file, .data = "nums.txt",
     .fields = RANGE("bytes=0-1,2-3"), .status = 206, .body = "1234",
     .answered = {{"Content-Range", "bytes 0-3/9"}}},
    {"range: two others are the whole", send_file, .data = "nums.txt",
     .fields = RANGE("bytes=0-1,5-6"), .body = "123456789",
     .answered = {{"Content-Range", NULL}}},
    {"range: outside", send_file, .data = "nums.txt",
     .fields = RANGE("bytes=9-"), .status = 416,
     .answered = {{"Content-Range", "bytes */9"}, FORGOTTEN}},
    {"range: an end before its start", send_file, .data = "nums.txt",
     .fields = RANGE("bytes=5-2"), .body = "123456789",
     .answered = {{"Content-Range", NULL}}},
    {"range: malformed", send_file, .data = "nums.txt",
     .fields = RANGE("bytes=x"), .body = "123456789"},
    {"range: of another unit", send_file, .data = "nums.txt",
     .fields = RANGE("lines=0-1"), .body = "123456789"},
    {"range: outside, of another unit", send_file, .data = "nums.txt",
     .fields = RANGE("lines=20-30"), .body = "123456789",
     .answered = {{"Content-Range", NULL}}},
    {"range: the unit in capitals", send_file, .data = "nums.txt",
     .fields = RANGE("Bytes=0-1"), .status = 206, .body = "12"},
    {"range: not of HEAD", send_file, .data = "nums.txt", .method = "HEAD",
     .fields = RANGE("bytes=0-4"), .answered = {{"Content-Length", "9"}}},
    {"range: of another version", send_file, .data = "nums.txt",
     .fields = {{"Range", "bytes=0-4"}, {"If-Range", "\"other\""}},
     .body = "123456789"},
    {"range: of an older version", send_file, .data = "nums.txt",
     .fields = {{"Range", "bytes=0-4"},
                {"If-Range", "Sun, 06 Nov 1994 08:49:37 GMT"}},
     .body = "123456789"},
    {"range: not wanted", WITH("nums.txt", .no_ranges = true),
     .fields = RANGE("bytes=0-4"), .body = "123456789",
     .answered = {{"Accept-Ranges", NULL}}},

    {"cache: left out", WITH("user.html", .no_cache_control = true),
     .answered = {CACHED(NULL)}},
    {"cache: immutable", WITH("user.html", .is_immutable = true),
     .answered = {CACHED("public, max-age=0, immutable")}},
    {"cache: an age", WITH("user.html", .max_age_s = 20),
     .answered = {CACHED("public, max-age=20")}},
    {"cache: a year at most", WITH("user.html", .max_age_s = INT64_MAX),
     .answered = {CACHED("public, max-age=31536000")}},
    {"cache: nothing below 0", WITH("user.html", .max_age_s = -5),
     .answered = {CACHED("public, max-age=0")}},

    {"dotfiles: allowed", WITH(".name", .dotfiles = YOKE_DOTFILES_ALLOW),
     .body = "tobi"},
    {"dotfiles: denied", WITH(".name", .dotfiles = YOKE_DOTFILES_DENY),
     .status = 403, .body = "Forbidden"},
    {"dotfiles: a folder on the way of an absolute path", send_file,
     .data = ".hidden/file.txt", .status = 404},
    {"dotfiles: such a folder allowed",
     WITH(".hidden/file.txt", .dotfiles = YOKE_DOTFILES_ALLOW),
     .body = "hidden"},
    {"dotfiles: a folder below the root", from_root, .data = ".hidden/file.txt",
     .status = 404},

    {"headers: are set, and win", with_fields, .data = "user.html",
     .answered = {{"X-Foo", "Bar"}, IS("text/x-custom")}},
    {"headers: not of what is not there", with_fields, .data = "nothing",
     .status = 404, .answered = {{"X-Foo", NULL}}},

    {"conditions: not modified since", send_file, .data = "user.html",
     .fields = {{"If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"}},
     .status = 412},
    {"conditions: a date in the future is none", send_file, .data = "name.txt",
     .fields = {{"If-Modified-Since", FUTURE}}, .body = "tobi"},
    {"conditions: a date that is none", send_file, .data = "name.txt",
     .fields = {{"If-Modified-Since", "yesterday"}}, .body = "tobi"},
    {"conditions: another tag", send_file, .data = "name.txt",
     .fields = {{"If-Match", "\"other\""}}, .status = 412,
     .answered = {FORGOTTEN}},
    {"conditions: what the handler says of caching stays", kept_by_nobody,
     .data = "name.txt", .fields = {{"If-Match", "\"other\""}}, .status = 412,
     .answered = {CACHED("no-store"), {"ETag", NULL}}},
    {"conditions: unless it is about what is not sent", kept_for_ever,
     .data = "nothing", .status = 404, .answered = {CACHED(NULL)}},
    {"conditions: a tag that must not be there", send_file, .data = "name.txt",
     .method = "POST", .fields = {{"If-None-Match", "*"}}, .status = 412},
    {"conditions: any tag", send_file, .data = "name.txt",
     .fields = {{"If-Match", "*"}}, .body = "tobi"},
    {"conditions: not when any is there", send_file, .data = "name.txt",
     .fields = {{"If-None-Match", "*"}}, .status = 304, .body = "",
     .answered = {{"Content-Type", NULL},
                  {"Content-Length", NULL},
                  CACHED("public, max-age=0")}},
    {"conditions: no Last-Modified to compare",
     WITH("name.txt", .no_last_modified = true, .no_etag = true),
     .fields = {{"If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"}},
     .body = "tobi", .answered = {{"Last-Modified", NULL}}},

    {"no root: a way up", send_file, .data = "blog/../name.txt", .status = 403},
    {"root: a path below it", from_root, .data = "name.txt", .body = "tobi"},
    {"root: a slash in front", from_root, .data = "/name.txt", .body = "tobi"},
    {"root: a way up", from_root, .data = "../secret.txt", .status = 403},
    {"root: a way up from below", from_root, .data = "blog/../../secret.txt",
     .status = 403},
    {"root: a way up that stays below, too", from_root,
     .data = "blog/../name.txt", .status = 403},
    {"root: a backslash is no slash", from_root, .data = "..\\secret.txt",
     .status = 404},
    {"root: the root itself", from_root, .data = "/", .status = 404},

    {"download: the file's name", download, .data = "user.html",
     .body = "<p>{{user.name}}</p>",
     .answered = {IS("text/html; charset=utf-8"),
                  SAVED("user.html"),
                  {"Accept-Ranges", "bytes"}}},
    {"download: a range", download, .data = "user.html",
     .fields = RANGE("bytes=0-2"), .status = 206, .body = "<p>",
     .answered = {{"Content-Range", "bytes 0-2/20"}}},
    {"download: another name", download_as, .data = "user.html",
     .answered = {IS("text/html; charset=utf-8"), SAVED("document")}},
    {"download: with options", download_with_options, .data = ".name",
     .body = "tobi",
     .answered = {SAVED(".name"), CACHED("public, max-age=14400")}},
    {"download: a way up", download_with_options, .data = "../secret.txt",
     .status = 403, .answered = {{"Content-Disposition", NULL}}},
    {"download: fields of its own", download_with_fields, .data = "user.html",
     .answered = {{"X-Foo", "Bar"}, IS("text/x-custom"), SAVED("user.html")}},
    {"download: not of what is not there", download_with_fields,
     .data = "nothing", .status = 404,
     .answered = {{"X-Foo", NULL}, {"Content-Disposition", NULL}}},
    {"download: what they say of it, wins", download_inline,
     .data = "user.html", .answered = {{"Content-Disposition", "inline"}}},
    {"download: done", download_noted, .data = "user.html",
     .answered = {SAVED("document")}},
    {"download: done with an error", download_noted, .data = "nothing.html",
     .body = "failed", .answered = {{"Content-Disposition", NULL}}},
};

/* ---- What takes two requests, or ends before its end ---- */

static yoke_test *client(yoke_fn *fn, const char *name)
{
    yoke_app *app = yoke_app_new();
    yoke_app_use(app, yoke_with(fn, (void *)(uintptr_t)name, NULL));
    return yoke_test_new(app);
}

static void a_copy_with_the_files_tag_is_good(void **state)
{
    yoke_test *t = client(noted, "name.txt");
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    yoke_expect_header_has(r, "ETag", "W/\"4-");
    const char *tag = yoke_tr_header(r, "ETag");
    const char *date = yoke_tr_header(r, "Last-Modified");
    assert_non_null(date);
    assert_int_equal(told, 0);

    yoke_tr *again = yoke_test_get(t, "/");
    yoke_tr_set(again, "If-None-Match", tag);
    yoke_expect_text(again, 304, "");
    assert_int_equal(told, 0);

    yoke_tr *dated = yoke_test_get(t, "/");
    yoke_tr_set(dated, "If-Modified-Since", date);
    yoke_expect_text(dated, 304, "");

    yoke_tr *part = yoke_test_get(t, "/");
    yoke_tr_set(part, "Range", "bytes=0-1");
    yoke_tr_set(part, "If-Range", date);
    yoke_expect_text(part, 206, "to");

    /* A weak tag does not promise the same bytes. */
    yoke_tr *weak = yoke_test_get(t, "/");
    yoke_tr_set(weak, "Range", "bytes=0-1");
    yoke_tr_set(weak, "If-Range", tag);
    yoke_expect_text(weak, 200, "tobi");
    yoke_test_free(t);
}

static void links_lead_nowhere_outside(void **state)
{
    yoke_test *t = client(from_root, "link");
    (void)state;
    assert_int_equal(symlink("../secret.txt", fixture_path("public/link")), 0);
    yoke_expect_status(yoke_test_get(t, "/"), 403);
    unlink(fixture_path("public/link"));
    assert_int_equal(symlink("name.txt", fixture_path("public/link")), 0);
    yoke_expect_text(yoke_test_get(t, "/"), 200, "tobi");
    unlink(fixture_path("public/link"));
    yoke_test_free(t);
}

static void a_pipe_is_no_file(void **state)
{
    yoke_test *t = client(from_root, "pipe");
    (void)state;
    assert_int_equal(mkfifo(fixture_path("public/pipe"), 0600), 0);
    yoke_expect_status(yoke_test_get(t, "/"), 404);
    unlink(fixture_path("public/pipe"));
    yoke_test_free(t);
}

static void make_large(size_t len)
{
    int fd = open(fixture_path("public/large"), O_WRONLY | O_CREAT | O_CLOEXEC,
                  0600);
    assert_true(fd >= 0);
    for (size_t i = 0; i < len; i += 1000) {
        char bytes[1000];
        memset(bytes, 'a' + (int)(i / 1000 % 26), sizeof(bytes));
        assert_int_equal(write(fd, bytes, sizeof(bytes)), 1000);
    }
    close(fd);
}

static void a_large_file_arrives_whole_at_a_slow_client(void **state)
{
    yoke_test *t = client(noted, "large");
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    make_large(1000000);
    yoke_tr_read_slowly(r, 7777);
    yoke_expect_status(r, 200);
    assert_int_equal(yoke_tr_len(r), 1000000);
    const char *text = yoke_tr_text(r);
    for (size_t i = 0; i < 1000000; i++)
        assert_int_equal(text[i], 'a' + (int)(i / 1000 % 26));
    assert_int_equal(told, 0);
    unlink(fixture_path("public/large"));
    yoke_test_free(t);
}

static void a_client_that_goes_is_told_of(void **state)
{
    yoke_test *t = client(noted, "large");
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    make_large(1000000);
    yoke_tr_read_slowly(r, 0);
    yoke_tr_send(r);
    assert_int_equal(told, 1);
    yoke_tr_reset(r);
    yoke_test_clock(t, 120000);
    assert_int_equal(told, -YOKE_ECLOSED);
    unlink(fixture_path("public/large"));
    yoke_test_free(t);
}

/* docs/http-rules.md rule 35 */
static void a_file_that_shrinks_cuts_the_connection(void **state)
{
    yoke_test *t = client(noted, "large");
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    make_large(1000000);
    yoke_tr_read_slowly(r, 0);
    yoke_tr_send(r);
    assert_int_equal(truncate(fixture_path("public/large"), 100000), 0);
    yoke_tr_read_slowly(r, SIZE_MAX);
    yoke_expect_error(r, "");
    yoke_expect_closed(r, true);
    assert_int_equal(told, -EIO);
    unlink(fixture_path("public/large"));
    yoke_test_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_with_the_files_tag_is_good),
        cmocka_unit_test(links_lead_nowhere_outside),
        cmocka_unit_test(a_pipe_is_no_file),
        cmocka_unit_test(a_large_file_arrives_whole_at_a_slow_client),
        cmocka_unit_test(a_client_that_goes_is_told_of),
        cmocka_unit_test(a_file_that_shrinks_cuts_the_connection),
    };
    fixtures_make(NULL);
    int failed = express_run("res.sendFile", cases, COUNT_OF(cases));
    failed += cmocka_run_group_tests(tests, NULL, NULL);
    fixtures_remove(NULL);
    return failed;
}
