/* Time as a parameter. Code that depends on time is handed a clock, so that a
 * test can let an hour pass in a microsecond. */
#ifndef YK_CORE_CLOCK_H
#define YK_CORE_CLOCK_H

#include <stdint.h>

struct yk_clock {
    /* Milliseconds from some start; never goes back. */
    uint64_t (*now_ms)(void *data);
    /* Seconds since 1970, UTC, for dates. */
    int64_t (*wall_s)(void *data);
    void *data; /* Handed to both. */
};

#endif
