/* Doubly linked lists whose links are embedded in what they link. A head is a
 * node that belongs to no element. All operations are O(1) and cannot fail. */
#ifndef YK_CORE_LIST_H
#define YK_CORE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct yk_list {
    struct yk_list *next, *prev;
};

/* The structure of which `node` is the member `member`. */
#define YK_CONTAINER_OF(node, type, member)                                    \
    ((type *)(void *)((char *)(node)-offsetof(type, member)))

static inline void yk_list_init(struct yk_list *head)
{
    head->next = head->prev = head;
}

static inline bool yk_list_is_empty(const struct yk_list *head)
{
    return head->next == head;
}

/* Adds at the end. */
static inline void yk_list_add(struct yk_list *head, struct yk_list *node)
{
    node->prev = head->prev;
    node->next = head;
    head->prev->next = node;
    head->prev = node;
}

/* Unlinks; the node becomes a list of its own, so a second call is harmless. */
static inline void yk_list_remove(struct yk_list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    yk_list_init(node);
}

/* Unlinks and returns the first node, or NULL. */
static inline struct yk_list *yk_list_take(struct yk_list *head)
{
    struct yk_list *node = head->next;
    if (node == head)
        return NULL;
    yk_list_remove(node);
    return node;
}

/* Moves every node of `from` to the end of `to`. */
static inline void yk_list_move_all(struct yk_list *to, struct yk_list *from)
{
    if (yk_list_is_empty(from))
        return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    yk_list_init(from);
}

/* Visits each node; `node` itself may be removed (and freed) on the way. */
#define YK_LIST_EACH(node, head)                                               \
    for (struct yk_list *node = (head)->next, *node##_next = node->next;       \
         node != (head); node = node##_next, node##_next = node->next)

#endif
