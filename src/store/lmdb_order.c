#include "store/lmdb_order.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

#include "core/banned.h"

/* Eight bytes of a key, in no order: good for whether they are the same. */
static uint64_t eight_bytes(const char *ptr)
{
    uint64_t bytes;
    memcpy(&bytes, ptr, sizeof(bytes));
    return bytes;
}

static int compare_eight(uint64_t x, uint64_t y)
{
    return be64toh(x) < be64toh(y) ? -1 : 1;
}

static int compare_lens(const MDB_val *a, const MDB_val *b)
{
    return (a->mv_size > b->mv_size) - (a->mv_size < b->mv_size);
}

/* Out of line, so that what is common needs no stack. */
__attribute__((noinline)) static int compare_short(const MDB_val *a,
                                                   const MDB_val *b, size_t len)
{
    int order = memcmp(a->mv_data, b->mv_data, len);
    return order ? order : compare_lens(a, b);
}

int yk_lmdb_compare_keys(const MDB_val *a, const MDB_val *b)
{
    size_t len = a->mv_size < b->mv_size ? a->mv_size : b->mv_size;
    const char *x = a->mv_data, *y = b->mv_data;

    if (len < sizeof(uint64_t))
        return compare_short(a, b, len);
    size_t last = len - sizeof(uint64_t);
    for (size_t at = 0; at < last; at += sizeof(uint64_t))
        if (eight_bytes(x + at) != eight_bytes(y + at))
            return compare_eight(eight_bytes(x + at), eight_bytes(y + at));
    if (eight_bytes(x + last) != eight_bytes(y + last))
        return compare_eight(eight_bytes(x + last), eight_bytes(y + last));
    return compare_lens(a, b);
}
