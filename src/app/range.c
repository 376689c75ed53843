#include "app/range.h"

#include <errno.h>
#include <stdlib.h>

#include "app/accept.h"
#include "core/number.h"
#include "http/chars.h"

#include "core/banned.h"

/* A position. One that is too large for 64 bits is beyond every end. */
static bool parse_position(struct yk_slice text, uint64_t *ret_value)
{
    int err = yk_parse_u64(text, UINT64_MAX, ret_value);
    if (err == -ERANGE)
        *ret_value = UINT64_MAX;
    return err != -EINVAL;
}

/* Takes "0-9", "5-" or "-5" for a size. Returns 1, 0 when it lies outside, or
 * -EINVAL, also for one whose end is before its start (RFC 9110 section
 * 14.1.1). */
static int parse_one(struct yk_slice text, uint64_t size,
                     struct yoke_range *range)
{
    const char *dash = text.len ? memchr(text.ptr, '-', text.len) : NULL;
    if (!dash)
        return -EINVAL;
    size_t len = (size_t)(dash - text.ptr);
    struct yk_slice first = yk_trim((struct yk_slice){text.ptr, len});
    struct yk_slice last =
        yk_trim((struct yk_slice){dash + 1, text.len - len - 1});
    uint64_t start = 0, end = UINT64_MAX;
    if ((first.len > 0 && !parse_position(first, &start)) ||
        (last.len > 0 && !parse_position(last, &end)) ||
        (first.len == 0 && last.len == 0) ||
        (first.len > 0 && last.len > 0 && end < start))
        return -EINVAL;
    if (size == 0)
        return 0;
    if (first.len == 0) {
        /* The last so many; all, when there are fewer. */
        if (end == 0)
            return 0;
        start = end < size ? size - end : 0;
        end = size - 1;
    }
    if (end > size - 1)
        end = size - 1;
    *range = (struct yoke_range){start, end};
    return start <= end;
}

static int parse_list(struct yk_slice list, uint64_t size,
                      struct yoke_ranges *ranges)
{
    struct yk_slice text;
    size_t seen = 0;
    while (yk_accept_next(&list, &text)) {
        if (++seen > YOKE_RANGES_MAX)
            return -EINVAL;
        int n = parse_one(text, size, &ranges->items[ranges->count]);
        if (n < 0)
            return n;
        ranges->count += (size_t)n;
    }
    if (seen == 0)
        return -EINVAL;
    return ranges->count > 0 ? (int)ranges->count : -ERANGE;
}

int yk_range_parse(struct yk_slice text, uint64_t size,
                   struct yoke_ranges *ret_ranges)
{
    struct yoke_ranges ranges = {.count = 0};
    const char *equals = text.len ? memchr(text.ptr, '=', text.len) : NULL;
    size_t len = equals ? (size_t)(equals - text.ptr) : 0;
    if (!yk_chars_are((struct yk_slice){text.ptr, len}, YK_CHAR_TOKEN) ||
        len >= sizeof(ranges.unit))
        return -EINVAL;
    memcpy(ranges.unit, text.ptr, len);
    int n = parse_list((struct yk_slice){equals + 1, text.len - len - 1}, size,
                       &ranges);
    if (n > 0)
        *ret_ranges = ranges;
    return n;
}

/* ---- Combining ---- */

struct numbered {
    struct yoke_range range;
    size_t number; /* Its place in the request. */
};

static int by_start(const void *a, const void *b)
{
    uint64_t x = ((const struct numbered *)a)->range.start;
    uint64_t y = ((const struct numbered *)b)->range.start;
    return (x > y) - (x < y);
}

static int by_number(const void *a, const void *b)
{
    size_t x = ((const struct numbered *)a)->number;
    size_t y = ((const struct numbered *)b)->number;
    return (x > y) - (x < y);
}

/* Merges what is in the order of its starts; returns how many are left. */
static size_t merge(struct numbered *items, size_t count)
{
    size_t last = 0;
    for (size_t i = 1; i < count; i++) {
        struct numbered *to = &items[last];
        if (items[i].range.start > to->range.end &&
            items[i].range.start - to->range.end > 1) {
            items[++last] = items[i];
            continue;
        }
        if (items[i].range.end > to->range.end)
            to->range.end = items[i].range.end;
        if (items[i].number < to->number)
            to->number = items[i].number;
    }
    return last + 1;
}

void yoke_ranges_combine(struct yoke_ranges *ranges)
{
    struct numbered items[YOKE_RANGES_MAX];
    if (ranges->count < 2 || ranges->count > YOKE_RANGES_MAX)
        return;
    for (size_t i = 0; i < ranges->count; i++)
        items[i] = (struct numbered){ranges->items[i], i};
    qsort(items, ranges->count, sizeof(items[0]), by_start);
    ranges->count = merge(items, ranges->count);
    qsort(items, ranges->count, sizeof(items[0]), by_number);
    for (size_t i = 0; i < ranges->count; i++)
        ranges->items[i] = items[i].range;
}
