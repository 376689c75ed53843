/* What carries a connection's bytes: a socket, or memory in a test.
 *
 * The protocol above is written against these few calls and does no I/O of its
 * own, so the same code runs over TCP, over a UNIX socket and in the test
 * client. Bytes that arrive are handed up through `yk_transport_user`. */
#ifndef YK_NET_TRANSPORT_H
#define YK_NET_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

struct yk_transport;

struct yk_transport_ops {
    /* Sends what can be sent now. Returns the bytes taken, 0 when the peer is
     * slow, or -errno. Not while a write is under way. */
    ssize_t (*try_write)(struct yk_transport *t, const struct iovec *iov,
                         int n);
    /* Sends all of it as the peer takes it; the bytes must stay where they
     * are until `on_written`. One at a time. */
    void (*write)(struct yk_transport *t, const struct iovec *iov, int n);
    /* Sends bytes of a file, without copying them, as far as the peer takes
     * them now. Returns the bytes sent, 0 when the peer is slow, -ENODATA at
     * the file's end, or -errno. Not while a write is under way, and not
     * before one that try_write did not take. NULL: there is no such way. */
    ssize_t (*sendfile)(struct yk_transport *t, int fd, uint64_t off,
                        size_t len);
    /* Bytes that the peer has not taken, wherever they are: of the write under
     * way, and in the system's buffers. */
    size_t (*unwritten)(struct yk_transport *t);
    /* Starts and stops reading; both may be called when it already is so. */
    void (*read_start)(struct yk_transport *t);
    void (*read_stop)(struct yk_transport *t);
    /* Tells the peer that no more comes (FIN). Nothing may be written after. */
    void (*shutdown)(struct yk_transport *t);
    /* Closes: `on_closed` follows, later, from the loop. What has not been
     * sent is discarded. */
    void (*close)(struct yk_transport *t);
    /* Closes with a reset, so that the peer does not wait. */
    void (*reset)(struct yk_transport *t);
    /* Gives a connection that was never read back to the primary, to be dealt
     * to another worker, and closes; false when it cannot be. */
    int (*give_back)(struct yk_transport *t);
    /* Lets go of an idle connection: returns a descriptor that is the caller's,
     * and closes without ending the connection. A negative code: it cannot, and
     * nothing has changed. NULL: it never can. */
    int (*detach)(struct yk_transport *t);
    /* A request is over, and nothing is read or written until the next one
     * comes: another process may take the connection. Then it ends here as if
     * the peer had closed it. NULL: nobody takes any. */
    void (*rest)(struct yk_transport *t);
    /* True when another process has read from it, or written to it, before this
     * one: it is no new connection. NULL: it always is. */
    int (*was_used)(struct yk_transport *t);
    /* True when something has come that has not been read. NULL: it is not
     * known. */
    int (*is_ready)(struct yk_transport *t);
    /* The descriptor that carries the bytes as they are; may be NULL: there is
     * none. For whoever has to write when nothing else works any more. */
    int (*fd)(struct yk_transport *t);
};

struct yk_transport_user {
    /* Asks for room to read into. Returns its length, 0 for none now (reading
     * stops). */
    size_t (*on_room)(struct yk_transport *t, char **ret_room);
    /* `n` bytes were read into that room; or n is 0 (room was not needed), or
     * -YOKE_ECLOSED at the end of the stream (UV_EOF), or -errno. */
    void (*on_read)(struct yk_transport *t, ssize_t n);
    /* The write is complete (0) or failed (-errno). */
    void (*on_written)(struct yk_transport *t, int err);
    /* Closed: the memory is the user's again. */
    void (*on_closed)(struct yk_transport *t);
};

/* Embedded in whatever carries the bytes. */
struct yk_transport {
    const struct yk_transport_ops *ops;
    const struct yk_transport_user *user;
    void *owner;   /* The user's own: the connection that is carried. */
    bool may_rest; /* Somebody may take it between two requests. */
};

#endif
