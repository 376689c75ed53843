#include "http/h1_chunk.h"

#include "http/chars.h"
#include "http/h1_error.h"

/* More digits than 16 cannot be a 64-bit size, however many are zeros. */
#define DIGITS_MAX 16

enum state {
    SIZE,         /* Hex digits. */
    EXT_NAME,     /* Behind `;`: at least one token character. */
    EXT_NAME_ON,  /* In the name. */
    EXT_VALUE,    /* Behind `=`: a token or a quoted string. */
    EXT_VALUE_ON, /* In the token. */
    EXT_QUOTED,   /* In the quoted string. */
    EXT_ESCAPE,   /* Behind a backslash in it. */
    EXT_CLOSED,   /* Behind the closing quote. */
    SIZE_LF,      /* The LF that ends the size's line. */
    DATA,
    DATA_CR,
    DATA_LF,
    LAST, /* Behind the line of the last chunk. */
};

void yk_h1_chunked_init(struct yk_h1_chunked *chunked)
{
    *chunked = (struct yk_h1_chunked){.state = SIZE};
}

int yk_h1_chunked_is_last(const struct yk_h1_chunked *chunked)
{
    return chunked->state == LAST;
}

static enum yk_h1_error see_size_digit(struct yk_h1_chunked *chunked, int digit)
{
    if (++chunked->digits > DIGITS_MAX || chunked->left > INT64_MAX >> 4)
        return YK_H1_CHUNK_SIZE;
    chunked->left = chunked->left << 4 | (uint64_t)digit;
    return YK_H1_OK;
}

/* Behind the size, or behind one extension: another one, or the line's end. */
static enum yk_h1_error see_ext_or_end(struct yk_h1_chunked *chunked, char c,
                                       enum yk_h1_error otherwise)
{
    if (c == ';')
        chunked->state = EXT_NAME;
    else if (c == '\r')
        chunked->state = SIZE_LF;
    else
        return otherwise;
    return YK_H1_OK;
}

static enum yk_h1_error see_size(struct yk_h1_chunked *chunked, char c)
{
    int digit = yk_hex_value(c);
    if (digit >= 0)
        return see_size_digit(chunked, digit);
    if (chunked->digits == 0)
        return YK_H1_CHUNK_SIZE;
    return see_ext_or_end(chunked, c, YK_H1_CHUNK_SIZE);
}

static enum yk_h1_error see_ext_start(struct yk_h1_chunked *chunked, char c)
{
    bool is_token = yk_char_is(c, YK_CHAR_TOKEN);
    if (chunked->state == EXT_NAME)
        chunked->state = EXT_NAME_ON;
    else if (c == '"')
        chunked->state = EXT_QUOTED, is_token = true;
    else
        chunked->state = EXT_VALUE_ON;
    return is_token ? YK_H1_OK : YK_H1_CHUNK_EXT;
}

static enum yk_h1_error see_ext_token(struct yk_h1_chunked *chunked, char c)
{
    if (yk_char_is(c, YK_CHAR_TOKEN))
        return YK_H1_OK;
    if (c == '=' && chunked->state == EXT_NAME_ON) {
        chunked->state = EXT_VALUE;
        return YK_H1_OK;
    }
    return see_ext_or_end(chunked, c, YK_H1_CHUNK_EXT);
}

static enum yk_h1_error see_ext_quoted(struct yk_h1_chunked *chunked, char c)
{
    if (!yk_chars_are_value(&c, 1))
        return YK_H1_CHUNK_EXT;
    if (chunked->state == EXT_ESCAPE)
        chunked->state = EXT_QUOTED;
    else if (c == '\\')
        chunked->state = EXT_ESCAPE;
    else if (c == '"')
        chunked->state = EXT_CLOSED;
    return YK_H1_OK;
}

static enum yk_h1_error see_ext(struct yk_h1_chunked *chunked, char c)
{
    if (++chunked->ext_len > YK_CHUNK_EXT_MAX)
        return YK_H1_CHUNK_EXT_LONG;
    switch (chunked->state) {
    case EXT_NAME:
    case EXT_VALUE:
        return see_ext_start(chunked, c);
    case EXT_NAME_ON:
    case EXT_VALUE_ON:
        return see_ext_token(chunked, c);
    case EXT_CLOSED:
        return see_ext_or_end(chunked, c, YK_H1_CHUNK_EXT);
    default:
        return see_ext_quoted(chunked, c);
    }
}

static enum yk_h1_error see_line_end(struct yk_h1_chunked *chunked, char c)
{
    if (chunked->state == DATA_CR) {
        chunked->state = DATA_LF;
        return c == '\r' ? YK_H1_OK : YK_H1_CHUNK_END;
    }
    if (chunked->state == DATA_LF) {
        chunked->left = 0;
        chunked->digits = 0;
        chunked->state = SIZE;
        return c == '\n' ? YK_H1_OK : YK_H1_CHUNK_END;
    }
    chunked->state = chunked->left ? DATA : LAST;
    return c == '\n' ? YK_H1_OK : YK_H1_CHUNK_SIZE;
}

static enum yk_h1_error see(struct yk_h1_chunked *chunked, char c)
{
    switch (chunked->state) {
    case SIZE:
        return see_size(chunked, c);
    case SIZE_LF:
    case DATA_CR:
    case DATA_LF:
        return see_line_end(chunked, c);
    default:
        return see_ext(chunked, c);
    }
}

ssize_t yk_h1_chunked_decode(struct yk_h1_chunked *chunked, const char *ptr,
                             size_t len, struct yk_slice *ret_data)
{
    size_t n = 0;
    *ret_data = (struct yk_slice){ptr, 0};
    while (n < len && chunked->state != DATA && chunked->state != LAST) {
        enum yk_h1_error err = see(chunked, ptr[n++]);
        if (err)
            return -(ssize_t)err;
    }
    if (chunked->state != DATA || n == len)
        return (ssize_t)n;

    size_t data_len = len - n < chunked->left ? len - n : chunked->left;
    *ret_data = (struct yk_slice){ptr + n, data_len};
    chunked->left -= data_len;
    if (chunked->left == 0)
        chunked->state = DATA_CR;
    return (ssize_t)(n + data_len);
}
