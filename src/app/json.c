/* JSON answers; the only file here that knows jansson. */
#include <yoke/res.h>

#include <errno.h>

#include <jansson.h>

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
};

static int append(const char *ptr, size_t len, void *data)
{
    struct text *text = data;
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

int yoke_res_json(yoke_res *res, struct json_t *value)
{
    struct text text = {.arena = res->req->x->arena};
    if (!value)
        return yk_res_fail(res, -EINVAL, "the JSON value is NULL");

    int failed = json_dump_callback(value, append, &text,
                                    JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(value);
    if (text.is_out_of_memory)
        return yk_res_fail(res, -ENOMEM, "no memory for the JSON text");
    if (failed)
        return yk_res_fail(res, -EINVAL, "the JSON value contains itself");
    return yk_res_answer(res, YK_LIT("application/json; charset=utf-8"),
                         text.ptr, text.len);
}
