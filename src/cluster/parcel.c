#include "cluster/parcel.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/cleanup.h"

#include "core/banned.h"

struct yk_parcel *yk_parcel_new(enum yk_message_type type, const void *ptr,
                                size_t len)
{
    struct yk_parcel *parcel = yk_try_alloc(sizeof(*parcel) + len);

    if (!parcel)
        return NULL;
    *parcel = (struct yk_parcel){.type = type, .len = len};
    yk_list_init(&parcel->node);
    if (len)
        memcpy(parcel->body, ptr, len);
    return parcel;
}

struct yk_parcel *yk_parcel_shrink(struct yk_parcel *parcel)
{
    struct yk_parcel *smaller = yk_try_realloc(parcel, sizeof(*parcel));

    if (!smaller)
        return parcel;
    yk_list_init(&smaller->node);
    return smaller;
}

void yk_parcel_finish(struct yk_parcel *parcel, int err)
{
    yk_list_remove(&parcel->node);
    /* The copies of what has arrived are closed first: whoever hears of it may
     * rely on that. */
    for (int i = 0; i < parcel->fd_count && err == 0; i++)
        yk_close_fd(&parcel->fds[i]);
    if (parcel->on_done)
        parcel->on_done(err, parcel->fds, err ? parcel->fd_count : 0,
                        parcel->data);
    for (int i = 0; i < parcel->fd_count; i++)
        yk_close_fd(&parcel->fds[i]);
    free(parcel);
}
