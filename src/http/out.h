/* The output queue of a connection: bytes on their way to the peer, in a chain
 * of blocks.
 *
 *     first                          last
 *     [sent|waiting.......] -> [waiting|room.....]
 *
 * Answers are written straight into the last block, so all answers to one read
 * lie side by side and leave with one system call. A block that is under way
 * is never moved, so more may be appended while a write goes on. */
#ifndef YK_HTTP_OUT_H
#define YK_HTTP_OUT_H

#include <stddef.h>
#include <sys/uio.h>

#include "core/blocks.h"

struct yk_out_block;

struct yk_out {
    struct yk_blocks *pool; /* Borrowed. */
    struct yk_out_block *first, *last;
    size_t len; /* Bytes that wait. */
};

void yk_out_init(struct yk_out *out, struct yk_blocks *pool);

/* Drops everything. */
void yk_out_clear(struct yk_out *out);

/* The most that yk_out_reserve can give. */
size_t yk_out_block_room(const struct yk_out *out);

/* `len` bytes of room in one piece, to be written to; NULL when the system has
 * no memory, or `len` is more than a block holds. Nothing is queued until
 * yk_out_commit says how much of it was used. */
char *yk_out_reserve(struct yk_out *out, size_t len);
void yk_out_commit(struct yk_out *out, size_t len);

/* All the room of the last block, or of a new one if that is full; `*ret_len`
 * is how much. NULL when the system has no memory. */
char *yk_out_room(struct yk_out *out, size_t *ret_len);

/* Copies bytes to the end. Returns 0, or -ENOMEM: then a part of them may be in
 * the queue, and the connection is no longer of use. */
int yk_out_append(struct yk_out *out, const void *ptr, size_t len);

/* The first bytes that wait, as up to `max` vectors; returns their number. */
int yk_out_vectors(const struct yk_out *out, struct iovec *iov, int max);

/* Removes `len` bytes, which have been sent, from the front. */
void yk_out_consume(struct yk_out *out, size_t len);

#endif
