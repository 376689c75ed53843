/* Paths: what a pattern matches, and what its params are. */
#include "handlers.h"

/* ---- Paths ---- */

static void paths_match_as_in_express(void **state)
{
    static const struct {
        const char *pattern, *path;
        bool is_route, is_prefix;
    } cases[] = {
        {"/", "/", true, true},
        {"/", "/x", false, true},
        {"/", "/?q=1", true, true},
        {"/api", "/api", true, true},
        {"/api", "/api/", true, true},
        {"/api/", "/api", true, true},
        {"/api/", "/api/", true, true},
        {"/api", "/api?x=/y", true, true},
        {"/api", "/api/?x=/y", true, true},
        {"/api", "/API", true, true},
        {"/API", "/api", true, true},
        {"/api", "/api/x", false, true},
        {"/api", "/api-x", false, false},
        {"/api", "/apix", false, false},
        {"/api", "/ap", false, false},
        {"/api", "/x/api", false, false},
        {"/api", "/", false, false},
        {"/api", "//api", false, false},
        {"/api", "/api//", false, true},
        {"/a/b", "/a/b", true, true},
        {"/a/b", "/a/b/c", false, true},
        {"/a/b", "/a//b", false, false},
        {"/a//b", "/a//b", true, true},
        {"/a/b", "/a%2Fb", false, false},
        {"/a%2fb", "/a%2Fb", true, true},
        {"/:id", "/7", true, true},
        {"/:id", "/7/", true, true},
        {"/:id", "/7/x", false, true},
        {"/:id", "/", false, false},
        {"/:id", "//", false, false},
        {"/a/:id", "/a/", false, false},
        {"/a/:id/b", "/a/7/b", true, true},
        {"/a/:id/b", "/a//b", false, false},
        {"/a/:id/b", "/A/7/B/", true, true},
        {"/:a/:b", "/1/2", true, true},
        {"/:a/:b", "/1", false, false},
        {"/hello world", "/hello%20world", true, true},
        {"/caf\xc3\xa9", "/caf%C3%A9", true, true},
        {"/caf\xc3\xa9", "/caf%c3%a9", true, true},
        {"/100%", "/100%25", true, true},
        {"/a\\*b", "/a*b", true, true},
        {"/a\\:b", "/a:b", true, true},
        {"/\\:id", "/:id", true, true},
        {"/\\:id", "/7", false, false},
        {"/a\\+", "/a+", true, true},
        {"/a\\\\b", "/a\\b", true, true},
        {"/a\\?", "/a%3F", true, true},
        {"/x.json", "/x.json", true, true},
        {"/x.json", "/xyjson", false, false},
        {"/a@b", "/a`b", false, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char start[64];
        yoke_app *app = yoke_app_new();
        yoke_app_get(app, cases[i].pattern, ANSWER("route"));
        yoke_app_use_at(app, cases[i].pattern, ANSWER("prefix"));
        snprintf(start, sizeof(start), "GET %s", cases[i].path);
        struct fake *f = fake_new(start, "");
        trace[0] = '\0';
        fake_run(f, app);
        const char *found = f->status == 200 ? f->body : "nothing";
        const char *wanted = cases[i].is_route    ? "route"
                             : cases[i].is_prefix ? "prefix"
                                                  : "nothing";
        if (strcmp(found, wanted) != 0)
            fail_msg("%s on %s: expected %s, found %s", cases[i].pattern,
                     cases[i].path, wanted, found);
        fake_free(f);
        yoke_app_free(app);
    }
}

static void absolute_targets_are_routed_by_their_path(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/", ANSWER("root"));
    yoke_app_get(app, "/a", ANSWER("a"));
    expect_trace(app, "GET http://other", 200, "root");
    expect_trace(app, "GET http://other/", 200, "root");
    expect_trace(app, "GET http://other?x", 200, "root");
    expect_trace(app, "GET http://other/a?x=http://y/z", 200, "a");
}

/* ---- Params ---- */

static void show_params(yoke_req *req, yoke_res *res)
{
    const char *id = yoke_req_param(req, "id"), *b = yoke_req_param(req, "b");
    yoke_res_text(res,
                  yoke_req_printf(req, "%s|%s", id ? id : "-", b ? b : "-"));
}

static void params_are_decoded_once(void **state)
{
    static const struct {
        const char *start;
        int status;
        const char *body;
    } cases[] = {
        {"GET /u/7/2", 200, "7|2"},
        {"GET /u/7/2/?id=9", 200, "7|2"},
        {"GET /U/Ab/C", 200, "Ab|C"},
        {"GET /u/a%20b/c+d", 200, "a b|c+d"},
        {"GET /u/a%2Fb/%2f", 200, "a/b|/"},
        {"GET /u/a%2fb", 404, "Cannot GET /u/a%2fb"},
        {"GET /u/%2525/x", 200, "%25|x"},
        {"GET /u/%C3%A9/x", 200, "\xc3\xa9|x"},
        {"GET /u/%3Ahi/x", 200, ":hi|x"},
        {"GET /u/%2E%2E/x", 200, "..|x"},
        {"GET /u/%zz/x", 400, "Bad Request"},
        {"GET /u/x/%zz", 400, "Bad Request"},
        {"GET /u/%/x", 400, "Bad Request"},
        {"GET /u/a%4/x", 400, "Bad Request"},
        {"GET /u/%00/x", 400, "Bad Request"},
        {"GET /u/a%00b/x", 400, "Bad Request"},
    };
    yoke_app *app = *state;
    yoke_app_get(app, "/u/:id/:b", show_params);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        expect(app, cases[i].start, cases[i].status, cases[i].body);
}

static void a_wrong_escape_is_an_error_like_any_other(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/u/:id", ANSWER("never"));
    yoke_app_get(app, "/u/%zz", ANSWER("never"));
    yoke_app_catch(app, show_error);
    expect(app, "GET /u/%zz", 400, "a param in the path has a wrong escape");
}

static void a_wrong_escape_elsewhere_is_only_text(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/u/:id", show_params);
    yoke_app_use(app, ANSWER("end"));
    expect_trace(app, "GET /%zz", 200, "end");
    expect(app, "GET /u/7?x=%zz", 200, "7|-");
}

static void each_layer_has_its_own_params(void **state)
{
    yoke_app *app = *state;
    yoke_router *inner = yoke_router_new();
    yoke_router_get(inner, "/:b", show_params);
    yoke_router_get(inner, "/x/:id", show_params);
    yoke_app_get(app, "/:other/y", PASS("a"));
    yoke_app_get(app, "/:b/y", show_params);
    yoke_app_use_router(app, "/in/:id", inner);
    yoke_app_get(app, "/no/param/here", show_params);
    expect(app, "GET /1/y", 200, "-|1");
    expect(app, "GET /in/1/2", 200, "-|2");
    expect(app, "GET /in/1/x/3", 200, "3|-");
    expect(app, "GET /no/param/here", 200, "-|-");
}

static void params_of_use_are_those_of_its_path(void **state)
{
    yoke_app *app = *state;
    yoke_app_use_at(app, "/u/:id", show_params);
    expect(app, "GET /u/7/more/than/that", 200, "7|-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        APP_TEST(paths_match_as_in_express),
        APP_TEST(absolute_targets_are_routed_by_their_path),
        APP_TEST(params_are_decoded_once),
        APP_TEST(a_wrong_escape_is_an_error_like_any_other),
        APP_TEST(a_wrong_escape_elsewhere_is_only_text),
        APP_TEST(each_layer_has_its_own_params),
        APP_TEST(params_of_use_are_those_of_its_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
