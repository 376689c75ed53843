#include "store/redis_cursor.h"

#include <stdio.h>
#include <string.h>

#include "core/number.h"

#include "core/banned.h"

/* Hex digits and the minus behind them; moves `text` behind that. */
static bool take_hex(const char **text, uint32_t *ret_number)
{
    static const char digits[] = "0123456789abcdef";
    uint32_t number = 0;
    size_t len = strspn(*text, digits);

    if (len == 0 || len > 8 || (*text)[len] != '-')
        return false;
    for (size_t i = 0; i < len; i++)
        number = number << 4 | (uint32_t)(strchr(digits, (*text)[i]) - digits);
    *text += len + 1;
    *ret_number = number;
    return true;
}

bool yk_redis_cursor_parse(const char *text, struct yk_redis_cursor *ret_cursor)
{
    struct yk_redis_cursor cursor;
    uint64_t number;

    if (!take_hex(&text, &cursor.map) || !take_hex(&text, &cursor.restarts) ||
        !take_hex(&text, &cursor.index) ||
        yk_parse_u64(yk_slice_of(text), UINT64_MAX, &number) < 0)
        return false;
    cursor.own = text;
    *ret_cursor = cursor;
    return true;
}

void yk_redis_cursor_format(const struct yk_redis_cursor *cursor, char *out)
{
    snprintf(out, YK_REDIS_CURSOR_MAX, "%x-%x-%x-%.20s", cursor->map,
             cursor->restarts, cursor->index, cursor->own);
}
