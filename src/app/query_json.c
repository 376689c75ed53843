/* The query as a JSON value: flat, or nested by its brackets.
 *
 *     a=1&b=2&b=3              {"a":"1","b":["2","3"]}
 *     u[name]=x&u[tags][]=y    {"u":{"name":"x","tags":["y"]}}   extended
 *
 * A container is an array while its keys are numbers or empty, and becomes an
 * object with the first that is not. */
#include <yoke/value.h>

#include <stdlib.h>

#include <jansson.h>

#include "app/app.h"
#include "app/query.h"
#include "app/req.h"
#include "core/arena.h"
#include "core/number.h"
#include "http/url.h"

#include "core/banned.h"

/* Brackets of a name that are taken apart; the rest is a name as it stands. */
#define DEPTH_MAX 5
/* A larger number is a name: nobody gets an array of a million for a[1000000].
 */
#define INDEX_MAX 20

/* ---- Keys ---- */

struct keys {
    struct yk_slice items[DEPTH_MAX + 2];
    size_t count;
};

/* Takes "a[b][c]" apart. A name that does not look so is one key. */
static struct keys split(struct yk_slice name)
{
    struct keys keys = {.items = {name}, .count = 1};
    const char *open = name.len ? memchr(name.ptr, '[', name.len) : NULL;
    if (!open || open == name.ptr)
        return keys;
    keys.items[0].len = (size_t)(open - name.ptr);
    const char *end = name.ptr + name.len;
    while (open < end && *open == '[') {
        const char *close = memchr(open, ']', (size_t)(end - open));
        if (!close || keys.count > DEPTH_MAX)
            break;
        keys.items[keys.count++] =
            (struct yk_slice){open + 1, (size_t)(close - open) - 1};
        open = close + 1;
    }
    if (open < end)
        keys.items[keys.count++] =
            (struct yk_slice){open, (size_t)(end - open)};
    return keys;
}

/* Whether a key is a place in an array; an empty one is the next. */
static bool is_place(struct yk_slice key, size_t *ret_place)
{
    uint64_t place = SIZE_MAX;
    if (key.len > 0 && yk_parse_u64(key, INDEX_MAX, &place) < 0)
        return false;
    *ret_place = (size_t)place;
    return true;
}

/* ---- Containers ---- */

static json_t *container_for(struct yk_slice key)
{
    size_t place;
    return is_place(key, &place) ? json_array() : json_object();
}

/* The same elements under their numbers; NULL when there is no memory. */
static json_t *to_object(const json_t *array)
{
    json_t *object = json_object(), *value;
    size_t i;
    int err = 0;
    json_array_foreach(array, i, value)
    {
        char key[YK_DIGITS_MAX];
        err |= json_object_setn(object, key, yk_format_u64(key, i), value);
    }
    if (err == 0)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *get(const json_t *container, struct yk_slice key)
{
    size_t place;
    if (json_is_object(container))
        return json_object_getn(container, key.ptr, key.len);
    return is_place(key, &place) ? json_array_get(container, place) : NULL;
}

/* Both; the reference of the second is taken over. NULL: as above. */
static json_t *list_of(json_t *first, json_t *second)
{
    json_t *list = json_array();
    int err = json_array_append(list, first);
    err |= json_array_append_new(list, second);
    if (err == 0)
        return list;
    json_decref(list);
    return NULL;
}

/* Text where there is an object: a flag in it, as qs does it. A list of both
 * would nest one deeper each time. 0, or -1: there is no memory. */
static int add_flag(json_t *object, json_t *text)
{
    const char *name = json_string_value(text);
    size_t len = json_string_length(text);
    int err = 0;
    if (len > 0 && !json_object_getn(object, name, len))
        err = json_object_setn_new(object, name, len, json_true());
    json_decref(text);
    return err;
}

/* Puts a value, whose reference is taken over, under a key; text that is there
 * already becomes a list with it. 0, or -1: there is no memory, or no value. */
static int add(json_t *container, struct yk_slice key, json_t *value)
{
    size_t place;
    if (json_is_array(container)) {
        if (is_place(key, &place) && place < json_array_size(container))
            return json_array_insert_new(container, place, value);
        return json_array_append_new(container, value);
    }
    json_t *old = json_object_getn(container, key.ptr, key.len);
    if (json_is_array(old))
        return json_array_append_new(old, value);
    if (json_is_object(old))
        return add_flag(old, value);
    if (old)
        value = list_of(old, value);
    return json_object_setn_new(container, key.ptr, key.len, value);
}

/* Replaces what is under a key; as add. */
static int replace(json_t *container, struct yk_slice key, json_t *value)
{
    size_t place = SIZE_MAX;
    if (json_is_object(container))
        return json_object_setn_new(container, key.ptr, key.len, value);
    is_place(key, &place); /* It is one: there is an element at it. */
    return json_array_set_new(container, place, value);
}

/* The container under `key` that can hold `next`; NULL when there is text, or
 * no memory. */
static json_t *enter(json_t *container, struct yk_slice key,
                     struct yk_slice next)
{
    json_t *child = get(container, key);
    size_t place;
    int err = 0;
    if (!child) {
        child = container_for(next);
        err = add(container, key, child);
    } else if (json_is_array(child) && !is_place(next, &place)) {
        child = to_object(child);
        err = replace(container, key, child);
    }
    return err < 0 || json_is_string(child) ? NULL : child;
}

static void put(json_t *root, const struct keys *keys, json_t *value)
{
    json_t *container = root;
    for (size_t i = 0; container && i + 1 < keys->count; i++)
        container = enter(container, keys->items[i], keys->items[i + 1]);
    if (container)
        add(container, keys->items[keys->count - 1], value);
    else
        json_decref(value);
}

/* ---- The query ---- */

static bool is_extended(const struct yoke_req *req)
{
    const struct yk_setting *setting =
        yk_setting(req->app, YK_SETTING_QUERY_PARSER);
    return setting->kind == YK_SETTING_STR &&
           strcmp(setting->text, "extended") == 0;
}

static struct yk_slice decode(struct yk_slice text, struct yk_arena *arena)
{
    char *out = yk_arena_alloc(arena, text.len + 1);
    return (struct yk_slice){out, yk_url_decode_query(text, out)};
}

static bool is_utf8(struct yk_slice text)
{
    json_t *value = json_stringn(text.ptr, text.len);
    json_decref(value);
    return value != NULL;
}

/* What is not UTF-8, name or text, has no place in JSON, and is left out. A
 * name that is UTF-8 is so in all its parts. */
static void put_pair(struct yoke_req *req, json_t *root,
                     const struct yk_url_pair *pair)
{
    struct yk_slice name = decode(pair->name, req->x->arena);
    struct yk_slice text = YK_LIT("");
    if (pair->value.ptr)
        text = decode(pair->value, req->x->arena);
    struct keys keys = {.items = {name}, .count = 1};
    if (is_extended(req))
        keys = split(name);
    json_t *value = is_utf8(name) ? json_stringn(text.ptr, text.len) : NULL;
    if (value)
        put(root, &keys, value);
}

struct json_t *yoke_req_query_json(yoke_req *req)
{
    struct yk_slice text = yk_query_text(req);
    struct yk_url_pair pair;
    if (req->query_json)
        return req->query_json;
    req->needs_release = true;
    const struct yk_setting *setting =
        yk_setting(req->app, YK_SETTING_QUERY_PARSER);
    if (setting->kind == YK_SETTING_PTR && setting->ptr) {
        const struct yoke_query_parser *parser = setting->ptr;
        const char *copy = yk_arena_strndup(req->x->arena, text.ptr, text.len);
        req->query_json = parser->fn(req, copy, parser->data);
    }
    if (req->query_json)
        return req->query_json;
    req->query_json = json_object();
    for (int n = 0; n < YK_QUERY_MAX && yk_url_next_pair(&text, &pair); n++)
        put_pair(req, req->query_json, &pair);
    return req->query_json;
}

void yk_query_json_free(struct yoke_req *req)
{
    json_decref(req->query_json);
    req->query_json = NULL;
}
