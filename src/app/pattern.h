/* The path of a layer, ready to be matched: "/users/:id{.:ext}".
 *
 * What may be missing (app/token.h) is written out: a pattern is a list of
 * variants, tried in order, and so is a layer with several paths. A variant is
 * texts and captures by turns:
 *
 *     /users/  id  .  ext  (nothing)
 *     /users/  id  (nothing)
 *
 * Text is matched as it comes over the wire: what may not stand in a URL is
 * percent-encoded here, so that "/café" matches what a client sends for it.
 *
 * A capture takes as much as it can, from left to right, as path-to-regexp's
 * regular expressions do. No later capture of a segment contains the text
 * before it, so that a path can hardly be divided in two ways, and matching
 * takes time that grows with the path's length, whatever a client sends. */
#ifndef YK_APP_PATTERN_H
#define YK_APP_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/slice.h"

struct yk_constraint;
struct yk_tokens;

/* Most variants of one layer, and most captures of one variant. */
#define YK_VARIANTS_MAX 256
#define YK_CAPTURES_MAX 64

enum yk_pattern_flag {
    YK_PATTERN_PREFIX = 1 << 0,    /* What follows behind a "/" is left. */
    YK_PATTERN_SENSITIVE = 1 << 1, /* Upper and lower case differ. */
    YK_PATTERN_STRICT = 1 << 2,    /* A "/" at the end counts. */
};

struct yk_capture {
    struct yk_slice name;
    struct yk_slice constraint_name;        /* Empty: none. */
    const struct yk_constraint *constraint; /* Set when the router is frozen. */
    struct yk_slice before;                 /* Text in front of it. */
    struct yk_slice stop; /* Text that it does not contain; empty: any. */
    bool is_wildcard;
    bool has_slash;      /* It may contain "/". */
    bool may_be_stop;    /* Or it is `stop` itself, and no more. */
    bool may_be_segment; /* Or it has no "/", and then may contain `stop`. */
};

struct yk_variant {
    struct yk_capture *captures;
    uint32_t capture_count;
    uint32_t path;       /* Which of the pattern's paths it comes from. */
    struct yk_slice end; /* Text behind the last capture. */
    bool has_constraint;
    char *text; /* What the texts point into. */
};

/* A zeroed one has no variant and matches nothing. */
struct yk_pattern {
    struct yk_variant *variants;
    uint32_t count, capacity;
    uint32_t path_count;
    char **paths;             /* As they were written. */
    struct yk_tokens *tokens; /* Of each path; names point into them. */
    unsigned flags;           /* yk_pattern_flag */
};

/* Reads a path, and adds its variants. Returns NULL when it is well, else what
 * is wrong and what to write instead (static), and the pattern is as before. */
const char *yk_pattern_add(struct yk_pattern *pattern, const char *path);

/* Changes the flags, and with them what the paths mean. */
void yk_pattern_set_flags(struct yk_pattern *pattern, unsigned flags);

void yk_pattern_done(struct yk_pattern *pattern);

/* Where a capture was found. */
struct yk_taken {
    uint32_t off, len;
};

/* Whether the variant matches `path`, which starts with "/". Then `taken` has
 * a place for each capture, and `*ret_len` is how much of the path it is: for
 * a prefix, without the "/" behind it. */
bool yk_variant_match(const struct yk_variant *variant, unsigned flags,
                      struct yk_slice path, struct yk_taken *taken,
                      uint32_t *ret_len);

/* Two texts of URLs are the same. Upper and lower case of an escape's digits
 * never differ. */
bool yk_pattern_text_is(struct yk_slice a, struct yk_slice b,
                        bool is_sensitive);

#endif
