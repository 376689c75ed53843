/* The life of calls: made, and handed to the backend once a turn of the loop; then
 * answered (answers.h), or given up at the deadline (deadlines.h). call.h draws
 * it. */
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

#endif
