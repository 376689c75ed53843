/* Claims about JSON that a request has become. */
#ifndef YK_FUZZ_JSON_H
#define YK_FUZZ_JSON_H

#include <jansson.h>

/* How many containers are within each other; text alone is 0. */
static inline int fuzz_depth_of(const json_t *value)
{
    int deepest = 0, depth;
    const char *key;
    json_t *child;
    size_t i;
    if (!json_is_object(value) && !json_is_array(value))
        return 0;
    json_object_foreach((json_t *)(uintptr_t)value, key, child)
    {
        depth = fuzz_depth_of(child);
        deepest = depth > deepest ? depth : deepest;
    }
    json_array_foreach(value, i, child)
    {
        depth = fuzz_depth_of(child);
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest + 1;
}

#endif
