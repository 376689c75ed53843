/* A form's value, made of what form_tree.c has collected: there, every container
 * is an object; here, those whose keys are all places become arrays. */
#ifndef YK_MIDDLEWARE_FORM_VALUE_H
#define YK_MIDDLEWARE_FORM_VALUE_H

#include <stdbool.h>

struct json_t;

/* In every container but the root: the next place, one more than the highest;
 * in one that has names as well, and so is an object, -1 less that. No key of
 * its own is empty: [] stands for a place. */
#define YK_FORM_NEXT ""

/* Whether its keys are all places; the root's are not. */
bool yk_form_is_array(const struct json_t *container);

/* A copy with arrays where they belong. */
struct json_t *yk_form_value(struct json_t *container);

#endif
