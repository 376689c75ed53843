/* Who a worker runs as: the numbers that its process takes between fork and
 * exec, when only system calls are allowed; so all is looked up before. */
#ifndef YK_CLUSTER_ACCOUNT_H
#define YK_CLUSTER_ACCOUNT_H

#include <stdbool.h>
#include <sys/types.h>

/* Most supplementary groups; a user in more is refused. */
#define YK_ACCOUNT_GROUPS_MAX 256

struct yk_account {
    uid_t uid;
    gid_t gid;
    gid_t groups[YK_ACCOUNT_GROUPS_MAX];
    int group_count;
};

/* Looks up what a process of `uid` and `gid` needs; 0 for either: that of this
 * process for the user, that of the user database for the group. Returns 0;
 * -ENOENT when no group is given and the database does not know the user, who
 * must not keep this process's; -E2BIG: too many groups; -ENOMEM. */
int yk_account_find(uid_t uid, gid_t gid, struct yk_account *ret);

/* True when this process is that user already, so that nothing has to be
 * taken. */
bool yk_account_is_current(const struct yk_account *user);

/* Takes the groups, the group and the user, for good. Only calls that
 * signal-safety(7) allows. Returns 0 or -errno. */
int yk_account_become(const struct yk_account *user);

#endif
