/* Watching a socket that other processes watch, too: for each event only one of
 * those that sleep is woken (EPOLLEXCLUSIVE, epoll_ctl(2)).
 *
 * libuv knows no such thing. An epoll set of one's own inside libuv's would not
 * do: the inner set's wake-up goes to whoever waits for it, without being
 * exclusive, so that everybody wakes up again. Therefore the socket goes into
 * the loop's own epoll set, under the name of a stand-in:
 *
 *     the loop's epoll set
 *       stand-in  data = stand-in   EPOLLIN                 libuv's entry
 *       socket    data = stand-in   EPOLLIN|EPOLLEXCLUSIVE  ours
 *
 * The stand-in is an eventfd that never becomes readable and that libuv polls
 * like any other handle. libuv finds the handle of an event by `data`, which it
 * fills in with the descriptor; so an event of the socket calls the stand-in's
 * callback. libuv never learns of the socket, and so never touches its entry:
 * we add it and remove it, always before the stand-in is stopped or closed.
 *
 * The kernel wakes the first of the sleepers in the order in which they added
 * the socket, and only goes on to the next if that one does not sleep. Without
 * more the same process would get nearly everything: so who has got something
 * goes to the end of the queue, by yk_exclusive_rotate. */
#ifndef YK_NET_EXCLUSIVE_H
#define YK_NET_EXCLUSIVE_H

#include <stdbool.h>
#include <uv.h>

struct yk_exclusive;

typedef void yk_exclusive_fn(struct yk_exclusive *exclusive);

/* Embedded in its owner. */
struct yk_exclusive {
    uv_poll_t poll; /* On the stand-in. */
    yk_exclusive_fn *on_ready;
    yk_exclusive_fn *on_closed;
    int stand_in;     /* The eventfd. */
    int fd;           /* The socket; stays the owner's. */
    bool is_watching; /* The socket is in the loop's epoll set. */
};

/* Prepares to watch `fd` for input, which must outlive the watch. Returns 0, or
 * a negative code, after which nothing needs to be closed. */
int yk_exclusive_open(struct yk_exclusive *exclusive, uv_loop_t *loop, int fd);

/* Calls `on_ready` from the loop while there is input, and `on_closed` when it
 * has been closed. Returns 0 or -errno: -ENOSPC, -ENOMEM. Harmless when it
 * watches already. */
int yk_exclusive_start(struct yk_exclusive *exclusive,
                       yk_exclusive_fn *on_ready);
void yk_exclusive_stop(struct yk_exclusive *exclusive);

/* To the end of the kernel's queue. An event that nobody has seen yet is not
 * lost: adding a socket that is ready makes it an event. Returns 0 or -errno:
 * then it has stopped. */
int yk_exclusive_rotate(struct yk_exclusive *exclusive);

/* Stops for good; `on_closed` follows from the loop, and then the memory is the
 * owner's again. */
void yk_exclusive_close(struct yk_exclusive *exclusive,
                        yk_exclusive_fn *on_closed);

#endif
