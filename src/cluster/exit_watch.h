/* Tells the end of a process whose pidfd the loop polls.
 *
 * It tells a little late. A signal to the whole group (Ctrl-C, a service manager)
 * ends workers and asks the primary to stop in one moment, and the primary is to
 * hear of its own signal first, or it would replace what was stopped. So an end
 * that was seen waits until the loop has polled once more. */
#ifndef YK_CLUSTER_EXIT_WATCH_H
#define YK_CLUSTER_EXIT_WATCH_H

#include <stdbool.h>
#include <uv.h>

#include "net/later.h"

/* Embedded in whoever watches; initialised. */
struct yk_exit_watch {
    uv_poll_t poll;        /* On the pidfd; its `data` is the owner's. */
    struct yk_later later; /* Looks at the end, after */
    bool has_polled;       /* the loop has polled once more. */
    void (*on_end)(void *data);
};

void yk_exit_watch_init(struct yk_exit_watch *watch,
                        void (*on_end)(void *data));

/* Begins. `on_end` is called once, from the loop; the process is still to be
 * waited for. Returns 0, and there is a handle to be closed then, or -errno. */
int yk_exit_watch_start(struct yk_exit_watch *watch, int pidfd, void *data);

/* It had not ended after all: goes on. */
void yk_exit_watch_again(struct yk_exit_watch *watch);

/* Ends. The pidfd stays the caller's, open until `on_closed`. */
void yk_exit_watch_close(struct yk_exit_watch *watch, uv_close_cb on_closed);

#endif
