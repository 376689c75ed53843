#include "app/segment.h"

#include <string.h>

#include "app/pattern.h"

#include "core/banned.h"

static struct yk_slice text_of(const struct yk_variant *variant, uint32_t i)
{
    return i < variant->capture_count ? variant->captures[i].before
                                      : variant->end;
}

static bool is_at_end(const struct yk_variant *variant, struct yk_place place)
{
    struct yk_slice text = text_of(variant, place.capture);
    return place.capture == variant->capture_count &&
           place.at == text.ptr + text.len;
}

struct yk_place yk_segment_first(const struct yk_variant *variant)
{
    return (struct yk_place){0, text_of(variant, 0).ptr};
}

/* Adds a capture to the segment. */
static void add_capture(struct yk_segment *segment,
                        const struct yk_capture *capture)
{
    segment->is_exact &= capture->constraint_name.len == 0;
    segment->has_wildcard |= capture->is_wildcard;
    segment->has_capture = true;
}

bool yk_segment_take(const struct yk_variant *variant, struct yk_place *place,
                     struct yk_segment *ret_segment)
{
    struct yk_segment segment = {.is_exact = true};
    const char *start = place->at + 1;

    if (is_at_end(variant, *place))
        return false;
    for (;;) {
        struct yk_slice text = text_of(variant, place->capture);
        const char *end = text.ptr + text.len;
        const char *slash = memchr(start, '/', (size_t)(end - start));
        place->at = slash ? slash : end;
        segment.text = (struct yk_slice){start, (size_t)(place->at - start)};
        bool ends = slash || place->capture == variant->capture_count;
        if (segment.text.len > 0 && (segment.has_capture || !ends))
            segment.is_exact = false;
        if (ends)
            break;
        add_capture(&segment, &variant->captures[place->capture++]);
        start = text_of(variant, place->capture).ptr;
    }
    *ret_segment = segment;
    return true;
}
