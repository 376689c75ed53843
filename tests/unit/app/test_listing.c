/* What an application consists of, as it is told. */
#include "handlers.h"

/* Lines "kind methods path handlers depth". */
static char listed[2048];

static void list(const struct yoke_layer_info *info, void *data)
{
    static const char *const kinds[] = {
        [YOKE_LAYER_ROUTE] = "route",
        [YOKE_LAYER_MIDDLEWARE] = "use",
        [YOKE_LAYER_CATCH] = "catch",
        [YOKE_LAYER_ROUTER] = "mount",
    };
    size_t len = strlen(listed);
    (*(int *)data)++;
    assert_non_null(strstr(info->here, "test_listing.c:"));
    snprintf(listed + len, sizeof(listed) - len, "%s %s %s [%s] %d\n",
             kinds[info->kind], info->methods, info->path, info->handlers,
             info->depth);
}

static void expect_list(const yoke_app *app, const char *wanted, int count)
{
    int n = 0;
    listed[0] = '\0';
    yoke_app_routes(app, list, &n);
    assert_string_equal(listed, wanted);
    assert_int_equal(n, count);
}

static void layers_are_told_in_order(void **state)
{
    yoke_app *app = *state, *inner = yoke_app_new();
    yoke_router *router = yoke_router_new(), *deep = yoke_router_new();
    yoke_app_use(app, pass, yoke_with(answer, listed, NULL), show_error);
    yoke_router_get(router, "/", answer);
    yoke_app_post(inner, "/:x", pass, answer);
    yoke_router_put(deep, "/:x", answer);
    yoke_router_use_router(router, "/deep", deep);
    yoke_app_mount(app, "/in", inner);
    yoke_app_use_router(app, "/api/", router);
    yoke_app_get(app, yoke_paths("/a", "/b"), ANSWER("x"));
    yoke_app_all(app, "/all", answer);
    yoke_app_catch_at(app, "/api", show_error);
    expect_list(app,
                "use * / [pass] 0\n"
                "use * / [answer] 0\n"
                "catch * / [show_error] 0\n"
                "mount * /in [] 0\n"
                "route POST /in/:x [pass, answer] 1\n"
                "mount * /api/ [] 0\n"
                "route GET /api [answer] 1\n"
                "mount * /api/deep [] 1\n"
                "route PUT /api/deep/:x [answer] 2\n"
                "route GET /a [answer] 0\n"
                "route GET /b [answer] 0\n"
                "route * /all [answer] 0\n"
                "catch * /api [show_error] 0\n",
                13);
    /* Listing changes nothing. */
    yoke_app_get(app, "/more", answer);
    assert_null(yoke_app_error(app));
}

static void a_route_lists_each_method_once(void **state)
{
    yoke_app *app = *state;
    yoke_route *route = yoke_app_route(app, "/x");
    expect_list(app, "route * /x [] 0\n", 1);
    yoke_route_all(route, pass);
    yoke_route_get(route, pass, answer);
    yoke_route_put(route, answer);
    yoke_route_get(route, answer);
    expect_list(
        app, "route GET, PUT /x [pass, pass, answer, answer, answer] 0\n", 1);
}

static void what_is_refused_is_not_told(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "bad", answer);
    yoke_app_get(app, "/good", answer);
    expect_list(app, "route GET /good [answer] 0\n", 1);
}

static void without_a_macro_there_may_be_no_name(void **state)
{
    yoke_app *app = *state;
    struct yoke_handler handler = ANSWER("x");
    yoke_router_add_route(yoke_app_router(app), YOKE_HERE, "GET",
                          yoke_paths("/x"), &handler, 1);
    expect_list(app, "route GET /x [] 0\n", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        APP_TEST(layers_are_told_in_order),
        APP_TEST(a_route_lists_each_method_once),
        APP_TEST(what_is_refused_is_not_told),
        APP_TEST(without_a_macro_there_may_be_no_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
