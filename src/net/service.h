/* Services: whatever in this process has to be drained before it may end.
 *
 * A server registers itself while it is open. When the process is to stop
 * (SIGTERM, the primary's word, the primary's death), every service is asked
 * to drain: take nothing new, finish what has begun. A service removes itself
 * when it is empty. After the deadline what is left is aborted. */
#ifndef YK_NET_SERVICE_H
#define YK_NET_SERVICE_H

#include <stdbool.h>

#include "core/list.h"

/* Embedded in the server. */
struct yk_service {
    struct yk_list node;
    /* Takes nothing new and finishes what has begun; not called twice. */
    void (*drain)(struct yk_service *service);
    /* Lets go of up to `max` idle connections, which another worker is to have;
     * `ready_only`: of those on which something has come. Returns how many.
     * May be NULL. */
    unsigned (*release)(struct yk_service *service, unsigned max,
                        bool ready_only);
    /* Cuts what is still open, at once. */
    void (*abort)(struct yk_service *service);
};

void yk_service_add(struct yk_service *service);

/* Harmless when it is not registered. When the process is draining and this
 * was the last, the function given to yk_services_drain is called. */
void yk_service_remove(struct yk_service *service);

/* Drains all. `on_drained` is called once, when none is left: from inside this
 * call if there is none now. Later calls only replace `on_drained`. */
void yk_services_drain(void (*on_drained)(void *data), void *data);

/* Lets go of up to `max` idle connections of all services together. Returns how
 * many. */
unsigned yk_services_release(unsigned max, bool ready_only);

/* Aborts all that are left. */
void yk_services_abort(void);

/* True from the first yk_services_drain on. */
bool yk_services_are_draining(void);

#endif
