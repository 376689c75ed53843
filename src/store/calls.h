/* The life of calls: made, handed to the backend once a turn of the loop,
 * answered, or given up at the deadline. call.h draws it. */
#ifndef YK_STORE_CALLS_H
#define YK_STORE_CALLS_H

#include "store/call.h"

struct yk_call_spec {
    enum yk_op op;
    const char *key;
    const void *value;
    size_t len;
    uint32_t ttl_s;
    uint32_t count;
    uint32_t wait_ms;
    uint64_t version;
    int64_t number;
    int err;         /* It is wrong already, */
    const char *why; /* for this reason; static. */
};

/* Makes a call of it. */
void yk_call_start(yoke_store *store, const struct yk_call_spec *spec,
                   yoke_store_fn *fn, void *data);

void yk_calls_init(yoke_store *store);

/* Tells every unanswered call that it is given up. */
void yk_calls_abort(yoke_store *store, int err, const char *text);

/* What is wrong with a key, channel or name of a lock, or NULL. Stores its
 * length, at most one more than is allowed. */
const char *yk_key_fault(const yoke_store *store, const char *key,
                         bool may_be_empty, size_t *ret_len);

#endif
