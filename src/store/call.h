/* A call of the store: what was asked for, until it is answered.
 *
 *   user's call     flush, from the loop      backend
 *   ------------>  FRESH  ------------>  with the backend ------> answered
 *                    |                       |
 *                    | wrong, too many       | deadline: the user is told, the
 *                    v                       v backend still has it
 *                 answered                 LATE ------------> forgotten
 *
 * The user hears of it once, whatever happens; the memory belongs to the store
 * until then, and while a backend has it, to that: a backend gives each call
 * back once, by yk_call_answer or yk_call_fail, however late. */
#ifndef YK_STORE_CALL_H
#define YK_STORE_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yoke/store.h>

#include "core/list.h"
#include "core/slice.h"

enum yk_op {
    YK_OP_GET,
    YK_OP_SET,
    YK_OP_ADD,
    YK_OP_REPLACE,
    YK_OP_DELETE,
    YK_OP_TOUCH,
    YK_OP_INCR,
    YK_OP_SCAN,
    YK_OP_LOCK,
    YK_OP_RENEW,
    YK_OP_UNLOCK,
    YK_OP_PUBLISH,
};

/* A set of operations. */
#define YK_OP_BIT(op) (1u << (op))

enum yk_call_state {
    YK_CALL_FRESH,   /* In the store's list. */
    YK_CALL_RUNNING, /* A backend has it. */
    YK_CALL_RESTING, /* A lock that is tried again when its timer is due. */
};

struct yk_call {
    struct yk_list node; /* In a list of whoever has it. */
    struct yk_list all;  /* Among the store's unanswered calls. */
    yoke_store *store;
    yoke_store_fn *fn;
    void *data;
    uint64_t due_ms;       /* It is given up; while RESTING, tried again. */
    uint64_t version;      /* Of a replace. */
    int64_t number;        /* By what to incr; a fencing number. */
    struct yk_slice key;   /* With the prefix; a NUL is behind it. Also a
                                channel, a lock's name, a scan's prefix. */
    struct yk_slice value; /* A NUL is behind it. Also a message, or a scan's
                                cursor (with the prefix for lmdb and memory). */
    enum yk_op op;
    enum yk_call_state state;
    uint32_t ttl_s; /* Also a lease. */
    uint32_t count; /* Of a scan. */
    bool is_pooled; /* Where the memory is from. */

    /* From here on all is zero at first. */
    bool is_late;            /* The user has been told. */
    int err;                 /* Found wrong before it was carried out. */
    const char *why;         /* The reason; static. */
    uint64_t retry_until_ms; /* A lock that is waited for; 0: it is not. */
    uint64_t begun_ns;       /* When a backend got it first; 0: none has. */
    unsigned step;           /* The backend's: how far it has come, */
    int done_err;            /* an outcome that it notes before it can */
    uint64_t done_version;   /* tell it, */
    int64_t done_number;
    void *tag; /* and what it likes. */

    char bytes[]; /* One for yk_call_inner_key, then key and value. */
};

/* Ends a call. `result` needs `err` and what the operation yields; the rest is
 * added. The call is gone after this. Only from the loop, and not from inside a
 * function of yoke/store.h. */
void yk_call_answer(struct yk_call *call, struct yoke_store_result *result);

/* The same with an error; `text` may be NULL: what yoke_strerror says. */
void yk_call_fail(struct yk_call *call, int err, const char *text);

/* Fails each call of a list. */
void yk_calls_fail(struct yk_list *calls, int err, const char *text);

/* Memory that the call has besides, until it is answered, for what a backend
 * notes: where it is, and how much. */
char *yk_call_room(struct yk_call *call, size_t *ret_size);

/* The key with one byte in front, in the call's own memory: which of several
 * spaces a backend keeps it in. */
static inline struct yk_slice yk_call_inner_key(struct yk_call *call,
                                                char space)
{
    call->bytes[0] = space;
    return (struct yk_slice){call->bytes, call->key.len + 1};
}

/* The call whose node it is. */
static inline struct yk_call *yk_call_of(struct yk_list *node)
{
    return YK_CONTAINER_OF(node, struct yk_call, node);
}

#endif
