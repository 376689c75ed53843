#include "middleware/form_tree.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <yoke/form.h>
#include <yoke/middleware/body.h>

#include "middleware/charset.h"
#include "middleware/form_value.h"

#include "core/banned.h"

#define KEY_MAX 24 /* A number in digits. */

/* ---- Containers ---- */

static json_t *container_new(void)
{
    json_t *container = json_object();
    json_object_set_new(container, YK_FORM_NEXT, json_integer(0));
    return container;
}

static json_int_t next_place(const json_t *container)
{
    json_int_t next =
        json_integer_value(json_object_get(container, YK_FORM_NEXT));
    return next >= 0 ? next : -1 - next;
}

/* Notes that there is a key: a place, or -1 for a name. */
static void note(json_t *container, json_int_t place)
{
    json_t *next = json_object_get(container, YK_FORM_NEXT);
    bool is_list = yk_form_is_array(container) && place >= 0;
    json_int_t end = next_place(container);
    if (!next) /* The root. */
        return;
    if (place >= end)
        end = place + 1;
    json_integer_set(next, is_list ? end : -1 - end);
}

/* Takes the reference to `value` over. */
static void push(json_t *container, json_t *value)
{
    char key[KEY_MAX];
    json_int_t place = next_place(container);
    snprintf(key, sizeof(key), "%" JSON_INTEGER_FORMAT, place);
    json_object_set_new(container, key, value);
    note(container, place);
}

/* ---- Keys ---- */

/* The place that a key in brackets stands for, or -1: it is a name. Only
 * digits without a zero in front. */
static json_int_t place_of(const struct yk_form_tree *tree, const char *key)
{
    json_int_t place = 0;
    if (key[0] == '0' && key[1])
        return -1;
    for (const char *p = key; *p; p++) {
        if (*p < '0' || *p > '9' || p - key > 9)
            return -1;
        place = place * 10 + (*p - '0');
    }
    return (size_t)place <= tree->max_index ? place : -1;
}

/* The next "[...]" with no bracket in it, from `text` on; NULL: none. */
static char *find_brackets(char *text, char **ret_end)
{
    for (char *open = strchr(text, '['); open; open = strchr(open + 1, '[')) {
        char *end = open + 1 + strcspn(open + 1, "[]");
        if (*end == ']') {
            *ret_end = end;
            return open;
        }
    }
    return NULL;
}

/* ---- Growing ---- */

/* The container under `key`, which is made if there is none; text that is there
 * already goes into it, or in an array, stays beside it. */
static json_t *enter(const struct yk_form_tree *tree, json_t *container,
                     const char *key)
{
    bool is_root = container == tree->root;
    json_int_t place = is_root ? -1 : place_of(tree, key);
    if (!is_root && !*key)
        key = "0";
    json_t *child = json_object_get(container, key);
    if (json_is_object(child))
        return child;
    json_t *made = container_new();
    if (child && place >= 0) {
        push(container, made);
        return made;
    }
    if (child)
        push(made, json_incref(child));
    json_object_set_new(container, key, made);
    note(container, place);
    return made;
}

/* Text for a container: one more of a list, or a flag in an object. */
static void put_into(json_t *container, json_t *text)
{
    if (yk_form_is_array(container)) {
        push(container, text);
        return;
    }
    const char *key = json_string_value(text);
    if (*key && !json_object_get(container, key)) {
        json_object_set_new(container, key, json_true());
        note(container, -1);
    }
    json_decref(text);
}

static void put(const struct yk_form_tree *tree, json_t *container,
                const char *key, json_t *text)
{
    bool is_root = container == tree->root;
    json_int_t place = is_root ? -1 : place_of(tree, key);
    if (!is_root && !*key)
        key = "0";
    json_t *old = json_object_get(container, key);
    if (json_is_object(old) && place < 0) {
        put_into(old, text);
    } else if (old && place >= 0) {
        push(container, text);
    } else if (old) {
        json_t *list = container_new();
        push(list, json_incref(old));
        push(list, text);
        json_object_set_new(container, key, list);
    } else {
        json_object_set_new(container, key, text);
        note(container, place);
    }
}

/* Walks down along the brackets. `name` is changed. */
static int put_nested(const struct yk_form_tree *tree, char *name, json_t *text)
{
    json_t *container = tree->root;
    char *end, *open = find_brackets(name, &end), *key = name;
    if (open == name) /* "[a]" is "a". */
        key = name + 1;
    for (size_t depth = 0; open; depth++) {
        if (depth == tree->max_depth) {
            json_decref(text);
            return -ERANGE;
        }
        *open = *end = '\0';
        if (open + 1 != key)
            container = enter(tree, container, key);
        key = open + 1;
        open = find_brackets(end + 1, &end);
    }
    put(tree, container, key, text);
    return 0;
}

/* Text that is not UTF-8 has no place in JSON. */
static void add(struct yk_form_tree *tree, const char *name, json_t *text)
{
    if (yk_is_utf8(name, strlen(name)))
        put(tree, tree->root, name, text);
    else
        json_decref(text);
}

static int add_nested(struct yk_form_tree *tree, const char *name, json_t *text)
{
    char *copy = yk_is_utf8(name, strlen(name)) && *name ? strdup(name) : NULL;
    if (!copy) {
        json_decref(text);
        return 0;
    }
    int err = put_nested(tree, copy, text);
    free(copy);
    return err;
}

int yk_form_tree_add(struct yk_form_tree *tree, const char *name,
                     const char *value)
{
    json_t *text = tree->is_extended ? json_string(value) : NULL;
    if (!tree->root && tree->is_extended)
        tree->root = json_object();
    return text ? add_nested(tree, name, text) : 0;
}

/* ---- The end ---- */

/* The value, and whether there is a form of which it can be made. */
static const char tree_key, form_key;

static void free_json(void *value)
{
    json_decref(value);
}

void yk_form_tree_attach(struct yk_form_tree *tree, yoke_req *req)
{
    json_t *value = tree->root ? yk_form_value(tree->root) : NULL;
    if (tree->is_extended && !value)
        value = json_object();
    yoke_req_attach(req, &tree_key, value, free_json);
    yoke_req_attach(req, &form_key, req, NULL);
    yk_form_tree_done(tree);
}

void yk_form_tree_done(struct yk_form_tree *tree)
{
    json_decref(tree->root);
    tree->root = NULL;
}

static json_t *simple_form(const yoke_req *req)
{
    struct yk_form_tree tree = {.root = json_object()};
    const char *name, *value;
    for (size_t i = 0; yoke_req_form_at(req, i, &name, &value); i++) {
        json_t *text = json_string(value);
        if (text)
            add(&tree, name, text);
    }
    json_t *form = yk_form_value(tree.root);
    yk_form_tree_done(&tree);
    return form;
}

struct json_t *yoke_req_form_json(yoke_req *req)
{
    json_t *form = yoke_req_attached(req, &tree_key);
    if (form || !yoke_req_attached(req, &form_key))
        return form;
    form = simple_form(req);
    yoke_req_attach(req, &tree_key, form, free_json);
    return form;
}
