#include "core/blocks.h"

#include <assert.h>
#include <stdlib.h>

#include "core/alloc.h"

#if defined(__SANITIZE_ADDRESS__)
#    define YK_ASAN 1
#elif defined(__has_feature)
#    if __has_feature(address_sanitizer)
#        define YK_ASAN 1
#    endif
#endif

/* Under AddressSanitizer nothing is reused, so that a use of a block after it
 * was given back is found. */
#ifdef YK_ASAN
#    define YK_REUSE 0
#else
#    define YK_REUSE 1
#endif

struct yk_block_free {
    struct yk_block_free *next;
};

void yk_blocks_init(struct yk_blocks *pool, size_t block_size,
                    uint32_t max_free)
{
    assert(block_size >= sizeof(struct yk_block_free));
    *pool = (struct yk_blocks){
        .block_size = block_size,
        .max_free = YK_REUSE ? max_free : 0,
    };
}

void yk_blocks_done(struct yk_blocks *pool)
{
    assert(pool->used_count == 0);
    while (pool->free) {
        struct yk_block_free *block = pool->free;
        pool->free = block->next;
        free(block);
    }
    pool->free_count = 0;
}

void *yk_blocks_take(struct yk_blocks *pool)
{
    struct yk_block_free *block = pool->free;
    if (block) {
        pool->free = block->next;
        pool->free_count--;
    } else {
        block = yk_try_alloc(pool->block_size);
        if (!block)
            return NULL;
    }
    pool->used_count++;
    return block;
}

void yk_blocks_give(struct yk_blocks *pool, void *ptr)
{
    if (!ptr)
        return;
    pool->used_count--;
    if (pool->free_count == pool->max_free) {
        free(ptr);
        return;
    }
    struct yk_block_free *block = ptr;
    block->next = pool->free;
    pool->free = block;
    pool->free_count++;
}
