/* Pages made of templates: where they are found, what is kept, what they are
 * given, and what becomes of errors. */
#include "fake_exchange.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tiny_engine.h"

static char folder[64];

static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    int fd =
        open(in_folder(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static const struct {
    const char *name, *text; /* NULL: a folder. */
} files[] = {
    {"views", NULL},
    {"views/users", NULL},
    {"theme", NULL},
    {"secret.html", "secret"},
    {"views/plain.html", "plain"},
    {"views/users/index.html", "all users"},
    {"views/user.html", "<b>{{name}}</b> {{n}} {{none}} {{list}}"},
    {"views/raw.html", "{{{name}}}"},
    {"views/outer.html", "({{>inner}})"},
    {"views/inner.html", "{{name}}"},
    {"views/loop.html", "{{>loop}}"},
    {"views/missing.html", "{{>nothing}}"},
    {"views/broken.html", "{{!it is broken}}"},
    {"views/coded.html", "{{!code}}"},
    {"views/uncompiled.html", "{{!compile}}"},
    {"views/up.html", "{{>../secret}}"},
    {"views/three.html", "{{a}}{{b}}{{c}}"},
    {"views/other.txt", "text"},
    {"theme/plain.html", "themed"},
};

static int make(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/yoke-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        if (files[i].text)
            write_file(files[i].name, files[i].text);
        else
            assert_int_equal(mkdir(in_folder(files[i].name), 0700), 0);
    }
    return 0;
}

static int destroy(void **state)
{
    (void)state;
    remove(in_folder("views/large.html"));
    for (size_t i = COUNT_OF(files); i-- > 0;)
        remove(in_folder(files[i].name));
    return rmdir(folder);
}

static yoke_app *app;

/* "views", or "theme:views" of the folder. */
static void use_views(yoke_app *to, bool is_themed)
{
    char text[256] = "";
    if (is_themed)
        snprintf(text, sizeof(text), "%s/theme:%s/views", folder, folder);
    else
        snprintf(text, sizeof(text), "%s/views", folder);
    yoke_app_set_str(to, "views", text);
}

static int setup(void **state)
{
    (void)state;
    app = yoke_app_new();
    compiled = freed = 0;
    yoke_app_engine(app, ".html", &tiny);
    use_views(app, false);
    yoke_app_set_str(app, "view engine", "html");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    yoke_app_free(app);
    return 0;
}

/* Answers with the view that the path names; its data is its locals. */
static void render(yoke_req *req, yoke_res *res)
{
    json_t *locals = json_pack("{s:s, s:i, s:n, s:[i]}", "name", "<Ada> & 'co'",
                               "n", 7, "none", "list", 1);
    const char *name = yoke_req_path(req) + 1;
    yoke_res_render(res, name, locals);
}

static void expect_error(const char *start, const char *message)
{
    struct fake *f = fake_new(start, "");
    fake_run(f, app);
    assert_int_equal(f->status, 500);
    assert_string_equal(f->body, "Internal Server Error");
    assert_logged(message);
    fake_free(f);
}

/* ---- Rendering ---- */

static void a_page_is_html_and_escapes(void **state)
{
    (void)state;
    yoke_app_use(app, render);
    expect(app, "GET /user", 200,
           "<b>&lt;Ada&gt; &amp; &#39;co&#39;</b> 7  [1]");
    expect(app, "GET /raw.html", 200, "<Ada> & 'co'");
    expect(app, "GET /outer", 200, "(&lt;Ada&gt; &amp; &#39;co&#39;)");
    struct fake *f = fake_new("GET /plain", "");
    fake_run(f, app);
    assert_header(f, "Content-Type: text/html; charset=utf-8");
    assert_string_equal(f->body, "plain");
    fake_free(f);
}

static void views_are_found_as_express_does(void **state)
{
    (void)state;
    yoke_app_use(app, render);
    use_views(app, true);
    expect(app, "GET /users", 200, "all users");
    expect(app, "GET /plain", 200, "themed");
    expect(app, "GET /raw", 200, "<Ada> & 'co'");
}

static void what_is_wrong_goes_to_the_log_alone(void **state)
{
    (void)state;
    yoke_app_use(app, render);
    expect_error("GET /nothing", "there is no view \"nothing\" in");
    expect_error("GET /missing", "missing.html: there is no view \"nothing\"");
    expect_error("GET /broken", "views/broken.html: it is broken");
    expect_error("GET /uncompiled", "uncompiled.html: not to be compiled");
    expect_error("GET /coded", "coded.html: cannot be rendered: ");
    expect_error("GET /other.txt", "there is no engine for \"txt\"");
    expect_error("GET /", "the name of the view is missing");
    expect_error("GET /../secret", "\"../secret\" cannot be read");
    expect_error("GET /up", "\"../secret\" cannot be read");
    expect_error("GET /loop", "more than 16 partials within each other");
}

static void no_extension(yoke_req *req, yoke_res *res)
{
    (void)req;
    assert_int_equal(yoke_res_render(res, "user", NULL), -ENOENT);
}

static void without_a_default_engine_the_extension_is_needed(void **state)
{
    (void)state;
    yoke_app *outer = app;
    app = yoke_app_new();
    yoke_app_engine(app, "html", &tiny);
    yoke_app_use(app, no_extension);
    expect_error("GET /", "has no extension, and \"view engine\" is not set");
    yoke_app_free(app);
    app = outer;
}

static void render_list(yoke_req *req, yoke_res *res)
{
    (void)req;
    assert_int_equal(yoke_res_render(res, "user", json_array()), -EINVAL);
}

static void locals_are_an_object(void **state)
{
    (void)state;
    yoke_app_use(app, render_list);
    expect_error("GET /", "the locals are no JSON object");
}

static void after_answer(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, "answered");
    assert_int_equal(yoke_res_render(res, "user", json_object()),
                     -YOKE_EANSWERED);
    (void)req;
}

static void a_second_answer_is_refused(void **state)
{
    (void)state;
    yoke_app_use(app, after_answer);
    expect(app, "GET /", 200, "answered");
    assert_int_equal(compiled, 0);
}

/* ---- Locals ---- */

static void set_locals(yoke_req *req, yoke_res *res)
{
    json_t *locals = yoke_res_locals(res);
    json_object_set_new(locals, "b", json_string("B"));
    json_object_set_new(locals, "c", json_string("B"));
    yoke_next(req);
}

static void render_three(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_render(res, "three", json_pack("{s:s}", "c", "C"));
}

static void later_locals_go_before(void **state)
{
    json_t *locals = yoke_app_locals(app);
    (void)state;
    for (const char *name = "abc"; *name; name++) {
        char key[] = {*name, '\0'};
        json_object_set_new(locals, key, json_string("A"));
    }
    yoke_app_get(app, "/", render_three);
    yoke_app_get(app, "/set", set_locals, render_three);
    expect(app, "GET /", 200, "AAC");
    expect(app, "GET /set", 200, "ABC");
    expect(app, "GET /", 200, "AAC");
}

/* ---- The cache ---- */

static void render_inner(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_render(res, "outer", json_pack("{s:s}", "name", "x"));
}

static void templates_are_read_again_unless_they_are_kept(void **state)
{
    (void)state;
    yoke_app_get(app, "/", render_inner);
    expect(app, "GET /", 200, "(x)");
    write_file("views/inner.html", "new {{name}}");
    expect(app, "GET /", 200, "(new x)");
    assert_int_equal(compiled, 4);
    assert_int_equal(freed, 4);
    write_file("views/inner.html", "{{name}}");
}

static void kept_templates_are_compiled_once(void **state)
{
    (void)state;
    yoke_app_set_str(app, "env", "production");
    yoke_app_get(app, "/", render_inner);
    expect(app, "GET /", 200, "(x)");
    write_file("views/inner.html", "new {{name}}");
    expect(app, "GET /", 200, "(x)");
    assert_int_equal(compiled, 2);
    assert_int_equal(freed, 0);
    write_file("views/inner.html", "{{name}}");
}

/* ---- Elsewhere than in an answer ---- */

static void render_to_text(yoke_req *req, yoke_res *res)
{
    const char *text = "kept";
    size_t len = 4;
    assert_int_equal(yoke_req_render(req, "nothing", NULL, &text, &len),
                     -ENOENT);
    assert_string_equal(text, "kept");
    assert_int_equal(yoke_req_render(req, "inner",
                                     json_pack("{s:s}", "name", "x"), &text,
                                     &len),
                     0);
    assert_int_equal(len, 1);
    yoke_res_text(res, text);
}

static void a_page_can_go_elsewhere(void **state)
{
    char *text;
    size_t len;
    (void)state;
    assert_int_equal(yoke_app_render(app, "plain", NULL, &text, &len), 0);
    assert_string_equal(text, "plain");
    assert_int_equal(len, 5);
    free(text);
    yoke_app_get(app, "/", render_to_text);
    struct fake *f = fake_new("GET /", "");
    fake_run(f, app);
    assert_string_equal(f->body, "x");
    assert_logged("error: GET /: there is no view");
    assert_int_equal(yoke_app_render(app, "nothing", NULL, &text, &len),
                     -ENOENT);
    fake_free(f);
}

/* ---- Applications within applications ---- */

static void a_mounted_application_has_its_parents_engines(void **state)
{
    yoke_app *inner = yoke_app_new();
    (void)state;
    json_object_set_new(yoke_app_locals(app), "a", json_string("outer"));
    yoke_app_get(inner, "/", render_three);
    yoke_app_mount(app, "/inner", inner);
    expect(app, "GET /inner", 200, "C");
}

static void an_engine_that_is_none_is_an_error_of_registration(void **state)
{
    static const struct yoke_engine half = {.render = tiny_render};
    static const struct {
        const char *extension;
        const struct yoke_engine *engine;
        const char *message;
    } cases[] = {
        {"html", &half, "the engine needs compile and render"},
        {"html", NULL, "the engine needs compile and render"},
        {".", &tiny, "the extension is none"},
        {"", &tiny, "the extension is none"},
        {"a/b", &tiny, "the extension is none"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        yoke_app *wrong = yoke_app_new();
        yoke_app_engine(wrong, cases[i].extension, cases[i].engine);
        assert_non_null(strstr(yoke_app_error(wrong), cases[i].message));
        assert_non_null(strstr(yoke_app_error(wrong), "test_view.c:"));
        yoke_app_free(wrong);
    }
}

/* ---- Limits ---- */

static void a_template_has_a_limit(void **state)
{
    (void)state;
    write_file("views/large.html", "");
    assert_int_equal(truncate(in_folder("views/large.html"), (1 << 20) + 1), 0);
    yoke_app_use(app, render);
    expect_error("GET /large", "is longer than 1048576 bytes");
}

static int describe(yoke_page *page, const void *made, const json_t *locals)
{
    const char *path = yoke_page_path(page), *name = strrchr(path, '/');
    (void)made;
    (void)locals;
    assert_memory_equal(path, folder, strlen(folder));
    yoke_page_put_text(page, yoke_page_data(page), 6);
    return yoke_page_put(page, name, strlen(name));
}

static void an_engine_knows_its_data_and_the_path(void **state)
{
    struct yoke_engine engine = tiny;
    (void)state;
    engine.render = describe;
    engine.data = (void *)(uintptr_t) "<data>";
    yoke_app_engine(app, "html", &engine);
    yoke_app_use(app, render);
    struct fake *f = fake_new("GET /plain", "");
    fake_run(f, app);
    assert_string_equal(f->body, "&lt;data&gt;/plain.html");
    fake_free(f);
}

static int endless(yoke_page *page, const void *made, const json_t *locals)
{
    static const char bytes[65536];
    int err = 0, pieces = 0;
    (void)made;
    (void)locals;
    while (err == 0 && pieces++ < 10000)
        err = yoke_page_put(page, bytes, sizeof(bytes));
    assert_int_equal(err, -YOKE_ETOOLARGE);
    assert_int_equal(yoke_page_put(page, "", 0), -YOKE_ETOOLARGE);
    return 0;
}

static void a_page_has_a_limit(void **state)
{
    struct yoke_engine engine = tiny;
    (void)state;
    engine.render = endless;
    yoke_app_engine(app, "html", &engine);
    yoke_app_use(app, render);
    expect_error("GET /plain", "the page is longer than 16777216 bytes");
}

#define VIEW_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        VIEW_TEST(a_page_is_html_and_escapes),
        VIEW_TEST(views_are_found_as_express_does),
        VIEW_TEST(what_is_wrong_goes_to_the_log_alone),
        VIEW_TEST(without_a_default_engine_the_extension_is_needed),
        VIEW_TEST(locals_are_an_object),
        VIEW_TEST(a_second_answer_is_refused),
        VIEW_TEST(later_locals_go_before),
        VIEW_TEST(templates_are_read_again_unless_they_are_kept),
        VIEW_TEST(kept_templates_are_compiled_once),
        VIEW_TEST(a_page_can_go_elsewhere),
        VIEW_TEST(a_mounted_application_has_its_parents_engines),
        VIEW_TEST(an_engine_that_is_none_is_an_error_of_registration),
        VIEW_TEST(a_template_has_a_limit),
        VIEW_TEST(a_page_has_a_limit),
        VIEW_TEST(an_engine_knows_its_data_and_the_path),
    };
    return cmocka_run_group_tests(tests, make, destroy);
}
