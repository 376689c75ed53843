#include "cluster/account.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/cleanup.h"

#include "core/banned.h"

/* Room for one entry of the user database. */
#define ENTRY_MAX 16384

/* The user's own group and the others it is in, as the database has them. The
 * database's room is needed for the name, so it stays with the caller. */
static int find_entry(uid_t uid, struct passwd *entry, char *room,
                      const struct passwd **ret)
{
    struct passwd *found = NULL;
    int err = getpwuid_r(uid, entry, room, ENTRY_MAX, &found);

    if (err == ENOMEM || err == ERANGE)
        return -ENOMEM;
    *ret = found;
    return 0;
}

int yk_account_find(uid_t uid, gid_t gid, struct yk_account *ret)
{
    YK_CLEANUP(yk_free_ptr) char *room = yk_try_alloc(ENTRY_MAX);
    const struct passwd *found = NULL;
    struct yk_account user = {.uid = uid ? uid : geteuid(), .gid = gid};
    struct passwd entry;

    if (!room)
        return -ENOMEM;
    int err = find_entry(user.uid, &entry, room, &found);
    if (err < 0)
        return err;
    if (!gid && !found)
        return -ENOENT;
    if (!gid)
        user.gid = found->pw_gid;
    user.groups[0] = user.gid;
    user.group_count = found && uid ? YK_ACCOUNT_GROUPS_MAX : 1;
    if (found && uid &&
        getgrouplist(found->pw_name, user.gid, user.groups, &user.group_count) <
            0)
        return -E2BIG;
    *ret = user;
    return 0;
}

bool yk_account_is_current(const struct yk_account *user)
{
    return geteuid() != 0 && user->uid == geteuid() && user->uid == getuid() &&
           user->gid == getegid() && user->gid == getgid();
}

int yk_account_become(const struct yk_account *user)
{
    if (yk_account_is_current(user))
        return 0;
    /* The user last: it may not change its groups any more. */
    if (setgroups((size_t)user->group_count, user->groups) < 0 ||
        setgid(user->gid) < 0 || setuid(user->uid) < 0)
        return -errno;
    return 0;
}
