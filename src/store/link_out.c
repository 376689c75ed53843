#include "store/link_out.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

#include "core/banned.h"

#define FIRST 4096
/* A buffer that was once larger goes back to malloc. */
#define KEPT  65536

bool yk_link_out_grow(struct yk_link_out *out, size_t len)
{
    size_t size = out->size ? out->size : FIRST;

    while (size < out->len + len)
        size *= 2;
    char *larger = yk_try_realloc(out->ptr, size);
    if (!larger)
        return false;
    out->ptr = larger;
    out->size = size;
    return true;
}

bool yk_link_out_add(struct yk_link_out *out, const void *ptr, size_t len)
{
    if (len == 0)
        return true;
    char *at = yk_link_out_room(out, len);
    if (!at)
        return false;
    memcpy(at, ptr, len);
    out->len += len;
    return true;
}

void yk_link_out_empty(struct yk_link_out *out)
{
    out->len = 0;
    if (out->size > KEPT)
        yk_link_out_free(out);
}

void yk_link_out_free(struct yk_link_out *out)
{
    free(out->ptr);
    *out = (struct yk_link_out){NULL, 0, 0};
}
