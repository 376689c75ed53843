#include "net/port_owner.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/number.h"

#include "core/banned.h"

#define PATH_LEN 512

/* One line of a table in /proc/net: true when it is the one that is looked
 * for, whose inode is then stored. */
typedef bool match_fn(const char *line, const void *wanted, uint64_t *inode);

/* States in the tables of the kernel: TCP_LISTEN; and what an UDP socket that
 * is not connected is in, TCP_CLOSE. */
#define LISTENS 0x0a
#define BOUND   0x07

/*   sl  local_address rem_address st tx_queue:rx_queue tr:tm retr uid t inode
 *   0: 0100007F:0539 00000000:0000 0A ... */
static bool is_ip_socket(const char *line, int wanted_port, unsigned wanted,
                         uint64_t *inode)
{
    unsigned port, state;
    int n = sscanf(line,
                   " %*d: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*x:%*x "
                   "%*x:%*x %*x %*u %*u %" SCNu64,
                   &port, &state, inode);
    return n == 3 && state == wanted && (int)port == wanted_port;
}

static bool is_tcp_listener(const char *line, const void *wanted,
                            uint64_t *inode)
{
    return is_ip_socket(line, *(const int *)wanted, LISTENS, inode);
}

static bool is_udp_socket(const char *line, const void *wanted, uint64_t *inode)
{
    return is_ip_socket(line, *(const int *)wanted, BOUND, inode);
}

/* Num RefCount Protocol Flags Type St Inode Path; __SO_ACCEPTCON is flag
 * 0x10000. */
static bool is_unix_listener(const char *line, const void *wanted,
                             uint64_t *inode)
{
    unsigned flags;
    int at = 0;
    int n = sscanf(line, " %*[^:]: %*x %*x %x %*x %*x %" SCNu64 " %n", &flags,
                   inode, &at);
    return n == 2 && at > 0 && (flags & 0x10000) &&
           strncmp(line + at, wanted, strlen(wanted)) == 0 &&
           line[(size_t)at + strlen(wanted)] == '\n';
}

static int find_inode(const char *proc, const char *table, match_fn *matches,
                      const void *wanted, uint64_t *ret_inode)
{
    char path[PATH_LEN], line[PATH_LEN];
    int err = -ENOENT;

    snprintf(path, sizeof(path), "%s/net/%s", proc, table);
    FILE *file = fopen(path, "re");
    if (!file)
        return -errno;
    while (err && fgets(line, sizeof(line), file))
        if (matches(line, wanted, ret_inode))
            err = 0;
    fclose(file);
    return err;
}

static bool has_socket(const char *proc, const char *pid, const char *socket)
{
    char path[PATH_LEN], target[64];
    bool found = false;
    struct dirent *entry;

    snprintf(path, sizeof(path), "%s/%s/fd", proc, pid);
    DIR *dir = opendir(path);
    if (!dir)
        return false;
    while (!found && (entry = readdir(dir))) {
        ssize_t len =
            readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);
        target[len > 0 ? len : 0] = '\0';
        found = strcmp(target, socket) == 0;
    }
    closedir(dir);
    return found;
}

static void read_name(const char *proc, struct yk_port_owner *owner)
{
    char path[PATH_LEN];

    snprintf(path, sizeof(path), "%s/%d/comm", proc, (int)owner->pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return;
    if (fgets(owner->name, sizeof(owner->name), file))
        owner->name[strcspn(owner->name, "\n")] = '\0';
    fclose(file);
}

static int find_owner(const char *proc, uint64_t inode,
                      struct yk_port_owner *ret)
{
    struct yk_port_owner owner = {.pid = 0};
    struct dirent *entry;
    char socket[64];

    snprintf(socket, sizeof(socket), "socket:[%" PRIu64 "]", inode);
    DIR *dir = opendir(proc);
    if (!dir)
        return -errno;
    while (owner.pid == 0 && (entry = readdir(dir))) {
        int pid;
        if (yk_parse_int(yk_slice_of(entry->d_name), &pid) == 0 &&
            has_socket(proc, entry->d_name, socket))
            owner.pid = pid;
    }
    closedir(dir);
    if (owner.pid == 0)
        return -ENOENT;
    read_name(proc, &owner);
    *ret = owner;
    return 0;
}

int yk_port_owner_tcp(const char *proc, int port, struct yk_port_owner *ret)
{
    uint64_t inode = 0;

    if (find_inode(proc, "tcp", is_tcp_listener, &port, &inode) < 0 &&
        find_inode(proc, "tcp6", is_tcp_listener, &port, &inode) < 0)
        return -ENOENT;
    return find_owner(proc, inode, ret);
}

int yk_port_owner_udp(const char *proc, int port, struct yk_port_owner *ret)
{
    uint64_t inode = 0;

    if (find_inode(proc, "udp", is_udp_socket, &port, &inode) < 0 &&
        find_inode(proc, "udp6", is_udp_socket, &port, &inode) < 0)
        return -ENOENT;
    return find_owner(proc, inode, ret);
}

int yk_port_owner_unix(const char *proc, const char *path,
                       struct yk_port_owner *ret)
{
    uint64_t inode = 0;

    if (find_inode(proc, "unix", is_unix_listener, path, &inode) < 0)
        return -ENOENT;
    return find_owner(proc, inode, ret);
}

int yk_port_owner_pid(const char *proc, pid_t pid, struct yk_port_owner *ret)
{
    struct yk_port_owner owner = {.pid = pid};

    if (pid <= 0)
        return -ENOENT;
    read_name(proc, &owner);
    if (!owner.name[0])
        return -ENOENT;
    *ret = owner;
    return 0;
}

void yk_port_owner_text(const struct yk_port_owner *owner, const char *name,
                        char *out, size_t len)
{
    if (!owner)
        snprintf(out, len, "%s is in use", name);
    else if (owner->pid == getpid())
        snprintf(out, len, "%s is in use by this program itself", name);
    else
        snprintf(out, len, "%s is in use by %s (pid %d)", name, owner->name,
                 (int)owner->pid);
}
