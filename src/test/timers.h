/* The timers of the process's loop under the client's clock: what handlers have
 * set is moved on as if the time had passed. */
#ifndef YK_TEST_TIMERS_H
#define YK_TEST_TIMERS_H

#include <stdint.h>

/* Milliseconds until the next timer is due, at least 1; 0: there is none. */
uint64_t yk_timers_next_ms(void);

/* Moves every timer on by `ms`, and calls those that are due then. Real time
 * goes on meanwhile, so one may be called earlier by as much. */
void yk_timers_advance(uint64_t ms);

#endif
