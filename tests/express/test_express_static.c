/* Express: test/express.static.js. Left out: arguments of wrong types (3), a way
 * up that stays within the root, which is refused here (1), a root that is a
 * file (2), and the link in a redirect's page, which has none (1). Rows below
 * the second comment are yoke's own: compressed files, lists of folders. */
#include "fixtures.h"

/* An application with one folder below a path. */
#define SITE_AT(name, path, ...)                                               \
    static void name(yoke_app *app)                                            \
    {                                                                          \
        yoke_app_use_at(app, path,                                             \
                        yoke_static(fixture_path("public"), __VA_ARGS__));     \
    }
#define SITE(name, ...) SITE_AT(name, "/", __VA_ARGS__)

static void set_fields(yoke_res *res, const char *path, const struct stat *stat,
                       void *data)
{
    yoke_res_set(res, "X-Path", path);
    yoke_res_set(res, "X-Size", stat->st_size == 4 ? "4" : "other");
    yoke_res_set(res, "X-Data", data);
}

#define NAMES(...) YOKE_TEXTS(__VA_ARGS__)

SITE(plain, .no_index = false)
SITE(strict, .no_fallthrough = true)
SITE(strict_no_redirect, .no_fallthrough = true, .no_redirect = true)
SITE(no_redirect, .no_redirect = true)
SITE(no_ranges, .no_ranges = true)
SITE(no_cache_control, .no_cache_control = true, .max_age_s = 12)
SITE(no_last_modified, .no_last_modified = true)
SITE(no_etag, .no_etag = true)
SITE(no_index, .no_index = true)
SITE(other_index, .index = NAMES("missing.html", "nums.txt", "name.txt"))
SITE(immutable, .is_immutable = true, .max_age_s = 3600)
SITE(aged, .max_age_s = 3600)
SITE(ancient, .max_age_s = INT64_MAX)
SITE(dotfiles, .dotfiles = YOKE_DOTFILES_ALLOW)
SITE(no_dotfiles, .dotfiles = YOKE_DOTFILES_DENY, .no_fallthrough = true)
SITE(extensions, .extensions = NAMES("html"))
SITE(fallbacks, .extensions = NAMES(".htm", "html", "txt"))
SITE(fields, .headers = set_fields, .data = (void *)(uintptr_t) "told")
SITE(listing, .lists_folders = true)
SITE(all_listed, .lists_folders = true, .dotfiles = YOKE_DOTFILES_ALLOW)
SITE(compressed, .is_precompressed = true)
SITE_AT(mounted, "/static", .no_index = false)
SITE_AT(mounted_no_index, "/static", .no_index = true)
SITE_AT(encoded_mount, "/st atic", .no_index = false)

static void add_too_long(yoke_app *app, bool no_fallthrough)
{
    static char root[70001];
    for (size_t i = 0; i < sizeof(root) - 1; i++)
        root[i] = "/foobar"[i % 7];
    yoke_app_use(app, yoke_static(root, .no_fallthrough = no_fallthrough));
}

static void too_long(yoke_app *app)
{
    add_too_long(app, false);
}

static void too_long_and_strict(yoke_app *app)
{
    add_too_long(app, true);
}

static void two_roots(yoke_app *app)
{
    yoke_app_use(app, yoke_static(fixture_path("public/blog")),
                 yoke_static(fixture_path("public")));
}

static void ship(yoke_req *req, yoke_res *res)
{
    yoke_res_status(res, 503);
    yoke_next(req);
}

static void with_status(yoke_app *app)
{
    yoke_app_use(app, ship);
    plain(app);
}

#define IS(type)                                                               \
    {                                                                          \
        "Content-Type", type                                                   \
    }
#define LEADS_TO(url)                                                          \
    {                                                                          \
        "Location", url                                                        \
    }
#define RANGE(text)                                                            \
    {                                                                          \
        {                                                                      \
            "Range", text                                                      \
        }                                                                      \
    }
#define PART(text)                                                             \
    {                                                                          \
        "Content-Range", text                                                  \
    }
#define CACHED(text)                                                           \
    {                                                                          \
        "Cache-Control", text                                                  \
    }
#define TAKES(text)                                                            \
    {                                                                          \
        {                                                                      \
            "Accept-Encoding", text                                            \
        }                                                                      \
    }
#define CODED(name)                                                            \
    {"Content-Encoding", name},                                                \
    {                                                                          \
        "Vary", "Accept-Encoding"                                              \
    }
#define NOT_FOUND     .status = 404
#define SITE_OF(site) NULL, site

static const struct express_case cases[] = {
    {"a file", SITE_OF(plain), .path = "/name.txt", .body = "tobi",
     .answered = {IS("text/plain; charset=utf-8"),
                  CACHED("public, max-age=0"),
                  {"Content-Length", "4"},
                  {"Accept-Ranges", "bytes"}}},
    {"a file in a folder", SITE_OF(plain), .path = "/blog/index.html",
     .body = "<b>index</b>"},
    {"a type by extension", SITE_OF(plain), .path = "/user.html",
     .answered = {IS("text/html; charset=utf-8")}},
    {"an encoded path", SITE_OF(plain), .path = "/%25%20of%20dogs.txt",
     .body = "20%"},
    {"a path like a user's", SITE_OF(plain), .path = "//todo@txt", NOT_FOUND},
    {"an index file", SITE_OF(plain), .path = "/blog/", .body = "<b>index</b>",
     .answered = {IS("text/html; charset=utf-8")}},
    {"HEAD", SITE_OF(plain), .method = "HEAD", .path = "/name.txt", .body = "",
     .answered = {{"Content-Length", "4"}}},
    {"POST is left to others", SITE_OF(plain), .method = "POST",
     .path = "/name.txt", NOT_FOUND},
    {"a precondition", SITE_OF(plain), .path = "/name.txt",
     .fields = {{"If-Match", "\"foo\""}}, .status = 412},
    {"a file of no bytes", SITE_OF(plain), .path = "/empty.txt", .body = "",
     .answered = {{"Content-Length", "0"}}},
    {"a hidden file", SITE_OF(plain), .path = "/.name", NOT_FOUND},
    {"a file in a hidden folder", SITE_OF(plain), .path = "/.hidden/file.txt",
     NOT_FOUND},
    {"two roots, the first", SITE_OF(two_roots), .path = "/index.html",
     .body = "<b>index</b>"},
    {"two roots, the second", SITE_OF(two_roots), .path = "/name.txt",
     .body = "tobi"},

    {"no ranges: not offered", SITE_OF(no_ranges), .path = "/nums.txt",
     .answered = {{"Accept-Ranges", NULL}}},
    {"no ranges: not taken", SITE_OF(no_ranges), .path = "/nums.txt",
     .fields = RANGE("bytes=0-3"), .body = "123456789",
     .answered = {{"Content-Range", NULL}}},
    {"a range", SITE_OF(plain), .path = "/nums.txt",
     .fields = RANGE("bytes=0-4"), .status = 206, .body = "12345",
     .answered = {PART("bytes 0-4/9"), {"Content-Length", "5"}}},
    {"the first byte", SITE_OF(plain), .path = "/nums.txt",
     .fields = RANGE("bytes=0-0"), .status = 206, .body = "1"},
    {"a range of both ends", SITE_OF(plain), .path = "/nums.txt",
     .fields = RANGE("bytes=2-5"), .status = 206, .body = "3456"},
    {"the last bytes", SITE_OF(plain), .path = "/nums.txt",
     .fields = RANGE("bytes=-3"), .status = 206, .body = "789"},
    {"from some byte on", SITE_OF(plain), .path = "/nums.txt",
     .fields = RANGE("bytes=3-"), .status = 206, .body = "456789"},
    {"a range beyond the end", SITE_OF(plain), .path = "/nums.txt",
     .fields = RANGE("bytes=2-50"), .status = 206, .body = "3456789",
     .answered = {PART("bytes 2-8/9"), {"Content-Length", "7"}}},
    {"a range behind the end", SITE_OF(plain), .path = "/nums.txt",
     .fields = RANGE("bytes=9-50"), .status = 416,
     .answered = {PART("bytes */9")}},
    {"a malformed range", SITE_OF(plain), .path = "/nums.txt",
     .fields = RANGE("asdf"), .body = "123456789"},

    {"no Cache-Control", SITE_OF(no_cache_control), .path = "/name.txt",
     .answered = {CACHED(NULL)}},
    {"immutable", SITE_OF(immutable), .path = "/name.txt",
     .answered = {CACHED("public, max-age=3600, immutable")}},
    {"an age", SITE_OF(aged), .path = "/name.txt",
     .answered = {CACHED("public, max-age=3600")}},
    {"an age without end", SITE_OF(ancient), .path = "/name.txt",
     .answered = {CACHED("public, max-age=31536000")}},
    {"no Last-Modified", SITE_OF(no_last_modified), .path = "/name.txt",
     .answered = {{"Last-Modified", NULL}}},
    {"no ETag", SITE_OF(no_etag), .path = "/name.txt",
     .answered = {{"ETag", NULL}}},

    {"no extension by default", SITE_OF(plain), .path = "/user", NOT_FOUND},
    {"an extension", SITE_OF(extensions), .path = "/user",
     .body = "<p>{{user.name}}</p>",
     .answered = {IS("text/html; charset=utf-8")}},
    {"the first extension that is there", SITE_OF(fallbacks), .path = "/name",
     .body = "tobi"},
    {"no extension is there", SITE_OF(fallbacks), .path = "/bob", NOT_FOUND},
    {"a name with an extension gets no other", SITE_OF(fallbacks),
     .path = "/user.x", NOT_FOUND},

    {"passes on: OPTIONS", SITE_OF(plain), .method = "OPTIONS",
     .path = "/name.txt", NOT_FOUND},
    {"passes on: a malformed path", SITE_OF(plain), .path = "/%", NOT_FOUND},
    {"passes on: a NUL", SITE_OF(plain), .path = "/a%00b", NOT_FOUND},
    {"passes on: out of the root", SITE_OF(plain), .path = "/../secret.txt",
     NOT_FOUND},
    {"passes on: out by escapes", SITE_OF(plain), .path = "/%2e%2e/secret.txt",
     NOT_FOUND},
    {"passes on: an encoded slash", SITE_OF(plain), .path = "/..%2fsecret.txt",
     NOT_FOUND},
    {"passes on: a backslash", SITE_OF(plain), .path = "/..%5csecret.txt",
     NOT_FOUND},
    {"passes on: a folder without an index", SITE_OF(plain), .path = "/",
     NOT_FOUND},
    {"passes on: a file with a slash", SITE_OF(plain), .path = "/name.txt/",
     NOT_FOUND},
    {"passes on: a very long name", SITE_OF(plain),
     .path =
         "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     NOT_FOUND},
    {"no fallthrough: OPTIONS", SITE_OF(strict), .method = "OPTIONS",
     .path = "/name.txt", .status = 405, .answered = {{"Allow", "GET, HEAD"}}},
    {"no fallthrough: not there", SITE_OF(strict), .path = "/none", NOT_FOUND},
    {"no fallthrough: a malformed path", SITE_OF(strict), .path = "/%",
     .status = 400},
    {"no fallthrough: out of the root", SITE_OF(strict),
     .path = "/../secret.txt", .status = 403},
    {"no fallthrough: a folder", SITE_OF(strict), .path = "/", NOT_FOUND},
    {"no fallthrough: redirect", SITE_OF(strict), .path = "/blog",
     .status = 301, .answered = {LEADS_TO("/blog/")}},
    {"no fallthrough, no redirect", SITE_OF(strict_no_redirect),
     .path = "/blog", NOT_FOUND},
    {"no fallthrough, no redirect, a slash", SITE_OF(strict_no_redirect),
     .path = "/", NOT_FOUND},

    {"hidden files, if allowed", SITE_OF(dotfiles), .path = "/.name",
     .body = "tobi"},
    {"hidden folders, if allowed", SITE_OF(dotfiles),
     .path = "/.hidden/file.txt", .body = "hidden"},
    {"hidden files, denied", SITE_OF(no_dotfiles), .path = "/.name",
     .status = 403},
    {"hidden folders, denied", SITE_OF(no_dotfiles),
     .path = "/.hidden/file.txt", .status = 403},

    {"a folder is redirected to", SITE_OF(plain), .path = "/blog",
     .status = 301,
     .answered = {LEADS_TO("/blog/"),
                  {"Content-Security-Policy", "default-src 'none'"},
                  {"X-Content-Type-Options", "nosniff"}}},
    {"the page of a redirect", SITE_OF(plain), .path = "/blog",
     .fields = {{"Accept", "text/html"}}, .status = 301,
     .has = "Redirecting to /blog/"},
    {"with its query", SITE_OF(plain), .path = "/blog?name=john", .status = 301,
     .answered = {LEADS_TO("/blog/?name=john")}},
    {"never to another site", SITE_OF(plain), .path = "//blog", .status = 301,
     .answered = {LEADS_TO("/blog/")}},
    {"nor from a mount", SITE_OF(mounted), .path = "//static/blog",
     .status = 404},
    {"the URL is encoded", SITE_OF(encoded_mount), .path = "/st%20atic/blog",
     .status = 301, .answered = {LEADS_TO("/st%20atic/blog/")}},
    {"not a file", SITE_OF(plain), .path = "/name.txt", .body = "tobi",
     .answered = {{"Location", NULL}}},
    {"no redirect", SITE_OF(no_redirect), .path = "/blog", NOT_FOUND},
    {"relative to the whole path", SITE_OF(mounted), .path = "/static/blog",
     .status = 301, .answered = {LEADS_TO("/static/blog/")}},
    {"the root of a mount", SITE_OF(mounted), .path = "/static", .status = 301,
     .answered = {LEADS_TO("/static/")}},
    {"the root of a mount with a query", SITE_OF(mounted),
     .path = "/static?a=/", .status = 301,
     .answered = {LEADS_TO("/static/?a=/")}},
    {"below a mount", SITE_OF(mounted), .path = "/static/blog/",
     .body = "<b>index</b>"},

    {"fields of one's own", SITE_OF(fields), .path = "/name.txt",
     .answered = {{"X-Path", "name.txt"}, {"X-Size", "4"}, {"X-Data", "told"}}},
    {"fields: not of what is not there", SITE_OF(fields), .path = "/bogus",
     NOT_FOUND, .answered = {{"X-Path", NULL}}},
    {"fields: not of a redirect", SITE_OF(fields), .path = "/blog",
     .status = 301, .answered = {{"X-Path", NULL}}},

    {"the status stays", SITE_OF(with_status), .path = "/name.txt",
     .status = 503, .body = "tobi"},
    {"no index", SITE_OF(no_index), .path = "/blog/", NOT_FOUND},
    {"no index: a folder", SITE_OF(mounted_no_index), .path = "/static/blog/",
     NOT_FOUND},
    {"no index: a folder without a slash", SITE_OF(mounted_no_index),
     .path = "/static/blog", .status = 301,
     .answered = {LEADS_TO("/static/blog/")}},
    {"no index: the mount", SITE_OF(mounted_no_index), .path = "/static/",
     NOT_FOUND},
    {"no index: the mount without a slash", SITE_OF(mounted_no_index),
     .path = "/static", .status = 301, .answered = {LEADS_TO("/static/")}},
    {"a mount and a path like a user's", SITE_OF(mounted), .path = "//todo@txt",
     NOT_FOUND},
    {"a root that is too long", SITE_OF(too_long), .path = "/", NOT_FOUND},
    {"a root that is too long, no fallthrough", SITE_OF(too_long_and_strict),
     .path = "/", NOT_FOUND},
    {"another index", SITE_OF(other_index), .path = "/", .body = "123456789"},

    /* What Express leaves to other modules. */
    {"a list, as a page", SITE_OF(listing), .path = "/",
     .fields = {{"Accept", "text/html"}},
     .has =
         "<li><a href=\"./blog/\">blog/</a></li>\n"
         "<li><a href=\"./%25%20of%20dogs.txt\">&#37; of dogs.txt</a></li>\n",
     .answered = {IS("text/html; charset=utf-8"), {"Vary", "Accept"}}},
    {"a list, as JSON", SITE_OF(listing), .path = "/",
     .fields = {{"Accept", "application/json"}},
     .body = "[\"blog/\",\"% of dogs.txt\",\"empty.txt\",\"name.txt\","
             "\"nums.txt\",\"packed.css\",\"packed.css.br\",\"packed.css.gz\","
             "\"plain\",\"user.html\",\"zipped.js\",\"zipped.js.gz\"]"},
    {"an index goes before a list", SITE_OF(listing), .path = "/blog/",
     .body = "<b>index</b>"},
    {"no list of a hidden folder", SITE_OF(listing), .path = "/.hidden/",
     NOT_FOUND},
    {"a list of a hidden folder, if allowed", SITE_OF(all_listed),
     .path = "/.hidden/", .fields = {{"Accept", "application/json"}},
     .body = "[\"file.txt\"]"},
    {"no list from outside", SITE_OF(listing), .path = "/../", NOT_FOUND},

    {"br first", SITE_OF(compressed), .path = "/packed.css",
     .fields = TAKES("gzip, deflate, br"), .body = "as br",
     .answered = {CODED("br"), IS("text/css; charset=utf-8")}},
    {"gzip, if it is liked better", SITE_OF(compressed), .path = "/packed.css",
     .fields = TAKES("gzip, br;q=0.5"), .body = "as gzip",
     .answered = {CODED("gzip")}},
    {"not what is refused", SITE_OF(compressed), .path = "/packed.css",
     .fields = TAKES("br;q=0, gzip;q=0, *"), .body = "plain css",
     .answered = {CODED(NULL)}},
    {"any, if any will do", SITE_OF(compressed), .path = "/packed.css",
     .fields = TAKES("*"), .body = "as br", .answered = {CODED("br")}},
    {"nothing asked, nothing packed", SITE_OF(compressed),
     .path = "/packed.css", .body = "plain css", .answered = {CODED(NULL)}},
    {"what there is", SITE_OF(compressed), .path = "/zipped.js",
     .fields = TAKES("br, gzip"), .body = "as gzip",
     .answered = {CODED("gzip"), IS("text/javascript; charset=utf-8")}},
    {"what there is not", SITE_OF(compressed), .path = "/name.txt",
     .fields = TAKES("br, gzip"), .body = "tobi",
     .answered = {CODED(NULL), IS("text/plain; charset=utf-8")}},
    {"a range of the packed one", SITE_OF(compressed), .path = "/packed.css",
     .fields = {{"Accept-Encoding", "br"}, {"Range", "bytes=3-4"}},
     .status = 206, .body = "br",
     .answered = {CODED("br"), PART("bytes 3-4/5")}},
    {"no range of the packed one", SITE_OF(compressed), .path = "/packed.css",
     .fields = {{"Accept-Encoding", "br"}, {"Range", "bytes=5-6"}},
     .status = 416,
     .answered = {PART("bytes */5"), {"Content-Encoding", NULL}}},
    {"HEAD of the packed one", SITE_OF(compressed), .method = "HEAD",
     .path = "/packed.css", .fields = TAKES("br"),
     .answered = {CODED("br"), {"Content-Length", "5"}}},
};

static const struct fixture packed[] = {
    {"public/packed.css", "plain css"},  {"public/packed.css.br", "as br"},
    {"public/packed.css.gz", "as gzip"}, {"public/zipped.js", "plain js"},
    {"public/zipped.js.gz", "as gzip"},
};

static yoke_test *client(void (*prepare)(yoke_app *app))
{
    yoke_app *app = yoke_app_new();
    prepare(app);
    return yoke_test_new(app);
}

static void a_copy_with_the_files_tag_is_good(void **state)
{
    yoke_test *t = client(plain);
    yoke_tr *first = yoke_test_get(t, "/name.txt");
    yoke_tr *second = yoke_test_get(t, "/name.txt");
    (void)state;
    yoke_expect_status(first, 200);
    yoke_expect_header_like(first, "Last-Modified", "GMT$");
    yoke_tr_set(second, "If-None-Match", yoke_tr_header(first, "ETag"));
    yoke_expect_text(second, 304, "");
    yoke_test_free(t);
}

static void a_packed_copy_has_a_tag_of_its_own(void **state)
{
    yoke_test *t = client(compressed);
    yoke_tr *first = yoke_test_get(t, "/packed.css");
    yoke_tr *second = yoke_test_get(t, "/packed.css");
    yoke_tr *third = yoke_test_get(t, "/packed.css");
    (void)state;
    yoke_tr_set(first, "Accept-Encoding", "br");
    yoke_expect_status(first, 200);
    yoke_tr_set(second, "Accept-Encoding", "br");
    yoke_tr_set(second, "If-None-Match", yoke_tr_header(first, "ETag"));
    yoke_expect_text(second, 304, "");
    yoke_expect_header(second, "Vary", "Accept-Encoding");
    yoke_tr_set(third, "If-None-Match", yoke_tr_header(first, "ETag"));
    yoke_expect_text(third, 200, "plain css");
    yoke_test_free(t);
}

static void a_link_leads_nowhere_outside(void **state)
{
    yoke_test *t = client(strict);
    char inside[256];
    (void)state;
    snprintf(inside, sizeof(inside), "%s", fixture_path("public/link.txt"));
    assert_int_equal(symlink("../secret.txt", inside), 0);
    yoke_expect_status(yoke_test_get(t, "/link.txt"), 403);
    unlink(inside);
    yoke_test_free(t);
}

/* A browser would take "/\host" for "//host". */
static void a_redirect_never_leads_to_another_site(void **state)
{
    static const char *const paths[] = {"/blog", "//blog", "/\\blog",
                                        "/\\/blog"};
    yoke_test *t = client(mounted);
    (void)state;
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        char raw[128];
        snprintf(raw, sizeof(raw),
                 "GET /static%s HTTP/1.1\r\nHost: test\r\n\r\n", paths[i]);
        yoke_tr *r = yoke_test_raw_text(t, raw);
        yoke_expect_status_in(r, 301, 404);
        if (yoke_tr_status(r) == 301)
            yoke_expect_header_like(r, "Location", "^/static/");
    }
    yoke_test_free(t);
}

static void a_root_that_is_none_is_an_error_of_registration(void **state)
{
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_app_use(app, yoke_static(NULL));
    assert_non_null(strstr(yoke_app_error(app), "test_express_static.c"));
    yoke_app_free(app);
    app = yoke_app_new();
    yoke_app_use(app, yoke_static(""));
    assert_non_null(yoke_app_error(app));
    yoke_app_free(app);
}

static void a_relative_root_is_that_of_the_start(void **state)
{
    char before[256];
    yoke_app *app = yoke_app_new();
    (void)state;
    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(folder), 0);
    yoke_app_use(app, yoke_static("public"));
    assert_int_equal(chdir(before), 0);
    yoke_test *t = yoke_test_new(app);
    yoke_expect_text(yoke_test_get(t, "/name.txt"), 200, "tobi");
    yoke_test_free(t);
}

static void a_root_that_is_not_there_may_come_later(void **state)
{
    yoke_app *app = yoke_app_new();
    struct fixture folder_later = {"later", NULL}, file = {"later/a.txt", "a"};
    (void)state;
    yoke_app_use(app, yoke_static(fixture_path("later")));
    yoke_test *t = yoke_test_new(app);
    yoke_expect_status(yoke_test_get(t, "/a.txt"), 404);
    fixture_write(&folder_later);
    fixture_write(&file);
    yoke_expect_text(yoke_test_get(t, "/a.txt"), 200, "a");
    remove(fixture_path("later/a.txt"));
    remove(fixture_path("later"));
    yoke_test_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_with_the_files_tag_is_good),
        cmocka_unit_test(a_packed_copy_has_a_tag_of_its_own),
        cmocka_unit_test(a_link_leads_nowhere_outside),
        cmocka_unit_test(a_redirect_never_leads_to_another_site),
        cmocka_unit_test(a_root_that_is_none_is_an_error_of_registration),
        cmocka_unit_test(a_relative_root_is_that_of_the_start),
        cmocka_unit_test(a_root_that_is_not_there_may_come_later),
    };
    fixtures_make(NULL);
    for (size_t i = 0; i < COUNT_OF(packed); i++)
        fixture_write(&packed[i]);
    int failed = express_run("express.static", cases, COUNT_OF(cases));
    failed += cmocka_run_group_tests(tests, NULL, NULL);
    for (size_t i = 0; i < COUNT_OF(packed); i++)
        remove(fixture_path(packed[i].name));
    fixtures_remove(NULL);
    return failed;
}
