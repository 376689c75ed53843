#include <yoke/control.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <yoke/error.h>

#include "cluster/runtime_dir.h"
#include "core/alloc.h"
#include "core/cleanup.h"
#include "net/vitals.h"

#include "core/banned.h"

#define LINE_MAX_LEN    (64u << 20)
#define READ_MAX        65536
/* A primary that does not even take a request. */
#define SEND_TIMEOUT_MS 5000

_Static_assert(YOKE_CONTROL_TEXT_MAX >= YK_RUNTIME_TEXT_MAX, "room for both");

struct yoke_control {
    int fd;
    char *in;         /* What has come, */
    size_t len, size; /* of which the last line that was handed out */
    size_t taken;     /* takes so many bytes. */
};

static int connect_in(int dir_fd, int *ret_fd)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    struct timeval timeout = {.tv_sec = SEND_TIMEOUT_MS / 1000};
    char path[YK_RUNTIME_PATH_MAX];
    YK_CLEANUP(yk_close_fd)
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s",
             yk_runtime_path(dir_fd, "control", path));
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) <
            0 ||
        connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
        return -errno;
    *ret_fd = yk_take_fd(&fd);
    return 0;
}

bool yoke_control_is_name(const char *name)
{
    return yk_runtime_is_name(name);
}

int yoke_control_open(const char *name, yoke_control **ret_control,
                      char text[YOKE_CONTROL_TEXT_MAX])
{
    YK_CLEANUP(yk_close_fd) int dir_fd = -1;
    YK_CLEANUP(yk_close_fd) int fd = -1;
    int err = yk_runtime_find(name, &dir_fd, text);
    if (err < 0)
        return err;

    err = connect_in(dir_fd, &fd);
    yoke_control *control = err == 0 ? yk_try_alloc(sizeof(*control)) : NULL;
    if (err == 0 && !control)
        err = -ENOMEM;
    if (err < 0) {
        snprintf(text, YOKE_CONTROL_TEXT_MAX, "cannot talk to '%s': %s", name,
                 yoke_strerror(err));
        return err;
    }
    *control = (yoke_control){.fd = yk_take_fd(&fd)};
    *ret_control = control;
    return 0;
}

static int send_all(int fd, const char *ptr, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, ptr, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN ? -ETIMEDOUT : -errno;
        ptr += n;
        len -= (size_t)n;
    }
    return 0;
}

int yoke_control_send(yoke_control *control, const char *request)
{
    int err = send_all(control->fd, request, strlen(request));
    return err < 0 ? err : send_all(control->fd, "\n", 1);
}

/* ---- Reading ---- */

static void drop_taken(yoke_control *control)
{
    control->len -= control->taken;
    memmove(control->in, control->in + control->taken, control->len);
    control->taken = 0;
}

/* Waits for more and reads it. */
static int read_more(yoke_control *control, int timeout_ms)
{
    struct pollfd input = {.fd = control->fd, .events = POLLIN};

    if (control->len > LINE_MAX_LEN)
        return -YOKE_EFULL;
    if (control->size - control->len < READ_MAX) {
        size_t size = control->size * 2 + READ_MAX;
        char *in = yk_try_realloc(control->in, size);
        if (!in)
            return -ENOMEM;
        control->in = in;
        control->size = size;
    }
    int ready = poll(&input, 1, timeout_ms);
    if (ready == 0)
        return -ETIMEDOUT;
    ssize_t n =
        ready < 0 ? -1
                  : recv(control->fd, control->in + control->len, READ_MAX, 0);
    if (n < 0)
        return errno == EINTR ? 0 : -errno;
    control->len += (size_t)n;
    return n == 0 ? -YOKE_ECLOSED : 0;
}

static int time_left(int timeout_ms, uint64_t since_ns)
{
    if (timeout_ms < 0)
        return -1;
    uint64_t passed_ms = (yk_now_ns() - since_ns) / 1000000;
    return passed_ms < (uint64_t)timeout_ms ? timeout_ms - (int)passed_ms : 0;
}

int yoke_control_read(yoke_control *control, int timeout_ms,
                      const char **ret_line)
{
    uint64_t since_ns = yk_now_ns();
    size_t seen = 0;
    int err = 0;

    if (control->taken)
        drop_taken(control);
    while (err == 0) {
        char *end = control->len > seen
                        ? memchr(control->in + seen, '\n', control->len - seen)
                        : NULL;
        if (end) {
            *end = '\0';
            control->taken = (size_t)(end + 1 - control->in);
            *ret_line = control->in;
            return 0;
        }
        seen = control->len;
        err = read_more(control, time_left(timeout_ms, since_ns));
    }
    return err;
}

void yoke_control_close(yoke_control *control)
{
    if (!control)
        return;
    close(control->fd);
    free(control->in);
    free(control);
}

int yoke_control_list(void (*fn)(const char *name, void *data), void *data,
                      char text[YOKE_CONTROL_TEXT_MAX])
{
    return yk_runtime_each(fn, data, text);
}
