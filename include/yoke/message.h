/* Messages between the primary and its workers: bytes, JSON, and descriptors
 * beside them.
 *
 * (Node: worker.send, process.send, and the event `message`.)
 *
 * A message arrives whole and in order, as one event, whatever its size. Its
 * sender never waits: what the other side has not read yet is queued, and when
 * too much is, sending is refused.
 *
 *     In the primary:                            In a worker:
 *       yoke_worker_send(worker, "hi", 2);         yoke_worker_send(
 *                                                    yoke_cluster_worker(), ...);
 *       yoke_cluster_on_message(fn, NULL);         yoke_cluster_on_message(...);
 *
 * Descriptors are connections, listeners, UDP sockets, files: whatever the
 * system passes on (SCM_RIGHTS). A connection that a worker has been sent can
 * be served by its server (`yoke_server_accept`). None is lost or left open
 * when a receiver dies: the other side acknowledges each message that has some,
 * and until then the sender keeps a copy, which it can have back.
 *
 * Everything else that goes over the channel, new connections above all, does
 * not wait behind messages. */
#ifndef YOKE_MESSAGE_H
#define YOKE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <yoke/cluster.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

struct json_t;

/* ---- Sending: from the primary to that worker; in a worker to the primary,
 * `worker` being `yoke_cluster_worker()` ---- */

/* Most descriptors of one message. */
#define YOKE_SEND_FDS_MAX 32

/* Sends bytes; they are copied.
 *
 * Returns the bytes that wait in the queue, 0 when all is gone. If it is more,
 * the event `drain` follows when the queue is empty; who sends much waits for
 * it. (Node: `send` returns false.) -YOKE_EFULL when `len` or the queue would be
 * over 64 MiB, or the queue over 16,384 messages; -YOKE_ECHANNEL after
 * disconnection; -EINVAL without a worker, or with `len` and no bytes. */
ssize_t yoke_worker_send(yoke_worker *worker, const void *ptr, size_t len);

/* Sends a JSON value, as `yoke_cluster_on_json` receives it. A reference to
 * `value` is taken over, also on failure. Returns as above; -EINVAL for NULL,
 * or a value that contains itself. */
ssize_t yoke_worker_send_json(yoke_worker *worker, struct json_t *value);

/* Sends a descriptor with a message, which may be empty. On success `fd` is no
 * longer the caller's. Returns as yoke_worker_send_with. (Node: the argument
 * `sendHandle` of send.) */
ssize_t yoke_worker_send_fd(yoke_worker *worker, const void *ptr, size_t len,
                            int fd);

/* Everything about one message. Zero is every field's default. */
struct yoke_send {
    const void *ptr;
    size_t len;
    const int *fds; /* Up to YOKE_SEND_FDS_MAX; taken over on success, */
    int fd_count;
    bool keep_open; /* unless it is to stay the caller's: then copies go. */

    /* Called once, from the loop or, by your own yoke_worker_hang_up, from
     * inside that. `err` is 0 when the message has come: the
     * other side is about to hand it up. Otherwise it never will be:
     * -YOKE_ECHANNEL when the other side was gone first, -EMFILE when it had no
     * room for descriptors. The descriptors are then in `fds`: whoever keeps
     * one puts -1 in its place, and the others are closed. May be NULL. */
    void (*on_done)(yoke_worker *worker, int err, int *fds, int fd_count,
                    void *data);
    void *data;
};

/* Sends all of that. Returns as yoke_worker_send; -EINVAL for too many descriptors or one that is
 * none; -EMFILE when there is none left to keep it open; -YOKE_EFULL also when
 * more than 1,024 descriptors wait. On failure the descriptors are the
 * caller's, and `on_done` is not called.
 *
 * At most 64 descriptors are on their way unacknowledged: what is sent after
 * them waits in the queue. The same descriptor may be sent more than once. Of
 * a libuv handle (a yoke_conn, say) send a copy, uv_fileno and `keep_open`, and
 * close the handle. */
ssize_t yoke_worker_send_with(yoke_worker *worker,
                              const struct yoke_send *message);

/* ---- Receiving: one callback each, called from the loop; NULL removes it ----
 */

/* In the primary: a message from a worker. In a worker: a message from the
 * primary. `ptr` is borrowed for the call. (Node: the event `message`.) */
void yoke_cluster_on_message(void (*fn)(yoke_worker *, const void *ptr,
                                        size_t len, void *data),
                             void *data);

/* A message that was sent as JSON, and is one: `value` is borrowed for the
 * call; json_incref keeps it. Without this callback such messages are told as
 * text like any other. */
void yoke_cluster_on_json(void (*fn)(yoke_worker *, const struct json_t *value,
                                     void *data),
                          void *data);

/* During one of these two: the next descriptor that has come with the message,
 * close-on-exec and the caller's from here on; -1 when there is none left. What
 * is not taken is closed. Non-blocking or not it is as its sender left it. */
int yoke_worker_take_fd(yoke_worker *worker);

/* Messages had to wait, and have all been sent. (Node has no such event for
 * workers.) */
void yoke_cluster_on_drain(void (*fn)(yoke_worker *, void *data), void *data);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
