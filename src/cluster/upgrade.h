/* The upgrade: another version of the program takes this primary's place, in
 * the same process, and goes on with its workers and its ports.
 *
 *           begin           "ok"            settled
 *   IDLE ----------> CHECKING ----> SETTLING -------> execve ---> new version
 *                      |                |                |        (succession.h)
 *                      | it could not   | too long       | failed
 *                      v                v                v
 *                    IDLE <-----------------------------'   nothing has changed
 *
 * The process stays the same, and with it its number, its children and what
 * watches it (systemd, a container). Nobody is disconnected: clients that come
 * meanwhile wait in the kernel. Then the workers are replaced by a reload. */
#ifndef YK_CLUSTER_UPGRADE_H
#define YK_CLUSTER_UPGRADE_H

/* It has failed; `text` says why in words. Borrowed for the call. Nobody is
 * told of success, for nobody is left. */
typedef void yk_upgrade_failed_fn(int err, const char *text, void *data);

/* Begins; `fn` may be NULL. `client_fd` is the connection of whoever asked for
 * it (control.h), which the new version answers; -1: nobody did. `fn` may say
 * it later. Returns 0; -EBUSY when one, or a reload, is under way; -ESHUTDOWN
 * when the primary stops; -errno: then `fn` is not called. */
int yk_upgrade_begin(yk_upgrade_failed_fn *fn, int (*client_fd)(void *data),
                     void *data);

#endif
