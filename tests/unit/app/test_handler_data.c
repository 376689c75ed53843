/* Handlers' data: freed once, when the last place that has the handler goes. */
#include "handlers.h"

static void count_free(void *data)
{
    ++*(int *)data;
}

static void show(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, "shown");
}

static void of_one_place_is_freed_with_the_application(void **state)
{
    int freed = 0;
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_app_get(app, "/", yoke_with(show, &freed, count_free));
    assert_int_equal(freed, 0);
    yoke_app_free(app);
    assert_int_equal(freed, 1);
}

static void of_many_places_is_freed_once(void **state)
{
    int freed = 0;
    yoke_app *app = yoke_app_new();
    yoke_router *router = yoke_router_new();
    struct yoke_handler handler = yoke_with(show, &freed, count_free);
    (void)state;
    yoke_app_get(app, "/a", handler);
    yoke_app_get(app, "/b", handler, handler);
    yoke_app_param(app, "id", handler);
    yoke_router_get(router, "/c", handler);
    yoke_app_use_router(app, "/d", router);
    expect(app, "GET /d/c", 200, "shown");
    yoke_app_free(app);
    assert_int_equal(freed, 1);
}

static void of_two_applications_is_freed_with_the_last(void **state)
{
    int freed = 0;
    yoke_app *one = yoke_app_new(), *other = yoke_app_new();
    struct yoke_handler handler = yoke_with(show, &freed, count_free);
    (void)state;
    yoke_app_get(one, "/", handler);
    yoke_app_get(other, "/", handler);
    yoke_app_free(one);
    assert_int_equal(freed, 0);
    expect(other, "GET /", 200, "shown");
    yoke_app_free(other);
    assert_int_equal(freed, 1);
}

/* More than there are buckets for. */
static void of_a_thousand_handlers_are_freed_each(void **state)
{
    static int freed[1000];
    yoke_app *app = yoke_app_new();
    (void)state;
    for (size_t i = 0; i < COUNT_OF(freed); i++)
        yoke_app_use(app, yoke_with(show, &freed[i], count_free));
    yoke_app_free(app);
    for (size_t i = 0; i < COUNT_OF(freed); i++)
        assert_int_equal(freed[i], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_one_place_is_freed_with_the_application),
        cmocka_unit_test(of_many_places_is_freed_once),
        cmocka_unit_test(of_two_applications_is_freed_with_the_last),
        cmocka_unit_test(of_a_thousand_handlers_are_freed_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
