/* Expectations of JSON bodies. */
#include <stdlib.h>
#include <string.h>

#include "test/client.h"
#include "test/expect.h"
#include "test/json.h"

#include "core/banned.h"

struct json_t *yoke_tr_parse_json(yoke_tr *r)
{
    const struct yk_bytes *body = &yk_tr_answer(r)->body;
    return json_loadb(yk_bytes_text(body), body->len, JSON_DECODE_ANY, NULL);
}

/* The body as JSON, a new reference; or NULL, and the reason is added to
 * `text`, behind ", got ". */
static json_t *load(const yoke_tr *r, struct yk_bytes *text)
{
    const struct yk_bytes *body = &r->answer.body;
    json_error_t error;

    if (!yk_expect_is_sound(r)) {
        yk_expect_add_got(r, text);
        return NULL;
    }
    json_t *value =
        json_loadb(yk_bytes_text(body), body->len, JSON_DECODE_ANY, &error);
    if (!value)
        yk_bytes_printf(text, ", got no JSON: %s (line %d)", error.text,
                        error.line);
    return value;
}

/* ---- The whole ---- */

/* Takes `expected` over. Behind "expected ". */
static void expect_equal(yoke_tr *r, const char *path, json_t *expected,
                         const char *file, int line)
{
    struct yk_bytes text = {0}, where = {0};
    const char *error = NULL;

    r = yk_tr_end(r);
    yk_bytes_printf(&text, "expected %s%s", path ? path : "the JSON ",
                    path ? " to be " : "");
    yk_json_add(&text, expected);
    json_t *body = load(r, &text);
    json_t *got = body && path ? yk_json_find(body, path, &error) : body;
    bool is_equal = body && yk_json_equal(expected, got, &where);
    if (error)
        yk_bytes_printf(&text, ", which is no path: %s", error);
    else if (body) {
        yk_bytes_add(&text, ", got ");
        yk_json_add(&text, got);
        /* With one value there is nothing to be looked for. */
        if (json_is_object(expected) || json_is_array(expected))
            yk_bytes_printf(&text, "; they differ at %s",
                            yk_bytes_text(&where));
    }
    json_decref(expected);
    json_decref(body);
    yk_bytes_done(&where);
    if (is_equal && !error)
        yk_bytes_done(&text);
    else
        yk_expect_fail(r, &text, file, line);
}

/* The JSON that a test expects; NULL when that is none, which is told. */
static json_t *load_expected(yoke_tr *r, const char *json, const char *file,
                             int line)
{
    json_error_t error;
    struct yk_bytes text = {0};
    json_t *expected = json_loads(json, JSON_DECODE_ANY, &error);
    if (expected)
        return expected;
    yk_bytes_printf(&text, "what is expected is no JSON: %s (%s)", json,
                    error.text);
    yk_expect_fail(yk_tr_end(r), &text, file, line);
    return NULL;
}

void yoke_expect_json_at(yoke_tr *r, const char *path, const char *json,
                         const char *file, int line)
{
    json_t *expected = load_expected(r, json, file, line);
    if (expected)
        expect_equal(r, path, expected, file, line);
}

void yoke_expect_json_value_at(yoke_tr *r, struct json_t *expected,
                               const char *file, int line)
{
    struct yk_bytes text = {0};
    if (expected) {
        expect_equal(r, NULL, expected, file, line);
        return;
    }
    yk_bytes_add(&text, "the JSON value that is expected is NULL");
    yk_expect_fail(yk_tr_end(r), &text, file, line);
}

/* ---- One value ---- */

void yoke_expect_json_string_at(yoke_tr *r, const char *path, const char *value,
                                const char *file, int line)
{
    json_t *expected = json_string_nocheck(value);
    expect_equal(r, path, expected, file, line);
}

void yoke_expect_json_integer_at(yoke_tr *r, const char *path, long long value,
                                 const char *file, int line)
{
    expect_equal(r, path, json_integer(value), file, line);
}

void yoke_expect_json_real_at(yoke_tr *r, const char *path, double value,
                              const char *file, int line)
{
    expect_equal(r, path, json_real(value), file, line);
}

void yoke_expect_json_bool_at(yoke_tr *r, const char *path, bool value,
                              const char *file, int line)
{
    expect_equal(r, path, json_boolean(value), file, line);
}

void yoke_expect_json_null_at(yoke_tr *r, const char *path, const char *file,
                              int line)
{
    expect_equal(r, path, json_null(), file, line);
}

/* ---- About a value ---- */

void yoke_expect_no_json_path_at(yoke_tr *r, const char *path, const char *file,
                                 int line)
{
    struct yk_bytes text = {0};
    const char *error = NULL;

    r = yk_tr_end(r);
    yk_bytes_printf(&text, "expected nothing at %s", path);
    json_t *body = load(r, &text);
    json_t *got = body ? yk_json_find(body, path, &error) : NULL;
    bool is_met = body && !got && !error;
    if (error)
        yk_bytes_printf(&text, ", which is no path: %s", error);
    else if (got) {
        yk_bytes_add(&text, ", got ");
        yk_json_add(&text, got);
    }
    json_decref(body);
    if (is_met)
        yk_bytes_done(&text);
    else
        yk_expect_fail(r, &text, file, line);
}

void yoke_expect_json_count_at(yoke_tr *r, const char *path, size_t n,
                               const char *file, int line)
{
    struct yk_bytes text = {0};
    const char *error = NULL;

    r = yk_tr_end(r);
    yk_bytes_printf(&text, "expected %s to have %zu element%s", path, n,
                    n == 1 ? "" : "s");
    json_t *body = load(r, &text);
    json_t *got = body ? yk_json_find(body, path, &error) : NULL;
    size_t size =
        json_is_array(got) ? json_array_size(got) : json_object_size(got);
    bool is_met = (json_is_array(got) || json_is_object(got)) && size == n;
    if (error)
        yk_bytes_printf(&text, ", which is no path: %s", error);
    else if (body) {
        yk_bytes_add(&text, ", got ");
        if (json_is_array(got) || json_is_object(got))
            yk_bytes_printf(&text, "%zu: ", size);
        yk_json_add(&text, got);
    }
    json_decref(body);
    if (is_met)
        yk_bytes_done(&text);
    else
        yk_expect_fail(r, &text, file, line);
}
