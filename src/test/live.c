#include "test/live.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <yoke/error.h>
#include <yoke/listen.h>
#include <yoke/loop.h>

#include "core/alloc.h"
#include "core/cleanup.h"
#include "core/list.h"
#include "http/h1_socket.h"
#include "net/acceptor.h"
#include "net/address.h"
#include "net/handoff.h"
#include "net/listener.h"
#include "net/socket.h"
#include "net/stream.h"
#include "test/client.h"

#include "core/banned.h"

/* How long bytes may take through the loopback interface, when nothing else is
 * waited for: a wait that is in vain costs this. Real time. */
#define QUIET_MS 250

/* Looks at the sockets before they count as quiet. */
#define LOOKS 3

struct yk_live {
    struct yk_acceptor acceptor;
    struct yk_socket socket;
    struct yk_http_server *server;
    bool is_closed;  /* The acceptor is. */
    char folder[80]; /* Of the UNIX socket; "" without one. */
    uint64_t events; /* Counts whatever happens. */
};

/* ---- The bridge ---- */

struct bridge {
    struct yk_stream stream; /* The client's socket. */
    struct yk_link *link;
    struct yk_live *live;
    bool is_sending;       /* A write to the socket is under way. */
    bool is_receiving;     /* The client takes slowly what has come. */
    bool is_deaf;          /* The server takes no more. */
    bool is_stream_ending; /* The socket is being closed, */
    bool is_stream_closed; /* or is. */
    char up[16384];        /* What is being sent. */
    char down[65536];      /* What has come. */
};

static struct bridge *bridge_of(struct yk_transport *t)
{
    return t->owner;
}

static struct yk_memory *memory_of(struct bridge *b)
{
    return &b->link->memory;
}

static void free_if_over(struct bridge *b)
{
    if (!b->is_stream_closed || !memory_of(b)->is_gone)
        return;
    b->link->is_open = false;
    free(b);
}

static void end_stream(struct bridge *b, bool is_reset)
{
    struct yk_transport *t = &b->stream.transport;
    if (b->is_stream_ending)
        return;
    b->is_stream_ending = true;
    if (is_reset)
        t->ops->reset(t);
    else
        t->ops->close(t);
}

/* ---- From the client to the server ---- */

static size_t up_room(struct yk_transport *t, char **ret_room)
{
    struct bridge *b = bridge_of(t);
    if (b->is_sending)
        return 0;
    *ret_room = b->up;
    return sizeof(b->up);
}

static void up_read(struct yk_transport *t, ssize_t n)
{
    struct bridge *b = bridge_of(t);
    struct yk_transport *stream = &b->stream.transport;
    struct iovec iov = {b->up, (size_t)n};

    b->live->events++;
    if (n < 0 && n != -YOKE_ECLOSED)
        end_stream(b, true);
    if (b->is_stream_ending || b->is_deaf)
        return;
    if (n < 0) {
        stream->ops->shutdown(stream);
        return;
    }
    b->is_sending = true;
    stream->ops->write(stream, &iov, 1);
}

static void up_written(struct yk_transport *t, int err)
{
    struct bridge *b = bridge_of(t);
    b->live->events++;
    b->is_sending = false;
    b->is_deaf |= err < 0;
    if (!memory_of(b)->is_closed)
        memory_of(b)->transport.ops->read_start(&memory_of(b)->transport);
}

/* ---- From the server to the client ---- */

static size_t down_room(struct yk_transport *t, char **ret_room)
{
    struct bridge *b = bridge_of(t);
    if (b->is_receiving || memory_of(b)->is_closed)
        return 0;
    *ret_room = b->down;
    return sizeof(b->down);
}

/* The client takes what it wants now, and the rest in its turns. */
static void deliver(struct bridge *b, size_t n)
{
    struct yk_transport *memory = &memory_of(b)->transport;
    struct iovec iov = {b->down, n};
    ssize_t taken = memory->ops->try_write(memory, &iov, 1);
    if (taken < 0 || (size_t)taken == n)
        return;
    iov = (struct iovec){b->down + taken, n - (size_t)taken};
    b->is_receiving = true;
    memory->ops->write(memory, &iov, 1);
    b->stream.transport.ops->read_stop(&b->stream.transport);
}

static void down_read(struct yk_transport *t, ssize_t n)
{
    struct bridge *b = bridge_of(t);
    struct yk_transport *memory = &memory_of(b)->transport;

    b->live->events++;
    if (n == 0 || memory_of(b)->is_closed)
        return;
    if (n > 0) {
        deliver(b, (size_t)n);
    } else if (n == -YOKE_ECLOSED) {
        memory->ops->shutdown(memory);
        t->ops->read_stop(t);
    } else {
        memory->ops->reset(memory);
        end_stream(b, false);
    }
}

static void down_written(struct yk_transport *t, int err)
{
    struct bridge *b = bridge_of(t);
    (void)err;
    b->live->events++;
    b->is_receiving = false;
    if (!b->is_stream_ending)
        b->stream.transport.ops->read_start(&b->stream.transport);
}

/* ---- Its end ---- */

static void memory_closed(struct yk_transport *t)
{
    struct bridge *b = bridge_of(t);
    b->live->events++;
    end_stream(b, false);
    free_if_over(b);
}

static void stream_closed(struct yk_transport *t)
{
    struct bridge *b = bridge_of(t);
    struct yk_transport *memory = &memory_of(b)->transport;
    b->live->events++;
    b->is_stream_ending = b->is_stream_closed = true;
    if (!memory_of(b)->is_closed)
        memory->ops->close(memory);
    free_if_over(b);
}

static const struct yk_transport_user memory_user = {
    up_room, up_read, down_written, memory_closed};
static const struct yk_transport_user stream_user = {down_room, down_read,
                                                     up_written, stream_closed};

static void start_bridge(struct yk_live *live, struct yk_link *link, int fd,
                         bool is_tcp)
{
    struct bridge *b = yk_alloc(sizeof(*b));
    struct yk_transport *memory = &link->memory.transport;
    struct yk_transport *stream = &b->stream.transport;

    b->link = link;
    b->live = live;
    yk_stream_open(&b->stream, yoke_loop(), fd, is_tcp, NULL);
    /* Only what the application waits for keeps the loop alive. */
    uv_unref(&b->stream.uv.handle);
    stream->user = &stream_user;
    memory->user = &memory_user;
    stream->owner = memory->owner = b;
    memory->ops->read_start(memory);
    stream->ops->read_start(stream);
}

/* ---- Connecting ---- */

/* Another loopback address than the usual can be had by binding to it. */
static int bind_to_peer(int fd, const struct yk_peer *peer)
{
    struct sockaddr_in addr = {.sin_family = AF_INET};
    if (peer->family != 4 || peer->ip[0] != 127)
        return -EADDRNOTAVAIL;
    memcpy(&addr.sin_addr, peer->ip, 4);
    if (addr.sin_addr.s_addr == htonl(INADDR_LOOPBACK))
        return 0;
    return bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ? -errno : 0;
}

static int connect_tcp(const struct yk_live *live, const struct yk_peer *peer)
{
    YK_CLEANUP(yk_close_fd)
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in addr = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)live->socket.address.port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int one = 1;
    if (fd < 0)
        return -errno;
    int err = bind_to_peer(fd, peer);
    if (err < 0)
        return err;
    if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0)
        return -errno;
    return yk_take_fd(&fd);
}

static int connect_unix(const struct yk_live *live)
{
    YK_CLEANUP(yk_close_fd)
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct yk_sockaddr addr;
    if (fd < 0)
        return -errno;
    int err = yk_sockaddr_unix(&addr, live->socket.address.host);
    if (err < 0)
        return err;
    if (connect(fd, (struct sockaddr *)&addr.addr, addr.len) < 0)
        return -errno;
    return yk_take_fd(&fd);
}

void yk_live_connect(struct yk_live *live, struct yk_link *link,
                     const struct yk_peer *peer)
{
    bool is_tcp = !live->folder[0];
    int fd = is_tcp ? connect_tcp(live, peer) : connect_unix(live);
    if (fd >= 0 && fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
        int err = -errno;
        close(fd);
        fd = err;
    }
    if (fd >= 0) {
        start_bridge(live, link, fd, is_tcp);
        return;
    }
    link->is_open = false;
    link->memory.is_closed = link->memory.is_gone = true;
    snprintf(link->error, sizeof(link->error), "cannot connect: %s",
             yoke_strerror(fd));
}

void yk_live_disconnect(struct yk_link *link)
{
    if (link->is_open)
        end_stream(bridge_of(&link->memory.transport), true);
}

/* ---- The listener ---- */

static struct yk_live *live_of(struct yk_acceptor *acceptor)
{
    return YK_CONTAINER_OF(acceptor, struct yk_live, acceptor);
}

static void on_accept(struct yk_acceptor *acceptor, int fd,
                      const struct yk_peer *peer)
{
    static const struct yk_handoff no_handoff;
    struct yk_live *live = live_of(acceptor);
    live->events++;
    yk_h1_socket_start(live->server, yoke_loop(), fd, peer, &no_handoff);
}

static void on_closed(struct yk_acceptor *acceptor)
{
    live_of(acceptor)->is_closed = true;
}

static const struct yk_acceptor_ops acceptor_ops = {
    .on_accept = on_accept,
    .on_closed = on_closed,
};

/* A directory of our own: the socket's name is then nobody else's. */
static int make_folder(struct yk_live *live, char *path, size_t len)
{
    const char *base = getenv("TMPDIR");
    if (!base || strlen(base) > sizeof(live->folder) - 20)
        base = "/tmp";
    snprintf(live->folder, sizeof(live->folder), "%s/yoke-test-XXXXXX", base);
    if (!mkdtemp(live->folder)) {
        live->folder[0] = '\0';
        return -errno;
    }
    snprintf(path, len, "%s/sock", live->folder);
    return 0;
}

static int start_listening(struct yk_live *live, bool is_unix,
                           char text[YK_SOCKET_TEXT_MAX])
{
    char path[sizeof(live->folder) + 8];
    struct yk_listen_spec spec = {.host = "127.0.0.1", .exclusive = true};
    int err = 0;

    if (is_unix) {
        spec.path = path;
        err = make_folder(live, path, sizeof(path));
    }
    if (err == 0)
        err = yk_socket_open(&live->socket, &spec, text);
    if (err == 0)
        err = yk_acceptor_open(&live->acceptor, live->socket.fd, &acceptor_ops);
    return err;
}

static void free_live(struct yk_live *live)
{
    yk_socket_close(&live->socket);
    if (live->folder[0])
        rmdir(live->folder);
    free(live);
}

struct yk_live *yk_live_open(struct yk_http_server *server, bool is_unix,
                             char *text, size_t len)
{
    char why[YK_SOCKET_TEXT_MAX] = "";
    struct yk_live *live = yk_alloc(sizeof(*live));
    live->server = server;
    live->socket.fd = -1;
    int err = start_listening(live, is_unix, why);
    if (err == 0)
        return live;
    snprintf(text, len, "cannot listen: %s", why[0] ? why : yoke_strerror(err));
    free_live(live);
    return NULL;
}

void yk_live_close(struct yk_live *live)
{
    if (!live)
        return;
    yk_acceptor_close(&live->acceptor);
    while (!live->is_closed)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    free_live(live);
}

const struct yoke_address *yk_live_address(const struct yk_live *live)
{
    return &live->socket.address;
}

/* ---- The loop ---- */

bool yk_live_poll(struct yk_live *live, bool is_last)
{
    uint64_t before = live->events;
    for (int i = 0; i < (is_last ? LOOKS : 1); i++) {
        uv_run(yoke_loop(), UV_RUN_NOWAIT);
        if (live->events != before)
            return true;
    }
    return false;
}

static void on_quiet(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
    uv_stop(timer->loop);
}

/* What the application has in the loop: sockets and the acceptor are ours, and
 * so are writes that wait for a client that does not read. */
struct census {
    bool has_foreign;
    unsigned writes;
};

static bool is_socket(const uv_handle_t *handle)
{
    return handle->type == UV_TCP || handle->type == UV_NAMED_PIPE;
}

static void count(uv_handle_t *handle, void *data)
{
    struct census *census = data;
    if (is_socket(handle))
        census->writes +=
            uv_stream_get_write_queue_size((uv_stream_t *)handle) > 0;
    else if (handle->type != UV_POLL && uv_is_active(handle))
        census->has_foreign |= uv_has_ref(handle);
}

/* Runs the loop until something moves; false when nothing does. */
static bool wait_for_event(struct yk_live *live)
{
    static uv_timer_t timer;
    static bool is_ready;
    bool is_quiet = false;
    uint64_t before = live->events;

    if (!is_ready) {
        uv_timer_init(yoke_loop(), &timer);
        uv_unref((uv_handle_t *)&timer);
        is_ready = true;
    }
    timer.data = &is_quiet;
    uv_timer_start(&timer, on_quiet, QUIET_MS, 0);
    while (!is_quiet && live->events == before)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    uv_timer_stop(&timer);
    return live->events != before;
}

bool yk_live_is_alive(struct yk_live *live)
{
    struct census census = {.has_foreign = false};
    uv_walk(yoke_loop(), count, &census);
    return census.has_foreign ||
           yoke_loop()->active_reqs.count > census.writes ||
           wait_for_event(live);
}
