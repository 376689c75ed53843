/* A pool of memory blocks of one size.
 *
 * A connection needs a read buffer, an output buffer and an arena while a
 * request is on its way, and nothing between two requests. The pool hands out
 * the block that came back last, which is still in the CPU's cache: with
 * thousands of connections a loop keeps using the same few blocks.
 *
 * Blocks that come back are kept for reuse up to `max_free`, the others go
 * back to malloc, so a burst does not own its memory for ever. Not for use by
 * several threads. */
#ifndef YK_CORE_BLOCKS_H
#define YK_CORE_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

struct yk_blocks {
    struct yk_block_free *free; /* Blocks that wait; newest first. */
    size_t block_size;          /* Bytes of one block. */
    uint32_t free_count;        /* Blocks in `free`. */
    uint32_t max_free;          /* Most that wait. */
    size_t used_count;          /* Blocks that are handed out. */
};

/* `block_size` at least a pointer's size. Allocates nothing yet. */
void yk_blocks_init(struct yk_blocks *pool, size_t block_size,
                    uint32_t max_free);

/* Frees the waiting blocks; none may be handed out any more. */
void yk_blocks_done(struct yk_blocks *pool);

/* A block, not cleared; NULL when the system has no memory. */
void *yk_blocks_take(struct yk_blocks *pool);

/* Gives a block back; NULL is allowed. */
void yk_blocks_give(struct yk_blocks *pool, void *block);

#endif
