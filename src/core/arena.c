#include "core/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

/* The header of a block or of a large allocation; what follows is aligned for
 * any type because the header is. */
struct yk_chunk {
    _Alignas(YK_ARENA_ALIGN) struct yk_chunk *next;
};

void yk_arena_init(struct yk_arena *arena, struct yk_blocks *pool)
{
    *arena = (struct yk_arena){.pool = pool};
}

void yk_arena_clear(struct yk_arena *arena)
{
    while (arena->blocks) {
        struct yk_chunk *block = arena->blocks;
        arena->blocks = block->next;
        yk_blocks_give(arena->pool, block);
    }
    while (arena->large) {
        struct yk_chunk *chunk = arena->large;
        arena->large = chunk->next;
        free(chunk);
    }
    arena->ptr = arena->end = NULL;
}

static void *alloc_large(struct yk_arena *arena, size_t size)
{
    if (size > SIZE_MAX - sizeof(struct yk_chunk))
        return NULL;
    struct yk_chunk *chunk = yk_try_alloc(sizeof(*chunk) + size);
    if (!chunk)
        return NULL;
    chunk->next = arena->large;
    arena->large = chunk;
    return chunk + 1;
}

static void *alloc_from_new_block(struct yk_arena *arena, size_t size)
{
    struct yk_chunk *block = yk_blocks_take(arena->pool);
    if (!block)
        return NULL;
    block->next = arena->blocks;
    arena->blocks = block;
    arena->ptr = (char *)(block + 1) + size;
    arena->end = (char *)block + arena->pool->block_size;
    return block + 1;
}

void *yk_arena_alloc_slow(struct yk_arena *arena, size_t size)
{
    /* Half a block at most, so that little is wasted at the end of one. */
    if (size > arena->pool->block_size / 2)
        return alloc_large(arena, size);
    size = (size + YK_ARENA_ALIGN - 1) & ~(YK_ARENA_ALIGN - 1);
    return alloc_from_new_block(arena, size);
}

char *yk_arena_strndup(struct yk_arena *arena, const char *ptr, size_t len)
{
    char *copy = yk_arena_alloc(arena, len + 1);
    memcpy(copy, ptr, len);
    copy[len] = '\0';
    return copy;
}

struct yk_slice yk_arena_join(struct yk_arena *arena,
                              const struct yk_slice *parts, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += parts[i].len;
    char *text = yk_arena_alloc(arena, len + 1), *to = text;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len > 0)
            memcpy(to, parts[i].ptr, parts[i].len);
        to += parts[i].len;
    }
    *to = '\0';
    return (struct yk_slice){text, len};
}
