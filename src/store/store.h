/* A store, as its backends see it. */
#ifndef YK_STORE_STORE_H
#define YK_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include <yoke/store.h>

#include "core/blocks.h"
#include "core/list.h"
#include "core/random.h"
#include "net/later.h"
#include "net/remotes.h"
#include "net/service.h"
#include "store/backend.h"
#include "store/topics.h"

struct yoke_store {
    const struct yk_store_backend *backend;
    void *state;    /* The backend's. */
    uint32_t lacks; /* Operations. */
    unsigned forks; /* When it was opened; see yk_store_is_foreign. */
    char *url;      /* Without a password. */
    char *prefix;
    size_t prefix_len;

    /* Limits. */
    uint32_t timeout_ms;
    uint32_t max_pending;
    size_t max_pending_bytes;
    size_t max_value_len;
    uint64_t (*now_ms)(void *data);  /* The wall clock, */
    uint64_t (*tick_ms)(void *data); /* and as of the kernel's last tick. */
    void *now_data;

    /* Calls. */
    struct yk_blocks blocks; /* Their memory, when they are small. */
    struct yk_list fresh;    /* Waiting for the loop. */
    struct yk_list open;    /* Unanswered (`all`), in the order in which they */
    struct yk_list patient; /* fall due; the same, locks that are waited for; */
    struct yk_list due;     /* and those whose time is just found to be over. */
    struct yk_later flush;
    uv_timer_t ticker;         /* Looks for what is due. */
    uint64_t next_look_ms;     /* When it does. */
    struct yk_service service; /* Registered while calls are unanswered. */
    size_t unanswered;
    size_t held_bytes; /* Keys and values of the calls that exist, late ones */
    uint32_t held;     /* too; and how many these are. */
    unsigned timeouts_in_a_row;
    struct yk_random random; /* For jitter. */

    struct yk_topics topics;
    unsigned attempts;        /* To reach a server, under way. */
    struct yk_remote *remote; /* What others see of it; counters of calls */
    struct yoke_store_stats stats; /* are there, the others here. */

    bool is_closing;
    bool is_backend_closed; /* It has been told to, */
    bool is_backend_gone;   /* and has done so. */
    void (*on_closed)(void *data);
    void *closed_data;
};

/* The wall clock in milliseconds, or what a test says. */
static inline uint64_t yk_store_now(const yoke_store *store)
{
    return store->now_ms(store->now_data);
}

/* The same up to 10 ms ago, in a quarter of the time: good enough for a reader,
 * who sees what has expired so much longer, but not for an end that is promised.
 */
static inline uint64_t yk_store_tick(const yoke_store *store)
{
    return store->tick_ms(store->now_data);
}

/* True when this process has got it by a fork: then it is the parent's. */
bool yk_store_is_foreign(const yoke_store *store);

/* An attempt to reach a server for calls begins, or is over: meanwhile a circuit
 * that is down shows as one that is being tried. */
void yk_store_note_attempt(yoke_store *store, bool begins);

/* The circuit has changed. */
void yk_store_set_circuit(yoke_store *store, enum yoke_store_circuit circuit);

/* Makes the loop call yk_topics_flush, and what else waits. */
void yk_store_wake(yoke_store *store);

/* A key as the user knows it: without the prefix. */
static inline const char *yk_store_bare(const yoke_store *store,
                                        const char *key)
{
    return key + store->prefix_len;
}

/* The backend has let go of everything. */
void yk_store_closed(yoke_store *store);

/* The last step: unless something begins meanwhile, which the loop takes up
 * first, it is freed and its owner is told. */
void yk_store_free(yoke_store *store);

#endif
