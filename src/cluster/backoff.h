/* Restart back-off: how long the primary waits before it replaces a worker that
 * has died.
 *
 * A worker that dies at once is usually broken for good (bad configuration, a
 * missing library). Forking it in a tight loop burns a core and floods the log,
 * so the wait doubles with every quick death up to a ceiling, and one healthy
 * life forgets the whole debt:
 *
 *     lived 50 ms -> wait 100 ms    lived 40 ms -> 200 ms    lived 61 s -> 0
 *
 * The wait is shortened by a random part of up to a quarter, so that workers
 * that died together do not come back together.
 *
 * Pure arithmetic: the caller passes time and randomness in, so that a test can
 * live through a day in a microsecond. */
#ifndef YK_CLUSTER_BACKOFF_H
#define YK_CLUSTER_BACKOFF_H

#include <stdint.h>

struct yk_random;

struct yk_backoff {
    uint32_t base_ms;    /* The wait after the first quick death. */
    uint32_t max_ms;     /* No wait exceeds it. */
    uint32_t healthy_ms; /* A life this long clears the debt. */
    uint32_t debt_ms;    /* The last wait, before jitter; 0: none. */
};

/* Records one death after a life of `lived_ms`; returns the milliseconds to
 * wait before the next fork. Never fails. */
uint32_t yk_backoff_death(struct yk_backoff *backoff, uint64_t lived_ms,
                          struct yk_random *random);

#endif
