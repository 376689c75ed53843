#include "proxy.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAIRS_MAX  64
#define BUFFER_LEN 65536
#define TURN_MS    5

/* What the test asks for, and what the proxy has seen of it. */
static struct orders {
    atomic_int mode;
    atomic_int bytes; /* Left of a stall. */
    atomic_int number, seen;
} * orders;
static pid_t process;

/* Where it listens, and where that leads to. */
static struct route {
    char to[128];
} routes[PROXY_ROUTES_MAX];
static int listeners[PROXY_ROUTES_MAX];
static int route_count;

/* One direction of a connection. */
struct flow {
    int from, to;
    char buffer[BUFFER_LEN];
    size_t len;
};

static struct pair {
    struct flow up, down; /* To the server, to the store. */
    bool is_open;
} pairs[PAIRS_MAX];

/* ---- In the proxy ---- */

/* What a place says; returns the length. */
static socklen_t address_of(const char *place, struct sockaddr_storage *ret)
{
    struct sockaddr_un *path = (struct sockaddr_un *)ret;
    struct sockaddr_in *port = (struct sockaddr_in *)ret;

    memset(ret, 0, sizeof(*ret));
    if (*place == '/') {
        path->sun_family = AF_UNIX;
        snprintf(path->sun_path, sizeof(path->sun_path), "%s", place);
        return sizeof(*path);
    }
    port->sin_family = AF_INET;
    port->sin_port = htons((uint16_t)strtol(place, NULL, 10));
    port->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return sizeof(*port);
}

static int new_socket(const struct sockaddr_storage *addr)
{
    return socket(addr->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/* What is sent goes on at once. */
static void hurry(int fd)
{
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static int connect_to(const char *place)
{
    struct sockaddr_storage addr;
    socklen_t len = address_of(place, &addr);
    int fd = new_socket(&addr);

    if (connect(fd, (struct sockaddr *)&addr, len) == 0) {
        hurry(fd);
        return fd;
    }
    close(fd);
    return -1;
}

static int listen_at(const char *place)
{
    const int on = 1;
    struct sockaddr_storage addr;
    socklen_t len = address_of(place, &addr);
    int fd = new_socket(&addr);

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&addr, len) < 0 || listen(fd, 64) < 0) {
        perror(place);
        exit(1);
    }
    return fd;
}

static void close_pair(struct pair *pair)
{
    close(pair->up.from);
    close(pair->up.to);
    pair->is_open = false;
}

static struct pair *find_closed(void)
{
    for (int i = 0; i < PAIRS_MAX; i++)
        if (!pairs[i].is_open)
            return &pairs[i];
    return NULL;
}

static void accept_one(int listener, const char *to)
{
    int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    struct pair *pair = find_closed();
    int server = pair && orders->mode != PROXY_CUT ? connect_to(to) : -1;

    if (client < 0)
        return;
    if (server < 0) {
        close(client);
        return;
    }
    hurry(client);
    pair->is_open = true;
    pair->up.from = pair->down.to = client;
    pair->up.to = pair->down.from = server;
    pair->up.len = pair->down.len = 0;
}

static bool fill(struct flow *flow)
{
    ssize_t n = recv(flow->from, flow->buffer + flow->len,
                     sizeof(flow->buffer) - flow->len, MSG_DONTWAIT);

    if (n > 0)
        flow->len += (size_t)n;
    return n > 0 || (n < 0 && errno == EAGAIN);
}

static bool drain(struct flow *flow, size_t max)
{
    size_t len = flow->len < max ? flow->len : max;
    ssize_t n =
        len ? send(flow->to, flow->buffer, len, MSG_DONTWAIT | MSG_NOSIGNAL)
            : 0;

    if (n < 0)
        return errno == EAGAIN;
    flow->len -= (size_t)n;
    memmove(flow->buffer, flow->buffer + n, flow->len);
    if (orders->mode == PROXY_STALL && max != SIZE_MAX)
        orders->bytes -= (int)n;
    return true;
}

/* False when the connection is over. */
static bool move_bytes(struct pair *pair)
{
    if (orders->mode == PROXY_DROP)
        pair->up.len = pair->down.len = 0;
    if (!drain(&pair->up, SIZE_MAX))
        return false;
    return drain(&pair->down, orders->mode == PROXY_STALL
                                  ? (size_t)orders->bytes
                                  : SIZE_MAX);
}

static void serve_pair(struct pair *pair, const struct pollfd fds[2])
{
    bool goes_on = orders->mode != PROXY_CUT;

    if (goes_on && fds[0].revents && pair->up.len < BUFFER_LEN)
        goes_on = fill(&pair->up);
    if (goes_on && fds[1].revents && pair->down.len < BUFFER_LEN)
        goes_on = fill(&pair->down);
    if (goes_on)
        goes_on = move_bytes(pair);
    if (!goes_on)
        close_pair(pair);
}

/* Only who has room is asked for more. */
static struct pollfd poll_of(const struct pair *pair, const struct flow *flow)
{
    bool wants = pair->is_open && flow->len < BUFFER_LEN;
    return (struct pollfd){.fd = wants ? flow->from : -1, .events = POLLIN};
}

static void serve(void)
{
    static struct pollfd fds[2 * PAIRS_MAX + PROXY_ROUTES_MAX];
    struct pollfd *listening = fds + 2 * PAIRS_MAX;
    int number = orders->number;

    for (int i = 0; i < PAIRS_MAX; i++) {
        fds[2 * i] = poll_of(&pairs[i], &pairs[i].up);
        fds[2 * i + 1] = poll_of(&pairs[i], &pairs[i].down);
    }
    for (int i = 0; i < route_count; i++)
        listening[i] = (struct pollfd){.fd = listeners[i], .events = POLLIN};
    poll(fds, (nfds_t)(2 * PAIRS_MAX + route_count), TURN_MS);
    for (int i = 0; i < PAIRS_MAX; i++)
        if (pairs[i].is_open)
            serve_pair(&pairs[i], &fds[2 * i]);
    for (int i = 0; i < route_count; i++)
        if (listening[i].revents)
            accept_one(listeners[i], routes[i].to);
    orders->seen = number;
}

/* ---- In the test ---- */

void proxy_add(const char *from, const char *to)
{
    struct route *route = &routes[route_count];

    if (route_count == PROXY_ROUTES_MAX)
        abort();
    snprintf(route->to, sizeof(route->to), "%s", to);
    listeners[route_count++] = listen_at(from);
}

void proxy_add_port(int from, int to)
{
    char from_text[16], to_text[16];

    snprintf(from_text, sizeof(from_text), "%d", from);
    snprintf(to_text, sizeof(to_text), "%d", to);
    proxy_add(from_text, to_text);
}

void proxy_start(void)
{
    orders = mmap(NULL, sizeof(*orders), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (orders == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    process = fork();
    if (process != 0) {
        for (int i = 0; i < route_count; i++)
            close(listeners[i]);
        return;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;)
        serve();
}

void proxy_stop(void)
{
    kill(process, SIGKILL);
    waitpid(process, NULL, 0);
    munmap(orders, sizeof(*orders));
}

void proxy_set(enum proxy_mode mode, int bytes)
{
    orders->bytes = bytes;
    orders->mode = (int)mode;
    int number = ++orders->number;
    while (orders->seen < number)
        usleep(1000);
}
