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
#include "cluster/control_clients.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <yoke/loop.h>

#include "cluster/control.h"
#include "cluster/control_commands.h"
#include "cluster/control_line.h"
#include "core/alloc.h"
#include "core/list.h"

#include "core/banned.h"

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

/* Those that are not being closed. Written by the functions of this file. */
static struct yk_list clients = {&clients, &clients};
static int client_count;

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
    client_count--;
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

/* ---- Requests ---- */

static void call(struct client *client, const struct yk_control_line *line)
{
    yk_control_fn *fn = yk_control_command(line->command);
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
    yk_list_add(&clients, &client->node);
    client_count++;
    return client;
}

int yk_control_clients_accept(uv_stream_t *server)
{
    struct client *client = make_client();

    if (!client)
        return -ENOMEM;
    if (uv_accept(server, (uv_stream_t *)&client->pipe) < 0) {
        close_client(client);
        return 0;
    }
    uv_timer_start(&client->silence, on_silence, SILENCE_MS, SILENCE_MS);
    if (!may_connect(&client->pipe))
        refuse(client, "forbidden", "this cluster is another user's");
    else if (client_count > YK_CONTROL_CLIENTS_MAX)
        refuse(client, "busy", "too many clients at a time");
    else
        go_on(client);
    return 0;
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
    struct client *client = yk_control_name() ? make_client() : NULL;

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

/* ---- All ---- */

void yk_control_clients_close(void)
{
    YK_LIST_EACH(node, &clients)
    close_client(YK_CONTAINER_OF(node, struct client, node));
}
