/* A client:
 *
 *                  a line: its handler        answered
 *   WAITING  --------------------> CALLING --------------> WAITING ...
 *      |  EOF, error, silent for too long,  |
 *      |  too long a line, full queue       |
 *      `--------------> closing <-----------'   freed when its handles are
 *
 * While a command is under way nothing is read, so requests are answered in
 * order and a client cannot heap them up. A call outlives its client: it then
 * answers into the void. */
#include "cluster/control.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "cluster/control_line.h"
#include "cluster/runtime_dir.h"
#include "core/alloc.h"
#include "core/cleanup.h"
#include "core/list.h"

#include "core/banned.h"

#define BACKLOG    128
/* A client that asks for nothing is cut after this. */
#define SILENCE_MS 300000
/* Bytes that may wait for a client to read them. */
#define QUEUE_MAX  (4u << 20)
#define READ_MAX   4096

struct client {
    struct yk_list node;
    uv_pipe_t pipe;
    uv_timer_t silence;
    struct yk_control_call *call; /* Under way, or NULL. */
    char *in;                     /* What has come of a line. */
    size_t in_len, in_size;
    uint8_t open_count; /* Handles that are not closed yet. */
    bool is_closing;
    bool ends; /* When what waits has been sent. */
};

struct yk_control_call {
    struct client *client; /* NULL: it has gone. */
};

/* The socket and its clients. Written by the functions of this file. */
static struct {
    struct yk_runtime runtime;
    uv_pipe_t pipe; /* Listens. */
    struct yk_list clients;
    int client_count;
    bool is_open;
} control = {.runtime = {.dir_fd = -1, .lock_fd = -1},
             .clients = {&control.clients, &control.clients}};

/* The commands. Written by yk_control_register. */
static struct {
    const char *name;
    yk_control_fn *fn;
} commands[YK_CONTROL_COMMANDS_MAX];

static void go_on(struct client *client);

/* ---- A client's end ---- */

static void on_handle_closed(uv_handle_t *handle)
{
    struct client *client = handle->data;

    if (--client->open_count > 0)
        return;
    free(client->in);
    free(client);
}

static void close_client(struct client *client)
{
    if (client->is_closing)
        return;
    client->is_closing = true;
    if (client->call)
        client->call->client = NULL;
    yk_list_remove(&client->node);
    control.client_count--;
    uv_close((uv_handle_t *)&client->pipe, on_handle_closed);
    uv_close((uv_handle_t *)&client->silence, on_handle_closed);
}

static void on_silence(uv_timer_t *timer)
{
    struct client *client = timer->data;

    if (!client->call)
        close_client(client);
}

/* ---- Sending ---- */

struct sending {
    uv_write_t req;
    char *line;
};

static void on_sent(uv_write_t *req, int status)
{
    struct sending *sending = YK_CONTAINER_OF(req, struct sending, req);
    struct client *client = req->handle->data;

    free(sending->line);
    free(sending);
    if (status < 0 || (client->ends && uv_stream_get_write_queue_size(
                                           (uv_stream_t *)&client->pipe) == 0))
        close_client(client);
}

/* Takes the line over. A client that cannot be told is cut: it would wait. */
static void send_line(struct client *client, char *line)
{
    struct sending *sending = yk_try_alloc(sizeof(*sending));
    uv_stream_t *stream = (uv_stream_t *)&client->pipe;

    if (!line || !sending ||
        uv_stream_get_write_queue_size(stream) > QUEUE_MAX) {
        free(sending);
        free(line);
        close_client(client);
        return;
    }
    uv_buf_t buf = uv_buf_init(line, (unsigned)strlen(line));
    sending->line = line;
    if (uv_write(&sending->req, stream, &buf, 1, on_sent) < 0) {
        free(sending);
        free(line);
        close_client(client);
    }
}

/* Says what is wrong, and then closes: what follows cannot be made sense of. */
static void refuse(struct client *client, const char *code, const char *text)
{
    client->ends = true;
    uv_read_stop((uv_stream_t *)&client->pipe);
    send_line(client, yk_control_line_error(code, text));
}

/* ---- Calls ---- */

bool yk_control_is_wanted(const struct yk_control_call *call)
{
    return call->client != NULL;
}

void yk_control_progress(struct yk_control_call *call, json_t *body)
{
    if (call->client)
        send_line(call->client, yk_control_line_progress(body));
    else
        json_decref(body);
}

/* The call is over; `line` is taken over. */
static void end_call(struct yk_control_call *call, char *line)
{
    struct client *client = call->client;

    free(call);
    if (!client) {
        free(line);
        return;
    }
    client->call = NULL;
    send_line(client, line);
    if (!client->is_closing)
        go_on(client);
}

void yk_control_answer(struct yk_control_call *call, json_t *body)
{
    end_call(call, yk_control_line_result(body));
}

void yk_control_fail(struct yk_control_call *call, const char *code,
                     const char *fmt, ...)
{
    char text[1024];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    end_call(call, yk_control_line_error(code, text));
}

static yk_control_fn *find(const char *name)
{
    for (int i = 0; i < YK_CONTROL_COMMANDS_MAX && commands[i].name; i++)
        if (strcmp(commands[i].name, name) == 0)
            return commands[i].fn;
    return NULL;
}

int yk_control_register(const char *name, yk_control_fn *fn)
{
    int i = 0;

    while (i < YK_CONTROL_COMMANDS_MAX && commands[i].name &&
           strcmp(commands[i].name, name) != 0)
        i++;
    if (i == YK_CONTROL_COMMANDS_MAX)
        return -YOKE_EFULL;
    commands[i].name = name;
    commands[i].fn = fn;
    return 0;
}

/* ---- Requests ---- */

static void call(struct client *client, const struct yk_control_line *line)
{
    yk_control_fn *fn = find(line->command);
    struct yk_control_call *new_call = yk_try_alloc(sizeof(*new_call));
    char text[YK_CONTROL_TEXT_MAX];

    if (!fn || !new_call) {
        free(new_call);
        snprintf(text, sizeof(text), "there is no command '%s' here",
                 line->command);
        send_line(client,
                  fn ? NULL : yk_control_line_error("unknown-command", text));
        return;
    }
    new_call->client = client;
    client->call = new_call;
    fn(new_call, line->body);
}

static void handle(struct client *client, const char *ptr, size_t len)
{
    char text[YK_CONTROL_TEXT_MAX];
    struct yk_control_line line;
    int err = yk_control_line_read(&line, ptr, len, text);

    if (err < 0) {
        refuse(client, err == -EPROTO ? "bad-request" : "unknown-version",
               text);
        return;
    }
    call(client, &line);
    json_decref(line.body);
}

static size_t on_room(struct client *client, char **ret_room)
{
    if (client->in_size - client->in_len < READ_MAX) {
        size_t size = client->in_size + READ_MAX;
        char *in = yk_try_realloc(client->in, size);
        if (!in)
            return 0;
        client->in = in;
        client->in_size = size;
    }
    *ret_room = client->in + client->in_len;
    return READ_MAX;
}

static void on_alloc(uv_handle_t *handle_, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    buf->len = on_room(handle_->data, &buf->base);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct client *client = stream->data;

    (void)buf;
    if (n < 0) {
        close_client(client);
        return;
    }
    client->in_len += (size_t)n;
    uv_timer_again(&client->silence);
    go_on(client);
}

/* Takes the next line, if it is there. Returns false when it is not. */
static bool next_line(struct client *client)
{
    char *end =
        client->in_len ? memchr(client->in, '\n', client->in_len) : NULL;
    size_t len = end ? (size_t)(end - client->in) : client->in_len;

    if (len > YK_CONTROL_LINE_MAX) {
        client->in_len = 0;
        refuse(client, "bad-request", "the line is too long");
        return false;
    }
    if (!end)
        return false;
    /* The handler may answer at once and get here again: the line is taken out
     * first. */
    char *line = yk_try_alloc(len + 1);
    if (!line) {
        close_client(client);
        return false;
    }
    memcpy(line, client->in, len);
    client->in_len -= len + 1;
    memmove(client->in, end + 1, client->in_len);
    handle(client, line, len);
    free(line);
    return true;
}

static void set_reading(struct client *client, bool wants)
{
    uv_stream_t *stream = (uv_stream_t *)&client->pipe;
    int err = 0;

    if (wants)
        err = uv_read_start(stream, on_alloc, on_read);
    else
        uv_read_stop(stream);
    if (err < 0 && err != UV_EALREADY)
        close_client(client);
}

/* Not from inside itself: a handler that answers at once ends its call there.
 */
static void go_on(struct client *client)
{
    static struct client *busy;

    if (busy == client)
        return;
    struct client *before = busy;
    busy = client;
    while (!client->is_closing && !client->ends && !client->call &&
           next_line(client))
        continue;
    busy = before;
    if (client->is_closing || client->ends)
        return;
    set_reading(client, !client->call);
}

/* ---- New clients ---- */

static bool may_connect(const uv_pipe_t *pipe)
{
    struct ucred peer;
    socklen_t len = sizeof(peer);
    uv_os_fd_t fd;

    return uv_fileno((const uv_handle_t *)pipe, &fd) == 0 &&
           getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
           (peer.uid == 0 || peer.uid == geteuid());
}

static struct client *make_client(void)
{
    struct client *client = yk_try_alloc(sizeof(*client));

    if (!client)
        return NULL;
    *client = (struct client){.open_count = 2};
    uv_pipe_init(yoke_loop(), &client->pipe, 0);
    uv_timer_init(yoke_loop(), &client->silence);
    client->pipe.data = client->silence.data = client;
    uv_unref((uv_handle_t *)&client->pipe);
    uv_unref((uv_handle_t *)&client->silence);
    yk_list_add(&control.clients, &client->node);
    control.client_count++;
    return client;
}

/* Without memory the connection stays where it is: libuv hands it out when it
 * is asked again, with the next. */
static void on_connection(uv_stream_t *server, int status)
{
    struct client *client = status == 0 ? make_client() : NULL;

    if (!client)
        return;
    if (uv_accept(server, (uv_stream_t *)&client->pipe) < 0) {
        close_client(client);
        return;
    }
    uv_timer_start(&client->silence, on_silence, SILENCE_MS, SILENCE_MS);
    if (!may_connect(&client->pipe))
        refuse(client, "forbidden", "this cluster is another user's");
    else if (control.client_count > YK_CONTROL_CLIENTS_MAX)
        refuse(client, "busy", "too many clients at a time");
    else
        go_on(client);
}

/* ---- Calls that outlive the program ---- */

int yk_control_fd(const struct yk_control_call *call)
{
    uv_os_fd_t fd = -1;

    if (call->client)
        uv_fileno((const uv_handle_t *)&call->client->pipe, &fd);
    return fd;
}

static struct client *take_client(int fd)
{
    struct client *client = control.is_open ? make_client() : NULL;

    if (client && uv_pipe_open(&client->pipe, fd) == 0) {
        uv_timer_start(&client->silence, on_silence, SILENCE_MS, SILENCE_MS);
        return client;
    }
    if (client)
        close_client(client);
    close(fd);
    return NULL;
}

struct yk_control_call *yk_control_resume(int fd)
{
    struct client *client = take_client(fd);
    struct yk_control_call *call = client ? yk_try_alloc(sizeof(*call)) : NULL;

    if (client && !call)
        close_client(client);
    if (!call)
        return NULL;
    call->client = client;
    client->call = call;
    return call;
}

/* ---- The socket ---- */

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
        uv_pipe_init(yoke_loop(), &control.pipe, 0);
        uv_unref((uv_handle_t *)&control.pipe);
        err = uv_pipe_open(&control.pipe, fd);
        if (err < 0)
            close(fd);
        else
            err = uv_listen(stream, BACKLOG, on_connection);
        if (err < 0)
            uv_close((uv_handle_t *)&control.pipe, NULL);
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
    YK_LIST_EACH(node, &control.clients)
    close_client(YK_CONTAINER_OF(node, struct client, node));
    uv_close((uv_handle_t *)&control.pipe, NULL);
    yk_runtime_release(&control.runtime);
}
