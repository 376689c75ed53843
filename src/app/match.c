/* Matching a path by trying: a capture takes as much as it can, and less when
 * the rest does not fit then. */
#include "app/pattern.h"

#include "core/banned.h"

struct match {
    const struct yk_variant *variant;
    unsigned flags;
    struct yk_slice path;
    struct yk_taken *taken;
    uint32_t end; /* How much of the path has matched, in the end. */
};

static bool starts_with(const struct match *m, uint32_t at,
                        struct yk_slice text)
{
    struct yk_slice there = {m->path.ptr + at, text.len};
    return text.len <= m->path.len - at &&
           yk_pattern_text_is(there, text, m->flags & YK_PATTERN_SENSITIVE);
}

static uint32_t segment_end(const struct match *m, uint32_t at)
{
    const char *from = m->path.ptr + at;
    const char *slash = memchr(from, '/', m->path.len - at);
    return slash ? (uint32_t)(slash - m->path.ptr) : (uint32_t)m->path.len;
}

/* Where the most that the capture can take from `at` on ends. */
static uint32_t take(const struct match *m, const struct yk_capture *capture,
                     uint32_t at)
{
    uint32_t end =
        capture->has_slash ? (uint32_t)m->path.len : segment_end(m, at);
    if (capture->stop.len == 0)
        return end;
    while (at < end && !starts_with(m, at, capture->stop))
        at++;
    return at;
}

static bool can_end(struct match *m, uint32_t at)
{
    size_t left = m->path.len - at;
    m->end = at;
    if (left == 0)
        return true;
    if (m->flags & YK_PATTERN_PREFIX)
        return m->path.ptr[at] == '/';
    return left == 1 && m->path.ptr[at] == '/' &&
           !(m->flags & YK_PATTERN_STRICT);
}

static bool match_from(struct match *m, uint32_t i, uint32_t at);

/* Whether the rest matches when capture `i` ends somewhere from `least` to
 * `most`; the longest first. */
static bool match_behind(struct match *m, uint32_t i, uint32_t at,
                         uint32_t least, uint32_t most)
{
    for (uint32_t end = most; end >= least; end--) {
        m->taken[i] = (struct yk_taken){at, end - at};
        if (match_from(m, i + 1, end))
            return true;
    }
    return false;
}

/* Matches from the text before capture `i` on, which starts at `at`. */
static bool match_from(struct match *m, uint32_t i, uint32_t at)
{
    const struct yk_variant *variant = m->variant;
    if (i == variant->capture_count)
        return starts_with(m, at, variant->end) &&
               can_end(m, at + (uint32_t)variant->end.len);

    const struct yk_capture *capture = &variant->captures[i];
    if (!starts_with(m, at, capture->before))
        return false;
    at += (uint32_t)capture->before.len;
    uint32_t most = take(m, capture, at);
    if (match_behind(m, i, at, at + 1, most))
        return true;
    if (capture->may_be_segment)
        return match_behind(m, i, at, most + 1, segment_end(m, at));
    uint32_t end = at + (uint32_t)capture->stop.len;
    return capture->may_be_stop && most == at &&
           starts_with(m, at, capture->stop) &&
           match_behind(m, i, at, end, end);
}

bool yk_variant_match(const struct yk_variant *variant, unsigned flags,
                      struct yk_slice path, struct yk_taken *taken,
                      uint32_t *ret_len)
{
    struct match m = {variant, flags, path, taken, 0};
    /* A route that is nothing is "/", however strictly that is read. */
    bool is_root =
        variant->capture_count == 0 && variant->end.len == 0 && path.len == 1;
    if (!is_root && !match_from(&m, 0, 0))
        return false;
    *ret_len = m.end;
    return true;
}
