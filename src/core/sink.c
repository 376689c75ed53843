#include "core/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/cleanup.h"

#include "core/banned.h"

void yk_sink_done(struct yk_sink *sink)
{
    yk_close_fd(&sink->again);
    sink->is_known = false;
}

/* ---- Without waiting ---- */

static void open_again(struct yk_sink *sink, int fd)
{
    char path[32];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    sink->again = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static int own_fd_for(struct yk_sink *sink, int fd, const struct stat *what)
{
    if (sink->is_known && sink->device == what->st_dev &&
        sink->inode == what->st_ino)
        return sink->again;
    yk_close_fd(&sink->again);
    sink->is_known = true;
    sink->device = what->st_dev;
    sink->inode = what->st_ino;
    open_again(sink, fd);
    return sink->again;
}

static bool has_room(int fd, int timeout_ms)
{
    struct pollfd out = {.fd = fd, .events = POLLOUT};

    return poll(&out, 1, timeout_ms) > 0 && out.revents & POLLOUT;
}

/* It belongs to another user now, or nobody reads it. This is nearly as good:
 * a writer who fills it at the same moment makes it wait. */
static ssize_t write_if_ready(int fd, const char *ptr, size_t len)
{
    if (has_room(fd, 0))
        return write(fd, ptr, len);
    errno = EAGAIN;
    return -1;
}

static ssize_t write_some(struct yk_sink *sink, int fd, const char *ptr,
                          size_t len)
{
    struct stat what;

    if (fstat(fd, &what) < 0)
        return -1;
    if (S_ISSOCK(what.st_mode))
        return send(fd, ptr, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (!S_ISFIFO(what.st_mode) && !S_ISCHR(what.st_mode))
        return write(fd, ptr, len);
    int again = own_fd_for(sink, fd, &what);
    return again < 0 ? write_if_ready(fd, ptr, len) : write(again, ptr, len);
}

/* ---- With a little patience ---- */

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* A wait that is too short to be seen counts as one of a millisecond. */
static bool wait_for_room(struct yk_sink *sink, int fd)
{
    uint64_t begun = now_ms(), patience = (uint64_t)sink->patience_ms;
    if (begun / 1000 != sink->second)
        sink->waited_ms = 0;
    sink->second = begun / 1000;
    if (sink->waited_ms >= patience)
        return false;
    bool has = has_room(fd, (int)(patience - sink->waited_ms));
    sink->waited_ms += now_ms() - begun + 1;
    return has;
}

ssize_t yk_sink_write(struct yk_sink *sink, int fd, const char *ptr, size_t len)
{
    ssize_t n = write_some(sink, fd, ptr, len);

    if (n < 0 && errno == EAGAIN && wait_for_room(sink, fd))
        n = write_some(sink, fd, ptr, len);
    return n < 0 ? -errno : n;
}

/* ---- Lines ---- */

static void tell_dropped(struct yk_sink *sink, int fd)
{
    char text[128];
    int len = snprintf(text, sizeof(text),
                       "yoke[%d] warn: %zu bytes of standard error were "
                       "dropped: nobody read them\n",
                       (int)getpid(), sink->dropped);

    if (yk_sink_write(sink, fd, text, (size_t)len) > 0)
        sink->dropped = 0;
}

void yk_sink_put(struct yk_sink *sink, int fd, const char *ptr, size_t len)
{
    if (sink->dropped)
        tell_dropped(sink, fd);
    ssize_t n = sink->dropped ? 0 : yk_sink_write(sink, fd, ptr, len);
    sink->dropped += len - (n > 0 ? (size_t)n : 0);
}
