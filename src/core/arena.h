/* An arena: memory that is released as one, at the end of a request.
 *
 * Allocation moves a pointer inside a block of a pool; what does not fit into
 * a block comes from malloc and is freed with the rest. An arena that is empty
 * holds no memory, so an idle connection costs only this structure.
 *
 *      block 2 (current)        block 1           large
 *     [next|used......|free] -> [next|used....]   [next|bytes] -> ...
 */
#ifndef YK_CORE_ARENA_H
#define YK_CORE_ARENA_H

#include <stddef.h>
#include <stdlib.h>

#include "core/blocks.h"
#include "core/slice.h"

struct yk_arena {
    struct yk_blocks *pool;  /* Where blocks come from. Borrowed. */
    struct yk_chunk *blocks; /* Current block, then older ones. */
    struct yk_chunk *large;  /* Allocations larger than a block. */
    char *ptr, *end;         /* The free part of the current block. */
};

/* What every allocation is aligned to. */
#define YK_ARENA_ALIGN _Alignof(max_align_t)

/* For yk_arena_try_alloc, when the current block has no room. */
void *yk_arena_alloc_slow(struct yk_arena *arena, size_t size);

void yk_arena_init(struct yk_arena *arena, struct yk_blocks *pool);

/* Releases everything that was allocated from it; it can be used again. */
void yk_arena_clear(struct yk_arena *arena);

/* `size` bytes, aligned for any type, not cleared; NULL when the system has no
 * memory. */
static inline void *yk_arena_try_alloc(struct yk_arena *arena, size_t size)
{
    size_t rounded = (size + YK_ARENA_ALIGN - 1) & ~(YK_ARENA_ALIGN - 1);
    /* None, and so many that rounding wrapped around, are slow as well. */
    if (rounded - 1 >= (size_t)(arena->end - arena->ptr) || rounded < size)
        return yk_arena_alloc_slow(arena, size);
    void *ptr = arena->ptr;
    arena->ptr += rounded;
    return ptr;
}

/* The same, but ends the process instead of returning NULL: for sizes that no
 * peer chooses. */
static inline void *yk_arena_alloc(struct yk_arena *arena, size_t size)
{
    void *ptr = yk_arena_try_alloc(arena, size);
    if (!ptr)
        abort();
    return ptr;
}

/* A copy of `len` bytes with a NUL behind them. */
char *yk_arena_strndup(struct yk_arena *arena, const char *ptr, size_t len);

/* Text out of `count` parts, one behind the other, with a NUL behind the last: a
 * twentieth of what printf costs. Empty parts may be NULL. */
struct yk_slice yk_arena_join(struct yk_arena *arena,
                              const struct yk_slice *parts, size_t count);

/* The same of parts that are listed: YK_JOIN(arena, YK_LIT("a"), name). */
#define YK_JOIN(arena, ...)                                                    \
    yk_arena_join((arena), (const struct yk_slice[]){__VA_ARGS__},             \
                  sizeof((const struct yk_slice[]){__VA_ARGS__}) /             \
                      sizeof(struct yk_slice))

#endif
