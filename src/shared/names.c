#include "shared/names.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/banned.h"

bool yk_is_name(const char *text)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:_-";
    size_t len = strnlen(text, YK_NAME_MAX + 1);

    return len > 0 && len <= YK_NAME_MAX && strspn(text, letters) == len;
}

uint64_t yk_name_hash(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325;

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
    return hash;
}

bool yk_is_plain(const char *text, size_t max_len)
{
    size_t len = strnlen(text, max_len + 1);

    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f)
            return false;
    return len > 0 && len <= max_len;
}

void yk_name_make(char out[YK_NAME_SIZE], const char *name, char kind,
                  const char *text)
{
    size_t name_len = strlen(name);
    size_t room = YK_NAME_SIZE - name_len - sizeof(":x:k:");
    char *at = out + name_len;
    bool is_plain = yk_is_plain(text, room);

    /* By hand, for it is done for each call of a cache. */
    memcpy(out, name, name_len);
    memcpy(at, (const char[]){':', kind, ':', is_plain ? 'k' : 'h', ':'}, 5);
    if (is_plain)
        memcpy(at + 5, text, strlen(text) + 1);
    else
        snprintf(at + 5, 17, "%016" PRIx64, yk_name_hash(text));
}
