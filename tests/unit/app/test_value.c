/* Typed getters: what is taken, what is refused, and what the client is told.
 */
#include "../unit.h"

#include <errno.h>
#include <float.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include <yoke/yoke.h>

static int64_t min, max;

static void get_int(yoke_req *req, yoke_res *res)
{
    int64_t value;
    if (yoke_req_int(req, YOKE_QUERY, "n", min, max, &value))
        yoke_res_text(res, yoke_req_printf(req, "%lld", (long long)value));
}

static void get_uint(yoke_req *req, yoke_res *res)
{
    uint64_t value;
    if (yoke_req_uint(req, YOKE_QUERY, "n", (uint64_t)min,
                      max < 0 ? UINT64_MAX : (uint64_t)max, &value))
        yoke_res_text(res,
                      yoke_req_printf(req, "%llu", (unsigned long long)value));
}

static void get_double(yoke_req *req, yoke_res *res)
{
    double value;
    if (yoke_req_double(req, YOKE_QUERY, "n", -1000, 1000, &value))
        yoke_res_text(res, yoke_req_printf(req, "%g", value));
}

static void get_bool(yoke_req *req, yoke_res *res)
{
    bool value;
    if (yoke_req_bool(req, YOKE_QUERY, "n", &value))
        yoke_res_text(res, value ? "yes" : "no");
}

static void get_choice(yoke_req *req, yoke_res *res)
{
    size_t place;
    if (yoke_req_choice(req, YOKE_QUERY, "n", YOKE_TEXTS("asc", "desc"),
                        &place))
        yoke_res_text(res, yoke_req_printf(req, "%zu", place));
}

static void get_string(yoke_req *req, yoke_res *res)
{
    const char *text;
    if (yoke_req_string(req, YOKE_QUERY, "n", 2, 4, &text))
        yoke_res_text(res, text);
}

#define ANY INT64_MIN, INT64_MAX

static const struct {
    yoke_fn *fn;
    int64_t min, max;
    const char *query;
    int status;
    const char *body;
} cases[] = {
    {get_int, ANY, "n=7", 200, "7"},
    {get_int, ANY, "n=-7", 200, "-7"},
    {get_int, ANY, "n=9223372036854775807", 200, "9223372036854775807"},
    {get_int, ANY, "n=-9223372036854775808", 200, "-9223372036854775808"},
    {get_int, ANY, "n=9223372036854775808", 400,
     "query parameter \"n\" must be a whole number"},
    {get_int, ANY, "n=", 400, "query parameter \"n\" must be a whole number"},
    {get_int, ANY, "n=+7", 400, NULL},
    {get_int, ANY, "n=%207", 400, NULL},
    {get_int, ANY, "n=7x", 400, NULL},
    {get_int, ANY, "n=0x7", 400, NULL},
    {get_int, ANY, "n=--7", 400, NULL},
    {get_int, ANY, "n=1e3", 400, NULL},
    {get_int, ANY, "n=7&n=x", 200, "7"},
    {get_int, ANY, "m=7", 400,
     "query parameter \"n\" is missing; it must be a whole number"},
    {get_int, 1, 10, "n=10", 200, "10"},
    {get_int, 1, 10, "n=11", 400,
     "query parameter \"n\" must be a whole number from 1 to 10"},
    {get_int, 1, INT64_MAX, "n=0", 400,
     "query parameter \"n\" must be a whole number from 1 on"},
    {get_int, INT64_MIN, -1, "n=0", 400,
     "query parameter \"n\" must be a whole number up to -1"},

    {get_uint, 0, -1, "n=18446744073709551615", 200, "18446744073709551615"},
    {get_uint, 0, -1, "n=18446744073709551616", 400,
     "query parameter \"n\" must be a whole number from 0 on"},
    {get_uint, 0, 5, "n=-1", 400,
     "query parameter \"n\" must be a whole number from 0 to 5"},

    {get_double, ANY, "n=1.5", 200, "1.5"},
    {get_double, ANY, "n=-1e2", 200, "-100"},
    {get_double, ANY, "n=1E%2B2", 200, "100"},
    {get_double, ANY, "n=5", 200, "5"},
    {get_double, ANY, "n=1001", 400,
     "query parameter \"n\" must be a number from -1000 to 1000"},
    {get_double, ANY, "n=1e999", 400, NULL},
    {get_double, ANY, "n=.5", 400, NULL},
    {get_double, ANY, "n=5.", 400, NULL},
    {get_double, ANY, "n=5e", 400, NULL},
    {get_double, ANY, "n=nan", 400, NULL},
    {get_double, ANY, "n=inf", 400, NULL},
    {get_double, ANY, "n=0x1p3", 400, NULL},
    {get_double, ANY, "n=1,5", 400, NULL},

    {get_bool, ANY, "n=true", 200, "yes"},
    {get_bool, ANY, "n=1", 200, "yes"},
    {get_bool, ANY, "n=false", 200, "no"},
    {get_bool, ANY, "n=0", 200, "no"},
    {get_bool, ANY, "n=TRUE", 400,
     "query parameter \"n\" must be true or false"},
    {get_bool, ANY, "n", 400, NULL},

    {get_choice, ANY, "n=desc", 200, "1"},
    {get_choice, ANY, "n=DESC", 400,
     "query parameter \"n\" must be one of \"asc\", \"desc\""},

    {get_string, ANY, "n=abc", 200, "abc"},
    {get_string, ANY, "n=a", 400,
     "query parameter \"n\" must be text of 2 to 4 bytes"},
    {get_string, ANY, "n=abcde", 400, NULL},
};

static void text_is_read_strictly(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        yoke_app *app = yoke_app_new();
        char path[128];
        min = cases[i].min;
        max = cases[i].max;
        yoke_app_get(app, "/", cases[i].fn);
        yoke_test *t = yoke_test_new(app);
        snprintf(path, sizeof(path), "/?%s", cases[i].query);
        yoke_tr *r = yoke_test_get(t, path);
        yoke_expect_status(r, cases[i].status);
        if (cases[i].body)
            yoke_expect_body(r, cases[i].body);
        yoke_test_free(t);
    }
}

static void everywhere(yoke_req *req, yoke_res *res)
{
    int64_t id, limit, page;
    if (!yoke_req_int(req, YOKE_PARAM, "id", 1, 100, &id) ||
        !yoke_req_int(req, YOKE_HEADER, "X-Limit", 1, 100, &limit) ||
        !yoke_req_int_or(req, YOKE_QUERY, "page", 1, 9, 1, &page))
        return;
    yoke_res_text(
        res, yoke_req_printf(req, "%d %d %d", (int)id, (int)limit, (int)page));
}

static void params_headers_and_defaults(void **state)
{
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_app_get(app, "/users/:id", everywhere);
    yoke_test *t = yoke_test_new(app);
    yoke_tr *r = yoke_test_get(t, "/users/7");
    yoke_tr_set(r, "X-Limit", "20");
    yoke_expect_text(r, 200, "7 20 1");
    r = yoke_test_get(t, "/users/x");
    yoke_expect_text(r, 400,
                     "param \"id\" must be a whole number from 1 to 100");
    r = yoke_test_get(t, "/users/7");
    yoke_expect_text(r, 400,
                     "header \"X-Limit\" is missing; it must be a "
                     "whole number from 1 to 100");
    r = yoke_test_get(t, "/users/7?page=x");
    yoke_tr_set(r, "X-Limit", "20");
    yoke_expect_text(r, 400,
                     "query parameter \"page\" must be a whole number from 1 "
                     "to 9");
    yoke_test_free(t);
}

/* Each with something to fall back upon. */
static void all_or(yoke_req *req, yoke_res *res)
{
    int64_t i;
    uint64_t u;
    double d;
    bool b;
    size_t place;
    const char *text;
    if (yoke_req_int_or(req, YOKE_QUERY, "i", -9, 9, -1, &i) &&
        yoke_req_uint_or(req, YOKE_QUERY, "u", 0, 9, 2, &u) &&
        yoke_req_double_or(req, YOKE_QUERY, "d", 0, 9, 0.5, &d) &&
        yoke_req_bool_or(req, YOKE_QUERY, "b", true, &b) &&
        yoke_req_choice_or(req, YOKE_QUERY, "c", YOKE_TEXTS("x", "y"), 1,
                           &place) &&
        yoke_req_string_or(req, YOKE_QUERY, "s", 1, 9, "none", &text))
        yoke_res_text(res, yoke_req_printf(req, "%d %u %g %d %zu %s", (int)i,
                                           (unsigned)u, d, b, place, text));
}

static void what_is_missing_has_a_fallback(void **state)
{
    static const char *const wrong[] = {"i=10", "u=-1", "d=x",
                                        "b=y",  "c=z",  "s="};
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_app_get(app, "/", all_or);
    yoke_test *t = yoke_test_new(app);
    yoke_expect_text(yoke_test_get(t, "/"), 200, "-1 2 0.5 1 1 none");
    yoke_expect_text(yoke_test_get(t, "/?i=3&u=4&d=5.5&b=0&c=x&s=a"), 200,
                     "3 4 5.5 0 0 a");
    /* What is there and wrong has none. */
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        char path[32];
        snprintf(path, sizeof(path), "/?%s", wrong[i]);
        yoke_expect_status(yoke_test_get(t, path), 400);
    }
    yoke_test_free(t);
}

/* ---- JSON ---- */

static void from_json(yoke_req *req, yoke_res *res)
{
    int64_t age;
    double weight;
    bool is_admin;
    size_t role;
    const char *name;
    if (!yoke_req_string(req, YOKE_JSON, "name", 1, 20, &name) ||
        !yoke_req_int(req, YOKE_JSON, "age", 0, 200, &age) ||
        !yoke_req_double_or(req, YOKE_JSON, "body.weight", 0, 500, 0,
                            &weight) ||
        !yoke_req_bool_or(req, YOKE_JSON, "tags.0", false, &is_admin) ||
        !yoke_req_choice_or(req, YOKE_JSON, "role", YOKE_TEXTS("a", "b"), 0,
                            &role))
        return;
    yoke_res_text(res, yoke_req_printf(req, "%s %d %g %d %zu", name, (int)age,
                                       weight, is_admin, role));
}

static yoke_tr *post(yoke_test *t, const char *type, const char *body)
{
    yoke_tr *r = yoke_test_post(t, "/");
    if (type)
        yoke_tr_set(r, "Content-Type", type);
    yoke_tr_body(r, body);
    return r;
}

static yoke_test *json_client(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_post(app, "/", yoke_body, from_json);
    yoke_app_post(app, "/bare", from_json);
    return yoke_test_new(app);
}

static void json_must_have_the_type(void **state)
{
    static const struct {
        const char *body;
        int status;
        const char *text;
    } of[] = {
        {"{\"name\":\"ada\",\"age\":36}", 200, "ada 36 0 0 0"},
        {"{\"name\":\"ada\",\"age\":36,\"body\":{\"weight\":55.5},"
         "\"tags\":[true],\"role\":\"b\"}",
         200, "ada 36 55.5 1 1"},
        {"{\"name\":\"ada\",\"age\":\"36\"}", 400,
         "member \"age\" must be a whole number from 0 to 200"},
        {"{\"name\":\"ada\",\"age\":36.5}", 400, NULL},
        {"{\"name\":\"ada\",\"age\":300}", 400, NULL},
        {"{\"name\":7,\"age\":36}", 400,
         "member \"name\" must be text of 1 to 20 bytes"},
        {"{\"name\":\"a\\u0000b\",\"age\":36}", 400, NULL},
        {"{\"name\":null,\"age\":36}", 400,
         "member \"name\" is missing; it must be text of 1 to 20 bytes"},
        {"[]", 400, NULL},
        {"{\"name\":\"ada\"", 400, NULL},
        {"{\"name\":\"ada\",\"name\":\"eve\"}", 400, NULL},
        {"{\"name\":\"ada\",\"age\":1,\"tags\":[1]}", 400,
         "member \"tags.0\" must be true or false"},
    };
    yoke_test *t = json_client();
    (void)state;
    for (size_t i = 0; i < COUNT_OF(of); i++) {
        yoke_tr *r = post(t, "application/json", of[i].body);
        yoke_expect_status(r, of[i].status);
        if (of[i].text)
            yoke_expect_body(r, of[i].text);
    }
    yoke_test_free(t);
}

static void what_is_no_json_is_told_so(void **state)
{
    yoke_test *t = json_client();
    (void)state;
    yoke_expect_status(post(t, "text/plain", "{}"), 415);
    yoke_expect_status(post(t, NULL, "{}"), 415);
    yoke_expect_status(post(t, "application/problem+json", "{}"), 400);
    yoke_tr *r = post(t, "application/json", "{\n  \"name\" 7}");
    yoke_expect_status(r, 400);
    yoke_expect_body_has(r, "the body is no JSON: line 2, column ");
    r = yoke_test_post(t, "/");
    yoke_expect_text(r, 400, "the request has no body; send JSON");
    /* Nobody collected it: the program's mistake, not the client's. */
    r = yoke_test_post(t, "/bare");
    yoke_tr_set(r, "Content-Type", "application/json");
    yoke_tr_body(r, "{}");
    yoke_expect_text(r, 500, "Internal Server Error");
    yoke_test_free(t);
}

static int warnings;

static void count_warnings(enum yoke_log_level level, const char *text,
                           void *data)
{
    (void)text, (void)data;
    warnings += level >= YOKE_LOG_WARN;
}

static void get_or(yoke_req *req, yoke_res *res)
{
    bool flag;
    if (yoke_req_bool_or(req, YOKE_JSON, "flag", false, &flag))
        yoke_res_text(res, "read");
}

static void what_is_no_json_is_told_once(void **state)
{
    (void)state;
    yoke_app *app = yoke_app_new();
    yoke_app_post(app, "/", yoke_body, get_or);
    yoke_test *t = yoke_test_new(app);
    warnings = 0;
    yoke_log_set_level(YOKE_LOG_WARN);
    yoke_log_set_sink(count_warnings, NULL);
    yoke_expect_status(post(t, "application/json", "{"), 400);
    yoke_log_set_sink(NULL, NULL);
    yoke_log_set_level(YOKE_LOG_OFF);
    assert_int_equal(warnings, 0);
    yoke_test_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_read_strictly),
        cmocka_unit_test(params_headers_and_defaults),
        cmocka_unit_test(what_is_missing_has_a_fallback),
        cmocka_unit_test(json_must_have_the_type),
        cmocka_unit_test(what_is_no_json_is_told_so),
        cmocka_unit_test(what_is_no_json_is_told_once),
    };
    yoke_log_set_level(YOKE_LOG_OFF);
    yoke_test_on_fail(_fail);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
