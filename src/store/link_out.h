/* Bytes that are to be sent, in the order in which they are put together. All
 * zero: none. */
#ifndef YK_STORE_LINK_OUT_H
#define YK_STORE_LINK_OUT_H

#include <stdbool.h>
#include <stddef.h>

struct yk_link_out {
    char *ptr; /* Owned. */
    size_t len, size;
};

/* Makes it large enough for `len` bytes more. False: there is no memory. */
bool yk_link_out_grow(struct yk_link_out *out, size_t len);

/* Room for `len` bytes more, behind those that there are; NULL without memory. */
static inline char *yk_link_out_room(struct yk_link_out *out, size_t len)
{
    if (out->size - out->len < len && !yk_link_out_grow(out, len))
        return NULL;
    return out->ptr + out->len;
}

/* False: there is no memory, and nothing has been added. */
bool yk_link_out_add(struct yk_link_out *out, const void *ptr, size_t len);

/* All has been sent. A buffer that has become large is not kept. */
void yk_link_out_empty(struct yk_link_out *out);

void yk_link_out_free(struct yk_link_out *out);

#endif
