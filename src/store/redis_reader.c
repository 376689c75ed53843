#include "store/redis_reader.h"

#include <errno.h>

#include <yoke/error.h>

#include "core/banned.h"

#if HIREDIS_MAJOR < 1
typedef int element_count;
#else
typedef size_t element_count;
#endif

/* What hiredis makes objects of, and the same but for arrays. Written when a
 * reader is opened, with the same each time. */
static redisReplyObjectFunctions own, theirs;

/* hiredis would ask for the memory of all elements that an array promises. */
static void *create_array(const redisReadTask *task, element_count count)
{
    if ((size_t)count > YK_REDIS_ELEMENTS_MAX)
        return NULL;
    return theirs.createArray(task, count);
}

int yk_redis_reader_open(struct yk_redis_reader *reader, size_t max_len)
{
    redisReader *hiredis = yk_hiredis.redisReaderCreate();

    if (!hiredis)
        return -ENOMEM;
    if (!own.createArray) {
        own = theirs = *hiredis->fn;
        own.createArray = create_array;
    }
    hiredis->fn = &own;
    *reader = (struct yk_redis_reader){.hiredis = hiredis, .max_len = max_len};
    return 0;
}

void yk_redis_reader_close(struct yk_redis_reader *reader)
{
    if (reader->hiredis)
        yk_hiredis.redisReaderFree(reader->hiredis);
    reader->hiredis = NULL;
}

int yk_redis_reader_feed(struct yk_redis_reader *reader, const char *ptr,
                         size_t len)
{
    if (yk_hiredis.redisReaderFeed(reader->hiredis, ptr, len) != REDIS_OK)
        return -ENOMEM;
    reader->len += len;
    return 0;
}

int yk_redis_reader_next(struct yk_redis_reader *reader, redisReply **ret_reply)
{
    void *reply = NULL;

    if (yk_hiredis.redisReaderGetReply(reader->hiredis, &reply) != REDIS_OK)
        return -EPROTO;
    if (!reply && reader->len > reader->max_len)
        return -YOKE_ETOOLARGE;
    if (reply)
        reader->len = reader->hiredis->len - reader->hiredis->pos;
    *ret_reply = reply;
    return 0;
}
