/* A meta command of memcached's, put together word by word where the link sends
 * it from: printf takes as long for one as the server does, and a copy is as long
 * as the command.
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
#include "store/link.h"

#define YK_MC_LINE_MAX 512

struct yk_mc_line {
    struct yk_link *link;
    char *start, *at;
};

static inline void yk_mc_add(struct yk_mc_line *line, struct yk_slice text)
{
    memcpy(line->at, text.ptr, text.len);
    line->at += text.len;
}

/* A command of two letters, and its key; `space` stands in front of that. There
 * is room for a value of `value_len` behind it. False: there is no memory, which
 * the link knows, too. */
static inline bool yk_mc_start(struct yk_mc_line *line, struct yk_link *link,
                               const char command[3], struct yk_slice space,
                               struct yk_slice key, size_t value_len)
{
    char *at = yk_link_room(link, YK_MC_LINE_MAX + value_len + 2);

    if (!at)
        return false;
    at[0] = command[0];
    at[1] = command[1];
    at[2] = ' ';
    *line = (struct yk_mc_line){.link = link, .start = at, .at = at + 3};
    if (space.len > 0)
        yk_mc_add(line, space);
    yk_mc_add(line, key);
    return true;
}

/* A word that is a number, behind a letter or '\0'. */
static inline void yk_mc_number(struct yk_mc_line *line, char letter,
                                uint64_t number)
{
    *line->at++ = ' ';
    if (letter)
        *line->at++ = letter;
    line->at += yk_format_u64(line->at, number);
}

/* The command is whole, and leaves when the link is flushed. */
static inline void yk_mc_end(struct yk_mc_line *line)
{
    yk_mc_add(line, YK_LIT("\r\n"));
    assert(line->at - line->start <= YK_MC_LINE_MAX);
    yk_link_added(line->link, (size_t)(line->at - line->start));
}

/* The same with a value behind it. */
static inline void yk_mc_end_value(struct yk_mc_line *line,
                                   struct yk_slice value)
{
    yk_mc_add(line, YK_LIT("\r\n"));
    assert(line->at - line->start <= YK_MC_LINE_MAX);
    yk_mc_add(line, value);
    yk_mc_add(line, YK_LIT("\r\n"));
    yk_link_added(line->link, (size_t)(line->at - line->start));
}

#endif
