#include "core/slice.h"

#include "core/banned.h"

/* Eight bytes at a time, which are the same when no bit differs, or only the one
 * that tells a small letter from a capital, in bytes that are letters. What is
 * shorter fills a word, too: its last bytes are looked at twice. */

#define EACH(byte) (0x0101010101010101u * (byte))

/* Two groups of eight bytes. */
static inline bool is_same(uint64_t a, uint64_t b)
{
    uint64_t difference = a ^ b;
    if (difference == 0)
        return true;
    if (difference & ~EACH(0x20))
        return false;
    /* In the top bit of each byte: whether it is a letter. */
    uint64_t lower = (a | EACH(0x20)) & EACH(0x7f);
    uint64_t from_a = lower + EACH(0x80 - 'a');
    uint64_t behind_z = lower + EACH(0x7f - 'z');
    uint64_t letters = from_a & ~behind_z & ~a;
    return (difference << 2 & ~letters & EACH(0x80)) == 0;
}

static inline uint64_t load8(const char *ptr)
{
    uint64_t eight;
    memcpy(&eight, ptr, 8);
    return eight;
}

static inline uint64_t load4(const char *ptr)
{
    uint32_t four;
    memcpy(&four, ptr, 4);
    return four;
}

/* Up to three. */
static inline uint64_t load_few(const char *ptr, size_t len)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < len; i++)
        bytes = bytes << 8 | (unsigned char)ptr[i];
    return bytes;
}

/* Up to seven: of four and more, the first and the last four. */
static inline uint64_t load(const char *ptr, size_t len)
{
    return len < 4 ? load_few(ptr, len)
                   : load4(ptr) << 32 | load4(ptr + len - 4);
}

bool yk_bytes_eq_nocase(const char *a, const char *b, size_t len)
{
    if (len < 8)
        return is_same(load(a, len), load(b, len));
    for (size_t i = 0; i + 8 < len; i += 8)
        if (!is_same(load8(a + i), load8(b + i)))
            return false;
    return is_same(load8(a + len - 8), load8(b + len - 8));
}
