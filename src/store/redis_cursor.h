/* Where the next page of a scan over a cluster begins: at which primary, with
 * which cursor of its own.
 *
 *     MAP-RESTARTS-INDEX-CURSOR       the first three in hex
 *
 * When slots or primaries have changed since the scan began, it begins again:
 * what has been told is told twice then, but nothing is left out that moved from
 * a node that had not been looked at to one that had. */
#ifndef YK_STORE_REDIS_CURSOR_H
#define YK_STORE_REDIS_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

/* Room for one, with its NUL. */
#define YK_REDIS_CURSOR_MAX      64
/* A scan does not begin again more often. */
#define YK_REDIS_CURSOR_RESTARTS 100

struct yk_redis_cursor {
    uint32_t map;      /* A hash of it, when the scan began. */
    uint32_t restarts; /* So far. */
    uint32_t index;    /* Among the primaries, in the order of their ids. */
    const char *own;   /* The primary's cursor: digits. Borrowed. */
};

/* False when `text` is no cursor. `own` points into it. */
bool yk_redis_cursor_parse(const char *text,
                           struct yk_redis_cursor *ret_cursor);

/* Into `out`, of YK_REDIS_CURSOR_MAX bytes. */
void yk_redis_cursor_format(const struct yk_redis_cursor *cursor, char *out);

#endif
