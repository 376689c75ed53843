/* A reader of replies: hiredis's, with limits, of which it has none itself. A
 * server that has gone wrong, or is something else, would be listened to until
 * the memory is full. */
#ifndef YK_STORE_REDIS_READER_H
#define YK_STORE_REDIS_READER_H

#include <stddef.h>

#include "store/redis_library.h"

/* Most elements of an array. A map of slots has up to 16,384; a page of a scan a
 * few more than it was asked for. */
#define YK_REDIS_ELEMENTS_MAX ((size_t)1 << 20)

/* All zero: closed. */
struct yk_redis_reader {
    redisReader *hiredis; /* Owned. */
    size_t max_len;
    size_t len; /* Bytes of the reply that has begun, and some before them. */
};

/* Opens it, for replies of up to about `max_len` bytes. Returns 0 or -ENOMEM. */
int yk_redis_reader_open(struct yk_redis_reader *reader, size_t max_len);

/* Harmless when it is closed. */
void yk_redis_reader_close(struct yk_redis_reader *reader);

/* Takes bytes; copied. Returns 0 or -ENOMEM. */
int yk_redis_reader_feed(struct yk_redis_reader *reader, const char *ptr,
                         size_t len);

/* The next whole reply, freed by freeReplyObject; NULL when there is none yet.
 * Returns 0; -EPROTO when it is not RESP, or has too many elements; or
 * -YOKE_ETOOLARGE when it has not come to its end within the limit. Then the
 * reader can only be closed. */
int yk_redis_reader_next(struct yk_redis_reader *reader,
                         redisReply **ret_reply);

#endif
