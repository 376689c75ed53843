/* JSON in an answer: finding a value, and telling two apart. */
#ifndef YK_TEST_JSON_H
#define YK_TEST_JSON_H

#include <stdbool.h>

#include <jansson.h>

struct yk_bytes;

/* The value at a path: "$" is the whole, ".name" and "['name']" a member, "[0]"
 * an element, "[-1]" the last one. NULL when there is none. `*ret_error` says
 * what is wrong with the path (static), or is NULL. Borrowed. */
json_t *yk_json_find(json_t *root, const char *path, const char **ret_error);

/* Whether they are equal as JSON: members have no order, and 1 is 1.0. If not,
 * adds where they differ first: "$.a[2]: expected 1, got 2". */
bool yk_json_equal(const json_t *expected, const json_t *got,
                   struct yk_bytes *where);

/* Adds a value as text; NULL: "nothing". Of a long one only the start. */
void yk_json_add(struct yk_bytes *text, const json_t *value);

#endif
