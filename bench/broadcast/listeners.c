/* Many clients of server-sent events, each with a connection of its own, in one
 * process: they see to it that each hears everything, in order and once.
 *
 *     listeners PORT CHANNEL CLIENTS SLOW
 *
 * CLIENTS listen to what bench/broadcast/app.c says; SLOW more do not read once
 * they have been told that they listen. Connects, says "ready SECONDS", and then
 * takes lines:
 *
 *     hear COUNT LEN   has so many events said, and waits until all clients but
 *                      the slow ones have heard them. "heard MILLISECONDS": from
 *                      the sending of the last until the last client had it
 *     wake             the slow ones read until they have heard all: "awake",
 *                      and how often they were told that they have missed some
 *
 * Whatever is not as it should be ends it with status 1 and says what. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* So many connections may be on their way at a time. */
#define CONNECTING   128
/* So many come from one address of the loopback network. */
#define EACH_ADDRESS 4000
#define WAIT_MS      60000
#define LINE_MAX_LEN 64
#define SLOW_BUFFER  4096

struct client {
    int fd;
    bool is_slow, is_ready;
    /* The head, then chunks: */
    enum {
        HEAD,
        SIZE,
        DATA,
        DATA_END
    } state;
    int newlines; /* At the end of the head. */
    size_t left;  /* Of the chunk. */
    /* The line of the event; what is longer is not looked at. */
    char line[LINE_MAX_LEN + 1];
    size_t len;
    int64_t heard; /* Events. */
};

static struct sockaddr_in server = {.sin_family = AF_INET};
static const char *channel;
static struct client *clients;
static int count, slow, ready, poller;
static int64_t wanted;   /* Events that have been said. */
static int done;         /* Clients that have heard them all. */
static int missed;       /* How often one was told so. */
static bool is_waking;   /* The slow ones are waited for. */
static uint64_t said_ns; /* When the last of them was. */

static void __attribute__((format(printf, 1, 2), noreturn))
fail(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    putchar('\n');
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* ---- What comes ---- */

static void take_event(struct client *client, const char *text)
{
    int64_t number;
    uint64_t sent_ns;

    if (sscanf(text, "%" SCNd64 " %" SCNu64, &number, &sent_ns) != 2)
        return; /* What "missed" says. */
    if (number != client->heard)
        fail("client %d hears %" PRId64 " after %" PRId64,
             (int)(client - clients), number, client->heard - 1);
    client->heard++;
    if (number == wanted - 1) {
        said_ns = sent_ns;
        done += client->is_slow == is_waking;
    }
}

static void take_line(struct client *client)
{
    client->line[client->len] = '\0';
    if (strncmp(client->line, "id: ", 4) == 0 && !client->is_ready) {
        client->is_ready = true;
        ready++;
    } else if (strcmp(client->line, "event: missed") == 0) {
        missed++;
    } else if (strncmp(client->line, "data: ", 6) == 0) {
        take_event(client, client->line + 6);
    }
    client->len = 0;
}

static void take_text(struct client *client, const char *ptr, size_t len)
{
    while (len > 0) {
        const char *end = memchr(ptr, '\n', len);
        size_t part = end ? (size_t)(end - ptr) : len;
        size_t room = LINE_MAX_LEN - client->len;
        size_t taken = part < room ? part : room;
        memcpy(client->line + client->len, ptr, taken);
        client->len += taken;
        if (!end)
            return;
        take_line(client);
        ptr = end + 1;
        len -= part + 1;
    }
}

/* A byte of what is not an event. */
static void take_frame(struct client *client, char c)
{
    if (client->state == HEAD) {
        if (c == '\n')
            client->newlines++;
        else if (c != '\r')
            client->newlines = 0;
        if (client->newlines == 2)
            client->state = SIZE;
    } else if (c == '\n') {
        if (client->state == SIZE && client->left == 0)
            fail("a stream has ended");
        client->state = client->state == SIZE ? DATA : SIZE;
    } else if (client->state == SIZE && c != '\r') {
        int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
        client->left = client->left * 16 + (size_t)digit;
    }
}

static void take(struct client *client, const char *ptr, size_t len)
{
    while (len > 0) {
        size_t part = 1;
        if (client->state == DATA) {
            part = len < client->left ? len : client->left;
            take_text(client, ptr, part);
            client->left -= part;
            if (client->left == 0)
                client->state = DATA_END;
        } else {
            take_frame(client, *ptr);
        }
        ptr += part;
        len -= part;
    }
}

static void on_readable(struct client *client)
{
    static char buffer[256 << 10];

    for (;;) {
        ssize_t n = read(client->fd, buffer, sizeof(buffer));
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n <= 0)
            fail("client %d is cut off: %s", (int)(client - clients),
                 n < 0 ? strerror(errno) : "end");
        take(client, buffer, (size_t)n);
        if (client->is_slow && client->is_ready && wanted == 0) {
            epoll_ctl(poller, EPOLL_CTL_DEL, client->fd, NULL);
            return;
        }
        if ((size_t)n < sizeof(buffer))
            return;
    }
}

static void wait_for(const int *what, int least, const char *name)
{
    struct epoll_event events[256];
    uint64_t until_ns = now_ns() + (uint64_t)WAIT_MS * 1000000;

    while (*what < least) {
        int n = epoll_wait(poller, events, 256, 1000);
        for (int i = 0; i < n; i++)
            on_readable(events[i].data.ptr);
        if (now_ns() > until_ns)
            fail("%d of %d are %s", *what, least, name);
    }
}

/* ---- Connecting ---- */

static int open_socket(int n)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    struct sockaddr_in own = {.sin_family = AF_INET};

    own.sin_addr.s_addr = htonl(0x7f000002 + (uint32_t)(n / EACH_ADDRESS));
    if (fd < 0)
        fail("socket: %s", strerror(errno));
    /* The port is chosen with the address of the other end: there are enough. */
    setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&own, sizeof(own)) < 0)
        fail("bind: %s", strerror(errno));
    return fd;
}

static void say(int fd, const char *path)
{
    char text[300];
    int len = snprintf(text, sizeof(text),
                       "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);

    if (connect(fd, (struct sockaddr *)&server, sizeof(server)) < 0 ||
        write(fd, text, (size_t)len) != len)
        fail("connect: %s", strerror(errno));
}

static void begin(int n)
{
    struct client *client = &clients[n];
    char path[200];
    int size = SLOW_BUFFER;

    *client = (struct client){.fd = open_socket(n), .is_slow = n >= count};
    if (client->is_slow)
        setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    snprintf(path, sizeof(path), "/events/%s", channel);
    say(client->fd, path);
    fcntl(client->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {EPOLLIN, {.ptr = client}};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, client->fd, &event) < 0)
        fail("epoll_ctl: %s", strerror(errno));
}

static void connect_all(void)
{
    uint64_t begun_ns = now_ns();

    for (int n = 0; n < count + slow; n++) {
        begin(n);
        wait_for(&ready, n + 1 - CONNECTING, "ready");
    }
    wait_for(&ready, count + slow, "ready");
    printf("ready %.3f\n", (double)(now_ns() - begun_ns) / 1e9);
}

/* ---- What is asked for ---- */

static void hear(int events, int len)
{
    char path[300], answer[512];
    int fd = open_socket(0);

    done = 0;
    wanted += events;
    snprintf(path, sizeof(path), "/say/%s/%d/%d", channel, events, len);
    say(fd, path);
    ssize_t n = read(fd, answer, sizeof(answer) - 1);
    if (n < 12 || memcmp(answer, "HTTP/1.1 200", 12) != 0)
        fail("it cannot be said");
    close(fd);
    wait_for(&done, count, "told");
    printf("heard %.3f\n", (double)(now_ns() - said_ns) / 1e6);
}

static void wake(void)
{
    done = 0;
    is_waking = true;
    for (int n = count; n < count + slow; n++) {
        struct epoll_event event = {EPOLLIN, {.ptr = &clients[n]}};
        epoll_ctl(poller, EPOLL_CTL_ADD, clients[n].fd, &event);
    }
    wait_for(&done, slow, "awake");
    is_waking = false;
    printf("awake %d\n", missed);
}

static void obey(const char *line)
{
    int events, len;

    if (sscanf(line, "hear %d %d", &events, &len) == 2)
        hear(events, len);
    else if (strcmp(line, "wake\n") == 0)
        wake();
    else
        fail("what is that: %s", line);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct rlimit limit;
    char line[100];

    if (argc != 5) {
        fputs("usage: listeners PORT CHANNEL CLIENTS SLOW\n", stderr);
        return 2;
    }
    server.sin_port = htons((uint16_t)atoi(argv[1]));
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    channel = argv[2];
    count = atoi(argv[3]);
    slow = atoi(argv[4]);
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < (rlim_t)(count + slow + 20))
        fail("%d descriptors are too few", (int)limit.rlim_max);
    clients = calloc((size_t)(count + slow), sizeof(*clients));
    poller = epoll_create1(EPOLL_CLOEXEC);
    if (!clients || poller < 0)
        fail("no memory");
    connect_all();
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin))
        obey(line);
    return 0;
}
