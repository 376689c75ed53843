/* JSON answers, by jansson. */
#include "app/json.h"

#include <errno.h>

#include <jansson.h>

#include <yoke/res.h>

#include "app/app.h"
#include "app/req.h"
#include "core/arena.h"
#include "http/exchange.h"

#include "core/banned.h"

#define FIRST_CAPACITY 512

/* Text that is being written, in the request's arena. */
struct text {
    struct yk_arena *arena;
    char *ptr;
    size_t len, capacity;
    bool is_out_of_memory;
    bool is_escaped; /* For HTML: < > & */
    bool is_script;  /* U+2028 and U+2029 */
};

static int append(struct text *text, const char *ptr, size_t len)
{
    if (len > text->capacity - text->len) {
        size_t capacity = text->capacity * 2;
        if (capacity < text->len + len)
            capacity = text->len + len;
        if (capacity < FIRST_CAPACITY)
            capacity = FIRST_CAPACITY;
        char *grown = yk_arena_try_alloc(text->arena, capacity);
        if (!grown) {
            text->is_out_of_memory = true;
            return -1;
        }
        if (text->len)
            memcpy(grown, text->ptr, text->len);
        text->ptr = grown;
        text->capacity = capacity;
    }
    memcpy(text->ptr + text->len, ptr, len);
    text->len += len;
    return 0;
}

/* The escape for what begins at `ptr`, or NULL; `*ret_len` bytes are it. Such
 * characters only stand in strings. jansson may cut a text anywhere, but not
 * within a character. */
static const char *escape_of(const struct text *text, const char *ptr,
                             size_t len, size_t *ret_len)
{
    *ret_len = 1;
    if (text->is_escaped && *ptr == '<')
        return "\\u003c";
    if (text->is_escaped && *ptr == '>')
        return "\\u003e";
    if (text->is_escaped && *ptr == '&')
        return "\\u0026";
    if (!text->is_script || len < 3 || memcmp(ptr, "\xe2\x80", 2) != 0)
        return NULL;
    *ret_len = 3;
    if (ptr[2] == '\xa8')
        return "\\u2028";
    return ptr[2] == '\xa9' ? "\\u2029" : NULL;
}

static int append_escaped(struct text *text, const char *ptr, size_t len)
{
    size_t start = 0, n;
    for (size_t i = 0; i < len; i++) {
        const char *escape = escape_of(text, ptr + i, len - i, &n);
        if (!escape)
            continue;
        if (append(text, ptr + start, i - start) < 0 ||
            append(text, escape, 6) < 0)
            return -1;
        start = i + n;
        i += n - 1;
    }
    return append(text, ptr + start, len - start);
}

static int on_dump(const char *ptr, size_t len, void *data)
{
    struct text *text = data;
    return text->is_escaped || text->is_script ? append_escaped(text, ptr, len)
                                               : append(text, ptr, len);
}

static size_t layout_of(const yoke_app *app)
{
    int64_t spaces = yk_setting(app, YK_SETTING_JSON_SPACES)->number;
    if (spaces <= 0)
        return JSON_COMPACT;
    return JSON_INDENT((size_t)(spaces > 10 ? 10 : spaces));
}

int yk_json_text(struct yoke_res *res, struct json_t *value, bool is_script,
                 struct yk_slice *ret_text)
{
    const yoke_app *app = res->req->app;
    struct text text = {
        .arena = res->req->x->arena,
        .is_escaped = yk_setting_is_enabled(app, YK_SETTING_JSON_ESCAPE),
        .is_script = is_script,
    };
    if (!value)
        return yk_res_fail(res, -EINVAL, "the JSON value is NULL");

    int failed = json_dump_callback(value, on_dump, &text,
                                    layout_of(app) | JSON_ENCODE_ANY);
    json_decref(value);
    if (text.is_out_of_memory)
        return yk_res_fail(res, -ENOMEM, "no memory for the JSON text");
    if (failed)
        return yk_res_fail(res, -EINVAL, "the JSON value contains itself");
    *ret_text = (struct yk_slice){text.ptr, text.len};
    return 0;
}

int yoke_res_json(yoke_res *res, struct json_t *value)
{
    struct yk_slice text;
    int err = yk_json_text(res, value, false, &text);
    if (err < 0)
        return err;
    return yk_res_answer(res, YK_LIT("application/json; charset=utf-8"),
                         text.ptr, text.len);
}
