/* A path as it stands in a registration: "/users/:id".
 *
 * It is a list of segments, each literal text or a param. What can be written
 * is Express's path syntax without wildcards, optional groups and several
 * params in a segment; those characters are refused, with what to write
 * instead, so that they can mean something later. A "\" before a character
 * takes its meaning away.
 *
 * Text is matched as it comes over the wire, without regard to case: what may
 * not stand in a URL is percent-encoded here, so that "/café" matches what a
 * client sends for it. */
#ifndef YK_APP_PATTERN_H
#define YK_APP_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/slice.h"

struct yk_arena;

struct yk_segment {
    struct yk_slice text; /* What it must be, or the param's name. */
    bool is_param;
};

/* A zeroed one is "/". */
struct yk_pattern {
    struct yk_segment *segments; /* NULL when there are none. */
    char *text;                  /* What their texts point into. */
    uint32_t count;
    uint32_t param_count;
};

/* Reads a path; slashes at its end do not count. NULL when it is well, else
 * what is wrong with it and what to write instead (static), and `pattern` is
 * empty. Released with yk_pattern_done. */
const char *yk_pattern_init(struct yk_pattern *pattern, const char *path);

void yk_pattern_done(struct yk_pattern *pattern);

/* The values of the params in `path`, which matches: an array in the arena, in
 * the pattern's order, each decoded and followed by a NUL. NULL when one has a
 * wrong escape (docs/http-rules.md rule 34). */
const char **yk_pattern_params(const struct yk_pattern *pattern,
                               struct yk_slice path, struct yk_arena *arena);

/* The place of the param in that array, or -1. */
int yk_pattern_find_param(const struct yk_pattern *pattern,
                          struct yk_slice name);

#endif
