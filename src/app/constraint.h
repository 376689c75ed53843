/* Constraints of params: what a value must be for a route to match,
 * ":id<int>". Some are yoke's; an application adds its own by name. */
#ifndef YK_APP_CONSTRAINT_H
#define YK_APP_CONSTRAINT_H

#include <yoke/app.h>

#include "core/slice.h"

struct yk_constraint {
    const char *name;
    yoke_check_fn *check;
    void *data;
    void (*free_data)(void *data);
    struct yk_constraint *next; /* In the application's list; or NULL. */
    char *owned_name;           /* The same as name, of an application's. */
};

/* The constraint of that name that a router of `app` sees: the application's,
 * that of an application around it, or yoke's. NULL when there is none. `app`
 * may be NULL. */
const struct yk_constraint *yk_constraint_find(const yoke_app *app,
                                               struct yk_slice name);

/* The names that yk_constraint_find knows, "alnum, alpha"; cut off if there is
 * no room. */
void yk_constraint_list(const yoke_app *app, char *text, size_t size);

/* Frees an application's list. */
void yk_constraints_done(struct yk_constraint *first);

#endif
