#include "conn.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <yoke/cluster.h>
#include <yoke/loop.h>
#include <yoke/message.h>

#include "place.h"

#include "core/alloc.h"
#include "core/list.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/service.h"

struct conn {
    struct yk_list node;
    uv_poll_t poll;
    int fd;
    struct yk_handoff handoff;
    char line[128];
    size_t len;
    bool is_begun;
    bool is_closing;
};

struct server {
    struct yk_list node;
    struct yk_listener listener;
    struct yk_service service;
    bool is_open; /* on_closed or on_error is to come. */
    bool closes_listening;
};

/* This worker's. */
static struct yk_list conns = {&conns, &conns};
static struct yk_list servers = {&servers, &servers};

char *fleet_bytes(unsigned n)
{
    char *bytes = yk_alloc(n + 1);

    for (unsigned i = 0; i < n; i++)
        bytes[i] = (char)(i * 31 + i / 251);
    return bytes;
}

unsigned fleet_sum(const char *ptr, unsigned long n)
{
    unsigned sum = 0;

    for (unsigned long i = 0; i < n; i++)
        sum = sum * 33 + (unsigned char)ptr[i];
    return sum;
}

/* ---- The end of a connection, and of the service ---- */

/* A service is done when its listener is closed and nothing is open. */
static void finish_services(void)
{
    if (!yk_list_is_empty(&conns))
        return;
    YK_LIST_EACH(node, &servers)
    {
        struct server *server = YK_CONTAINER_OF(node, struct server, node);
        if (!server->is_open)
            yk_service_remove(&server->service);
    }
}

static void free_conn(uv_handle_t *handle)
{
    free(handle->data);
}

static void close_conn(struct conn *conn, bool is_returned)
{
    if (conn->is_closing)
        return;
    conn->is_closing = true;
    yk_handoff_begin(&conn->handoff);
    uv_close((uv_handle_t *)&conn->poll, free_conn);
    if (!is_returned)
        shutdown(conn->fd, SHUT_RDWR);
    close(conn->fd);
    yk_list_remove(&conn->node);
    finish_services();
}

static bool has_sent(const struct conn *conn)
{
    char byte;

    return recv(conn->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* What has begun is finished; what has not goes to another worker, or ends. */
static void drain(struct yk_service *service)
{
    struct server *server = YK_CONTAINER_OF(service, struct server, service);

    yk_listener_close(&server->listener);
    YK_LIST_EACH(node, &conns)
    {
        struct conn *conn = YK_CONTAINER_OF(node, struct conn, node);
        if (!conn->is_begun && yk_handoff_return(&conn->handoff))
            close_conn(conn, true);
        else if (conn->len == 0 && !has_sent(conn))
            close_conn(conn, false);
    }
}

static void abort_all(struct yk_service *service)
{
    (void)service;
    YK_LIST_EACH(node, &conns)
    close_conn(YK_CONTAINER_OF(node, struct conn, node), false);
}

/* ---- Commands ---- */

static void answer(struct conn *conn, const char *text)
{
    char line[160];
    int len = snprintf(line, sizeof(line), "%s\n", text);

    if (send(conn->fd, line, (size_t)len, MSG_NOSIGNAL) < len)
        close_conn(conn, false);
    conn->len = 0;
    if (yk_services_are_draining())
        close_conn(conn, false);
}

static void count(struct conn *conn, const char *argument)
{
    char text[32];
    int n = 0;

    (void)argument;
    YK_LIST_EACH(node, &conns)
    n++;
    snprintf(text, sizeof(text), "%d", n);
    answer(conn, text);
}

static void tell_id(struct conn *conn, const char *argument)
{
    char text[64];

    (void)argument;
    snprintf(text, sizeof(text), "%d %d", (int)getpid(),
             yoke_cluster_worker() ? yoke_worker_id(yoke_cluster_worker()) : 0);
    answer(conn, text);
}

static void hang(struct conn *conn, const char *argument)
{
    (void)argument;
    conn->len = 1; /* Something is under way: draining waits for it. */
}

static void spin(struct conn *conn, const char *argument)
{
    (void)conn;
    (void)argument;
    for (;;)
        ;
}

static void die(struct conn *conn, const char *argument)
{
    int signum = (int)strtol(argument, NULL, 10);

    (void)conn;
    signal(signum, SIG_DFL);
    kill(getpid(), signum);
}

static void leave_with(struct conn *conn, const char *argument)
{
    (void)conn;
    _exit((int)strtol(argument, NULL, 10));
}

static void send_text(struct conn *conn, const char *argument)
{
    yoke_worker_send(yoke_cluster_worker(), argument, strlen(argument));
    answer(conn, "ok");
}

static void send_big(struct conn *conn, const char *argument)
{
    unsigned n = (unsigned)strtoul(argument, NULL, 10);
    char *bytes = fleet_bytes(n);

    yoke_worker_send(yoke_cluster_worker(), bytes, n);
    free(bytes);
    answer(conn, "ok");
}

static void leave(struct conn *conn, const char *argument)
{
    (void)argument;
    answer(conn, "ok");
    yoke_worker_disconnect(yoke_cluster_worker());
}

static void quit(struct conn *conn, const char *argument)
{
    (void)argument;
    answer(conn, "ok");
    yoke_worker_kill(yoke_cluster_worker(), 0);
}

static void tell_env(struct conn *conn, const char *argument)
{
    const char *value = getenv(argument);

    answer(conn, value ? value : "nothing");
}

static void tell_folder(struct conn *conn, const char *argument)
{
    char folder[128];

    (void)argument;
    answer(conn, getcwd(folder, sizeof(folder)) ? folder : "none");
}

static void close_first(struct conn *conn, const char *argument)
{
    (void)argument;
    yk_listener_close(
        &YK_CONTAINER_OF(servers.next, struct server, node)->listener);
    answer(conn, "ok");
}

static void open_one(struct conn *conn, const char *argument)
{
    fleet_listen(argument);
    answer(conn, "ok");
}

static void shut(struct conn *conn, const char *argument)
{
    answer(conn,
           place_shut((int)strtol(argument, NULL, 10)) ? "ok" : "no such");
}

static void send_implicitly(struct conn *conn, const char *argument)
{
    char line[64], text[64];

    snprintf(line, sizeof(line), "implicit %s", argument);
    place_command(line, text, sizeof(text));
    answer(conn, text);
}

static void run_line(struct conn *conn, const char *line)
{
    static const struct {
        const char *name;
        void (*fn)(struct conn *conn, const char *argument);
    } commands[] = {
        {"id", tell_id},
        {"shut", shut},
        {"implicit", send_implicitly},
        {"hang", hang},
        {"spin", spin},
        {"die", die},
        {"exit", leave_with},
        {"send", send_text},
        {"big", send_big},
        {"leave", leave},
        {"quit", quit},
        {"env", tell_env},
        {"open", open_one},
        {"close", close_first},
        {"fds", count},
        {"folder", tell_folder},
    };
    size_t len = strcspn(line, " ");
    const char *argument = line[len] ? line + len + 1 : "";

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strncmp(commands[i].name, line, len) == 0 &&
            commands[i].name[len] == '\0') {
            commands[i].fn(conn, argument);
            return;
        }
    answer(conn, "what?");
}

/* ---- Reading ---- */

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct conn *conn = poll->data;

    (void)status;
    (void)events;
    conn->is_begun = true;
    yk_handoff_begin(&conn->handoff);
    ssize_t n = recv(conn->fd, conn->line + conn->len,
                     sizeof(conn->line) - 1 - conn->len, 0);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) {
        close_conn(conn, false);
        return;
    }
    conn->len += (size_t)n;
    conn->line[conn->len] = '\0';
    char *end = strchr(conn->line, '\n');
    if (!end)
        return;
    *end = '\0';
    run_line(conn, conn->line);
}

static void on_connection(struct yk_listener *listener, int fd,
                          const struct yk_peer *peer,
                          const struct yk_handoff *handoff)
{
    struct conn *conn = yk_alloc(sizeof(*conn));

    (void)listener;
    (void)peer;
    conn->fd = fd;
    conn->handoff = *handoff;
    conn->poll.data = conn;
    uv_poll_init(yoke_loop(), &conn->poll, fd);
    uv_poll_start(&conn->poll, UV_READABLE, on_readable);
    yk_list_add(&conns, &conn->node);
}

/* ---- Listening ---- */

static void on_listening(struct yk_listener *listener,
                         const struct yoke_address *address)
{
    struct server *server = YK_CONTAINER_OF(listener, struct server, listener);

    printf("%d listens on %d %s %d\n", (int)getpid(), address->family,
           address->host, address->port);
    if (getenv("FLEET_DIES"))
        _exit(3);
    if (server->closes_listening)
        yk_listener_close(listener);
}

static void on_error(struct yk_listener *listener, int err, const char *text)
{
    struct server *server = YK_CONTAINER_OF(listener, struct server, listener);

    server->is_open = false;
    printf("%d cannot listen: %s: %s\n", (int)getpid(), strerrorname_np(-err),
           text);
    if (getenv("FLEET_SURVIVES"))
        finish_services();
    else
        yk_loop_fail("cannot listen: %s", text);
    yk_service_remove(&server->service);
}

static void on_closed(struct yk_listener *listener)
{
    struct server *server = YK_CONTAINER_OF(listener, struct server, listener);

    server->is_open = false;
    printf("%d closed a listener\n", (int)getpid());
    finish_services();
}

static const struct yk_listener_ops listener_ops = {
    .on_listening = on_listening,
    .on_error = on_error,
    .on_connection = on_connection,
    .on_closed = on_closed,
};

static void close_lines(void *data)
{
    yk_listener_close(&((struct server *)data)->listener);
}

void fleet_open_lines(const struct place *place)
{
    struct server *server = yk_alloc(sizeof(*server));

    server->is_open = true;
    server->closes_listening = place->closes_listening;
    server->service.drain = drain;
    server->service.abort = abort_all;
    yk_list_init(&server->service.node);
    yk_list_add(&servers, &server->node);
    place_add(close_lines, server);
    int err = yk_listener_open(&server->listener, &listener_ops, &place->spec);
    if (err < 0)
        on_error(&server->listener, err, "at once");
    else
        yk_service_add(&server->service);
}

void fleet_listen(const char *text)
{
    place_open(text);
}
