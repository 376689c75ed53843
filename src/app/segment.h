/* The segments of a pattern's variant, as far as the index's tree (app/index.h)
 * knows them: text, or something that can be any text. */
#ifndef YK_APP_SEGMENT_H
#define YK_APP_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/slice.h"

struct yk_variant;

struct yk_segment {
    struct yk_slice text; /* A literal, if there is no capture. */
    bool has_capture, has_wildcard;
    bool is_exact; /* It is no more than a literal or a capture. */
};

/* Where the next segment starts: at a slash, or at the variant's end. */
struct yk_place {
    uint32_t capture; /* The text is the one before it, or the last. */
    const char *at;
};

/* Where the first segment of the variant starts. */
struct yk_place yk_segment_first(const struct yk_variant *variant);

/* Takes the segment at `*place`, and moves on to the next. Returns false at the
 * variant's end. */
bool yk_segment_take(const struct yk_variant *variant, struct yk_place *place,
                     struct yk_segment *ret_segment);

#endif
