/* The socket is opened for each message: they are few, and so nothing has to be
 * handed on at an upgrade. When the manager has no room for one (it is slow, or
 * stands still), it is tried again until there is something newer to tell: what
 * counts is the last state. */
#include "cluster/notify.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "core/cleanup.h"

#include "core/banned.h"

#define TEXT_MAX     512
#define USEC_DIGITS  18 /* More fit into no time that means anything. */
#define USEC_PER_SEC 1000000
#define RETRY_MS     100

/* Written by the functions of this file, in the primary. */
static struct {
    uv_timer_t watchdog;
    uv_timer_t retry;
    char waiting[TEXT_MAX]; /* What is to be told again; or empty. */
    bool has_retry;         /* The timer is there. */
    bool is_ready;          /* That has been told. */
} notify;

/* ---- Sending ---- */

/* Returns the length of the address, or 0 when there is nobody to tell. */
static socklen_t find_manager(struct sockaddr_un *addr)
{
    const char *path = getenv("NOTIFY_SOCKET");
    size_t len = path ? strlen(path) : 0;

    if (len < 2 || len >= sizeof(addr->sun_path) ||
        (path[0] != '/' && path[0] != '@'))
        return 0;
    *addr = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(addr->sun_path, path, len);
    if (path[0] == '@') /* An abstract name. */
        addr->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

/* Returns false when it may be tried again. */
static bool send_text(const char *text)
{
    struct sockaddr_un addr;
    socklen_t len = find_manager(&addr);

    if (len == 0)
        return true;
    YK_CLEANUP(yk_close_fd)
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && sendto(fd, text, strlen(text), MSG_NOSIGNAL,
                          (struct sockaddr *)&addr, len) >= 0)
        return true;
    int err = -errno;
    yoke_log(YOKE_LOG_DEBUG, "the service manager cannot be told: %s",
             yoke_strerror(err));
    return err != -EAGAIN && err != -ENOBUFS && err != -EMFILE;
}

static void on_retry(uv_timer_t *timer)
{
    if (send_text(notify.waiting))
        uv_timer_stop(timer);
}

static void tell(const char *text)
{
    if (!notify.has_retry) {
        uv_timer_init(yoke_loop(), &notify.retry);
        uv_unref((uv_handle_t *)&notify.retry);
        notify.has_retry = true;
    }
    uv_timer_stop(&notify.retry);
    if (send_text(text))
        return;
    snprintf(notify.waiting, sizeof(notify.waiting), "%s", text);
    uv_timer_start(&notify.retry, on_retry, RETRY_MS, RETRY_MS);
}

/* ---- The watchdog ---- */

static bool read_usec(const char *name, uint64_t *ret_usec)
{
    const char *text = getenv(name);
    size_t len = text ? strspn(text, "0123456789") : 0;

    if (len == 0 || len > USEC_DIGITS || text[len])
        return false;
    *ret_usec = strtoull(text, NULL, 10);
    return *ret_usec > 0;
}

/* WATCHDOG_PID names the process that is meant, if it is there. */
static bool is_meant(void)
{
    uint64_t pid;

    return !getenv("WATCHDOG_PID") ||
           (read_usec("WATCHDOG_PID", &pid) && pid == (uint64_t)getpid());
}

static void on_watchdog(uv_timer_t *timer)
{
    (void)timer;
    send_text("WATCHDOG=1");
}

void yk_notify_start(void)
{
    uint64_t usec;

    if (!is_meant() || !read_usec("WATCHDOG_USEC", &usec))
        return;
    uint64_t half_ms = usec / 2000 ? usec / 2000 : 1;
    uv_timer_init(yoke_loop(), &notify.watchdog);
    uv_unref((uv_handle_t *)&notify.watchdog);
    uv_timer_start(&notify.watchdog, on_watchdog, 0, half_ms);
}

/* ---- What there is to tell ---- */

void yk_notify_ready(void)
{
    if (!notify.is_ready)
        tell("READY=1\nSTATUS=Serving");
    notify.is_ready = true;
}

void yk_notify_reloading(void)
{
    struct timespec now;
    char text[TEXT_MAX];

    /* systemd compares it with the time of its own request. */
    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(text, sizeof(text),
             "RELOADING=1\nMONOTONIC_USEC=%llu\nSTATUS=Reloading",
             (unsigned long long)now.tv_sec * USEC_PER_SEC +
                 (unsigned long long)now.tv_nsec / 1000);
    notify.is_ready = true; /* Or it would not be reloaded. */
    tell(text);
}

void yk_notify_reloaded(const char *why)
{
    char text[TEXT_MAX];

    /* A line of what a worker said must not become a line of ours. */
    snprintf(text, sizeof(text), "READY=1\nSTATUS=Serving: %.*s",
             (int)strcspn(why, "\n"), why);
    tell(text);
}

void yk_notify_stopping(void)
{
    tell("STOPPING=1\nSTATUS=Stopping");
}

void yk_notify_forget(void)
{
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}
