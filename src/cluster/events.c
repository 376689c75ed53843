#include "cluster/events.h"

#include <yoke/cluster.h>

/* A callback of the user's for something that concerns a worker alone. */
struct callback {
    void (*fn)(yoke_worker *worker, void *data);
    void *data;
};

/* The callbacks. Written by the yoke_cluster_on_ functions, on the loop's
 * thread. */
static struct callback on_fork, on_online, on_disconnect;
static struct {
    void (*fn)(yoke_worker *worker, const struct yoke_address *address,
               void *data);
    void *data;
} on_listening;
static struct {
    void (*fn)(yoke_worker *worker, const void *ptr, size_t len, void *data);
    void *data;
} on_message;
static struct {
    void (*fn)(yoke_worker *worker, const struct yoke_exit *why, void *data);
    void *data;
} on_exit_;
static const struct yk_observer *observer;

void yk_events_set_observer(const struct yk_observer *new_observer)
{
    observer = new_observer;
}

void yoke_cluster_on_fork(void (*fn)(yoke_worker *, void *), void *data)
{
    on_fork = (struct callback){fn, data};
}

void yoke_cluster_on_online(void (*fn)(yoke_worker *, void *), void *data)
{
    on_online = (struct callback){fn, data};
}

void yoke_cluster_on_disconnect(void (*fn)(yoke_worker *, void *), void *data)
{
    on_disconnect = (struct callback){fn, data};
}

void yoke_cluster_on_listening(void (*fn)(yoke_worker *,
                                          const struct yoke_address *, void *),
                               void *data)
{
    on_listening.fn = fn;
    on_listening.data = data;
}

void yoke_cluster_on_message(void (*fn)(yoke_worker *, const void *, size_t,
                                        void *),
                             void *data)
{
    on_message.fn = fn;
    on_message.data = data;
}

void yoke_cluster_on_exit(void (*fn)(yoke_worker *, const struct yoke_exit *,
                                     void *),
                          void *data)
{
    on_exit_.fn = fn;
    on_exit_.data = data;
}

static void call(const struct callback *callback, struct yoke_worker *worker)
{
    if (callback->fn)
        callback->fn(worker, callback->data);
}

void yk_event_fork(struct yoke_worker *worker)
{
    call(&on_fork, worker);
}

void yk_event_online(struct yoke_worker *worker)
{
    call(&on_online, worker);
}

void yk_event_disconnect(struct yoke_worker *worker)
{
    call(&on_disconnect, worker);
}

void yk_event_listening(struct yoke_worker *worker,
                        const struct yoke_address *address)
{
    if (observer)
        observer->on_listening(worker);
    if (on_listening.fn)
        on_listening.fn(worker, address, on_listening.data);
}

void yk_event_ready(struct yoke_worker *worker)
{
    if (observer)
        observer->on_ready(worker);
}

void yk_event_message(struct yoke_worker *worker, const void *ptr, size_t len)
{
    if (on_message.fn)
        on_message.fn(worker, ptr, len, on_message.data);
}

void yk_event_exit(struct yoke_worker *worker, const struct yoke_exit *why)
{
    if (observer)
        observer->on_exit(worker, why);
    if (on_exit_.fn)
        on_exit_.fn(worker, why, on_exit_.data);
}
