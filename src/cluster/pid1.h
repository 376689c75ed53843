/* The duty of process 1: in a container without an init, orphans of other
 * processes become children of the primary, and stay zombies until it has
 * waited for them. */
#ifndef YK_CLUSTER_PID1_H
#define YK_CLUSTER_PID1_H

#include <stdbool.h>
#include <sys/types.h>

/* Starts to reap strangers, if this process is number 1, or was such
 * as yk_pid1_adopt makes it before it ran this program. */
void yk_pid1_start(void);

/* From here on orphans among this process's descendants become its children,
 * and it reaps strangers, whatever its number. Returns 0 or -errno. */
int yk_pid1_adopt(void);

/* Reaps every child that has ended and is a stranger. `is_known` says of a
 * process whether somebody else waits for it. Returns true when such a one has
 * ended and has not been waited for yet: strangers may hide behind it, so the
 * caller should come again. */
bool yk_pid1_reap(bool (*is_known)(pid_t pid));

#endif
