/* Functions of libc by their own names: the program's definition goes before
 * libc's, for the library and for all the libraries that it uses. */
#include "interpose.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

struct shortage *shortage;

/* What stands behind ours: libc's, or the sanitizer's. */
#define NEXT(name)                                                             \
    static __typeof__(name) *next;                                             \
    if (!next)                                                                 \
    *(void **)&next = dlsym(RTLD_NEXT, #name)

/* Whether this call is the one; errno is set then. */
static bool must_fail(enum shortage_kind kind, int err)
{
    if (!shortage || !shortage->is_on || kind != shortage->kind ||
        getpid() != shortage->pid)
        return false;
    long n = atomic_fetch_add(&shortage->count, 1) + 1;
    if (n < shortage->nth || n >= shortage->nth + shortage->span)
        return false;
    shortage->was_met = true;
    errno = err;
    return true;
}

/* ---- Memory ---- */

void *malloc(size_t size)
{
    NEXT(malloc);
    return must_fail(SHORTAGE_MEMORY, ENOMEM) ? NULL : next(size);
}

void *calloc(size_t n, size_t size)
{
    NEXT(calloc);
    return must_fail(SHORTAGE_MEMORY, ENOMEM) ? NULL : next(n, size);
}

void *realloc(void *ptr, size_t size)
{
    NEXT(realloc);
    return must_fail(SHORTAGE_MEMORY, ENOMEM) ? NULL : next(ptr, size);
}

void *reallocarray(void *ptr, size_t n, size_t size)
{
    NEXT(reallocarray);
    return must_fail(SHORTAGE_MEMORY, ENOMEM) ? NULL : next(ptr, n, size);
}

/* libuv ends so when its table of descriptors cannot grow: nobody can help
 * that. */
static bool is_of_libuv(const void *address)
{
    Dl_info found;
    return dladdr(address, &found) && strstr(found.dli_fname, "/libuv");
}

/* Who has no memory may end in this way; an assertion calls libc's own. */
void abort(void)
{
    if (shortage && shortage->was_met &&
        is_of_libuv(__builtin_return_address(0)))
        _exit(SHORTAGE_OF_LIBUV);
    if (shortage && shortage->was_met)
        _exit(SHORTAGE_GAVE_UP);
    NEXT(abort);
    next();
    __builtin_unreachable();
}

/* ---- Descriptors ---- */

int socket(int domain, int type, int protocol)
{
    NEXT(socket);
    return must_fail(SHORTAGE_DESCRIPTORS, EMFILE)
               ? -1
               : next(domain, type, protocol);
}

int socketpair(int domain, int type, int protocol, int fds[2])
{
    NEXT(socketpair);
    return must_fail(SHORTAGE_DESCRIPTORS, EMFILE)
               ? -1
               : next(domain, type, protocol, fds);
}

int accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    NEXT(accept4);
    return must_fail(SHORTAGE_DESCRIPTORS, EMFILE) ? -1
                                                   : next(fd, addr, len, flags);
}

int open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = va_arg(args, mode_t);
    va_end(args);
    NEXT(open);
    return must_fail(SHORTAGE_DESCRIPTORS, EMFILE) ? -1
                                                   : next(path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = va_arg(args, mode_t);
    va_end(args);
    NEXT(openat);
    return must_fail(SHORTAGE_DESCRIPTORS, EMFILE)
               ? -1
               : next(folder, path, flags, mode);
}

int pipe2(int fds[2], int flags)
{
    NEXT(pipe2);
    return must_fail(SHORTAGE_DESCRIPTORS, EMFILE) ? -1 : next(fds, flags);
}

int eventfd(unsigned value, int flags)
{
    NEXT(eventfd);
    return must_fail(SHORTAGE_DESCRIPTORS, EMFILE) ? -1 : next(value, flags);
}

int epoll_create1(int flags)
{
    NEXT(epoll_create1);
    return must_fail(SHORTAGE_DESCRIPTORS, EMFILE) ? -1 : next(flags);
}

int memfd_create(const char *name, unsigned flags)
{
    NEXT(memfd_create);
    return must_fail(SHORTAGE_DESCRIPTORS, EMFILE) ? -1 : next(name, flags);
}

int dup(int fd)
{
    NEXT(dup);
    return must_fail(SHORTAGE_DESCRIPTORS, EMFILE) ? -1 : next(fd);
}

int fcntl(int fd, int command, ...)
{
    va_list args;
    va_start(args, command);
    long arg = va_arg(args, long);
    va_end(args);
    NEXT(fcntl);
    if ((command == F_DUPFD_CLOEXEC || command == F_DUPFD) &&
        must_fail(SHORTAGE_DESCRIPTORS, EMFILE))
        return -1;
    return next(fd, command, arg);
}

void *mmap(void *at, size_t len, int protection, int flags, int fd, off_t off)
{
    NEXT(mmap);
    return must_fail(SHORTAGE_DESCRIPTORS, ENOMEM)
               ? MAP_FAILED
               : next(at, len, protection, flags, fd, off);
}

/* ---- Reads and writes ---- */

ssize_t read(int fd, void *ptr, size_t len)
{
    NEXT(read);
    return must_fail(SHORTAGE_INTERRUPTS, EINTR) ? -1 : next(fd, ptr, len);
}

ssize_t write(int fd, const void *ptr, size_t len)
{
    NEXT(write);
    return must_fail(SHORTAGE_INTERRUPTS, EINTR) ? -1 : next(fd, ptr, len);
}

ssize_t pread(int fd, void *ptr, size_t len, off_t off)
{
    NEXT(pread);
    return must_fail(SHORTAGE_INTERRUPTS, EINTR) ? -1 : next(fd, ptr, len, off);
}

ssize_t send(int fd, const void *ptr, size_t len, int flags)
{
    NEXT(send);
    return must_fail(SHORTAGE_INTERRUPTS, EINTR) ? -1
                                                 : next(fd, ptr, len, flags);
}

ssize_t recv(int fd, void *ptr, size_t len, int flags)
{
    NEXT(recv);
    return must_fail(SHORTAGE_INTERRUPTS, EINTR) ? -1
                                                 : next(fd, ptr, len, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    NEXT(sendmsg);
    return must_fail(SHORTAGE_INTERRUPTS, EINTR) ? -1
                                                 : next(fd, message, flags);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    NEXT(recvmsg);
    return must_fail(SHORTAGE_INTERRUPTS, EINTR) ? -1
                                                 : next(fd, message, flags);
}

ssize_t sendfile(int to, int from, off_t *off, size_t len)
{
    NEXT(sendfile);
    return must_fail(SHORTAGE_INTERRUPTS, EINTR) ? -1
                                                 : next(to, from, off, len);
}
