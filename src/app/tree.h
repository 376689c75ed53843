/* A JSON object made of names and texts, in which brackets nest, as qs reads
 * them for Express:
 *
 *     a=1&b=2&b=3              {"a":"1","b":["2","3"]}
 *     u[name]=x&u[tags][]=y    {"u":{"name":"x","tags":["y"]}}
 *
 * For queries (app/query_json.c) and forms (app/form.c), which differ in their
 * limits alone. What it gets is what a client chose, so depth and places have
 * limits, and how many names there are, their readers limit. */
#ifndef YK_APP_TREE_H
#define YK_APP_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

struct yk_tree {
    json_t *root;     /* An object. */
    size_t max_depth; /* Brackets of a name that nest; what is behind them is
                         one name. 0: all names are as they stand. */
    size_t max_index; /* A higher number in brackets is a name: nobody gets an
                         array of a million for a[1000000]. */
};

/* Adds a text to the name, which is changed. What is not UTF-8 has no place in
 * JSON, and is left out; so is what there is no memory for, and, where brackets
 * nest, the empty name. */
void yk_tree_add(const struct yk_tree *tree, char *name, const char *text);

/* Whether a name has brackets behind the first `max_depth` of them. */
bool yk_tree_is_deeper(const char *name, size_t max_depth);

/* When all have been added: makes `root` what it is to be. */
void yk_tree_finish(const struct yk_tree *tree);

#endif
