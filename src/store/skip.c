#include "store/skip.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

/* Negative, 0 or positive, as the node's key is before, is, or is behind it. */
static int compare(const struct yk_skip_node *node, struct yk_slice key)
{
    size_t len = node->key_len < key.len ? node->key_len : key.len;
    int order = memcmp(node->key, key.ptr, len);

    if (order != 0)
        return order;
    return (node->key_len > key.len) - (node->key_len < key.len);
}

void yk_skip_init(struct yk_skip *list)
{
    memset(list, 0, sizeof(*list));
    yk_random_init(&list->random);
}

void yk_skip_done(struct yk_skip *list)
{
    struct yk_skip_node *next;

    for (struct yk_skip_node *node = list->heads[0]; node; node = next) {
        next = node->next[0];
        free(node);
    }
    memset(list->heads, 0, sizeof(list->heads));
    list->count = 0;
}

/* For each level the place of the pointer to the first node that is not before
 * `key`. */
static void walk(struct yk_skip *list, struct yk_slice key,
                 struct yk_skip_node **places[YK_SKIP_LEVELS])
{
    struct yk_skip_node **nexts = list->heads;

    for (int level = YK_SKIP_LEVELS - 1; level >= 0; level--) {
        while (nexts[level] && compare(nexts[level], key) < 0)
            nexts = nexts[level]->next;
        places[level] = &nexts[level];
    }
}

struct yk_skip_node *yk_skip_from(const struct yk_skip *list,
                                  struct yk_slice key)
{
    struct yk_skip_node *const *nexts = list->heads;

    for (int level = YK_SKIP_LEVELS - 1; level >= 0; level--)
        while (nexts[level] && compare(nexts[level], key) < 0)
            nexts = nexts[level]->next;
    return nexts[0];
}

struct yk_skip_node *yk_skip_find(const struct yk_skip *list,
                                  struct yk_slice key)
{
    struct yk_skip_node *node = yk_skip_from(list, key);
    return node && compare(node, key) == 0 ? node : NULL;
}

struct yk_skip_node *yk_skip_next(const struct yk_skip_node *node)
{
    return node->next[0];
}

/* One node in four is as high as 2, one of these in four as high as 3, ... */
static int random_height(struct yk_skip *list)
{
    uint64_t bits = yk_random_next(&list->random);
    int height = 1;

    for (; height < YK_SKIP_LEVELS && (bits & 3) == 0; bits >>= 2)
        height++;
    return height;
}

struct yk_skip_node *yk_skip_add(struct yk_skip *list, struct yk_slice key,
                                 void *item)
{
    struct yk_skip_node **places[YK_SKIP_LEVELS];
    size_t height = (size_t)random_height(list);
    struct yk_skip_node *node;
    size_t size = sizeof(*node) + height * sizeof(node->next[0]);

    node = yk_try_alloc(size + key.len + 1);
    if (!node)
        return NULL;
    char *copy = (char *)node + size;
    memcpy(copy, key.ptr, key.len);
    copy[key.len] = '\0';
    node->item = item;
    node->key = copy;
    node->key_len = key.len;
    walk(list, key, places);
    for (size_t level = 0; level < height; level++) {
        node->next[level] = *places[level];
        *places[level] = node;
    }
    list->count++;
    return node;
}

void yk_skip_remove(struct yk_skip *list, struct yk_slice key)
{
    struct yk_skip_node **places[YK_SKIP_LEVELS];

    walk(list, key, places);
    struct yk_skip_node *node = *places[0];
    if (!node || compare(node, key) != 0)
        return;
    for (int level = 0; level < YK_SKIP_LEVELS && *places[level] == node;
         level++)
        *places[level] = node->next[level];
    list->count--;
    free(node);
}
