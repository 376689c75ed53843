/* Where an application listens, and its limits.
 *
 * Alone, a process opens the socket itself. In a worker the primary opens it
 * and keeps it, so that the port stays open when the worker dies; the calls
 * are the same. What other than HTTP is served: see net.h (streams) and udp.h
 * (datagrams). */
#ifndef YOKE_LISTEN_H
#define YOKE_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* A server: one application on one address. */
typedef struct yoke_server yoke_server;

/* A bound address, as it really is: the port is the one the system chose when
 * port 0 was asked for. */
struct yoke_address {
    int family;     /* 4, 6, or -1 for a UNIX socket, as Node says it. */
    bool is_udp;    /* Datagrams (Node: the types udp4 and udp6). */
    int port;       /* 0 for a UNIX socket. */
    char host[256]; /* Numeric address, or the UNIX socket's absolute path;
                       "@name" for an abstract one. */
};

/* What one connection and one request may cost. A field left 0 has the default
 * that stands behind it. (Rules 23-25, 38 and 39 of docs/http-rules.md; Node's
 * names where Node has one.) */
struct yoke_limits {
    uint32_t max_target_len;  /* Request target, bytes; over: 414. 8,192; at
                                most 16,384. */
    uint32_t max_head_len;    /* Request line and fields; over: 431. 16,384,
                                which is also the most it can be. */
    uint32_t max_fields;      /* Header fields; over: 431. 100, the most. */
    uint32_t max_line_len;    /* One header field; over: 431. 8,192; at most
                                16,384. */
    uint64_t max_body_len;    /* Collected body (`yoke_body`); over: 413. 1 MiB.
                                A streamed body has no limit but the
                                handler's. */
    uint32_t max_drain_len;   /* Unread body that is read away to keep the
                                connection; more: close. 64 KiB. */
    uint32_t max_pipeline;    /* Answers queued before reading stops. 64. */
    uint32_t high_water;      /* Bytes of unsent answer at which a stream should
                                pause, and pipelining does. 64 KiB. */
    uint32_t head_timeout_ms; /* Whole head (headersTimeout); then 408.
                                    60,000. */
    uint32_t request_timeout_ms; /* Whole request (requestTimeout); then 408.
                                    300,000. */
    uint32_t idle_timeout_ms;    /* Between requests (keepAliveTimeout); silent
                                    close. 5,000. */
    uint32_t write_timeout_ms;   /* No byte of the answer could be sent; reset.
                                    60,000. */
    uint32_t handler_timeout_ms; /* No answer from the handler; then 503.
                                    120,000. */
    uint32_t min_body_rate;      /* Bytes per second of a request's body, after
                                    5 s of grace; then 408. 240. */
    uint32_t max_conns;          /* Connections of this server in this process;
                                    over: 503 and close. 0: no limit but
                                    the descriptors'. */
    uint32_t max_conns_per_ip;   /* The same for one address. 0: no limit. */
    uint32_t close_spread_ms;    /* When it drains, because it is stopped or its
                                    worker is replaced, connections that are
                                    idle are closed one after the other over
                                    so long, so that their clients do not all
                                    come back in one instant; half of the
                                    stop's deadline at most. 1: all at once. 0:
                                    a millisecond for each, at most 5,000.
                                    (HAProxy: close-spread-time.) */
};

/* Options of `yoke_app_listen`. Zero is every field's default.
 *
 * In a cluster, workers that ask for the same address share one socket, which
 * the primary holds; what the first of them asked for beside the address
 * (backlog, mode, owner) counts. The n-th listener on port 0 of every worker is
 * one port, the n-th that the system chose; a listener that is closed gives its
 * place back. Who asks for that port by its number, in another worker, shares
 * it too. A second listener on one address in the same worker gets
 * -EADDRINUSE.
 *
 * What a service manager or a parent process has opened is taken over by
 * `fd_name` or `fd`. It stays as it is: the descriptor is copied, closing the
 * listener neither closes the original nor removes a file. */
struct yoke_listen_options {
    int reserved_;    /* Leave it; it lets the macro be called without any. */
    int port;         /* TCP port; 0: the system chooses a free one. */
    const char *host; /* Address or name; NULL: every address, IPv6 and IPv4
                         (`::`, or `0.0.0.0` on a host without IPv6). */
    const char *path; /* UNIX socket instead of host and port. At most 255
                         bytes when it is absolute, its last part 80. A file
                         that a dead server has left there is replaced; it is
                         removed when the socket is closed. "@name": an
                         abstract socket, which has no file. */
    int fd;           /* A descriptor instead of an address: a socket that is
                         bound, and listens or not yet. In a worker it is a
                         number in the primary, as in Node; with `exclusive`
                         one of this process. 0: none. */
    const char *fd_name; /* The same, by the name that the service manager gave
                            it (LISTEN_FDS and LISTEN_FDNAMES, see
                            sd_listen_fds(3); systemd: FileDescriptorName=,
                            else the name of the socket's unit). The n-th
                            listener on a name has its n-th descriptor. */
    int backlog;         /* listen(2)'s; 0: 511, as in Node. */
    bool ipv6_only;      /* `::` takes no IPv4 connections. */
    bool exclusive;      /* In a worker: open it here, not in the primary. A
                            second worker gets -EADDRINUSE; on port 0 each has
                            a port of its own. */
    bool reuse_port;     /* SO_REUSEPORT, which implies `exclusive`: every
                            process has a socket of its own, and the kernel
                            spreads the connections. What is in its queue is
                            lost when a process dies. (Node: reusePort.) */
    int mode;            /* Permissions of the UNIX socket's file, 0660 for
                            example; 0: as the umask has it. To connect needs
                            the permission to write. */
    bool readable_all;   /* Adds 0444 to the mode (Node: readableAll), */
    bool writable_all;   /* adds 0222 (Node: writableAll). */
    const char *owner;   /* User and group that the file is to belong to, by */
    const char *group;   /* name or number; NULL: as it is created. */
    struct yoke_limits limits;

    /* Called once when it listens, with the real address; may be NULL. */
    void (*on_listening)(yoke_server *server, const struct yoke_address *addr,
                         void *data);
    /* Called once when it cannot listen (`err` is `-EADDRINUSE`, `-EACCES`
     * ...; `text` says it in words); the server is freed after the call. NULL:
     * the error is logged and `yoke_run` returns 1. */
    void (*on_error)(int err, const char *text, void *data);
    void *data; /* Handed to both. */
};

/* The address it listens on, or NULL while it does not yet listen. Borrowed:
 * valid until the server is stopped. (Node: server.address.) */
const struct yoke_address *yoke_server_address(const yoke_server *server);

/* Connections that are open now. (Node: server.getConnections.) */
size_t yoke_server_connections(const yoke_server *server);

/* Serves a connection that has come in another way: with a message from the
 * primary (`yoke_worker_take_fd`), or from a program's own listener. Takes `fd`
 * over on success, makes it non-blocking, and treats it like every other
 * connection. Returns 0; -ENOTSOCK or -ENOTCONN when it is no connection;
 * -ESHUTDOWN when the server stops; or another -errno, such as -EBADF. (Node:
 * server.emit('connection', socket).) */
int yoke_server_accept(yoke_server *server, int fd);

/* Stops as yoke_run does at SIGTERM, this server alone: closes the listener,
 * lets what has begun finish for `drain_ms` milliseconds, then cuts the rest.
 * `server` frees itself when its last connection is gone; do not use it
 * afterwards. (Node: server.close, then server.closeAllConnections.) */
void yoke_server_stop(yoke_server *server, int drain_ms);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
