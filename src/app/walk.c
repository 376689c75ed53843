#include "app/walk.h"

#include <string.h>

#include "app/index.h"
#include "core/arena.h"

#include "core/banned.h"

static void __attribute__((noinline)) grow(struct yk_walk *walk)
{
    struct yk_cursor *more =
        yk_arena_alloc(walk->arena, (size_t)walk->capacity * 2 * sizeof(*more));
    memcpy(more, walk->cursors, walk->count * sizeof(*more));
    walk->cursors = more;
    walk->capacity *= 2;
}

static inline void add_cursor(struct yk_walk *walk,
                              const struct yk_numbers *numbers, uint32_t off)
{
    if (walk->count == walk->capacity)
        grow(walk);
    walk->cursors[walk->count++] = (struct yk_cursor){numbers->items, off};
}

static inline void add_lists(struct yk_walk *walk, const struct yk_node *node,
                             bool can_end, uint32_t off)
{
    if (node->covers.count)
        add_cursor(walk, &node->covers, off);
    if (can_end && node->ends.count)
        add_cursor(walk, &node->ends, off);
}

/* `node` has matched the path up to `off`, behind which a slash is all. That is
 * an empty segment; or it is nothing, unless the router is strict. The root has
 * no other way to be written. */
static void visit_slash(struct yk_walk *walk, const struct yk_index *index,
                        const struct yk_node *node, uint32_t off)
{
    add_lists(walk, node, !index->is_strict || off == 0, off);
    uint32_t child = yk_nodes_find(&index->nodes, node,
                                   yk_segment_hash(YK_LIT("")), YK_LIT(""));
    if (child)
        add_lists(walk, &index->nodes.items[child], true, off + 1);
}

/* Goes down from `node`, which has matched the path up to `off`, where a
 * segment ends. Recursion is as deep as the application's patterns are. */
static void visit(struct yk_walk *walk, const struct yk_index *index,
                  const struct yk_node *node, struct yk_slice path,
                  uint32_t off)
{
    for (;;) {
        if (off + 1 == path.len) {
            visit_slash(walk, index, node, off);
            return;
        }
        add_lists(walk, node, off == path.len, off);
        if (off == path.len)
            return;

        uint32_t start = off + 1, hash = YK_SEGMENT_HASH;
        for (off = start; off < path.len && path.ptr[off] != '/'; off++)
            hash = yk_segment_hash_byte(hash, path.ptr[off]);
        struct yk_slice text = {path.ptr + start, off - start};
        uint32_t child =
            yk_nodes_find(&index->nodes, node, yk_segment_hash_end(hash), text);
        uint32_t any = text.len > 0 ? node->any : 0;
        if (child && any)
            visit(walk, index, &index->nodes.items[any], path, off);
        else if (!child && !any)
            return;
        node = &index->nodes.items[child ? child : any];
    }
}

/* A list of nothing. */
static const uint32_t no_numbers[] = {YK_NUMBERS_END};

/* No list is at hand. */
static void rest(struct yk_walk *walk)
{
    walk->next = no_numbers;
    walk->limit = 0;
    walk->current = YK_WALK_END;
}

/* There is one list, as for most paths: nothing is to be merged. */
static void take_only(struct yk_walk *walk)
{
    walk->next = walk->cursors[0].next;
    walk->off = walk->cursors[0].off;
    walk->limit = YK_WALK_END;
    walk->current = 0;
}

void yk_walk_start(struct yk_walk *walk, const struct yk_index *index,
                   struct yk_slice path)
{
    const struct yk_node *root = &index->nodes.items[0];
    walk->count = 0;
    if (path.ptr[0] == '/')
        visit(walk, index, root, path, 0);
    else if (root->covers.count)
        add_cursor(walk, &root->covers, 0);
    if (walk->count == 1)
        take_only(walk);
    else
        rest(walk);
}

void yk_walk_skip(struct yk_walk *walk, uint32_t number)
{
    uint32_t kept = 0;
    rest(walk);
    for (uint32_t i = 0; i < walk->count; i++) {
        struct yk_cursor cursor = walk->cursors[i];
        while (*cursor.next <= number)
            cursor.next++;
        if (*cursor.next != YK_WALK_END)
            walk->cursors[kept++] = cursor;
    }
    walk->count = kept;
}

/* Notes how far the list at hand has been used up. */
static void put_back(struct yk_walk *walk)
{
    if (walk->current == YK_WALK_END)
        return;
    struct yk_cursor *cursor = &walk->cursors[walk->current];
    cursor->next = walk->next;
    if (*cursor->next == YK_WALK_END)
        *cursor = walk->cursors[--walk->count];
    rest(walk);
}

/* Makes the list with the least number the one at hand, up to where the next
 * one begins. */
static void take_least(struct yk_walk *walk)
{
    uint32_t least = YK_WALK_END, second = YK_WALK_END;
    for (uint32_t i = 0; i < walk->count; i++) {
        uint32_t number = *walk->cursors[i].next;
        if (number < least) {
            second = least;
            least = number;
            walk->current = i;
        } else if (number < second) {
            second = number;
        }
    }
    const struct yk_cursor *cursor = &walk->cursors[walk->current];
    walk->next = cursor->next;
    walk->off = cursor->off;
    walk->limit = second;
}

__attribute__((noinline)) uint32_t yk_walk_switch(struct yk_walk *walk)
{
    put_back(walk);
    if (walk->count == 0)
        return YK_WALK_END;
    if (walk->count == 1)
        take_only(walk);
    else
        take_least(walk);
    return *walk->next++;
}
