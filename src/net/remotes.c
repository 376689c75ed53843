#include "net/remotes.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "net/vitals.h"

#include "core/banned.h"

/* Where a process counts that shares them with nobody, and where this one does.
 * Written by the functions below. */
static struct yk_remotes own;
static struct yk_remotes *table = &own;

void yk_remotes_place(struct yk_remotes *place)
{
    table = place ? place : &own;
}

static uint32_t state_of(const struct yk_remote *remote)
{
    return atomic_load_explicit(&remote->state, memory_order_acquire);
}

static void set_state(struct yk_remote *remote, enum yk_remote_state state)
{
    atomic_store_explicit(&remote->state, state, memory_order_release);
}

static struct yk_remote *find_free(void)
{
    for (int i = 0; i < YK_REMOTES_MAX; i++)
        if (state_of(&table->entries[i]) == YK_REMOTE_FREE)
            return &table->entries[i];
    return yk_alloc(sizeof(struct yk_remote));
}

struct yk_remote *yk_remote_take(const char *name)
{
    struct yk_remote *remote = find_free();
    size_t len = strnlen(name, YK_REMOTE_NAME_MAX - 1);

    memset(remote, 0, sizeof(*remote));
    memcpy(remote->name, name, len);
    yk_remote_set(remote, YK_REMOTE_FIRST);
    return remote;
}

static int is_in(const struct yk_remotes *remotes,
                 const struct yk_remote *remote)
{
    return (uintptr_t)remote >= (uintptr_t)remotes &&
           (uintptr_t)remote < (uintptr_t)(remotes + 1);
}

void yk_remote_give(struct yk_remote *remote)
{
    if (is_in(table, remote) || is_in(&own, remote))
        set_state(remote, YK_REMOTE_FREE);
    else
        free(remote);
}

void yk_remote_set(struct yk_remote *remote, enum yk_remote_state state)
{
    if (state_of(remote) == state)
        return;
    yk_vitals_set(&remote->since_ns, yk_now_ns());
    set_state(remote, state);
}
