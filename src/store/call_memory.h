/* The memory of calls: each is one piece, with its key and its value behind it.
 * What is small comes from a pool of the store's. */
#ifndef YK_STORE_CALL_MEMORY_H
#define YK_STORE_CALL_MEMORY_H

#include "store/call.h"

/* What is copied for a call. */
struct yk_call_bytes {
    const char *key; /* Without the prefix, which is added. */
    size_t key_len;
    const void *value;
    size_t value_len;
};

void yk_call_memory_init(yoke_store *store);

/* A call with these bytes. Without memory for the value it has none, and an
 * `err` that says so. Counts as held. */
struct yk_call *yk_call_new(yoke_store *store,
                            const struct yk_call_bytes *bytes);

/* It is in no list. */
void yk_call_free(struct yk_call *call);

#endif
