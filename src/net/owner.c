#include "net/owner.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>

#include "core/alloc.h"
#include "core/cleanup.h"
#include "core/number.h"
#include "core/slice.h"

/* For what the entry's texts need. A group's members are among them, of which
 * there can be thousands. */
#define ROOM_MIN 4096
#define ROOM_MAX (4u << 20)

static bool is_number(const char *name, int *ret_id)
{
    return yk_parse_int(yk_slice_of(name), ret_id) == 0 && *ret_id >= 0;
}

int yk_owner_user(const char *name, int *ret_id)
{
    int err = is_number(name, ret_id) ? 0 : ERANGE;

    for (size_t size = ROOM_MIN; err == ERANGE && size <= ROOM_MAX; size *= 4) {
        YK_CLEANUP(yk_free_ptr) char *room = yk_try_alloc(size);
        struct passwd entry, *found = NULL;
        err = room ? getpwnam_r(name, &entry, room, size, &found) : ENOMEM;
        if (found)
            *ret_id = (int)found->pw_uid;
        else if (err == 0)
            err = ENOENT;
    }
    return err ? -EINVAL : 0;
}

int yk_owner_group(const char *name, int *ret_id)
{
    int err = is_number(name, ret_id) ? 0 : ERANGE;

    for (size_t size = ROOM_MIN; err == ERANGE && size <= ROOM_MAX; size *= 4) {
        YK_CLEANUP(yk_free_ptr) char *room = yk_try_alloc(size);
        struct group entry, *found = NULL;
        err = room ? getgrnam_r(name, &entry, room, size, &found) : ENOMEM;
        if (found)
            *ret_id = (int)found->gr_gid;
        else if (err == 0)
            err = ENOENT;
    }
    return err ? -EINVAL : 0;
}
