#include "cluster/control.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "cluster/control_clients.h"
#include "cluster/runtime_dir.h"

#include "core/banned.h"

#define BACKLOG  128
/* How long a client waits that there was no memory for. */
#define AGAIN_MS 100

/* The socket. Written by the functions of this file. */
static struct {
    struct yk_runtime runtime;
    uv_pipe_t pipe;   /* Listens. */
    uv_timer_t again; /* Runs while a client waits. */
    bool is_open;
} control = {.runtime = {.dir_fd = -1, .lock_fd = -1}};

static void accept_again(uv_timer_t *timer);

static void accept_client(void)
{
    if (yk_control_clients_accept((uv_stream_t *)&control.pipe) < 0)
        uv_timer_start(&control.again, accept_again, AGAIN_MS, 0);
}

static void accept_again(uv_timer_t *timer)
{
    (void)timer;
    accept_client();
}

static void on_connection(uv_stream_t *server, int status)
{
    (void)server;
    if (status == 0)
        accept_client();
}

/* The handles do not keep the loop alive. */
static void open_handles(void)
{
    uv_pipe_init(yoke_loop(), &control.pipe, 0);
    uv_timer_init(yoke_loop(), &control.again);
    uv_unref((uv_handle_t *)&control.pipe);
    uv_unref((uv_handle_t *)&control.again);
}

static void close_handles(void)
{
    uv_close((uv_handle_t *)&control.pipe, NULL);
    uv_close((uv_handle_t *)&control.again, NULL);
}

/* The hint; where that is no name, or one that is taken, with the process's
 * number behind it. */
static int claim_some_name(const char *hint, char text[YK_RUNTIME_TEXT_MAX])
{
    char name[YK_NAME_MAX + 1];
    int err = -EINVAL;

    if (yk_runtime_is_name(hint))
        err = yk_runtime_claim(&control.runtime, hint, text);
    if (err != -EADDRINUSE && err != -EINVAL)
        return err;
    snprintf(name, sizeof(name), "%.40s-%d", err == -EINVAL ? "yoke" : hint,
             (int)getpid());
    return yk_runtime_claim(&control.runtime, name, text);
}

static int start_listening(char text[YK_RUNTIME_TEXT_MAX])
{
    uv_stream_t *stream = (uv_stream_t *)&control.pipe;
    int fd = yk_runtime_listen(control.runtime.dir_fd, "control", SOCK_STREAM,
                               BACKLOG);
    int err = fd < 0 ? fd : 0;

    if (err == 0) {
        open_handles();
        err = uv_pipe_open(&control.pipe, fd);
        if (err < 0)
            close(fd);
        else
            err = uv_listen(stream, BACKLOG, on_connection);
        if (err < 0)
            close_handles();
    }
    if (err < 0) {
        snprintf(text, YK_RUNTIME_TEXT_MAX, "%s", yoke_strerror(err));
        yk_runtime_release(&control.runtime);
        return err;
    }
    control.is_open = true;
    return 0;
}

/* The caller cannot go on where the name is none or is taken. */
static int open_claimed(int err, char text[YK_RUNTIME_TEXT_MAX])
{
    bool is_final = err == -EINVAL || err == -EADDRINUSE;

    if (err == 0)
        err = start_listening(text);
    if (err < 0)
        yoke_log(is_final ? YOKE_LOG_ERROR : YOKE_LOG_WARN,
                 "no control socket: %s", text);
    return err;
}

int yk_control_open(const char *name)
{
    char text[YK_RUNTIME_TEXT_MAX];

    if (control.is_open)
        return -EALREADY;
    return open_claimed(yk_runtime_claim(&control.runtime, name, text), text);
}

int yk_control_open_as(const char *hint)
{
    char text[YK_RUNTIME_TEXT_MAX];

    if (control.is_open)
        return -EALREADY;
    if (!hint)
        hint = program_invocation_short_name;
    return open_claimed(claim_some_name(hint, text), text);
}

const char *yk_control_name(void)
{
    return control.is_open ? control.runtime.name : NULL;
}

int yk_control_folder(void)
{
    return control.is_open ? control.runtime.dir_fd : -1;
}

void yk_control_close(void)
{
    if (!control.is_open)
        return;
    control.is_open = false;
    yk_control_clients_close();
    close_handles();
    yk_runtime_release(&control.runtime);
}
