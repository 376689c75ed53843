#include "store/key.h"

#include <stdint.h>
#include <string.h>

#include "store/store.h"

#include "core/banned.h"

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

/* Whether one of eight bytes is a blank or a control character: not above 0x20,
 * or 0x7f. A byte that borrows from the next makes that one look wrong, too; but
 * then there is a wrong one. */
static bool has_wrong(uint64_t bytes)
{
    uint64_t delete = bytes ^ EACH_BYTE(0x7f);
    uint64_t is_low = (bytes - EACH_BYTE(0x21)) & ~bytes;
    uint64_t is_delete = (delete - EACH_BYTE(1)) & ~delete;

    return ((is_low | is_delete) & EACH_BYTE(0x80)) != 0;
}

/* Anything but blanks and control characters: what every backend takes. */
static bool is_key_text(const char *key, size_t len)
{
    uint64_t bytes;

    for (; len >= sizeof(bytes); len -= sizeof(bytes), key += sizeof(bytes)) {
        memcpy(&bytes, key, sizeof(bytes));
        if (has_wrong(bytes))
            return false;
    }
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)key[i] <= ' ' || key[i] == 0x7f)
            return false;
    return true;
}

const char *yk_key_fault(const yoke_store *store, const char *key,
                         bool may_be_empty, size_t *ret_len)
{
    size_t len = key ? strnlen(key, YOKE_STORE_KEY_MAX + 1) : 0;

    *ret_len = len;
    if (!key || (len == 0 && !may_be_empty))
        return "the key is empty";
    if (len + store->prefix_len > YOKE_STORE_KEY_MAX)
        return "the key is longer than 250 bytes, with the store's prefix";
    if (!is_key_text(key, len))
        return "the key has a blank or a control character in it";
    return NULL;
}
