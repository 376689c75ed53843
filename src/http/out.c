#include "http/out.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

struct yk_out_block {
    struct yk_out_block *next;
    uint32_t start, end; /* Waiting bytes are data[start..end). */
    char data[];
};

void yk_out_init(struct yk_out *out, struct yk_blocks *pool)
{
    *out = (struct yk_out){.pool = pool};
}

static void drop_first(struct yk_out *out)
{
    struct yk_out_block *block = out->first;
    out->first = block->next;
    if (!out->first)
        out->last = NULL;
    yk_blocks_give(out->pool, block);
}

void yk_out_clear(struct yk_out *out)
{
    while (out->first)
        drop_first(out);
    out->len = 0;
}

size_t yk_out_block_room(const struct yk_out *out)
{
    return out->pool->block_size - sizeof(struct yk_out_block);
}

static size_t room_in_last(const struct yk_out *out)
{
    return out->last ? yk_out_block_room(out) - out->last->end : 0;
}

static int add_block(struct yk_out *out)
{
    struct yk_out_block *block = yk_blocks_take(out->pool);
    if (!block)
        return -ENOMEM;
    block->next = NULL;
    block->start = block->end = 0;
    if (out->last)
        out->last->next = block;
    else
        out->first = block;
    out->last = block;
    return 0;
}

char *yk_out_reserve(struct yk_out *out, size_t len)
{
    if (len > yk_out_block_room(out))
        return NULL;
    if (room_in_last(out) < len && add_block(out) < 0)
        return NULL;
    return out->last->data + out->last->end;
}

void yk_out_commit(struct yk_out *out, size_t len)
{
    out->last->end += (uint32_t)len;
    out->len += len;
}

char *yk_out_room(struct yk_out *out, size_t *ret_len)
{
    if (room_in_last(out) == 0 && add_block(out) < 0)
        return NULL;
    *ret_len = room_in_last(out);
    return out->last->data + out->last->end;
}

int yk_out_append(struct yk_out *out, const void *ptr, size_t len)
{
    const char *from = ptr;
    /* As nearly always: behind the head, there is room for it. */
    if (len <= room_in_last(out) && len > 0) {
        memcpy(out->last->data + out->last->end, from, len);
        yk_out_commit(out, len);
        return 0;
    }
    while (len > 0) {
        if (room_in_last(out) == 0 && add_block(out) < 0)
            return -ENOMEM;
        size_t n = room_in_last(out);
        if (n > len)
            n = len;
        memcpy(out->last->data + out->last->end, from, n);
        yk_out_commit(out, n);
        from += n;
        len -= n;
    }
    return 0;
}

int yk_out_vectors(const struct yk_out *out, struct iovec *iov, int max)
{
    int n = 0;
    for (struct yk_out_block *block = out->first; block && n < max;
         block = block->next)
        if (block->end > block->start)
            iov[n++] = (struct iovec){block->data + block->start,
                                      block->end - block->start};
    return n;
}

void yk_out_consume(struct yk_out *out, size_t len)
{
    out->len -= len;
    while (out->first) {
        struct yk_out_block *block = out->first;
        size_t n = block->end - block->start;
        if (n > len) {
            block->start += (uint32_t)len;
            return;
        }
        len -= n;
        drop_first(out);
    }
}
