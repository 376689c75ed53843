#include "http/chars.h"

#define K YK_CHAR_TOKEN
#define T (YK_CHAR_TARGET | YK_CHAR_PATH)
#define H YK_CHAR_HOST
#define X YK_CHAR_HEX

#define LETTER     (K | T | H)
#define HEX_LETTER (K | T | H | X)

const uint8_t yk_char_classes[256] = {
    ['!'] = K | T | H,
    ['"'] = T,
    ['#'] = K,
    ['$'] = K | T | H,
    ['%'] = K | T | H,
    ['&'] = K | T | H,
    ['\''] = K | T | H,
    ['('] = T | H,
    [')'] = T | H,
    ['*'] = K | T | H,
    ['+'] = K | T | H,
    [','] = T,
    ['-'] = K | T | H,
    ['.'] = K | T | H,
    ['/'] = T,
    ['0' ... '9'] = HEX_LETTER,
    [':'] = T,
    [';'] = T | H,
    ['<'] = T,
    ['='] = T | H,
    ['>'] = T,
    ['?'] = YK_CHAR_TARGET,
    ['@'] = T,
    ['A' ... 'F'] = HEX_LETTER,
    ['G' ... 'Z'] = LETTER,
    ['['] = T,
    ['\\'] = T,
    [']'] = T,
    ['^'] = K | T,
    ['_'] = K | T | H,
    ['`'] = K | T,
    ['a' ... 'f'] = HEX_LETTER,
    ['g' ... 'z'] = LETTER,
    ['{'] = T,
    ['|'] = K | T,
    ['}'] = T,
    ['~'] = K | T | H,
};

#define EACH_BYTE(x) (0x0101010101010101u * (x))

/* Non-zero when one of the eight bytes is below 0x20 or is 0x7f. It may also
 * say so of an innocent byte behind such a one; the caller looks closer. */
static inline uint64_t may_have_control(uint64_t eight)
{
    uint64_t below_space = (eight - EACH_BYTE(0x20)) & ~eight;
    uint64_t no_del = eight ^ EACH_BYTE(0x7f);
    uint64_t is_del = (no_del - EACH_BYTE(1)) & ~no_del;
    return (below_space | is_del) & EACH_BYTE(0x80);
}

static inline bool is_control(char c)
{
    return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

static bool has_control(const char *ptr, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (is_control(ptr[i]))
            return true;
    return false;
}

static inline uint64_t eight_at(const char *ptr)
{
    uint64_t eight;
    memcpy(&eight, ptr, 8);
    return eight;
}

bool yk_chars_are_value(const char *ptr, size_t len)
{
    if (len < 8)
        return !has_control(ptr, len);
    /* The last eight overlap those before them. */
    uint64_t found = may_have_control(eight_at(ptr + len - 8));
    for (size_t i = 0; i + 8 < len; i += 8)
        found |= may_have_control(eight_at(ptr + i));
    /* Nearly always there is none. */
    return !found || !has_control(ptr, len);
}
