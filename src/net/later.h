/* Calls from the loop: what must not happen inside the call that caused it.
 *
 * A call that is waiting keeps the loop alive and does not let it sleep; it is
 * made before the loop next waits for events. */
#ifndef YK_NET_LATER_H
#define YK_NET_LATER_H

#include "core/list.h"

/* Embedded in whoever wants to be called; initialised. */
struct yk_later {
    struct yk_list node;
    void (*fn)(struct yk_later *later);
};

void yk_later_init(struct yk_later *later, void (*fn)(struct yk_later *later));

/* Calls `later->fn` once, soon. A second call before that changes nothing. */
void yk_later_start(struct yk_later *later);

/* Takes it back; harmless when it is not waiting. */
void yk_later_stop(struct yk_later *later);

#endif
