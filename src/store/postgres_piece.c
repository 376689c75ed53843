#include "store/postgres_piece.h"

#include <errno.h>
#include <string.h>

#include "core/number.h"
#include "core/slice.h"

/* Longest whole. */
#define WHOLE_MAX ((uint64_t)1 << 30)

/* Ends at a blank, behind which `text` is put. */
static int take_word(const char **text, struct yk_slice *ret_word)
{
    const char *end = strchr(*text, ' ');

    if (!end)
        return -EPROTO;
    *ret_word = (struct yk_slice){*text, (size_t)(end - *text)};
    *text = end + 1;
    return 0;
}

static int take_number(const char **text, uint64_t *ret_number)
{
    struct yk_slice word;

    if (take_word(text, &word) < 0)
        return -EPROTO;
    return yk_parse_u64(word, WHOLE_MAX, ret_number) < 0 ? -EPROTO : 0;
}

static int digit_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Base64 (RFC 4648 section 4), with the line feeds that the server puts in. */
static int decode(struct yk_pg_piece *piece, const char *text)
{
    unsigned bits = 0, held = 0;

    piece->len = 0;
    for (; *text && *text != '='; text++) {
        int digit = digit_of(*text);
        if (*text == '\n')
            continue;
        if (digit < 0 || piece->len == sizeof(piece->bytes))
            return -EPROTO;
        bits = (bits << 6 | (unsigned)digit) & 0xfff;
        held += 6;
        if (held < 8)
            continue;
        held -= 8;
        piece->bytes[piece->len++] = (char)(bits >> held);
    }
    return piece->len > 0 ? 0 : -EPROTO;
}

int yk_pg_piece_parse(struct yk_pg_piece *piece, const char *text)
{
    struct yk_slice id;
    uint64_t number, whole_len;

    if (take_word(&text, &id) < 0 || id.len >= sizeof(piece->id) ||
        take_number(&text, &number) < 0 || take_number(&text, &whole_len) < 0)
        return -EPROTO;
    memcpy(piece->id, id.ptr, id.len);
    piece->id[id.len] = '\0';
    piece->number = (unsigned)number;
    piece->whole_len = (size_t)whole_len;
    return decode(piece, text);
}
