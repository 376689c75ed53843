/* Query parameters. */
#include "handlers.h"

#include <jansson.h>

/* Answers with all parameters as "name=value;". */
static void show_query(yoke_req *req, yoke_res *res)
{
    char text[1024] = "";
    size_t len = 0;
    const char *name, *value;
    for (size_t i = 0; yoke_req_query_at(req, i, &name, &value); i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s=%s;", name,
                                value);
    yoke_res_text(res, text);
}

static void parameters_are_split_and_decoded(void **state)
{
    static const struct {
        const char *target, *found;
    } cases[] = {
        {"/", ""},
        {"/?", ""},
        {"/?&&", ""},
        {"/?a=1", "a=1;"},
        {"/?a=1&b=2", "a=1;b=2;"},
        {"/?a=1&&b=2&", "a=1;b=2;"},
        {"/?a", "a=;"},
        {"/?a=", "a=;"},
        {"/?a&b", "a=;b=;"},
        {"/?=x", "=x;"},
        {"/?=", "=;"},
        {"/?a=b=c", "a=b=c;"},
        {"/?a?b=c?d", "a?b=c?d;"},
        {"/?a/b=/c", "a/b=/c;"},
        {"/?a+b=c+d", "a b=c d;"},
        {"/?a%20b=c%2Bd", "a b=c+d;"},
        {"/?a%3Db=%26", "a=b=&;"},
        {"/?a=1&a=2&b[c]=3&f=%zz", "a=1;a=2;b[c]=3;f=%zz;"},
        {"/?a=%", "a=%;"},
        {"/?a=%4", "a=%4;"},
        {"/?a=%41%", "a=A%;"},
        {"/?a=%2541", "a=%41;"},
        {"/?a=x%00y", "a=x%00y;"},
        {"/?%C3%A9=%c3%a9", "\xc3\xa9=\xc3\xa9;"},
        {"/?a;b=c", "a;b=c;"},
    };
    yoke_app *app = *state;
    yoke_app_get(app, "/", show_query);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char start[128];
        snprintf(start, sizeof(start), "GET %s", cases[i].target);
        expect(app, start, 200, cases[i].found);
    }
}

static void check_by_name(yoke_req *req, yoke_res *res)
{
    const char *name = "kept", *value = "kept";
    assert_string_equal(yoke_req_query(req, "a"), "1");
    assert_string_equal(yoke_req_query(req, "b"), "");
    assert_null(yoke_req_query(req, "A"));
    assert_null(yoke_req_query(req, ""));
    assert_int_equal(yoke_req_query_count(req), 3);
    assert_false(yoke_req_query_at(req, 3, &name, &value));
    assert_string_equal(name, "kept");
    assert_string_equal(value, "kept");
    assert_ptr_equal(yoke_req_query(req, "a"), yoke_req_query(req, "a"));
    yoke_res_text(res, yoke_req_original_url(req));
}

static void parameters_are_found_by_name(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/", check_by_name);
    expect(app, "GET /?a=1&b&a=2", 200, "/?a=1&b&a=2");
}

static void count_query(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_printf(req, "%zu", yoke_req_query_count(req)));
}

static void parameters_after_the_thousandth_are_ignored(void **state)
{
    yoke_app *app = *state;
    char start[5000] = "GET /?";
    yoke_app_get(app, "/", count_query);
    for (int i = 0; i < 999; i++)
        memcpy(start + 6 + 2 * i, "a&", 2);
    memcpy(start + 6 + 2 * 999, "a", 2);
    expect(app, start, 200, "1000");
    memcpy(start + 6 + 2 * 999 + 1, "&b&c", 5);
    expect(app, start, 200, "1000");
}

static void a_router_sees_the_same_query(void **state)
{
    yoke_app *app = *state;
    yoke_router *inner = yoke_router_new();
    yoke_router_get(inner, "/", show_query);
    yoke_app_use_router(app, "/in", inner);
    expect(app, "GET /in?a=1", 200, "a=1;");
    expect(app, "GET http://h/in?a=1", 200, "a=1;");
}

/* ---- As JSON, while memory fails ---- */

static int blocks_left;

static void *scarce_alloc(size_t size)
{
    return blocks_left > 0 && blocks_left-- ? malloc(size) : NULL;
}

static void make_json(yoke_req *req, yoke_res *res)
{
    yoke_req_query_json(req);
    yoke_res_text(res, "");
}

/* Whichever block is the first that cannot be had: nothing is used after it
 * was freed, and nothing is left behind (which a sanitizer sees). */
static void no_memory_for_a_query_leaves_parts_of_it_out(void **state)
{
    yoke_app *app = *state;
    yoke_app_set_str(app, "query parser", "extended");
    yoke_app_get(app, "/", make_json);
    json_set_alloc_funcs(scarce_alloc, free);
    for (int n = 0; n < 200; n++) {
        struct fake *f = fake_new("GET /?a[b]=1&a[b]=2&a[c][d]=3&l[]=4&l[]=5&"
                                  "l[x]=6&l[9]=7&p[0]=8&p[0]=9&p[0][q]=1&s=1&"
                                  "s=2&s=3&s[t][u]=4&m[0][a]=1&m[z]=2",
                                  "");
        blocks_left = n;
        fake_run(f, app);
        assert_int_equal(f->status, 200);
        fake_free(f);
    }
    assert_true(blocks_left > 0);
    json_set_alloc_funcs(malloc, free);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        APP_TEST(parameters_are_split_and_decoded),
        APP_TEST(parameters_are_found_by_name),
        APP_TEST(parameters_after_the_thousandth_are_ignored),
        APP_TEST(a_router_sees_the_same_query),
        APP_TEST(no_memory_for_a_query_leaves_parts_of_it_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
