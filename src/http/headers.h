/* The header fields of an answer, in the order in which they were set. They
 * live in the request's arena. Names are tokens and values have no control
 * characters: a field that would split the answer is refused here, at the one
 * place through which all of them go (docs/http-rules.md rule 33). */
#ifndef YK_HTTP_HEADERS_H
#define YK_HTTP_HEADERS_H

#include <stdint.h>

#include "core/arena.h"
#include "core/slice.h"

/* Most fields an answer can have. */
#define YK_HEADERS_MAX 256

struct yk_header {
    struct yk_slice name;
    struct yk_slice value; /* Followed by a NUL. */
};

struct yk_headers {
    struct yk_header *items; /* In the arena; NULL while there are none. */
    uint32_t count, capacity;
};

/* Replaces every field of that name by one; both are copied. Returns 0,
 * -YOKE_EHEADER for an illegal name or value, or -YOKE_ETOOLARGE for the 257th
 * field. */
int yk_headers_set(struct yk_headers *headers, struct yk_arena *arena,
                   struct yk_slice name, struct yk_slice value);

/* The same, for a name and value that are legal and static: neither checked
 * nor copied. */
void yk_headers_set_static(struct yk_headers *headers, struct yk_arena *arena,
                           struct yk_slice name, struct yk_slice value);

/* Adds a field beside those of the same name. */
int yk_headers_add(struct yk_headers *headers, struct yk_arena *arena,
                   struct yk_slice name, struct yk_slice value);

/* Removes every field of that name; returns how many there were. */
uint32_t yk_headers_remove(struct yk_headers *headers, struct yk_slice name);

/* The first field of that name, or NULL. */
const struct yk_header *yk_headers_find(const struct yk_headers *headers,
                                        struct yk_slice name);

#endif
