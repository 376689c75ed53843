#include "app/methods.h"

#include "core/arena.h"

#include "core/banned.h"

/* In the order of their bits. */
static const char *const common[] = {"GET",   "HEAD",   "POST",    "PUT",
                                     "PATCH", "DELETE", "OPTIONS", "QUERY"};

#define COMMON_COUNT (sizeof(common) / sizeof(common[0]))

static bool is(struct yk_slice name, const char *text)
{
    return memcmp(name.ptr, text, name.len) == 0;
}

static uint64_t find_common(struct yk_slice name)
{
    switch (name.len) {
    case 3:
        return is(name, "GET")   ? YK_METHOD_GET
               : is(name, "PUT") ? YK_METHOD_PUT
                                 : 0;
    case 4:
        return is(name, "POST")   ? YK_METHOD_POST
               : is(name, "HEAD") ? YK_METHOD_HEAD
                                  : 0;
    case 5:
        return is(name, "PATCH")   ? YK_METHOD_PATCH
               : is(name, "QUERY") ? YK_METHOD_QUERY
                                   : 0;
    case 6:
        return is(name, "DELETE") ? YK_METHOD_DELETE : 0;
    case 7:
        return is(name, "OPTIONS") ? YK_METHOD_OPTIONS : 0;
    default:
        return 0;
    }
}

uint64_t yk_methods_find(const struct yk_methods *methods, struct yk_slice name)
{
    uint64_t bit = find_common(name);
    if (bit)
        return bit;
    for (uint32_t i = 0; i < methods->added_count; i++)
        if (yk_slice_eq(yk_slice_of(methods->added[i]), name))
            return UINT64_C(1) << (COMMON_COUNT + i);
    return YK_METHOD_OTHER;
}

uint64_t yk_methods_add(struct yk_methods *methods, const char *name)
{
    uint64_t bit = yk_methods_find(methods, yk_slice_of(name));
    if (bit != YK_METHOD_OTHER)
        return bit;
    if (methods->added_count == YK_METHODS_MAX_ADDED)
        return 0;
    methods->added[methods->added_count] = name;
    return UINT64_C(1) << (COMMON_COUNT + methods->added_count++);
}

/* The names in `set`, sorted; returns how many. */
static size_t sorted_names(const struct yk_methods *methods, uint64_t set,
                           const char *names[64])
{
    size_t n = 0;
    for (uint32_t bit = 0; bit < COMMON_COUNT + methods->added_count; bit++) {
        if (!(set >> bit & 1))
            continue;
        const char *name = bit < COMMON_COUNT
                               ? common[bit]
                               : methods->added[bit - COMMON_COUNT];
        size_t at = n++;
        for (; at > 0 && strcmp(names[at - 1], name) > 0; at--)
            names[at] = names[at - 1];
        names[at] = name;
    }
    return n;
}

struct yk_slice yk_methods_allow(const struct yk_methods *methods, uint64_t set,
                                 struct yk_arena *arena)
{
    const char *names[64];
    if (set & YK_METHOD_GET)
        set |= YK_METHOD_HEAD;
    size_t n = sorted_names(methods, set, names);

    size_t room = 1;
    for (size_t i = 0; i < n; i++)
        room += strlen(names[i]) + 2;
    char *text = yk_arena_alloc(arena, room), *to = text;
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(names[i]);
        if (i > 0) {
            *to++ = ',';
            *to++ = ' ';
        }
        memcpy(to, names[i], len);
        to += len;
    }
    *to = '\0';
    return (struct yk_slice){text, (size_t)(to - text)};
}
