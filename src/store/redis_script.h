/* What Redis has no command for, in Lua: carried out in one piece, as a command
 * is. The server keeps them by their hash, which it tells when they are loaded,
 * at the beginning of each connection. */
#ifndef YK_STORE_REDIS_SCRIPT_H
#define YK_STORE_REDIS_SCRIPT_H

enum yk_redis_script {
    YK_SCRIPT_REPLACE, /* key; head, number, number, new, seconds:
                          1, 0 conflict, -1 not found */
    YK_SCRIPT_TOUCH,   /* key; seconds: 1, 0 not found */
    YK_SCRIPT_INCR,    /* key; by, seconds: the sum as text */
    YK_SCRIPT_LOCK,    /* lock, fence; seconds: the number, 0 conflict */
    YK_SCRIPT_RENEW,   /* lock; number, seconds: 1, 0 conflict */
    YK_SCRIPT_UNLOCK,  /* lock; number: 1, 0 conflict */
    YK_SCRIPT_COUNT,
};

extern const char *const yk_redis_scripts[YK_SCRIPT_COUNT];

#endif
