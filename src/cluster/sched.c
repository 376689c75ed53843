#include "cluster/sched.h"

#include <stddef.h>

const struct yk_sched *yk_sched_of(enum yoke_sched policy)
{
    switch (policy) {
    case YOKE_SCHED_NONE:
        return &yk_sched_none;
    case YOKE_SCHED_DEFAULT:
    case YOKE_SCHED_RR:
        return &yk_sched_rr;
    }
    return NULL;
}
