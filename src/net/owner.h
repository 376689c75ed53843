/* Users and groups by their names, as an operator writes them. */
#ifndef YK_NET_OWNER_H
#define YK_NET_OWNER_H

/* The number of a user, or of a group; a number stands for itself. Returns 0;
 * -EINVAL when there is none of that name. */
int yk_owner_user(const char *name, int *ret_id);
int yk_owner_group(const char *name, int *ret_id);

#endif
