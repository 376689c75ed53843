#include "http/headers.h"

#include <yoke/error.h>

#include "http/chars.h"

/* Room for so many fields at first. */
#define FIRST 8

const struct yk_header *yk_headers_find(const struct yk_headers *headers,
                                        struct yk_slice name)
{
    for (uint32_t i = 0; i < headers->count; i++)
        if (yk_slice_eq_nocase(headers->items[i].name, name))
            return &headers->items[i];
    return NULL;
}

/* Not inlined: most fields are set once, and nothing is to be removed. */
__attribute__((noinline)) uint32_t yk_headers_remove(struct yk_headers *headers,
                                                     struct yk_slice name)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < headers->count; i++)
        if (!yk_slice_eq_nocase(headers->items[i].name, name))
            headers->items[kept++] = headers->items[i];
    uint32_t removed = headers->count - kept;
    headers->count = kept;
    return removed;
}

/* Room for one more; the old array stays in the arena, which is cheaper than
 * counting first. */
static __attribute__((noinline)) void grow(struct yk_headers *headers,
                                           struct yk_arena *arena)
{
    uint32_t capacity = headers->capacity * 2;
    struct yk_header *items = yk_arena_alloc(arena, capacity * sizeof(*items));
    memcpy(items, headers->items, headers->count * sizeof(*items));
    headers->items = items;
    headers->capacity = capacity;
}

static inline struct yk_header *append(struct yk_headers *headers,
                                       struct yk_arena *arena)
{
    if (!headers->items) {
        headers->items =
            yk_arena_alloc(arena, FIRST * sizeof(struct yk_header));
        headers->capacity = FIRST;
    } else if (headers->count == headers->capacity) {
        grow(headers, arena);
    }
    return &headers->items[headers->count++];
}

static struct yk_slice copy(struct yk_arena *arena, struct yk_slice text)
{
    return (struct yk_slice){yk_arena_strndup(arena, text.ptr, text.len),
                             text.len};
}

int yk_headers_add(struct yk_headers *headers, struct yk_arena *arena,
                   struct yk_slice name, struct yk_slice value)
{
    if (!yk_chars_are(name, YK_CHAR_TOKEN) ||
        !yk_chars_are_value(value.ptr, value.len))
        return -YOKE_EHEADER;
    if (headers->count == YK_HEADERS_MAX)
        return -YOKE_ETOOLARGE;
    struct yk_header header = {copy(arena, name), copy(arena, value)};
    *append(headers, arena) = header;
    return 0;
}

int yk_headers_set(struct yk_headers *headers, struct yk_arena *arena,
                   struct yk_slice name, struct yk_slice value)
{
    if (!yk_chars_are(name, YK_CHAR_TOKEN) ||
        !yk_chars_are_value(value.ptr, value.len))
        return -YOKE_EHEADER;
    /* The value may be the one that is being replaced. */
    struct yk_slice kept = copy(arena, value);
    yk_headers_remove(headers, name);
    return yk_headers_add(headers, arena, name, kept);
}

void yk_headers_set_static(struct yk_headers *headers, struct yk_arena *arena,
                           struct yk_slice name, struct yk_slice value)
{
    if (headers->count)
        yk_headers_remove(headers, name);
    *append(headers, arena) = (struct yk_header){name, value};
}
