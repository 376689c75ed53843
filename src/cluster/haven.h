/* Havens: where workers wait for a primary when theirs has died.
 *
 *     RUNDIR/NAME/worker-ID      a socket, mode 0600, made by the primary
 *
 * The worker is given the socket that listens there; it accepts when it has
 * become an orphan (orphan.h). A primary of the same name connects there when it
 * starts (roll_call.h). */
#ifndef YK_CLUSTER_HAVEN_H
#define YK_CLUSTER_HAVEN_H

/* Makes the haven of the worker with that id, in the folder of the control
 * socket. Returns the socket, which is the caller's; -ENOENT when there is no
 * such folder; -errno. */
int yk_haven_open(int id);

/* The worker is no more. Harmless when it had none. */
void yk_haven_remove(int id);

/* Calls `fn` with each haven's file in that folder. */
void yk_haven_each(void (*fn)(const char *file, void *data), void *data);

/* Connects to one. Returns a socket that says who sends (SO_PASSCRED), which is
 * the caller's; -1 when nobody is there. */
int yk_haven_connect(const char *file);

/* Nobody is there any more. */
void yk_haven_unlink(const char *file);

#endif
