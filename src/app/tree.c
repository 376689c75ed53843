#include "app/tree.h"

#include <stdbool.h>
#include <string.h>

#include "app/branch.h"

#include "core/banned.h"

/* ---- Keys ---- */

/* The place that a key in brackets stands for, or YK_NO_PLACE: it is a name. Only
 * digits without a zero in front. */
static json_int_t place_of(const struct yk_tree *tree, const char *key)
{
    json_int_t place = 0;
    if (key[0] == '0' && key[1])
        return YK_NO_PLACE;
    for (const char *p = key; *p; p++) {
        if (*p < '0' || *p > '9' || p - key > 9)
            return YK_NO_PLACE;
        place = place * 10 + (*p - '0');
    }
    return (size_t)place <= tree->max_index ? place : YK_NO_PLACE;
}

/* The length of the group that begins with `open`, "[...]", in which brackets
 * come in pairs; 0: it is not closed. */
static size_t group_len(const char *open)
{
    size_t level = 0;
    for (const char *p = open; *p; p++) {
        level += *p == '[';
        level -= *p == ']';
        if (level == 0)
            return (size_t)(p - open) + 1;
    }
    return 0;
}

/* Nothing is read twice, for after a group that is not closed there is none. */
bool yk_tree_is_deeper(const char *name, size_t max_depth)
{
    const char *open = strchr(name, '[');
    for (; open && max_depth > 0; max_depth--) {
        size_t len = group_len(open);
        if (len == 0)
            return false;
        open = strchr(open + len, '[');
    }
    return open != NULL;
}

/* ---- Growing ---- */

/* Puts a value under a key; nothing is there. In the root, which is no branch,
 * numbers are names. */
static void set(const struct yk_tree *tree, json_t *branch, const char *key,
                json_t *value)
{
    if (branch == tree->root)
        json_object_set_new(branch, key, value);
    else
        yk_branch_set(branch, key, place_of(tree, key), value);
}

static bool is_in_list(const struct yk_tree *tree, const json_t *branch,
                       const char *key)
{
    return branch != tree->root && place_of(tree, key) != YK_NO_PLACE;
}

/* The branch under `key`, which is made if there is none; text that is there
 * already goes into it, or in an array, stays beside it. */
static json_t *enter(const struct yk_tree *tree, json_t *branch,
                     const char *key)
{
    json_t *child = json_object_get(branch, key);
    if (json_is_object(child))
        return child;
    json_t *made = yk_branch_new();
    if (child && is_in_list(tree, branch, key)) {
        yk_branch_push(branch, made);
        return made;
    }
    if (child)
        yk_branch_push(made, json_incref(child));
    set(tree, branch, key, made);
    return made;
}

static void put(const struct yk_tree *tree, json_t *branch, const char *key,
                json_t *text)
{
    json_t *old = json_object_get(branch, key);
    if (!old) {
        set(tree, branch, key, text);
    } else if (is_in_list(tree, branch, key)) {
        yk_branch_push(branch, text);
    } else if (json_is_object(old)) {
        yk_branch_push(old, text);
    } else {
        json_t *list = yk_branch_new();
        yk_branch_push(list, json_incref(old));
        yk_branch_push(list, text);
        set(tree, branch, key, list);
    }
}

/* A key in brackets; "[]" is the next place, which the first is until it is
 * taken. */
static const char *key_of(const char *key)
{
    return *key ? key : "0";
}

/* Walks down along the brackets; "[a]" is "a". What is not closed, or too deep,
 * is one name, as it stands. */
static void put_nested(const struct yk_tree *tree, char *name, json_t *text)
{
    json_t *branch = tree->root;
    char *open = strchr(name, '[');
    const char *key = open == name ? NULL : name;
    for (size_t depth = 0; open; depth++) {
        size_t len = depth < tree->max_depth ? group_len(open) : 0;
        *open = '\0';
        if (key)
            branch = enter(tree, branch, key);
        if (len == 0) {
            *open = '[';
            key = open;
            break;
        }
        open[len - 1] = '\0';
        key = key_of(open + 1);
        open = strchr(open + len, '[');
    }
    put(tree, branch, key, text);
}

void yk_tree_add(const struct yk_tree *tree, char *name, const char *text)
{
    json_t *checked = json_string(name), *value = json_string(text);
    bool is_good = checked && value;
    json_decref(checked);
    if (is_good && tree->max_depth == 0)
        put(tree, tree->root, name, value);
    else if (is_good && *name)
        put_nested(tree, name, value);
    else
        json_decref(value);
}

void yk_tree_finish(const struct yk_tree *tree)
{
    yk_branch_finish(tree->root);
}
