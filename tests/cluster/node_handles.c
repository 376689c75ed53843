/* Scenarios about descriptors in messages. The names in the comments are those
 * of Node's tests, test/parallel/test-cluster-*.js unless they say otherwise. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <uv.h>

#include "scenario.h"

static void fork_one(void)
{
    watch();
    yoke_cluster_fork(NULL);
}

static void leave(yoke_worker *self)
{
    yoke_worker_disconnect(self);
}

static void stay_worker(void)
{
    stay();
}

/* A pair of connected sockets; ends the process if there is none. */
static void make_pair(int fds[2])
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
        exit(97);
}

static void write_text(int fd, const char *text)
{
    if (write(fd, text, strlen(text)) < 0)
        say("cannot write: %s", yoke_strerror(-errno));
}

/* What comes next on a descriptor, as a text; "" at its end. */
static const char *read_text(int fd)
{
    static char text[64];
    ssize_t n = read(fd, text, sizeof(text) - 1);

    text[n > 0 ? n : 0] = '\0';
    return text;
}

/* A listening socket of this process. */
static int listen_here(int *ret_port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (bind(fd, (const struct sockaddr *)&addr, len) < 0 ||
        listen(fd, 16) < 0 ||
        getsockname(fd, (struct sockaddr *)&addr, &len) < 0)
        exit(97);
    *ret_port = ntohs(addr.sin_port);
    return fd;
}

/* ---- net-send: a connected socket goes to the primary ---- */

static void got_socket(yoke_worker *worker, const char *ptr, size_t len)
{
    int fd = yoke_worker_take_fd(worker);

    (void)ptr;
    (void)len;
    say("got %d, then %d", fd >= 0, yoke_worker_take_fd(worker));
    say("reads %s", read_text(fd));
    write_text(fd, "from the primary");
    close(fd);
    leave(worker);
}

static void net_send_primary(void)
{
    hooks.on_message = got_socket;
    fork_one();
}

static void net_send_worker(void)
{
    int fd = connect_to(atoi(argument(0)));

    write_text(fd, "from the worker, ");
    ssize_t waiting =
        yoke_worker_send_fd(yoke_cluster_worker(), "socket", 6, fd);
    say("sent %zd, closed here %d", waiting, fcntl(fd, F_GETFD) < 0);
}

/* ---- sequential/test-cluster-send-handle-large-payload ---- */

#define LARGE 800000

static char *large(void)
{
    static char bytes[LARGE];

    for (int i = 0; i < LARGE; i++)
        bytes[i] = (char)(i * 7 + i / 251);
    return bytes;
}

static int large_end;

static void large_online(yoke_worker *worker)
{
    int fds[2];

    make_pair(fds);
    large_end = fds[0];
    yoke_worker_send_fd(worker, large(), LARGE, fds[1]);
}

static void large_message(yoke_worker *worker, const char *ptr, size_t len)
{
    int fd = yoke_worker_take_fd(worker);

    say("whole %d, with a socket %d",
        len == LARGE && memcmp(ptr, large(), LARGE) == 0, fd >= 0);
    if (yoke_cluster_is_worker()) {
        write_text(fd, "through it");
        yoke_worker_send_fd(worker, large(), LARGE, fd);
        leave(worker);
        return;
    }
    say("reads %s", read_text(large_end));
    close(fd);
    say("then its end%s", read_text(large_end));
}

static void large_primary(void)
{
    hooks.on_online = large_online;
    hooks.on_message = large_message;
    fork_one();
}

static void large_worker(void)
{
    hooks.on_message = large_message;
    watch();
}

/* ---- send-handle-twice ---- */

static void on_done(yoke_worker *worker, int err, int *fds, int fd_count,
                    void *data)
{
    (void)worker;
    (void)fds;
    say("%s: %s, %d back", (const char *)data,
        err ? yoke_strerror(err) : "arrived", fd_count);
}

static void twice_online(yoke_worker *worker)
{
    static char first[] = "first", second[] = "second";
    int fds[2];
    make_pair(fds);
    struct yoke_send message = {.fds = &fds[1],
                                .fd_count = 1,
                                .keep_open = true,
                                .on_done = on_done,
                                .data = first};

    yoke_worker_send_with(worker, &message);
    message.data = second;
    message.keep_open = false;
    yoke_worker_send_with(worker, &message);
    say("a third time: %s",
        yoke_strerror((int)yoke_worker_send_with(worker, &message)));
    large_end = fds[0];
}

static void twice_exit(yoke_worker *worker, const struct yoke_exit *why)
{
    (void)worker;
    (void)why;
    say("reads %s", read_text(large_end));
    say("then its end%s", read_text(large_end));
}

static void twice_primary(void)
{
    hooks.on_online = twice_online;
    hooks.on_exit = twice_exit;
    fork_one();
}

static void twice_message(yoke_worker *self, const char *ptr, size_t len)
{
    static int count;
    int fd = yoke_worker_take_fd(self);

    (void)ptr;
    (void)len;
    write_text(fd, ++count == 1 ? "a" : "b");
    close(fd);
    if (count == 2)
        leave(self);
}

static void twice_worker(void)
{
    hooks.on_message = twice_message;
    watch();
}

/* ---- send-deadlock: both sides send many at once ---- */

#define CROSSING 300

static int crossed;

static void send_crossing(yoke_worker *worker)
{
    for (int i = 0; i < CROSSING; i++) {
        int fds[2];
        make_pair(fds);
        if (yoke_worker_send_fd(worker, large(), 10000, fds[1]) < 0)
            say("cannot send");
        close(fds[0]);
    }
}

static void count_crossing(yoke_worker *worker, const void *ptr, size_t len,
                           void *data)
{
    int fd = yoke_worker_take_fd(worker);

    (void)ptr;
    (void)data;
    if (fd < 0 || len != 10000)
        say("wrong message");
    close(fd);
    if (++crossed < CROSSING)
        return;
    say("received %d", crossed);
    leave(worker);
}

static void crossing_primary(void)
{
    hooks.on_online = send_crossing;
    fork_one();
    yoke_cluster_on_message(count_crossing, NULL);
}

static void crossing_worker(void)
{
    yoke_cluster_on_message(count_crossing, NULL);
    send_crossing(yoke_cluster_worker());
}

/* ---- send-socket-to-worker-http-server ---- */

static int http_listener;

static void accept_one(uv_poll_t *poll, int status, int events)
{
    int fd = accept4(http_listener, NULL, NULL, SOCK_CLOEXEC);

    (void)poll;
    (void)status;
    (void)events;
    if (fd >= 0)
        yoke_worker_send_fd(find_worker(1), "connection", 10, fd);
}

static void http_message(yoke_worker *worker, const char *ptr, size_t len)
{
    static uv_poll_t poll;
    int port;

    (void)worker;
    (void)ptr;
    (void)len;
    http_listener = listen_here(&port);
    uv_poll_init(yoke_loop(), &poll, http_listener);
    uv_poll_start(&poll, UV_READABLE, accept_one);
    uv_unref((uv_handle_t *)&poll);
    say("sends connections of %d", port);
}

static void http_primary(void)
{
    hooks.on_message = http_message;
    fork_one();
}

static void answer(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, "served by a worker");
}

static yoke_server *http_server;

static void serve_connection(yoke_worker *self, const char *ptr, size_t len)
{
    int fd = yoke_worker_take_fd(self);

    (void)ptr;
    (void)len;
    int err = yoke_server_accept(http_server, fd);
    say("accepts: %s", err ? yoke_strerror(err) : "ok");
    if (err)
        close(fd);
}

static void http_listening(yoke_server *server, const struct yoke_address *addr,
                           void *data)
{
    int fds[2];

    (void)addr;
    (void)data;
    http_server = server;
    if (pipe(fds) == 0)
        say("a pipe: %s", yoke_strerror(yoke_server_accept(server, fds[0])));
    tell(yoke_cluster_worker(), "ready");
}

static void http_worker(void)
{
    yoke_app *app = yoke_app_new();

    hooks.on_message = serve_connection;
    watch();
    yoke_app_get(app, "/", answer);
    yoke_app_listen(app, .exclusive = true, .host = "127.0.0.1",
                    .on_listening = http_listening);
}

/* ---- test-net-listen-handle-in-cluster-1, -2: a listener goes to a worker,
 * which listens on it; the primary has no part in it ---- */

static void listener_online(yoke_worker *worker)
{
    int port;
    int fd = listen_here(&port);

    say("listener %d", port);
    yoke_worker_send_fd(worker, "listener", 8, fd);
}

static void listener_primary(void)
{
    hooks.on_online = listener_online;
    fork_one();
}

static void count_connections(yoke_req *req, yoke_res *res)
{
    yoke_res_text(
        res, yoke_req_printf(req, "%zu", yoke_server_connections(http_server)));
}

static void served_here(yoke_server *server, const struct yoke_address *addr,
                        void *data)
{
    (void)data;
    http_server = server;
    say("listens on %d", addr->port);
}

static void take_listener(yoke_worker *self, const char *ptr, size_t len)
{
    yoke_app *app = yoke_app_new();
    int fd = yoke_worker_take_fd(self);

    (void)ptr;
    (void)len;
    yoke_app_get(app, "/", answer);
    yoke_app_get(app, "/connections", count_connections);
    yoke_app_listen(app, .fd = fd, .exclusive = true,
                    .on_listening = served_here);
    close(fd);
}

static void listener_worker(void)
{
    hooks.on_message = take_listener;
    watch();
}

/* ---- A UDP socket goes to a worker, which receives ---- */

static void udp_online(yoke_worker *worker)
{
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(addr);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (bind(fd, (const struct sockaddr *)&addr, len) < 0 ||
        getsockname(fd, (struct sockaddr *)&addr, &len) < 0)
        exit(97);
    yoke_worker_send_fd(worker, "udp", 3, fd);
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (sendto(fd, "datagram", 8, 0, (const struct sockaddr *)&addr, len) < 0)
        exit(97);
    close(fd);
}

static void udp_primary(void)
{
    hooks.on_online = udp_online;
    fork_one();
}

static void udp_message(yoke_worker *self, const char *ptr, size_t len)
{
    int fd = yoke_worker_take_fd(self);

    (void)ptr;
    (void)len;
    say("reads %s", read_text(fd));
    close(fd);
    leave(self);
}

static void udp_worker(void)
{
    hooks.on_message = udp_message;
    watch();
}

/* ---- test-child-process-fork-closed-channel-segfault: descriptors for a
 * worker that is ending; each comes back ---- */

#define DOOMED 200

static int came_back, arrived, open_at_start;

static int count_open(void)
{
    int count = 0;

    for (int fd = 0; fd < 4096; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* Descriptors of a worker: its channel, its pidfd, its pipes. */
static void say_open(void)
{
    say("open %d", count_open() - open_at_start);
}

static void doomed_done(yoke_worker *worker, int err, int *fds, int fd_count,
                        void *data)
{
    (void)worker;
    (void)data;
    for (int i = 0; i < fd_count; i++)
        came_back += err < 0 && fcntl(fds[i], F_GETFD) >= 0;
    arrived += err == 0;
}

static void doomed_online(yoke_worker *worker)
{
    int end = STDERR_FILENO, sent = 0;
    struct yoke_send message = {
        .fds = &end, .fd_count = 1, .keep_open = true, .on_done = doomed_done};

    open_at_start = count_open();
    /* Stopped, so that it takes none of them. */
    kill(yoke_worker_pid(worker), SIGSTOP);
    for (int i = 0; i < DOOMED; i++)
        sent += yoke_worker_send_with(worker, &message) >= 0;
    say("sent %d", sent);
    kill(yoke_worker_pid(worker), SIGKILL);
}

static void doomed_exit(yoke_worker *worker, const struct yoke_exit *why)
{
    int end = STDERR_FILENO;
    struct yoke_send message = {.fds = &end, .fd_count = 1, .keep_open = true};

    (void)why;
    say("came back %d, arrived %d", came_back, arrived);
    say("afterwards %s",
        yoke_strerror((int)yoke_worker_send_with(worker, &message)));
    later(50, say_open);
}

static void doomed_primary(void)
{
    hooks.on_online = doomed_online;
    hooks.on_exit = doomed_exit;
    fork_one();
}

/* ---- Fork and kill, over and over: nothing is left open ---- */

static int left;

static void next_victim(yoke_worker *worker, const struct yoke_exit *why)
{
    (void)worker;
    (void)why;
    if (--left > 0)
        yoke_cluster_fork(NULL);
    else
        later(50, say_open);
}

static void kill_victim(yoke_worker *worker, void *data)
{
    (void)data;
    if (open_at_start == 0)
        open_at_start = count_open();
    yoke_worker_send_fd(worker, large(), LARGE, dup(STDERR_FILENO));
    yoke_worker_kill(worker, SIGKILL);
}

static void victim_gone(yoke_worker *worker, const struct yoke_exit *why,
                        void *data)
{
    (void)data;
    next_victim(worker, why);
}

static void victims_primary(void)
{
    left = atoi(argument(0));
    yoke_cluster_on_online(kill_victim, NULL);
    yoke_cluster_on_exit(victim_gone, NULL);
    yoke_cluster_setup(&(struct yoke_cluster_settings){
        .stdio = {[1] = YOKE_STDIO_PIPE, [4] = YOKE_STDIO_PIPE}});
    yoke_cluster_fork(NULL);
}

const struct scenario handle_scenarios[] = {
    {"net-send", net_send_primary, net_send_worker},
    {"large", large_primary, large_worker},
    {"twice", twice_primary, twice_worker},
    {"crossing", crossing_primary, crossing_worker},
    {"http", http_primary, http_worker},
    {"listener", listener_primary, listener_worker},
    {"udp", udp_primary, udp_worker},
    {"doomed", doomed_primary, stay_worker},
    {"victims", victims_primary, stay_worker},
    {.name = NULL},
};
