/* The methods that an application knows, each as one bit, so that "does this
 * route take this request" is one AND, and the Allow of a path one number.
 *
 * The common methods have the same bit everywhere; those an application adds by
 * name get theirs when it is frozen. Methods know upper and lower case. */
#ifndef YK_APP_METHODS_H
#define YK_APP_METHODS_H

#include <stdint.h>

#include "core/slice.h"

struct yk_arena;

#define YK_METHOD_GET     (UINT64_C(1) << 0)
#define YK_METHOD_HEAD    (UINT64_C(1) << 1)
#define YK_METHOD_POST    (UINT64_C(1) << 2)
#define YK_METHOD_PUT     (UINT64_C(1) << 3)
#define YK_METHOD_PATCH   (UINT64_C(1) << 4)
#define YK_METHOD_DELETE  (UINT64_C(1) << 5)
#define YK_METHOD_OPTIONS (UINT64_C(1) << 6)
#define YK_METHOD_QUERY   (UINT64_C(1) << 7)

/* A request's method that no route names: only routes for every method. */
#define YK_METHOD_OTHER (UINT64_C(1) << 63)

/* What a route for every method has. */
#define YK_METHOD_EVERY UINT64_MAX

/* Methods an application can add: the bits between the common ones and
 * YK_METHOD_OTHER. */
#define YK_METHODS_MAX_ADDED 55

struct yk_methods {
    const char *added[YK_METHODS_MAX_ADDED]; /* Borrowed from the routes. */
    uint32_t added_count;
};

/* The bit of a method, which is added if it is new; `name` must outlive the
 * set. 0 when there is no bit left. */
uint64_t yk_methods_add(struct yk_methods *methods, const char *name);

/* The bit of a request's method, or YK_METHOD_OTHER. */
uint64_t yk_methods_find(const struct yk_methods *methods,
                         struct yk_slice name);

/* The value of an Allow field: the methods in `set`, sorted, with HEAD where
 * GET is, "GET, HEAD, PUT". In the arena, followed by a NUL. */
struct yk_slice yk_methods_allow(const struct yk_methods *methods, uint64_t set,
                                 struct yk_arena *arena);

#endif
