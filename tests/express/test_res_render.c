/* Express: test/res.render.js, test/app.render.js, test/app.engine.js,
 * test/res.locals.js and test/app.locals.js. Views by absolute paths, an own
 * class of views, a cache that is asked for by a call, the settings among the
 * locals, and what asynchronous lookups need are left out. */
#include "express.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "../unit/app/tiny_engine.h"

static char folder[64];

static const struct {
    const char *name, *text; /* NULL: a folder. */
} files[] = {
    {"blog", NULL},
    {"blog/post", NULL},
    {"default", NULL},
    {"local", NULL},
    {"user.tmpl", "<p>{{user}}</p>"},
    {"name.tmpl", "<p>{{name}}</p>"},
    {"email.tmpl", "<p>This is an email</p>"},
    {"broken.tmpl", "{{!broken}}"},
    {"blog/post/index.tmpl", "<h1>blog post</h1>"},
    {"default/user.tmpl", "<p>{{user}}</p>"},
    {"default/name.tmpl", "<p>{{name}}</p>"},
    {"local/user.tmpl", "<span>{{user}}</span>"},
};

static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void make_file(const char *name, const char *text)
{
    if (!text) {
        assert_int_equal(mkdir(in_folder(name), 0700), 0);
        return;
    }
    int fd = open(in_folder(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static int make(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/yoke-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < COUNT_OF(files); i++)
        make_file(files[i].name, files[i].text);
    return 0;
}

static int destroy(void **state)
{
    (void)state;
    for (size_t i = COUNT_OF(files); i-- > 0;)
        remove(in_folder(files[i].name));
    return rmdir(folder);
}

/* ---- Cases ---- */

/* One call, by the application and by an answer. */
static const struct view_case {
    const char *what;
    const char *views;                       /* Of the folder; NULL: itself. */
    const char *engine;                      /* "view engine"; NULL: none. */
    const char *extension;                   /* NULL: ".tmpl" */
    const char *app_local[2], *res_local[2]; /* Name and value. */
    const char *name, *local[2];             /* The call's. */
    const char *text;                        /* NULL: an error, */
    const char *message;                     /* with this in it. */
    bool is_of_res;                          /* Not by the application. */
} cases[] = {
    {"without an extension and an engine", .name = "user",
     .message = "\"view engine\" is not set"},
    {"an extension without an engine", .name = "user.js",
     .message = "there is no engine for \"js\""},
    {"the application's locals", .app_local = {"user", "tobi"},
     .name = "user.tmpl", .text = "<p>tobi</p>"},
    {"a local that is called name", .app_local = {"name", "tobi"},
     .name = "name.tmpl", .text = "<p>tobi</p>"},
    {"index in a folder", .engine = "tmpl", .name = "blog/post",
     .text = "<h1>blog post</h1>"},
    {"an error", .name = "broken.tmpl", .message = "broken.tmpl: broken"},
    {"no such file", .name = "rawr.tmpl",
     .message = "there is no view \"rawr.tmpl\" in \""},
    {"an extension", .name = "email.tmpl", .text = "<p>This is an email</p>"},
    {"the default engine", .engine = "tmpl", .name = "email",
     .text = "<p>This is an email</p>"},
    {"the default engine with a point", .engine = ".tmpl", .name = "email",
     .text = "<p>This is an email</p>"},
    {"an extension without a point", .extension = "tmpl", .name = "email.tmpl",
     .text = "<p>This is an email</p>"},
    {"a folder", .views = "default", .name = "user.tmpl",
     .local = {"user", "tobi"}, .text = "<p>tobi</p>"},
    {"two folders: the first", .views = "two", .name = "user.tmpl",
     .local = {"user", "tobi"}, .text = "<span>tobi</span>"},
    {"two folders: the second", .views = "two", .name = "name.tmpl",
     .local = {"name", "tobi"}, .text = "<p>tobi</p>"},
    {"two folders: neither", .views = "two", .name = "pet.tmpl",
     .message = "there is no view \"pet.tmpl\""},
    {"the call's locals", .name = "user.tmpl", .local = {"user", "tobi"},
     .text = "<p>tobi</p>"},
    {"the answer's locals", .res_local = {"user", "tobi"}, .name = "user.tmpl",
     .text = "<p>tobi</p>", .is_of_res = true},
    {"the answer's go before the application's", .app_local = {"user", "tobi"},
     .res_local = {"user", "jane"}, .name = "user.tmpl", .text = "<p>jane</p>",
     .is_of_res = true},
    {"the call's go before the answer's", .res_local = {"user", "tobi"},
     .name = "user.tmpl", .local = {"user", "jane"}, .text = "<p>jane</p>",
     .is_of_res = true},
    {"the call's go before the application's", .app_local = {"user", "tobi"},
     .name = "user.tmpl", .local = {"user", "jane"}, .text = "<p>jane</p>"},
};

static const struct view_case *now;

static void set(json_t *locals, const char *const pair[2])
{
    if (pair[0])
        json_object_set_new(locals, pair[0], json_string(pair[1]));
}

/* NULL, when the call has none. */
static json_t *locals_of(const struct view_case *c)
{
    json_t *locals = c->local[0] ? json_object() : NULL;
    set(locals, c->local);
    return locals;
}

static void render(yoke_req *req, yoke_res *res)
{
    (void)req;
    set(yoke_res_locals(res), now->res_local);
    yoke_res_render(res, now->name, locals_of(now));
}

/* As with a function for the outcome. */
static void render_to_text(yoke_req *req, yoke_res *res)
{
    const char *text = "failed";
    size_t len;
    set(yoke_res_locals(res), now->res_local);
    yoke_req_render(req, now->name, locals_of(now), &text, &len);
    yoke_res_text(res, text);
}

static void show_message(const struct yoke_err *err, yoke_req *req,
                         yoke_res *res)
{
    (void)req;
    yoke_res_text(res, err->message);
}

static yoke_app *make_app(const struct view_case *c)
{
    yoke_app *app = yoke_app_new();
    char views[256];
    if (c->views && strcmp(c->views, "two") == 0)
        snprintf(views, sizeof(views), "%s/local:%s/default", folder, folder);
    else
        snprintf(views, sizeof(views), "%s/%s", folder,
                 c->views ? c->views : "");
    yoke_app_engine(app, c->extension ? c->extension : ".tmpl", &tiny);
    yoke_app_set_str(app, "views", views);
    if (c->engine)
        yoke_app_set_str(app, "view engine", c->engine);
    set(yoke_app_locals(app), c->app_local);
    yoke_app_get(app, "/", render);
    yoke_app_get(app, "/text", render_to_text);
    yoke_app_catch(app, show_message);
    now = c;
    return app;
}

static void an_answer_is_rendered(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct view_case *c = &cases[i];
        yoke_test *t = yoke_test_new(make_app(c));
        print_message("  %s\n", c->what);
        if (c->text)
            yoke_expect_body(yoke_test_get(t, "/"), c->text);
        else
            yoke_expect_body_has(yoke_test_get(t, "/"), c->message);
        yoke_expect_body(yoke_test_get(t, "/text"),
                         c->text ? c->text : "failed");
        yoke_test_free(t);
    }
}

static void an_application_renders(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct view_case *c = &cases[i];
        if (c->is_of_res)
            continue;
        yoke_app *app = make_app(c);
        char *text = NULL;
        size_t len;
        int err = yoke_app_render(app, c->name, locals_of(c), &text, &len);
        assert_int_equal(err == 0, c->text != NULL);
        if (c->text)
            assert_string_equal(text, c->text);
        free(text);
        yoke_app_free(app);
    }
}

static void the_cache_is_a_setting(void **state)
{
    (void)state;
    for (int is_on = 0; is_on <= 1; is_on++) {
        yoke_app *app = make_app(&cases[2]);
        yoke_app_set_bool(app, "view cache", is_on);
        compiled = 0;
        for (int i = 0; i < 2; i++) {
            char *text;
            size_t len;
            assert_int_equal(
                yoke_app_render(app, "email.tmpl", NULL, &text, &len), 0);
            free(text);
        }
        assert_int_equal(compiled, is_on ? 1 : 2);
        yoke_app_free(app);
    }
}

static void an_engine_is_needed(void **state)
{
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_app_engine(app, ".html", NULL);
    assert_non_null(yoke_app_error(app));
    yoke_app_free(app);
}

/* ---- Locals ---- */

static void show_locals(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_json(res, json_incref(yoke_res_locals(res)));
}

static void set_foo(yoke_req *req, yoke_res *res)
{
    static const char *const pair[2] = {"foo", "bar"};
    set(yoke_res_locals(res), pair);
    yoke_next(req);
}

static void locals_are_empty_and_go_through_applications(void **state)
{
    yoke_app *app = yoke_app_new(), *blog = yoke_app_new();
    (void)state;
    yoke_app_get(app, "/empty", show_locals);
    yoke_app_use(blog, set_foo);
    yoke_app_mount(app, "/", blog);
    yoke_app_use(app, show_locals);
    yoke_test *t = yoke_test_new(app);
    yoke_expect_body(yoke_test_get(t, "/empty"), "{}");
    yoke_expect_body(yoke_test_get(t, "/"), "{\"foo\":\"bar\"}");
    yoke_test_free(t);
}

static void locals_of_an_application_are_kept(void **state)
{
    static const char *const user[2] = {"user", "tobi"};
    yoke_app *app = yoke_app_new();
    (void)state;
    assert_int_equal(json_object_size(yoke_app_locals(app)), 0);
    set(yoke_app_locals(app), user);
    assert_int_equal(json_object_size(yoke_app_locals(app)), 1);
    yoke_app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_rendered),
        cmocka_unit_test(an_application_renders),
        cmocka_unit_test(the_cache_is_a_setting),
        cmocka_unit_test(an_engine_is_needed),
        cmocka_unit_test(locals_are_empty_and_go_through_applications),
        cmocka_unit_test(locals_of_an_application_are_kept),
    };
    yoke_log_set_level(YOKE_LOG_OFF);
    yoke_test_on_fail(_fail);
    return cmocka_run_group_tests(tests, make, destroy);
}
