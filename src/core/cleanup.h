/* Owning locals: what a function has taken is given back on every way out, and
 * handed over with yk_take_fd. */
#ifndef YK_CORE_CLEANUP_H
#define YK_CORE_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

#define YK_CLEANUP(fn) __attribute__((cleanup(fn)))

/* Closes `*fd` unless it is unset (-1). */
static inline void yk_close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Moves the descriptor out of its owner, which is unset. */
static inline int yk_take_fd(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

static inline void yk_free_ptr(void *ptr)
{
    free(*(void **)ptr);
}

#endif
