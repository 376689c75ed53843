/* Paths into JSON, and where two values differ. */
#include "../unit.h"

#include <stdlib.h>
#include <string.h>

#include "test/bytes.h"
#include "test/json.h"

#define SAMPLE                                                                 \
    "{\"a\":{\"b\":[10,{\"c d\":\"x\"},[true]]},\"e.f\":1,\"g[0]\":2,\"\":3}"

static void finds_values_by_path(void **state)
{
    static const struct {
        const char *path, *value; /* NULL: nothing. */
    } rows[] = {
        {"$", SAMPLE},
        {"$.a.b[0]", "10"},
        {"$.a.b[-1]", "[true]"},
        {"$.a.b[-3]", "10"},
        {"$.a.b[2][0]", "true"},
        {"$.a.b[1]['c d']", "\"x\""},
        {"$['a'][\"b\"][0]", "10"},
        {"$['e.f']", "1"},
        {"$['g[0]']", "2"},
        {"$['']", "3"},
        {"$.x", NULL},
        {"$.x.y[0]", NULL},
        {"$.a.b[3]", NULL},
        {"$.a.b[-4]", NULL},
        {"$.a[0]", NULL},
        {"$.a.b.c", NULL},
    };
    json_t *root = json_loads(SAMPLE, 0, NULL);
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *error;
        json_t *found = yk_json_find(root, rows[i].path, &error);
        assert_null(error);
        if (!rows[i].value) {
            assert_null(found);
            continue;
        }
        char *text = json_dumps(found, JSON_COMPACT | JSON_ENCODE_ANY);
        assert_string_equal(text, rows[i].value);
        free(text);
    }
    json_decref(root);
}

static void tells_what_is_wrong_with_a_path(void **state)
{
    static const struct {
        const char *path, *error;
    } rows[] = {
        {"", "it begins with \"$\""},
        {"a", "it begins with \"$\""},
        {"$a", "a step begins with \".\" or \"[\""},
        {"$.", "a name is missing behind a dot"},
        {"$.a..b", "a name is missing behind a dot"},
        {"$[", "in brackets there is a number, or a name in quotes"},
        {"$[x]", "in brackets there is a number, or a name in quotes"},
        {"$[1", "in brackets there is a number, or a name in quotes"},
        {"$['a]", "a name in brackets does not end"},
        {"$['a'", "a name in brackets does not end"},
        {"$.x['", "a name in brackets does not end"},
    };
    json_t *root = json_loads(SAMPLE, 0, NULL);
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *error;
        assert_null(yk_json_find(root, rows[i].path, &error));
        assert_string_equal(error, rows[i].error);
    }
    json_decref(root);
}

static void finds_the_first_difference(void **state)
{
    static const struct {
        const char *expected, *got, *where; /* NULL: they are equal. */
    } rows[] = {
        {"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", NULL},
        {"1", "1.0", NULL},
        {"1.5", "1.5", NULL},
        {"[]", "[]", NULL},
        {"[]", "{}", "$: expected [], got {}"},
        {"1", "\"1\"", "$: expected 1, got \"1\""},
        {"null", "false", "$: expected null, got false"},
        {"[1,2]", "[1]", "$[1]: expected 2, got nothing"},
        {"[1]", "[1,2]", "$[1]: expected nothing, got 2"},
        {"{\"a\":{\"b\":[0,{\"c\":1}]}}", "{\"a\":{\"b\":[0,{\"c\":2}]}}",
         "$.a.b[1].c: expected 1, got 2"},
        {"{\"a\":1}", "{}", "$.a: expected 1, got nothing"},
        {"{}", "{\"a\":1}", "$.a: expected nothing, got 1"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct yk_bytes where = {0};
        json_t *a = json_loads(rows[i].expected, JSON_DECODE_ANY, NULL);
        json_t *b = json_loads(rows[i].got, JSON_DECODE_ANY, NULL);
        assert_int_equal(yk_json_equal(a, b, &where), !rows[i].where);
        assert_string_equal(yk_bytes_text(&where),
                            rows[i].where ? rows[i].where : "");
        yk_bytes_done(&where);
        json_decref(a);
        json_decref(b);
    }
}

static void shows_the_start_of_long_values(void **state)
{
    struct yk_bytes text = {0};
    char many[1000];
    (void)state;
    memset(many, 'x', sizeof(many) - 1);
    many[sizeof(many) - 1] = '\0';
    json_t *value = json_string(many);
    yk_json_add(&text, value);
    assert_int_equal(text.len, 300 + strlen("... (1001 bytes)"));
    assert_string_equal(text.ptr + 300, "... (1001 bytes)");
    yk_bytes_done(&text);
    json_decref(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_values_by_path),
        cmocka_unit_test(tells_what_is_wrong_with_a_path),
        cmocka_unit_test(finds_the_first_difference),
        cmocka_unit_test(shows_the_start_of_long_values),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
