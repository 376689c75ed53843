#include "cluster/assembly.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/message.h"
#include "cluster/sender.h"
#include "core/alloc.h"

void yk_assembly_clear(struct yk_assembly *assembly)
{
    free(assembly->ptr);
    *assembly = (struct yk_assembly){.total = 0};
}

/* Room grows with what has really come, so that a false total costs nothing. */
static int reserve(struct yk_assembly *assembly, size_t needed)
{
    size_t room = assembly->room * 2;
    char *ptr;

    if (needed <= assembly->room)
        return 0;
    if (room < needed)
        room = needed;
    if (room > assembly->total)
        room = assembly->total;
    ptr = yk_try_realloc(assembly->ptr, room);
    if (!ptr)
        return -ENOMEM;
    assembly->ptr = ptr;
    assembly->room = room;
    return 0;
}

static int append(struct yk_assembly *assembly, const char *bytes, size_t len)
{
    size_t needed = assembly->have + len;

    if (needed > assembly->total || len == 0)
        return -EBADMSG;
    if (reserve(assembly, needed) < 0)
        return -ENOMEM;
    memcpy(assembly->ptr + assembly->have, bytes, len);
    assembly->have = needed;
    return needed == assembly->total;
}

int yk_assembly_add(struct yk_assembly *assembly,
                    const struct yk_message_piece *piece, const char *bytes,
                    size_t len, struct yk_assembled *ret)
{
    int err;

    /* Its sender had no memory for the rest of the last one. */
    if (piece->offset == 0)
        yk_assembly_clear(assembly);
    if (piece->total > YK_SENDER_MAX || piece->offset != assembly->have ||
        (piece->offset && piece->total != assembly->total)) {
        yk_assembly_clear(assembly);
        return -EBADMSG;
    }
    if (piece->total == len) {
        *ret = (struct yk_assembled){bytes, len, NULL};
        return 1;
    }
    assembly->total = piece->total;
    err = append(assembly, bytes, len);
    if (err < 0)
        yk_assembly_clear(assembly);
    if (err <= 0)
        return err;
    *ret = (struct yk_assembled){assembly->ptr, assembly->have, assembly->ptr};
    assembly->ptr = NULL;
    yk_assembly_clear(assembly);
    return 1;
}
