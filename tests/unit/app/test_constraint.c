/* Constraints: what values they take, and what becomes of others. */
#include "handlers.h"

static void values_are_what_they_should_be(void **state)
{
    static const struct {
        const char *constraint, *value;
        bool holds;
    } cases[] = {
        {"int", "7", true},
        {"int", "-7", true},
        {"int", "007", true},
        {"int", "9223372036854775807", true},
        {"int", "-9223372036854775808", true},
        {"int", "9223372036854775808", false},
        {"int", "+7", false},
        {"int", "-", false},
        {"int", "7a", false},
        {"int", "7.0", false},
        {"int", "%37", true}, /* "7": values are decoded. */
        {"uint", "18446744073709551615", true},
        {"uint", "18446744073709551616", false},
        {"uint", "-1", false},
        {"number", "1.5", true},
        {"number", "-0.25", true},
        {"number", "10", true},
        {"number", "1.", false},
        {"number", ".5", false},
        {"number", "1.5.2", false},
        {"number", "1e5", false},
        {"alpha", "abcXYZ", true},
        {"alpha", "abc1", false},
        {"alpha", "%C3%A9", false},
        {"alnum", "a1B2", true},
        {"alnum", "a-b", false},
        {"hex", "00fFaB", true},
        {"hex", "0x1", false},
        {"slug", "hello-world-2", true},
        {"slug", "Hello", false},
        {"uuid", "123e4567-e89b-12d3-a456-426614174000", true},
        {"uuid", "123E4567-E89B-12D3-A456-426614174000", true},
        {"uuid", "123e4567e89b12d3a456426614174000", false},
        {"uuid", "123e4567-e89b-12d3-a456-42661417400", false},
        {"uuid", "123e4567-e89b-12d3-a456-42661417400g", false},
        {"date", "2024-02-29", true},
        {"date", "2023-02-29", false},
        {"date", "1900-02-29", false},
        {"date", "2000-02-29", true},
        {"date", "2024-13-01", false},
        {"date", "2024-00-10", false},
        {"date", "2024-04-31", false},
        {"date", "2024-04-00", false},
        {"date", "2024-4-1", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char path[64], start[128];
        yoke_app *app = yoke_app_new();
        snprintf(path, sizeof(path), "/:x<%s>", cases[i].constraint);
        snprintf(start, sizeof(start), "GET /%s", cases[i].value);
        yoke_app_get(app, path, ANSWER("holds"));
        yoke_app_use(app, ANSWER("else"));
        expect_trace(app, start, 200, cases[i].holds ? "holds" : "else");
        yoke_app_free(app);
    }
}

static void a_mismatch_is_the_next_routes(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/users/:id<uint>", ANSWER("number"));
    yoke_app_get(app, "/users/:id<uuid>", ANSWER("uuid"));
    yoke_app_get(app, "/users/:name", ANSWER("name"));
    yoke_app_get(app, "/:a<int>-:b<int>.:ext<alpha>", ANSWER("range"));
    yoke_app_post(app, "/users/:id<uint>", ANSWER("post"));
    expect_trace(app, "GET /users/7", 200, "number");
    expect_trace(app, "GET /users/123e4567-e89b-12d3-a456-426614174000", 200,
                 "uuid");
    expect_trace(app, "GET /users/ada", 200, "name");
    expect_trace(app, "GET /1-5.json", 200, "range");
    expect(app, "GET /1-x.json", 404, "Cannot GET /1-x.json");
    /* A path without a route for anybody has no methods. */
    expect(app, "PUT /users/7", 405, "Method Not Allowed");
}

static void a_mismatch_is_not_allowed_for_another_method(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/users/:id<uint>", ANSWER("number"));
    expect(app, "POST /users/7", 405, "Method Not Allowed");
    expect(app, "POST /users/ada", 404, "Cannot POST /users/ada");
}

static void a_wrong_escape_is_400_all_the_same(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/users/:id<uint>", ANSWER("number"));
    yoke_app_get(app, "/users/:name", ANSWER("name"));
    expect(app, "GET /users/%zz", 400, "Bad Request");
}

/* ---- The application's own ---- */

static bool is_word(const char *value, void *data)
{
    return strcmp(value, data) == 0;
}

static bool is_even(const char *value, void *data)
{
    (void)data;
    return (value[strlen(value) - 1] - '0') % 2 == 0;
}

static int freed;

static void count_free(void *data)
{
    (void)data;
    freed++;
}

static void an_application_adds_its_own(void **state)
{
    yoke_app *app = *state, *inner = yoke_app_new();
    yoke_router *router = yoke_router_new();
    freed = 0;
    /* Before and after the paths that have it; and further in. */
    yoke_app_get(app, "/:x<even>", ANSWER("even"));
    yoke_app_constraint(app, "even", is_even);
    yoke_app_constraint_with(app, "secret", is_word,
                             (void *)(uintptr_t) "sesame", count_free);
    yoke_router_get(router, "/:x<secret>", ANSWER("open"));
    yoke_app_use_router(app, "/cave", router);
    yoke_app_get(inner, "/:x<even>", ANSWER("inner"));
    yoke_app_mount(app, "/in", inner);
    expect_trace(app, "GET /12", 200, "even");
    expect(app, "GET /13", 404, "Cannot GET /13");
    expect_trace(app, "GET /cave/sesame", 200, "open");
    expect(app, "GET /cave/please", 404, "Cannot GET /cave/please");
    expect_trace(app, "GET /in/2", 200, "inner");
    yoke_app_free(app);
    assert_int_equal(freed, 1);
    *state = NULL;
}

static void an_inner_one_comes_first(void **state)
{
    yoke_app *app = *state, *inner = yoke_app_new();
    yoke_app_constraint_with(app, "word", is_word, (void *)(uintptr_t) "a",
                             NULL);
    yoke_app_constraint_with(inner, "word", is_word, (void *)(uintptr_t) "b",
                             NULL);
    yoke_app_get(inner, "/:x<word>", ANSWER("inner"));
    yoke_app_mount(app, "/in", inner);
    expect_trace(app, "GET /in/b", 200, "inner");
    expect(app, "GET /in/a", 404, "Cannot GET /in/a");
}

static void one_that_is_not_there_is_an_error(void **state)
{
    yoke_app *app = *state;
    yoke_app_constraint(app, "even", is_even);
    yoke_app_get(app, "/:x<odd>", ANSWER("never"));
    int line = __LINE__ - 1;
    char wanted[512];
    snprintf(wanted, sizeof(wanted),
             "%s:%d: path \"/:x<odd>\": there is no constraint \"odd\"; there "
             "are: alnum, alpha, date, hex, int, number, slug, uint, uuid, "
             "even; add one with yoke_app_constraint",
             __FILE__, line);
    assert_string_equal(yoke_app_check(app), wanted);
}

static void wrong_ones_are_errors(void **state)
{
    static const struct {
        const char *name, *part;
    } cases[] = {
        {"int", "constraint \"int\" is one of yoke's own"},
        {"", "is not a name"},
        {"a>b", "is not a name"},
        {"even", "is there already"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        yoke_app *app = yoke_app_new();
        yoke_app_constraint(app, "even", is_even);
        assert_null(yoke_app_error(app));
        yoke_app_constraint(app, cases[i].name, is_even);
        assert_non_null(strstr(yoke_app_error(app), cases[i].part));
        yoke_app_free(app);
    }
    yoke_app *app = yoke_app_new();
    yoke_app_constraint(app, "odd", NULL);
    assert_non_null(strstr(yoke_app_error(app), "has no function"));
    yoke_app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        APP_TEST(values_are_what_they_should_be),
        APP_TEST(a_mismatch_is_the_next_routes),
        APP_TEST(a_mismatch_is_not_allowed_for_another_method),
        APP_TEST(a_wrong_escape_is_400_all_the_same),
        APP_TEST(an_application_adds_its_own),
        APP_TEST(an_inner_one_comes_first),
        APP_TEST(one_that_is_not_there_is_an_error),
        APP_TEST(wrong_ones_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
