/* Registration: what is refused, with which words, and who owns what then. */
#include "handlers.h"

/* The application's error starts with this file and line, and has `part`. */
static void assert_error(const yoke_app *app, int line, const char *part)
{
    char place[256];
    const char *error = yoke_app_error(app);
    assert_non_null(error);
    snprintf(place, sizeof(place), "%s:%d: ", __FILE__, line);
    if (strncmp(error, place, strlen(place)) != 0 || !strstr(error, part))
        fail_msg("expected \"%s...%s\", got \"%s\"", place, part, error);
}

static void bad_paths_are_refused_with_a_remedy(void **state)
{
    static const struct {
        const char *path, *part;
    } cases[] = {
        {"x", "path \"x\": a path starts with \"/\""},
        {"", "path \"\": a path starts with \"/\""},
        {NULL, "a path starts with \"/\""},
        {"*", "write \"/*path\" for every path"},
        {"*path", "write \"/*path\" for every path"},
        {":id", "a path starts with \"/\""},
        {"{a}", "a path starts with \"/\", also without its optional parts"},
        {"{/a}:b", "also without its optional parts"},
        {"/*", "write \"/*path\" for one segment or more, \"{/*path}\""},
        {"/a/*/b", "\"*\" without a name; write \"/*path\""},
        {"/a*", "put a backslash before it"},
        {"/:path*", "\"*\" without a name"},
        {"/:path+", "for one segment or more write \"/*name\""},
        {"/a+", "for one segment or more write \"/*name\""},
        {"/a?", "put what is optional between braces: \"/a{/:b}\""},
        {"/:id?", "put what is optional between braces"},
        {"/a?x=1", "a query is no part of a path"},
        {"/(a|b)", "regular expressions are not known; write \":name\""},
        {"/:id(\\d+)", "\":name<int>\" for what it must be"},
        {"/a)", "regular expressions are not known"},
        {"/a{/:b", "\"{\" without \"}\"; an optional part is written"},
        {"/a{{b}", "\"{\" without \"}\""},
        {"/a}", "\"}\" without \"{\""},
        {"/a{b}}", "\"}\" without \"{\""},
        {"/[a]", "this character is reserved"},
        {"/a!", "this character is reserved"},
        {"/:", "\":\" without a name; write \":name\""},
        {"/a/:/b", "\":\" without a name"},
        {"/:-a", "\":\" without a name"},
        {"/:\"\"", "\":\" without a name"},
        {"/*\"\"", "\"*\" without a name"},
        {"/:\"a", "the quotes around a name are not closed"},
        {"/:1", "starts with a letter, \"_\" or \"$\""},
        {"/:a:b", "two params need text between them; write \"/:a-:b\""},
        {"/:a*b", "two params need text between them"},
        {"/*a{:b}", "two params need text between them"},
        {"/:a/:b/:a", "two params have the same name"},
        {"/:a{/:\"a\"}", "two params have the same name"},
        {"/a\\", "a backslash at the end"},
        {"/:id<int", "the constraint of a param is not closed"},
        {"/:id<>", "a constraint without a name"},
        {"/*rest<int>", "a wildcard takes no constraint"},
        {"/{a}{b}{c}{d}{e}{f}{g}{h}{i}", "in more than 256 ways"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        yoke_app *app = yoke_app_new();
        yoke_app_get(app, cases[i].path, ANSWER("x"));
        assert_error(app, __LINE__ - 1, cases[i].part);
        yoke_app_free(app);
        if (cases[i].path && !*cases[i].path)
            continue; /* Of middleware that is every path. */

        app = yoke_app_new();
        yoke_app_use_at(app, cases[i].path, ANSWER("x"));
        assert_error(app, __LINE__ - 1, cases[i].part);
        yoke_app_free(app);

        app = yoke_app_new();
        yoke_app_catch_at(app, cases[i].path, show_error);
        assert_error(app, __LINE__ - 1, cases[i].part);
        yoke_app_free(app);

        app = yoke_app_new();
        yoke_app_use_router(app, cases[i].path, yoke_router_new());
        assert_error(app, __LINE__ - 1, cases[i].part);
        yoke_app_free(app);
    }
}

static void good_paths_are_taken(void **state)
{
    static const char *const paths[] = {
        "/",
        "//",
        "/a/",
        "/:a_1/:_b",
        "/a.b-c~d",
        "/a=b",
        "/$;,@&'",
        "/%41",
        "/a%zz",
        "/\\(\\)",
        "/a b",
        "/\xff\xfe",
        "/\\:a\\?",
        "/^|`<>\"",
        "/:$x",
        "/:caf\xc3\xa9",
        "/:a.json",
        "/:a-:b",
        "/a:b",
        "/:a\"b\"",
        "/:\"a b\"/*\"c:d\"",
        "/:\"a\\\"b\"",
        "/*a",
        "/*a/b/*c",
        "{/:a}",
        "{/}",
        "/{}",
        "/a{/b{/c{/d}}}",
        "/{a}{b}{c}{d}{e}{f}{g}{h}",
        "/:id<int>",
        "/:\"id\"<uuid>.json",
        "/a<b>",
    };
    yoke_app *app = *state;
    for (size_t i = 0; i < COUNT_OF(paths); i++)
        yoke_app_get(app, paths[i], ANSWER("x"));
    assert_null(yoke_app_error(app));
    assert_null(yk_app_prepare(app));
}

static void a_handler_must_be_one(void **state)
{
    yoke_app *app = *state;
    yoke_fn *none = NULL;
    yoke_app_get(app, "/x", ANSWER("x"), none);
    assert_error(app, __LINE__ - 1, "handler 2 of path \"/x\" is NULL");
    yoke_app_free(app);

    app = *state = yoke_app_new();
    yoke_app_use(app, none);
    assert_error(app, __LINE__ - 1, "handler 1 of path \"/\" is NULL");
    yoke_app_free(app);

    app = *state = yoke_app_new();
    yoke_app_catch(app, NULL);
    assert_error(app, __LINE__ - 1, "the error handler of \"/\" is NULL");
    yoke_app_free(app);

    app = *state = yoke_app_new();
    yoke_router_add_route(yoke_app_router(app), YOKE_HERE, "GET",
                          yoke_paths("/x"), NULL, 0);
    assert_error(app, __LINE__ - 2, "path \"/x\" has no handler");
}

static void a_method_must_be_a_token(void **state)
{
    static const struct {
        const char *method, *part;
    } cases[] = {
        {"", "\"\" is not the name of a method"},
        {"GET POST", "\"GET POST\" is not the name of a method"},
        {"GE\r\nT", "is not the name of a method"},
        {"get", "write \"GET\" instead of \"get\""},
        {"Delete", "write \"DELETE\" instead of \"Delete\""},
        {"THIS-METHOD-IS-LONGER-THAN-32-BYTES", "is not the name of a method"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        yoke_app *app = yoke_app_new();
        yoke_app_method(app, cases[i].method, "/x", ANSWER("x"));
        assert_error(app, __LINE__ - 1, cases[i].part);
        yoke_app_free(app);
    }
}

static void methods_have_an_end(void **state)
{
    yoke_app *app = *state;
    for (int i = 0; i < 56; i++) {
        char method[16];
        snprintf(method, sizeof(method), "M%d", i);
        yoke_app_method(app, method, "/x", ANSWER("x"));
        assert_null(yoke_app_error(app));
    }
    assert_non_null(yk_app_prepare(app));
    assert_error(app, __LINE__ - 4, "method \"M55\" is one too many");
}

static void the_first_error_stays(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/ok", ANSWER("x"));
    yoke_app_get(app, "x", ANSWER("x"));
    int line = __LINE__ - 1;
    yoke_app_get(app, "/*", ANSWER("x"));
    yoke_app_fail(app, "another");
    assert_error(app, line, "path \"x\"");
}

static void an_application_can_fail_by_itself(void **state)
{
    yoke_app *app = *state;
    assert_null(yoke_app_error(app));
    yoke_app_fail(app, "setting %s is missing", "SECRET");
    assert_string_equal(yoke_app_error(app), "setting SECRET is missing");
    assert_string_equal(yk_app_prepare(app), "setting SECRET is missing");
}

static void errors_of_routers_are_the_applications(void **state)
{
    yoke_app *app = *state;
    yoke_router *outer = yoke_router_new(), *inner = yoke_router_new();
    yoke_router_get(inner, "x", ANSWER("x"));
    int line = __LINE__ - 1;
    yoke_router_use_router(outer, "/in", inner);
    assert_null(yoke_app_error(app));
    yoke_app_use_router(app, "/out", outer);
    assert_error(app, line, "path \"x\"");
    yoke_app_free(app);

    app = *state = yoke_app_new();
    outer = yoke_router_new();
    inner = yoke_router_new();
    yoke_app_use_router(app, "/out", outer);
    yoke_router_use_router(outer, "/in", inner);
    yoke_router_get(inner, "y", ANSWER("x"));
    assert_error(app, __LINE__ - 1, "path \"y\"");
}

static void a_router_has_one_place(void **state)
{
    yoke_app *app = *state;
    yoke_router *router = yoke_router_new();
    yoke_app_use_router(app, "/a", router);
    yoke_app_use_router(app, "/b", router);
    assert_error(app, __LINE__ - 1, "mounted already");
    yoke_app_free(app);

    app = *state = yoke_app_new();
    yoke_app_use_router(app, "/a", NULL);
    assert_error(app, __LINE__ - 1, "the router is NULL");
}

static void a_router_is_not_mounted_below_itself(void **state)
{
    yoke_app *app = *state;
    yoke_router *outer = yoke_router_new(), *inner = yoke_router_new();
    yoke_router_use_router(outer, "/in", inner);
    yoke_router_use_router(inner, "/out", outer);
    int line = __LINE__ - 1;
    yoke_app_use_router(app, "/", outer);
    assert_error(app, line, "mounted below itself");
}

static void what_comes_after_the_start_is_refused(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x", ANSWER("x"));
    expect(app, "GET /x", 200, "x");
    yoke_log_set_sink(fake_log_line, NULL);
    yoke_app_get(app, "/y", ANSWER("y"));
    yoke_log_set_sink(NULL, NULL);
    assert_error(app, __LINE__ - 2, "path \"/y\" is added after the start");
    assert_logged("path \"/y\" is added after the start");

    trace[0] = '\0';
    struct fake *f = fake_new("GET /x", "");
    yk_app_handle(&f->x, app);
    fake_settle(f);
    assert_string_equal(f->body, "x");
    fake_free(f);
}

static void paths_and_places_need_not_outlive_the_call(void **state)
{
    yoke_app *app = *state;
    char path[] = "/abc/:id", file[] = "mine.c", method[] = "GET";
    struct yoke_handler handler = ANSWER("x");
    yoke_router_add_route(yoke_app_router(app),
                          (struct yoke_here){file, 7, NULL}, method,
                          yoke_paths(path), &handler, 1);
    memset(path, '!', sizeof(path) - 1);
    memset(file, '!', sizeof(file) - 1);
    memset(method, '!', sizeof(method) - 1);
    handler.fn = NULL;
    expect(app, "GET /abc/7", 200, "x");
}

/* ---- Who owns what ---- */

static int freed;

static void count_free(void *data)
{
    assert_string_equal(data, "data");
    freed++;
}

static void free_counted(void *data)
{
    count_free(data);
    free(data);
}

#define OWNED yoke_with(answer, strdup("data"), free_counted)

static void handlers_data_is_freed_with_the_application(void **state)
{
    yoke_app *app = *state;
    yoke_router *inner = yoke_router_new(), *alone = yoke_router_new();
    freed = 0;
    yoke_app_get(app, "/x", OWNED, OWNED, ANSWER("not owned"));
    yoke_app_use(app, OWNED);
    yoke_router_use(inner, OWNED);
    yoke_app_use_router(app, "/in", inner);
    yoke_app_set_data(app, (void *)(uintptr_t) "data", count_free);
    yoke_router_use(alone, OWNED);
    yoke_router_free(alone);
    assert_int_equal(freed, 1);
    yoke_app_free(yoke_app_ref(app));
    assert_int_equal(freed, 1);
    yoke_app_free(app);
    assert_int_equal(freed, 6);
    *state = NULL;
}

static void what_was_refused_is_freed_as_well(void **state)
{
    yoke_app *app = *state;
    yoke_router *inner = yoke_router_new();
    freed = 0;
    yoke_router_use(inner, OWNED);
    yoke_app_use_router(app, "bad", inner);
    yoke_app_get(app, "bad", OWNED);
    yoke_app_get(app, "/x", OWNED, yoke_with(NULL, NULL, NULL));
    assert_int_equal(freed, 0);
    yoke_app_free(app);
    assert_int_equal(freed, 3);
    *state = NULL;
}

static void new_data_frees_the_old(void **state)
{
    static char data[] = "data";
    yoke_app *app = *state;
    freed = 0;
    yoke_app_set_data(app, data, count_free);
    yoke_app_set_data(app, data, count_free);
    assert_int_equal(freed, 0);
    yoke_app_set_data(app, NULL, NULL);
    assert_int_equal(freed, 1);
    assert_null(yoke_app_data(app));
    yoke_app_free(NULL);
    yoke_router_free(NULL);
}

static void a_mounted_router_cannot_be_freed(void **state)
{
    yoke_app *app = *state;
    yoke_router *inner = yoke_router_new();
    yoke_app_use_router(app, "/", inner);
    fake_log[0] = '\0';
    yoke_log_set_sink(fake_log_line, NULL);
    yoke_router_free(inner);
    yoke_log_set_sink(NULL, NULL);
    assert_logged("yoke_router_free");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        APP_TEST(bad_paths_are_refused_with_a_remedy),
        APP_TEST(good_paths_are_taken),
        APP_TEST(a_handler_must_be_one),
        APP_TEST(a_method_must_be_a_token),
        APP_TEST(methods_have_an_end),
        APP_TEST(the_first_error_stays),
        APP_TEST(an_application_can_fail_by_itself),
        APP_TEST(errors_of_routers_are_the_applications),
        APP_TEST(a_router_has_one_place),
        APP_TEST(a_router_is_not_mounted_below_itself),
        APP_TEST(what_comes_after_the_start_is_refused),
        APP_TEST(paths_and_places_need_not_outlive_the_call),
        APP_TEST(handlers_data_is_freed_with_the_application),
        APP_TEST(what_was_refused_is_freed_as_well),
        APP_TEST(new_data_frees_the_old),
        APP_TEST(a_mounted_router_cannot_be_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
