/* The duty of process 1: in a container without an init, orphans of other
 * processes become children of the primary, and stay zombies until it has
 * waited for them. */
#ifndef YK_CLUSTER_PID1_H
#define YK_CLUSTER_PID1_H

#include <stdbool.h>
#include <sys/types.h>

/* Starts to reap strangers, if this process is number 1. */
void yk_pid1_start(void);

/* Reaps every child that has ended and is a stranger. `is_known` says of a
 * process whether somebody else waits for it. Returns true when such a one has
 * ended and has not been waited for yet: strangers may hide behind it, so the
 * caller should come again. */
bool yk_pid1_reap(bool (*is_known)(pid_t pid));

#endif
