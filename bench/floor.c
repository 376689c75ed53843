/* The floor: the least that any HTTP server on epoll has to do.
 *
 * A request costs this program one read, one search for the end of its head,
 * one write of a constant answer, and its share of an epoll_wait. What yoke
 * or a peer needs beyond that is the price of parsing, routing and answering
 * for real, so `make bench` reports every server as a multiple of this one.
 *
 * It cheats nowhere: an answer is sent only when a whole head (CRLF CRLF) has
 * arrived, however the bytes were split, and pipelined requests get one
 * answer each, all in one write. It does not look at the method or the path,
 * knows no bodies and no time-outs, and its Date stands still.
 *
 *     floor [PORT]       listens on 127.0.0.1, on 1337 unless told otherwise
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* The headers and their sizes are those of examples/hello for GET /get. */
#define ANSWER                                                                 \
    "HTTP/1.1 200 OK\r\n"                                                      \
    "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"                                  \
    "Content-Length: 9\r\n"                                                    \
    "Content-Type: text/plain; charset=utf-8\r\n"                              \
    "\r\n"                                                                     \
    "something"

#define HEAD_END     "\r\n\r\n"
#define HEAD_END_LEN 4
#define ANSWER_LEN   (sizeof(ANSWER) - 1)

enum {
    READ_LEN = 16 * 1024,
    /* As many ends of head as one read can hold: four bytes each, and one
     * more whose first bytes came with the read before. */
    MAX_ANSWERS = READ_LEN / HEAD_END_LEN + 1,
    MAX_CONNS = 64 * 1024,
    MAX_EVENTS = 256,
    BACKLOG = 4096,
};

/* A connection is known by its descriptor, which indexes `conns`. */
struct conn {
    size_t unsent_len; /* Bytes of answers the socket would not take yet. */
    uint8_t matched;   /* Bytes of HEAD_END seen at the end of the input. */
};

/* One process, one thread: these belong to its only loop. */
static struct conn conns[MAX_CONNS];
static char input[READ_LEN];
static char answers[MAX_ANSWERS * ANSWER_LEN]; /* ANSWER, over and over. */

static _Noreturn void die(const char *what)
{
    perror(what);
    exit(1);
}

static void answers_init(void)
{
    for (size_t i = 0; i < MAX_ANSWERS; i++)
        memcpy(answers + i * ANSWER_LEN, ANSWER, ANSWER_LEN);
}

static int listener_open(uint16_t port)
{
    struct sockaddr_in addr = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        die("socket");
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
        die("setsockopt");
    if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
        die("bind");
    if (listen(fd, BACKLOG) < 0)
        die("listen");
    return fd;
}

static void watch(int epoll_fd, int op, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};

    if (epoll_ctl(epoll_fd, op, fd, &event) < 0)
        die("epoll_ctl");
}

static void conn_open(int epoll_fd, int fd)
{
    int on = 1;

    if (fd >= MAX_CONNS) {
        close(fd);
        return;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    conns[fd] = (struct conn){0};
    watch(epoll_fd, EPOLL_CTL_ADD, fd, EPOLLIN);
}

static void accept_all(int epoll_fd, int listener)
{
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0)
            conn_open(epoll_fd, fd);
        else if (errno == EAGAIN)
            return;
        else if (errno != EINTR && errno != ECONNABORTED)
            die("accept4");
    }
}

/* How much of HEAD_END is matched after one more byte; HEAD_END_LEN is all. */
static uint8_t match_step(uint8_t matched, char byte)
{
    if (byte == HEAD_END[matched])
        return (uint8_t)(matched + 1);
    return byte == '\r' ? 1 : 0;
}

/* Counts the heads that end in `data`. The middle is left to memmem(); only
 * a HEAD_END cut in two by the reads is followed byte by byte. */
static size_t count_heads(uint8_t *matched, const char *data, size_t len)
{
    const char *end = data + len;
    const char *hit;
    uint8_t state = *matched;
    size_t heads = 0;

    while (state > 0 && data < end) {
        state = match_step(state, *data++);
        if (state == HEAD_END_LEN) {
            heads++;
            state = 0;
        }
    }
    while ((hit = memmem(data, (size_t)(end - data), HEAD_END, HEAD_END_LEN))) {
        heads++;
        data = hit + HEAD_END_LEN;
    }
    if (end - data >= HEAD_END_LEN)
        data = end - (HEAD_END_LEN - 1);
    while (data < end)
        state = match_step(state, *data++);
    *matched = state;
    return heads;
}

/* Sends the last `len` bytes of `answers`: all answers are equal, so what is
 * left of any number of them is always the end of that block. Returns false
 * when the connection is lost. */
static bool send_answers(int epoll_fd, int fd, size_t len)
{
    bool was_waiting = conns[fd].unsent_len > 0;
    const char *from = answers + sizeof(answers) - len;
    ssize_t sent = send(fd, from, len, MSG_NOSIGNAL);

    if (sent < 0 && errno != EAGAIN && errno != EINTR)
        return false;
    len -= sent > 0 ? (size_t)sent : 0;
    conns[fd].unsent_len = len;
    /* A peer that does not read its answers is not read from either. */
    if (was_waiting != (len > 0))
        watch(epoll_fd, EPOLL_CTL_MOD, fd, len > 0 ? EPOLLOUT : EPOLLIN);
    return true;
}

/* Reads once and answers what is complete. Returns false when the connection
 * is at its end. */
static bool serve(int epoll_fd, int fd)
{
    ssize_t len = recv(fd, input, sizeof(input), 0);
    size_t heads;

    if (len < 0)
        return errno == EAGAIN || errno == EINTR;
    if (len == 0)
        return false;
    heads = count_heads(&conns[fd].matched, input, (size_t)len);
    return heads == 0 || send_answers(epoll_fd, fd, heads * ANSWER_LEN);
}

static bool on_event(int epoll_fd, int fd)
{
    if (conns[fd].unsent_len > 0)
        return send_answers(epoll_fd, fd, conns[fd].unsent_len);
    return serve(epoll_fd, fd);
}

static _Noreturn void run(int epoll_fd, int listener)
{
    struct epoll_event events[MAX_EVENTS];

    for (;;) {
        int n = epoll_wait(epoll_fd, events, MAX_EVENTS, -1);

        if (n < 0 && errno != EINTR)
            die("epoll_wait");
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;

            if (fd == listener)
                accept_all(epoll_fd, listener);
            else if (!on_event(epoll_fd, fd))
                close(fd); /* Which also takes it out of the epoll set. */
        }
    }
}

static uint16_t port_parse(const char *text)
{
    char *end;
    unsigned long port = strtoul(text, &end, 10);

    if (end == text || *end != '\0' || port > UINT16_MAX) {
        fprintf(stderr, "floor: bad port: %s\n", text);
        exit(2);
    }
    return (uint16_t)port;
}

int main(int argc, char **argv)
{
    uint16_t port = argc > 1 ? port_parse(argv[1]) : 1337;
    int listener = listener_open(port);
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);

    if (epoll_fd < 0)
        die("epoll_create1");
    answers_init();
    watch(epoll_fd, EPOLL_CTL_ADD, listener, EPOLLIN);
    run(epoll_fd, listener);
}
