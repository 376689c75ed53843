/* hiredis, of which its reader of replies is used, loaded at the first use. Its
 * own connections are not: they look names up while the loop waits, and cannot
 * be connected again. Only the files redis*.c include this. */
#ifndef YK_STORE_REDIS_LIBRARY_H
#define YK_STORE_REDIS_LIBRARY_H

#include <hiredis/hiredis.h>

#define YK_HIREDIS_FUNCTIONS(XX)                                               \
    XX(redisReaderCreate)                                                      \
    XX(redisReaderFree)                                                        \
    XX(redisReaderFeed)                                                        \
    XX(redisReaderGetReply)                                                    \
    XX(freeReplyObject)

struct yk_hiredis_library {
#define XX(name) __typeof__(name) *name;
    YK_HIREDIS_FUNCTIONS(XX)
#undef XX
};

/* Written once, by yk_hiredis_load. */
extern struct yk_hiredis_library yk_hiredis;

/* Returns 0; or -ENOTSUP, with the reason in `why`. */
int yk_hiredis_load(char *why);

#endif
