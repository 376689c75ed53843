#include "app/branch.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/banned.h"

#define KEY_MAX 24 /* A number in digits. */

/* Under this key, which no member has, a branch has the next place, one more
 * than the highest; if it has names as well, -1 less that. */
#define NEXT ""

json_t *yk_branch_new(void)
{
    json_t *branch = json_object();
    json_object_set_new(branch, NEXT, json_integer(0));
    return branch;
}

/* ---- Growing ---- */

bool yk_branch_is_list(const json_t *branch)
{
    return json_integer_value(json_object_get(branch, NEXT)) >= 0;
}

static json_int_t next_place(const json_t *branch)
{
    json_int_t next = json_integer_value(json_object_get(branch, NEXT));
    return next >= 0 ? next : -1 - next;
}

void yk_branch_set(json_t *branch, const char *key, json_int_t place,
                   json_t *value)
{
    bool is_list = yk_branch_is_list(branch) && place != YK_NO_PLACE;
    json_int_t next = next_place(branch);
    if (place >= next)
        next = place + 1;
    json_object_set_new(branch, key, value);
    json_integer_set(json_object_get(branch, NEXT), is_list ? next : -1 - next);
}

void yk_branch_push(json_t *branch, json_t *value)
{
    char key[KEY_MAX];
    json_int_t place = next_place(branch);
    snprintf(key, sizeof(key), "%" JSON_INTEGER_FORMAT, place);
    yk_branch_set(branch, key, place, value);
}

/* ---- The end ---- */

struct element {
    long place;
    json_t *value;
};

static int compare(const void *a, const void *b)
{
    const struct element *x = a, *y = b;
    return (x->place > y->place) - (x->place < y->place);
}

static json_t *to_array(json_t *branch)
{
    struct element *elements =
        calloc(json_object_size(branch), sizeof(*elements));
    json_t *array = json_array(), *value;
    const char *key;
    size_t n = 0;
    json_object_foreach(branch, key, value)
    {
        if (elements)
            elements[n++] = (struct element){strtol(key, NULL, 10), value};
    }
    if (n > 0)
        qsort(elements, n, sizeof(*elements), compare);
    for (size_t i = 0; i < n; i++)
        json_array_append(array, elements[i].value);
    free(elements);
    return array;
}

static json_t *to_value(json_t *branch)
{
    bool is_list = yk_branch_is_list(branch);
    json_object_del(branch, NEXT);
    yk_branch_finish(branch);
    return is_list ? to_array(branch) : json_incref(branch);
}

/* As deep as the tree's limit allows. */
void yk_branch_finish(json_t *root)
{
    for (void *at = json_object_iter(root); at;
         at = json_object_iter_next(root, at)) {
        json_t *member = json_object_iter_value(at);
        if (json_is_object(member))
            json_object_iter_set_new(root, at, to_value(member));
    }
}
