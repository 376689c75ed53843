/* JSON answers. */
#include "handlers.h"

#include <jansson.h>

#include "core/alloc.h"

static json_t *value;
static int result;

static void send_json(yoke_req *req, yoke_res *res)
{
    (void)req;
    result = yoke_res_json(res, value);
}

static struct fake *run(json_t *sent, yoke_fn *fn)
{
    yoke_app *app = yoke_app_new();
    struct fake *f = fake_new("GET /x", "");
    value = sent;
    yoke_app_get(app, "/x", fn);
    fake_run(f, app);
    yoke_app_free(app);
    return f;
}

static void values_are_written_compactly(void **state)
{
    static const char *const texts[] = {
        "{\"id\":7,\"name\":\"ada\"}",
        "[]",
        "[1,2.5,true,null,\"\\u0001\\\"\"]",
        "\"text\"",
        "null",
        "\"\xc3\xa9\"",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct fake *f =
            run(json_loads(texts[i], JSON_DECODE_ANY, NULL), send_json);
        assert_int_equal(result, 0);
        assert_string_equal(f->body, texts[i]);
        assert_string_equal(f->headers,
                            "Content-Type: application/json; charset=utf-8\n");
        fake_free(f);
    }
}

static void long_values_are_written_whole(void **state)
{
    json_t *list = json_array();
    (void)state;
    for (int i = 0; i < 5000; i++)
        json_array_append_new(list, json_integer(i));
    char *text = json_dumps(list, JSON_COMPACT);
    struct fake *f = run(list, send_json);
    assert_string_equal(f->body, text);
    free(text);
    fake_free(f);
}

static void no_value_is_a_500(void **state)
{
    (void)state;
    struct fake *f = run(NULL, send_json);
    assert_int_equal(result, -EINVAL);
    assert_int_equal(f->status, 500);
    assert_logged("error: GET /x: the JSON value is NULL");
    fake_free(f);
}

static void a_value_that_contains_itself_is_a_500(void **state)
{
    json_t *outer = json_array(), *inner = json_array();
    (void)state;
    json_array_append(outer, inner);
    json_array_append(inner, outer);
    json_incref(outer);
    struct fake *f = run(outer, send_json);
    assert_int_equal(result, -EINVAL);
    assert_int_equal(f->status, 500);
    json_array_clear(inner);
    json_decref(inner);
    json_decref(outer);
    fake_free(f);
}

static void send_without_memory(yoke_req *req, yoke_res *res)
{
    (void)req;
    yk_alloc_fail_after(0);
    result = yoke_res_json(res, value);
    yk_alloc_fail_after(-1);
}

static void no_memory_is_a_500(void **state)
{
    char text[9000];
    (void)state;
    memset(text, 'x', sizeof(text));
    struct fake *f = run(json_stringn(text, sizeof(text)), send_without_memory);
    assert_int_equal(result, -ENOMEM);
    assert_int_equal(f->status, 500);
    assert_logged("error: GET /x: no memory for the JSON text");
    fake_free(f);
}

static void send_twice(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, "first");
    result = yoke_res_json(res, json_incref(value));
    assert_int_equal(yoke_res_json(res, NULL), -YOKE_EANSWERED);
}

/* The reference is taken over in any case, or the sanitizer complains. */
static void a_second_answer_still_takes_the_value(void **state)
{
    json_t *sent = json_string("x");
    (void)state;
    struct fake *f = run(sent, send_twice);
    assert_int_equal(result, -YOKE_EANSWERED);
    assert_string_equal(f->body, "first");
    assert_int_equal(sent->refcount, 1);
    json_decref(sent);
    fake_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        APP_TEST(values_are_written_compactly),
        APP_TEST(long_values_are_written_whole),
        APP_TEST(no_value_is_a_500),
        APP_TEST(a_value_that_contains_itself_is_a_500),
        APP_TEST(no_memory_is_a_500),
        APP_TEST(a_second_answer_still_takes_the_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
