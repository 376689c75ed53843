/* Being watched: the control socket with the commands that only look,
 *
 *     ping   that the primary answers
 *     ps     the workers, slot by slot, and the totals
 *     why    the last deaths
 */
#ifndef YK_CLUSTER_WATCH_H
#define YK_CLUSTER_WATCH_H

/* In the primary: opens the control socket. `name` is what it is to be called,
 * and then has to be free; NULL: what $YOKE_NAME says, else `hint`, else the
 * program's name, the last two with the process's number if they are taken.
 * $YOKE_CONTROL=off: there is to be none. Returns 0; or a negative code after
 * having logged why, which is -EADDRINUSE or -EINVAL for a name that was asked
 * for and cannot be had; others need not stop anybody. */
int yk_watch_start(const char *name, const char *hint);

/* Harmless without it. */
void yk_watch_stop(void);

#endif
