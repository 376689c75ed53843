/* Who holds a port: for the error message of whoever wanted it.
 *
 * The kernel tells which socket (its inode) listens on a port; that socket is
 * then looked for among the descriptors of the processes that this user may
 * look into. Both are best efforts. */
#ifndef YK_NET_PORT_OWNER_H
#define YK_NET_PORT_OWNER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Room for the name of a process with its NUL; the kernel cuts longer ones. */
#define YK_PROCESS_NAME_MAX 16

struct yk_port_owner {
    pid_t pid;
    char name[YK_PROCESS_NAME_MAX];
};

/* The process that listens on the TCP port. Returns 0; -ENOENT when it is not
 * found. `proc` is "/proc", but for tests. */
int yk_port_owner_tcp(const char *proc, int port, struct yk_port_owner *ret);

/* The process that has bound the UDP port, likewise. */
int yk_port_owner_udp(const char *proc, int port, struct yk_port_owner *ret);

/* The process that listens on the UNIX socket, likewise. "@name" is an abstract
 * one. Found under the name by which it was bound. */
int yk_port_owner_unix(const char *proc, const char *path,
                       struct yk_port_owner *ret);

/* The process `pid`, if there is one. */
int yk_port_owner_pid(const char *proc, pid_t pid, struct yk_port_owner *ret);

/* "port 80 is in use by nginx (pid 812)"; without an owner, only that it is in
 * use. `name` is "port 80". */
void yk_port_owner_text(const struct yk_port_owner *owner, const char *name,
                        char *out, size_t len);

#endif
