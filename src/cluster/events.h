/* Who is told what happens to workers: the user's callbacks (yoke/cluster.h),
 * and before them one observer of our own, the supervisor. */
#ifndef YK_CLUSTER_EVENTS_H
#define YK_CLUSTER_EVENTS_H

#include <stddef.h>

struct yk_incoming;
struct yoke_address;
struct yoke_exit;
struct yoke_worker;

struct yk_observer {
    void (*on_listening)(struct yoke_worker *worker);
    void (*on_ready)(struct yoke_worker *worker);
    void (*on_exit)(struct yoke_worker *worker, const struct yoke_exit *why);
    /* As yoke_cluster_on_output. */
    void (*on_output)(struct yoke_worker *worker, int number, const char *ptr,
                      size_t len);
};

/* Borrowed for the life of the process. */
void yk_events_set_observer(const struct yk_observer *observer);

/* The fork is told before anything else of that worker: from the loop, or when
 * there is something else to tell. */
void yk_event_fork_soon(struct yoke_worker *worker);
void yk_event_fork(struct yoke_worker *worker);
void yk_event_online(struct yoke_worker *worker);
void yk_event_listening(struct yoke_worker *worker,
                        const struct yoke_address *address);
void yk_event_ready(struct yoke_worker *worker);
void yk_event_message(struct yoke_worker *worker,
                      const struct yk_incoming *message);
void yk_event_drain(struct yoke_worker *worker);
void yk_event_error(struct yoke_worker *worker, int err, const char *text);
void yk_event_output(struct yoke_worker *worker, int number, const char *ptr,
                     size_t len);

/* From the loop, with the settings as they are now. */
void yk_event_setup(void);
void yk_event_disconnect(struct yoke_worker *worker);
void yk_event_exit(struct yoke_worker *worker, const struct yoke_exit *why);

#endif
