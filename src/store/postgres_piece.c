#include "store/postgres_piece.h"

#include <errno.h>
#include <string.h>

#include "core/base64.h"
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
    struct yk_slice bytes = yk_slice_of(text);
    if (YK_BASE64_BYTES_MAX(bytes.len) > sizeof(piece->bytes) ||
        yk_base64_decode(bytes, piece->bytes, &piece->len) < 0)
        return -EPROTO;
    return piece->len > 0 && piece->len <= YK_PG_PIECE ? 0 : -EPROTO;
}
