/* A branch of a tree that grows out of brackets in names: `user[name]` is a
 * member of "user", `tags[]` the next one of "tags".
 *
 * While a tree grows (app/tree.c), every branch is an object, which a hash makes
 * fast. At the end those whose keys are all places, numbers that is, become
 * arrays, without the places that nobody has filled. */
#ifndef YK_APP_BRANCH_H
#define YK_APP_BRANCH_H

#include <stdbool.h>

#include <jansson.h>

/* What stands for a key that is no place. */
#define YK_NO_PLACE (-1)

/* NULL when there is no memory, with which all of the below do nothing. */
json_t *yk_branch_new(void);

/* Whether all its keys are places. */
bool yk_branch_is_list(const json_t *branch);

/* Puts a value, whose reference is taken over, under a key that stands for
 * `place`, or replaces what is there; the second, at the next place. */
void yk_branch_set(json_t *branch, const char *key, json_int_t place,
                   json_t *value);
void yk_branch_push(json_t *branch, json_t *value);

/* Gives an object the values that its branches stand for. */
void yk_branch_finish(json_t *root);

#endif
