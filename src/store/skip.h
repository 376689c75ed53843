/* A skip list: an ordered map from strings to pointers, for what is kept in
 * memory by name. It is as simple as a list, about as fast as a balanced tree,
 * and walks in order, which a hash table does not. */
#ifndef YK_STORE_SKIP_H
#define YK_STORE_SKIP_H

#include <stddef.h>

#include "core/random.h"
#include "core/slice.h"

#define YK_SKIP_LEVELS 16

struct yk_skip_node {
    void *item; /* The owner's; never touched. */
    const char *key;
    size_t key_len;
    struct yk_skip_node *next[]; /* As many as it is high. */
};

struct yk_skip {
    struct yk_skip_node *heads[YK_SKIP_LEVELS];
    struct yk_random random;
    size_t count;
};

void yk_skip_init(struct yk_skip *list);

/* Frees the nodes, not the items. */
void yk_skip_done(struct yk_skip *list);

/* The node of `key`, or NULL. */
struct yk_skip_node *yk_skip_find(const struct yk_skip *list,
                                  struct yk_slice key);

/* The first node whose key is not before `key`, or NULL. */
struct yk_skip_node *yk_skip_from(const struct yk_skip *list,
                                  struct yk_slice key);

/* The one behind it, or NULL. */
struct yk_skip_node *yk_skip_next(const struct yk_skip_node *node);

/* Adds a key that is not there; it is copied. Returns its node, or NULL when
 * there is no memory. */
struct yk_skip_node *yk_skip_add(struct yk_skip *list, struct yk_slice key,
                                 void *item);

/* Frees the node of `key`, if there is one. */
void yk_skip_remove(struct yk_skip *list, struct yk_slice key);

#endif
