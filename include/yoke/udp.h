/* Datagrams: a libuv UDP handle that is bound, in a worker by the primary.
 *
 * (Node: `dgram`, and what its cluster does with it.) Workers that bind the
 * same address share one socket, whatever the scheduling: each datagram goes to
 * one of them, to whichever reads first. It is opened by the primary and stays
 * open when a worker dies. What follows, receiving and sending, is libuv's.
 *
 *     static void on_listening(struct uv_udp_s *handle,
 *                              const struct yoke_address *addr, void *data)
 *     {
 *         uv_udp_recv_start(handle, alloc, receive);
 *     }
 *
 *     static uv_udp_t handle;
 *     yoke_udp_bind(&handle, &(struct yoke_udp_options){
 *                                .port = 53, .on_listening = on_listening });
 *
 * A handle that was never bound and sends is bound by libuv, to a port of this
 * process's own, as in Node. */
#ifndef YOKE_UDP_H
#define YOKE_UDP_H

#include <stdbool.h>

#include <yoke/listen.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

struct uv_udp_s;

/* Options of `yoke_udp_bind`. Zero is every field's default; what is shared by
 * whom, is as in `struct yoke_listen_options`. */
struct yoke_udp_options {
    int port;            /* 0: the system chooses; the n-th of every worker is
                            one port. */
    const char *host;    /* Address or name; NULL: every address, IPv6 and IPv4
                            (IPv4 senders then look like `::ffff:192.0.2.1`). */
    int fd;              /* A bound datagram socket instead: a descriptor of
                            the primary's, as in Node; with `exclusive` of this
                            process. 0: none. */
    const char *fd_name; /* The same, by the service manager's name for it. */
    bool ipv6_only;      /* Of IPv6, without IPv4: `.host = "0.0.0.0"` may then
                            have the same port. (Node: ipv6Only.) */
    bool exclusive;      /* In a worker: bind it here, not in the primary. */
    bool reuse_addr;     /* SO_REUSEADDR: other sockets with it may have the
                            address too; the last one gets the datagrams.
                            (Node: reuseAddr.) */
    bool reuse_port;     /* SO_REUSEPORT, which implies `exclusive`: the kernel
                            spreads senders over the sockets. (Node:
                            reusePort.) */

    /* Called once when it is bound: begin to receive here. May be NULL. */
    void (*on_listening)(struct uv_udp_s *handle,
                         const struct yoke_address *addr, void *data);
    /* Called once when it cannot be bound (`err` is `-EADDRINUSE`, `-EACCES`
     * ...; `text` says it in words); on_closed follows. NULL: the error is
     * logged and `yoke_run` returns 1. */
    void (*on_error)(struct uv_udp_s *handle, int err, const char *text,
                     void *data);
    /* The last call, once, however it ended: the memory of the handle is yours
     * again. May be NULL. */
    void (*on_closed)(struct uv_udp_s *handle, void *data);
    void *data; /* Handed to all three; `handle->data` is yours. */
};

/* Initialises `handle`, which stays yours and has to stay where it is until
 * on_closed, and binds it. The outcome comes from the loop: on_listening or
 * on_error. Until then nothing may be sent on it. `options` is copied, its
 * strings are borrowed for the call.
 *
 * A handle that is bound keeps the loop alive (see uv_unref). When the process
 * stops, or the worker disconnects, it is closed.
 *
 * Returns 0; or a negative code, after which nothing is called and the handle
 * has not been touched: -EINVAL without handle or options, -ENAMETOOLONG.
 * (Node: socket.bind.) */
int yoke_udp_bind(struct uv_udp_s *handle,
                  const struct yoke_udp_options *options);

/* Closes it: this instead of uv_close, for the primary has to hear of it.
 * on_closed follows from the loop. May be called at any time, also before it is
 * bound and in its callbacks; a second call, or one for a handle that is not
 * yoke's, does nothing. The port is closed with its last user. (Node:
 * socket.close.) */
void yoke_udp_close(struct uv_udp_s *handle);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
