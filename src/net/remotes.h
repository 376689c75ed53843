/* Remotes: what this process asks while it serves, databases and caches, and how
 * they are, beside the vitals (vitals.h), for others to see.
 *
 * Whoever keeps a connection to such a service takes an entry and counts in it;
 * in a worker it stands on its board, where the primary reads it without
 * asking. There is one writer, the loop's thread. When all entries are taken,
 * further ones are the process's own, and nobody else sees them. */
#ifndef YK_NET_REMOTES_H
#define YK_NET_REMOTES_H

#include <stdatomic.h>
#include <stdint.h>

#include "core/histogram.h"

#define YK_REMOTES_MAX     8
#define YK_REMOTE_NAME_MAX 128

/* The circuit. */
enum yk_remote_state {
    YK_REMOTE_FREE,      /* The entry is not in use. */
    YK_REMOTE_FIRST,     /* It has never been reached, but may be. */
    YK_REMOTE_CLOSED,    /* It is asked. */
    YK_REMOTE_OPEN,      /* It is not asked any more: it is away. */
    YK_REMOTE_HALF_OPEN, /* The same; whether it is back is just being tried. */
};

/* All zero: free. Counters are of the entry's life. */
struct yk_remote {
    _Atomic uint32_t state;
    uint32_t unused;
    _Atomic uint64_t since_ns; /* When the state became so. */
    _Atomic uint64_t open;     /* Questions that are not answered yet. */
    _Atomic uint64_t failed;   /* That had no answer; of them: */
    _Atomic uint64_t timed_out;
    _Atomic uint64_t unavailable;
    _Atomic uint64_t connects;     /* Times that it was reached, */
    _Atomic uint64_t breaks;       /* and lost. */
    struct yk_histogram latency;   /* Of all that are over, in microseconds. */
    char name[YK_REMOTE_NAME_MAX]; /* With a NUL. */
};

struct yk_remotes {
    struct yk_remote entries[YK_REMOTES_MAX];
};

/* As yk_vitals_place: for entries that are taken from here on. */
void yk_remotes_place(struct yk_remotes *place);

/* Takes an entry, with what fits of the name. Never NULL. */
struct yk_remote *yk_remote_take(const char *name);

/* Gives it back. */
void yk_remote_give(struct yk_remote *remote);

/* Notes the state, and since when. */
void yk_remote_set(struct yk_remote *remote, enum yk_remote_state state);

#endif
