#include "cluster/audit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <yoke/listen.h>

#include "net/address.h"

#include "core/banned.h"

#define FDS     "/proc/self/fd"
#define THREADS "/proc/self/task"

/* ---- Going through the descriptors ---- */

typedef void each_fn(int fd, void *data);

/* The number that the name is; -1: it is none. */
static int number_of(const char *name)
{
    char *end;
    long number = strtol(name, &end, 10);

    return *name >= '0' && *name <= '9' && *end == '\0' ? (int)number : -1;
}

static void for_each(each_fn *fn, void *data)
{
    DIR *dir = opendir(FDS);
    struct dirent *entry;

    if (!dir)
        return;
    while ((entry = readdir(dir))) {
        int fd = number_of(entry->d_name);
        if (fd > STDERR_FILENO && fd != dirfd(dir))
            fn(fd, data);
    }
    closedir(dir);
}

static void remember(int fd, void *data)
{
    struct yk_audit *audit = data;
    struct stat stat;

    if (audit->count < YK_AUDIT_MAX && fstat(fd, &stat) == 0)
        audit->known[audit->count++] = (struct yk_audit_fd){
            .fd = fd, .dev = stat.st_dev, .ino = stat.st_ino};
}

void yk_audit_begin(struct yk_audit *audit)
{
    audit->count = 0;
    for_each(remember, audit);
}

static bool is_known(const struct yk_audit *audit, int fd,
                     const struct stat *stat)
{
    for (int i = 0; i < audit->count; i++) {
        const struct yk_audit_fd *known = &audit->known[i];
        if (known->fd == fd && known->dev == stat->st_dev &&
            known->ino == stat->st_ino)
            return true;
    }
    return false;
}

/* ---- Judging ---- */

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static bool is_plain_device(const char *link)
{
    static const char *const names[] = {"/dev/null", "/dev/zero", "/dev/full",
                                        "/dev/random", "/dev/urandom"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(link, names[i]) == 0)
            return true;
    return false;
}

/* What has no name in the file system: an epoll, a timer ... A process's and a
 * kernel program's descriptors can be shared. */
static const char *judge_unnamed(const char *link)
{
    if (strstr(link, "[eventpoll]"))
        return "an event loop (epoll)";
    if (strstr(link, "pidfd") || strstr(link, "bpf"))
        return NULL;
    if (strstr(link, "[eventfd]") || strstr(link, "[timerfd]") ||
        strstr(link, "[signalfd]") || strstr(link, "inotify"))
        return "a source of events";
    return "a thing of the kernel";
}

static const char *judge_file(const char *link, int flags)
{
    bool is_only_read = (flags & O_ACCMODE) == O_RDONLY || (flags & O_PATH);

    if (is_only_read || (flags & O_APPEND) || begins(link, "/memfd:"))
        return NULL;
    return "a file open for writing";
}

const char *yk_audit_judge(const char *link, mode_t mode, int flags)
{
    if (S_ISSOCK(mode))
        return "a socket";
    if (S_ISFIFO(mode))
        return "a pipe";
    if (S_ISREG(mode))
        return judge_file(link, flags);
    if (S_ISCHR(mode))
        return is_plain_device(link) ? NULL : "a device";
    return begins(link, "anon_inode:") ? judge_unnamed(link) : NULL;
}

/* ---- Telling ---- */

/* Where a socket leads, if that has a name: it tells whose it is. */
static void describe_socket(int fd, char *out, size_t len)
{
    struct sockaddr_storage addr = {.ss_family = AF_UNSPEC};
    socklen_t addr_len = sizeof(addr);
    struct yoke_address address;
    char text[256];
    bool has_peer = getpeername(fd, (struct sockaddr *)&addr, &addr_len) == 0 &&
                    addr_len > sizeof(addr.ss_family);

    if (has_peer)
        yk_address_from_sockaddr(&address, (struct sockaddr *)&addr, addr_len);
    else if (yk_address_of_socket(fd, &address) < 0)
        return;
    yk_address_text(&address, text, sizeof(text));
    if (*text)
        snprintf(out, len, "%s %s", has_peer ? "connected to" : "bound to",
                 text);
}

struct search {
    const struct yk_audit *audit;
    int own;
    int count;
    void (*found)(const char *text, void *data);
    void *data;
};

static void tell(struct search *search, int fd, const char *what,
                 const char *link)
{
    char more[300], text[YK_AUDIT_TEXT];

    snprintf(more, sizeof(more), "%.200s", link);
    if (begins(link, "socket:"))
        describe_socket(fd, more, sizeof(more));
    snprintf(text, sizeof(text),
             "descriptor %d is %s (%s), which all workers would share: open it "
             "in yoke_cluster_after_fork, or close it before the application "
             "has been made",
             fd, what, more);
    search->count++;
    search->found(text, search->data);
}

static void look(int fd, void *data)
{
    struct search *search = data;
    char path[64], link[256];
    struct stat stat;
    int flags = fcntl(fd, F_GETFL);

    snprintf(path, sizeof(path), FDS "/%d", fd);
    ssize_t len = readlink(path, link, sizeof(link) - 1);
    if (fd == search->own || flags < 0 || len < 0 || fstat(fd, &stat) < 0 ||
        is_known(search->audit, fd, &stat))
        return;
    link[len] = '\0';
    const char *what = yk_audit_judge(link, stat.st_mode, flags);
    if (what)
        tell(search, fd, what, link);
}

/* ---- Threads ---- */

static void read_name(const char *tid, char *out, size_t len)
{
    char path[300];

    snprintf(path, sizeof(path), THREADS "/%s/comm", tid);
    FILE *file = fopen(path, "re");
    if (!file || !fgets(out, (int)len, file))
        snprintf(out, len, "?");
    out[strcspn(out, "\n")] = '\0';
    if (file)
        fclose(file);
}

/* Appends the names, as far as there is room. Returns how many there are. */
static int list_threads(char *out, size_t size)
{
    DIR *dir = opendir(THREADS);
    struct dirent *entry;
    int count = 0;
    size_t len = 0;
    char name[32];

    if (!dir)
        return 0;
    while ((entry = readdir(dir))) {
        int tid = number_of(entry->d_name);
        if (tid < 0 || tid == getpid())
            continue;
        read_name(entry->d_name, name, sizeof(name));
        if (len + strlen(name) + 3 < size)
            len += (size_t)snprintf(out + len, size - len, "%s%s",
                                    count ? ", " : "", name);
        count++;
    }
    closedir(dir);
    return count;
}

static void look_for_threads(struct search *search)
{
    char names[200] = "", text[YK_AUDIT_TEXT];
    int count = list_threads(names, sizeof(names));

    if (count == 0)
        return;
    snprintf(text, sizeof(text),
             "%d thread%s (%s) run%s beside the main one: workers will not "
             "have %s, and what %s locked stays locked; start threads in "
             "yoke_cluster_after_fork",
             count, count == 1 ? "" : "s", names, count == 1 ? "s" : "",
             count == 1 ? "it" : "them", count == 1 ? "it has" : "they have");
    search->count++;
    search->found(text, search->data);
}

int yk_audit_end(const struct yk_audit *audit, int own,
                 void (*found)(const char *text, void *data), void *data)
{
    struct search search = {
        .audit = audit, .own = own, .found = found, .data = data};

    for_each(look, &search);
    look_for_threads(&search);
    return search.count;
}
