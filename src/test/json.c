#include "test/json.h"

#include <stdlib.h>
#include <string.h>

#include "core/number.h"
#include "core/slice.h"
#include "test/bytes.h"

#include "core/banned.h"

/* Bytes of a value that are shown. */
#define SHOWN_MAX 300

/* ---- Paths ---- */

/* "['name']", from behind the first quote; `*path` is moved behind the "]". */
static json_t *take_quoted(const json_t *value, const char **path,
                           const char **ret_error)
{
    char quote = (*path)[-1];
    const char *end = strchr(*path, quote);
    struct yk_bytes name = {0};

    if (!end || end[1] != ']') {
        *ret_error = "a name in brackets does not end";
        return NULL;
    }
    yk_bytes_append(&name, *path, (size_t)(end - *path));
    json_t *found = json_object_get(value, name.ptr);
    yk_bytes_done(&name);
    *path = end + 2;
    return found;
}

/* "[3]", from behind the "[". */
static json_t *take_index(const json_t *value, const char **path,
                          const char **ret_error)
{
    size_t len = strcspn(*path, "]");
    int index;
    if ((*path)[len] != ']' ||
        yk_parse_int((struct yk_slice){*path, len}, &index) < 0) {
        *ret_error = "in brackets there is a number, or a name in quotes";
        return NULL;
    }
    *path += len + 1;
    size_t size = json_array_size(value);
    size_t at = index < 0 ? size - (size_t)(-(long long)index) : (size_t)index;
    return json_array_get(value, at);
}

/* ".name" */
static json_t *take_name(const json_t *value, const char **path,
                         const char **ret_error)
{
    size_t len = strcspn(*path, ".[");
    struct yk_bytes name = {0};
    if (len == 0) {
        *ret_error = "a name is missing behind a dot";
        return NULL;
    }
    yk_bytes_append(&name, *path, len);
    json_t *found = json_object_get(value, name.ptr);
    yk_bytes_done(&name);
    *path += len;
    return found;
}

static json_t *take_step(const json_t *value, const char **path,
                         const char **ret_error)
{
    char c = *(*path)++;
    if (c == '.')
        return take_name(value, path, ret_error);
    if (c != '[') {
        *ret_error = "a step begins with \".\" or \"[\"";
        return NULL;
    }
    if (**path != '\'' && **path != '"')
        return take_index(value, path, ret_error);
    ++*path;
    return take_quoted(value, path, ret_error);
}

json_t *yk_json_find(json_t *root, const char *path, const char **ret_error)
{
    json_t *value = root;
    *ret_error = NULL;
    if (*path != '$') {
        *ret_error = "it begins with \"$\"";
        return NULL;
    }
    /* The rest of the path is read although there is nothing there, for its
     * mistakes. */
    for (path++; *path && !*ret_error;)
        value = take_step(value, &path, ret_error);
    return *ret_error ? NULL : value;
}

/* ---- Comparing ---- */

void yk_json_add(struct yk_bytes *text, const json_t *value)
{
    char *dump =
        value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    size_t len = dump ? strlen(dump) : 0;
    if (!dump)
        yk_bytes_add(text, "nothing");
    else if (len <= SHOWN_MAX)
        yk_bytes_add(text, dump);
    else
        yk_bytes_printf(text, "%.*s... (%zu bytes)", SHOWN_MAX, dump, len);
    free(dump);
}

static bool is_equal_scalar(const json_t *a, const json_t *b)
{
    if (json_is_integer(a) && json_is_integer(b))
        return json_integer_value(a) == json_integer_value(b);
    if (json_is_number(a) && json_is_number(b))
        return !(json_number_value(a) < json_number_value(b)) &&
               !(json_number_value(a) > json_number_value(b));
    return json_equal(a, b);
}

/* Compares what stands at `path`, which is extended on the way down and holds
 * the place of the difference afterwards. */
static bool compare(const json_t *a, const json_t *b, struct yk_bytes *path,
                    struct yk_bytes *where);

static bool compare_step(const json_t *a, const json_t *b, const char *name,
                         size_t index, struct yk_bytes *path,
                         struct yk_bytes *where)
{
    size_t len = path->len;
    if (name)
        yk_bytes_printf(path, ".%s", name);
    else
        yk_bytes_printf(path, "[%zu]", index);
    bool is_equal = compare(a, b, path, where);
    yk_bytes_cut(path, len, path->len - len);
    return is_equal;
}

static bool compare_objects(const json_t *a, const json_t *b,
                            struct yk_bytes *path, struct yk_bytes *where)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)a, name, value)
    {
        if (!compare_step(value, json_object_get(b, name), name, 0, path,
                          where))
            return false;
    }
    json_object_foreach((json_t *)(uintptr_t)b, name, value)
    {
        if (!json_object_get(a, name))
            return compare_step(NULL, value, name, 0, path, where);
    }
    return true;
}

static bool compare_arrays(const json_t *a, const json_t *b,
                           struct yk_bytes *path, struct yk_bytes *where)
{
    size_t a_len = json_array_size(a), b_len = json_array_size(b);
    for (size_t i = 0; i < a_len || i < b_len; i++)
        if (!compare_step(json_array_get(a, i), json_array_get(b, i), NULL, i,
                          path, where))
            return false;
    return true;
}

static bool compare(const json_t *a, const json_t *b, struct yk_bytes *path,
                    struct yk_bytes *where)
{
    if (json_is_object(a) && json_is_object(b))
        return compare_objects(a, b, path, where);
    if (json_is_array(a) && json_is_array(b))
        return compare_arrays(a, b, path, where);
    if (a && b && is_equal_scalar(a, b))
        return true;
    yk_bytes_printf(where, "%s: expected ", yk_bytes_text(path));
    yk_json_add(where, a);
    yk_bytes_add(where, ", got ");
    yk_json_add(where, b);
    return false;
}

bool yk_json_equal(const json_t *expected, const json_t *got,
                   struct yk_bytes *where)
{
    struct yk_bytes path = {0};
    yk_bytes_add(&path, "$");
    bool is_equal = compare(expected, got, &path, where);
    yk_bytes_done(&path);
    return is_equal;
}
