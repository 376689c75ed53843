#include "store/forks.h"

#include <pthread.h>
#include <stdbool.h>

/* Written by on_fork, in a new process, before anything else runs in it. */
static unsigned forks;

static void on_fork(void)
{
    forks++;
}

unsigned yk_forks(void)
{
    static bool is_watching;

    if (!is_watching)
        is_watching = pthread_atfork(NULL, NULL, on_fork) == 0;
    return forks;
}
