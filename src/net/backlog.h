/* A look at the backlog of a listening socket that somebody else accepts on:
 * whether connections wait there, and how many. */
#ifndef YK_NET_BACKLOG_H
#define YK_NET_BACKLOG_H

#include <stdbool.h>
#include <uv.h>

struct yk_backlog;

/* Connections wait; called once for each start. */
typedef void yk_backlog_fn(struct yk_backlog *backlog);

/* Embedded in its owner. It does not keep the loop alive. */
struct yk_backlog {
    uv_poll_t poll;
    yk_backlog_fn *on_waiting;
    yk_backlog_fn *on_closed;
    int fd; /* A copy, so that others may poll the socket in this loop. */
};

/* Prepares to look at the TCP socket, which stays the caller's. Returns 0, or a
 * negative code, after which nothing needs to be closed. */
int yk_backlog_open(struct yk_backlog *backlog, int fd,
                    yk_backlog_fn *on_waiting);

/* Waits until connections do: `on_waiting` follows from the loop. */
void yk_backlog_start(struct yk_backlog *backlog);
void yk_backlog_stop(struct yk_backlog *backlog);

/* How many wait now, complete ones. */
unsigned yk_backlog_len(const struct yk_backlog *backlog);

/* The same of any listening socket; 0 of one that is not TCP. */
unsigned yk_backlog_of(int fd);

/* Ends; `on_closed` follows from the loop, and then the memory is the owner's
 * again. */
void yk_backlog_close(struct yk_backlog *backlog, yk_backlog_fn *on_closed);

#endif
