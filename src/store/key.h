/* What a key may be; also a channel, and the name of a lock. */
#ifndef YK_STORE_KEY_H
#define YK_STORE_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include <yoke/store.h>

/* What is wrong with a key, or NULL. Stores its length, at most one more than
 * is allowed. */
const char *yk_key_fault(const yoke_store *store, const char *key,
                         bool may_be_empty, size_t *ret_len);

#endif
