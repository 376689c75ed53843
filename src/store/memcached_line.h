/* A meta command of memcached's, put together word by word: printf takes as long
 * for one as the server does.
 *
 *     ms KEY 5 c T60\r\n
 *
 * There is room for the longest key and all flags that there are; so nothing is
 * checked here but by assert. */
#ifndef YK_STORE_MEMCACHED_LINE_H
#define YK_STORE_MEMCACHED_LINE_H

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "core/number.h"
#include "core/slice.h"

#define YK_MC_LINE_MAX 512

struct yk_mc_line {
    size_t len;
    char text[YK_MC_LINE_MAX];
};

static inline void yk_mc_add(struct yk_mc_line *line, struct yk_slice text)
{
    assert(line->len + text.len <= sizeof(line->text));
    memcpy(line->text + line->len, text.ptr, text.len);
    line->len += text.len;
}

/* A command of two letters, and its key; `space` stands in front of that. */
static inline void yk_mc_start(struct yk_mc_line *line, const char command[3],
                               struct yk_slice space, struct yk_slice key)
{
    line->len = 3;
    line->text[0] = command[0];
    line->text[1] = command[1];
    line->text[2] = ' ';
    yk_mc_add(line, space);
    yk_mc_add(line, key);
}

/* A word that is a number, behind a letter or '\0'. */
static inline void yk_mc_number(struct yk_mc_line *line, char letter,
                                uint64_t number)
{
    assert(line->len + 2 + YK_DIGITS_MAX <= sizeof(line->text));
    line->text[line->len++] = ' ';
    if (letter)
        line->text[line->len++] = letter;
    line->len += yk_format_u64(line->text + line->len, number);
}

#endif
