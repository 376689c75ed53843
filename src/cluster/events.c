#include "cluster/events.h"

#include <stdlib.h>

#include <yoke/cluster.h>
#include <yoke/message.h>

#include "cluster/channel.h"
#include "cluster/json.h"
#include "cluster/settings.h"
#include "cluster/worker.h"
#include "core/alloc.h"
#include "core/cleanup.h"
#include "net/later.h"

#include "core/banned.h"

/* A callback of the user's for something that concerns a worker alone. */
struct callback {
    void (*fn)(yoke_worker *worker, void *data);
    void *data;
};

/* The callbacks. Written by the yoke_cluster_on_ functions, on the loop's
 * thread. */
static struct callback on_fork, on_online, on_disconnect, on_drain;
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
static struct {
    void (*fn)(yoke_worker *worker, int err, const char *text, void *data);
    void *data;
} on_error;
static struct {
    void (*fn)(yoke_worker *worker, int number, const char *ptr, size_t len,
               void *data);
    void *data;
} on_output;
static struct {
    void (*fn)(const struct yoke_cluster_settings *settings, void *data);
    void *data;
} on_setup;
static const struct yk_observer *observer;

/* The message that is being handed up. Written by yk_event_message. */
static struct {
    yoke_worker *worker;
    const struct yk_incoming *message;
    int next_fd;
} current;

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

void yoke_cluster_on_drain(void (*fn)(yoke_worker *, void *), void *data)
{
    on_drain = (struct callback){fn, data};
}

void yoke_cluster_on_error(void (*fn)(yoke_worker *, int, const char *, void *),
                           void *data)
{
    on_error.fn = fn;
    on_error.data = data;
}

void yoke_cluster_on_output(void (*fn)(yoke_worker *, int, const char *, size_t,
                                       void *),
                            void *data)
{
    on_output.fn = fn;
    on_output.data = data;
}

void yoke_cluster_on_setup(void (*fn)(const struct yoke_cluster_settings *,
                                      void *),
                           void *data)
{
    on_setup.fn = fn;
    on_setup.data = data;
}

static void call(const struct callback *callback, struct yoke_worker *worker)
{
    if (callback->fn)
        callback->fn(worker, callback->data);
}

void yk_event_fork(struct yoke_worker *worker)
{
    yk_later_stop(&worker->later);
    worker->is_fork_due = false;
    call(&on_fork, worker);
}

static void tell_fork(struct yk_later *later)
{
    yk_event_fork(YK_CONTAINER_OF(later, struct yoke_worker, later));
}

void yk_event_fork_soon(struct yoke_worker *worker)
{
    yk_later_init(&worker->later, tell_fork);
    yk_later_start(&worker->later);
    worker->is_fork_due = true;
}

/* Before whatever else is told of it: the loop may hear of a worker before it
 * comes to the call that tells its fork. */
static void tell_fork_first(struct yoke_worker *worker)
{
    if (worker->is_fork_due)
        yk_event_fork(worker);
}

void yk_event_online(struct yoke_worker *worker)
{
    tell_fork_first(worker);
    call(&on_online, worker);
}

void yk_event_disconnect(struct yoke_worker *worker)
{
    tell_fork_first(worker);
    call(&on_disconnect, worker);
}

void yk_event_listening(struct yoke_worker *worker,
                        const struct yoke_address *address)
{
    tell_fork_first(worker);
    if (observer)
        observer->on_listening(worker);
    if (on_listening.fn)
        on_listening.fn(worker, address, on_listening.data);
}

void yk_event_ready(struct yoke_worker *worker)
{
    tell_fork_first(worker);
    if (observer)
        observer->on_ready(worker);
}

/* ---- Messages ---- */

static void tell_message(struct yoke_worker *worker,
                         const struct yk_incoming *message)
{
    if (message->kind == YK_KIND_JSON &&
        yk_json_event(worker, message->ptr, message->len))
        return;
    if (on_message.fn)
        on_message.fn(worker, message->ptr, message->len, on_message.data);
}

void yk_event_message(struct yoke_worker *worker,
                      const struct yk_incoming *message)
{
    tell_fork_first(worker);
    current.worker = worker;
    current.message = message;
    current.next_fd = 0;
    tell_message(worker, message);
    current.message = NULL;
}

int yoke_worker_take_fd(yoke_worker *worker)
{
    const struct yk_incoming *message = current.message;

    if (!message || worker != current.worker ||
        current.next_fd >= message->fd_count)
        return -1;
    return yk_take_fd(&message->fds[current.next_fd++]);
}

void yk_event_drain(struct yoke_worker *worker)
{
    tell_fork_first(worker);
    call(&on_drain, worker);
}

void yk_event_error(struct yoke_worker *worker, int err, const char *text)
{
    tell_fork_first(worker);
    if (on_error.fn)
        on_error.fn(worker, err, text, on_error.data);
}

void yk_event_output(struct yoke_worker *worker, int number, const char *ptr,
                     size_t len)
{
    tell_fork_first(worker);
    if (observer)
        observer->on_output(worker, number, ptr, len);
    if (on_output.fn)
        on_output.fn(worker, number, ptr, len, on_output.data);
}

/* ---- Settings ---- */

/* One call of yoke_cluster_setup that is to be told. */
struct change {
    struct yk_later later;
    struct yk_settings *settings;
};

static void tell_setup(struct yk_later *later)
{
    struct change *change = YK_CONTAINER_OF(later, struct change, later);

    if (on_setup.fn)
        on_setup.fn(&change->settings->values, on_setup.data);
    yk_settings_unref(change->settings);
    free(change);
}

void yk_event_setup(void)
{
    struct change *change = yk_alloc(sizeof(*change));

    change->settings = yk_settings_ref();
    yk_later_init(&change->later, tell_setup);
    yk_later_start(&change->later);
}

void yk_event_exit(struct yoke_worker *worker, const struct yoke_exit *why)
{
    tell_fork_first(worker);
    if (observer)
        observer->on_exit(worker, why);
    if (on_exit_.fn)
        on_exit_.fn(worker, why, on_exit_.data);
}
