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

bool yk_chars_have_control(const char *ptr, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return true;
    }
    return false;
}
