#include "net/owner.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>

#include "core/number.h"
#include "core/slice.h"

/* For what the entry's texts need. */
#define ROOM_LEN 4096

static bool is_number(const char *name, int *ret_id)
{
    return yk_parse_int(yk_slice_of(name), ret_id) == 0 && *ret_id >= 0;
}

int yk_owner_user(const char *name, int *ret_id)
{
    char room[ROOM_LEN];
    struct passwd entry, *found = NULL;

    if (is_number(name, ret_id))
        return 0;
    if (getpwnam_r(name, &entry, room, sizeof(room), &found) || !found)
        return -EINVAL;
    *ret_id = (int)found->pw_uid;
    return 0;
}

int yk_owner_group(const char *name, int *ret_id)
{
    char room[ROOM_LEN];
    struct group entry, *found = NULL;

    if (is_number(name, ret_id))
        return 0;
    if (getgrnam_r(name, &entry, room, sizeof(room), &found) || !found)
        return -EINVAL;
    *ret_id = (int)found->gr_gid;
    return 0;
}
