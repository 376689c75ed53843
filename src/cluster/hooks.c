#include "cluster/hooks.h"

#include <errno.h>
#include <stddef.h>

#include <yoke/cluster.h>
#include <yoke/error.h>

struct before {
    void (*fn)(void *data);
    void *data;
};

struct after {
    void (*fn)(yoke_worker *worker, void *data);
    void *data;
};

/* Written by the public functions; a worker has them from its template. */
static struct before befores[YK_HOOKS_MAX];
static struct after afters[YK_HOOKS_MAX];
static int before_count, after_count;

int yoke_cluster_before_fork(void (*fn)(void *data), void *data)
{
    if (!fn)
        return -EINVAL;
    if (before_count == YK_HOOKS_MAX)
        return -YOKE_EFULL;
    befores[before_count++] = (struct before){.fn = fn, .data = data};
    return 0;
}

int yoke_cluster_after_fork(void (*fn)(yoke_worker *worker, void *data),
                            void *data)
{
    if (!fn)
        return -EINVAL;
    if (after_count == YK_HOOKS_MAX)
        return -YOKE_EFULL;
    afters[after_count++] = (struct after){.fn = fn, .data = data};
    return 0;
}

void yk_hooks_before_fork(void)
{
    for (int i = before_count; i > 0; i--)
        befores[i - 1].fn(befores[i - 1].data);
}

/* One may add another: that is called, too. */
void yk_hooks_after_fork(struct yoke_worker *worker)
{
    for (int i = 0; i < after_count; i++)
        afters[i].fn(worker, afters[i].data);
}
