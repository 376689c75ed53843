/* Any text as the path of a route: it is read, or there is a text that says why
 * not; and what was read has the shape that matching relies on.
 *
 *     flags (one byte), path
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "app/pattern.h"

static void check_variant(const struct yk_variant *variant)
{
    struct yk_slice first =
        variant->capture_count > 0 ? variant->captures[0].before : variant->end;
    MUST(first.len == 0 || first.ptr[0] == '/', "a path starts with a slash");
    MUST(variant->capture_count <= YK_CAPTURES_MAX, "captures have an end");
    for (uint32_t i = 0; i < variant->capture_count; i++) {
        const struct yk_capture *capture = &variant->captures[i];
        MUST(capture->name.len > 0, "a capture has a name");
        MUST(i == 0 || capture->before.len > 0, "text between captures");
        MUST(capture->is_wildcard || !capture->has_slash,
             "only wildcards contain slashes");
        MUST(!capture->is_wildcard || capture->constraint_name.len == 0,
             "wildcards have no constraint");
    }
}

static void check_match(const struct yk_pattern *pattern, const char *text)
{
    struct yk_taken taken[YK_CAPTURES_MAX];
    struct yk_slice path = yk_slice_of(text);
    for (uint32_t i = 0; i < pattern->count; i++) {
        uint32_t len = UINT32_MAX;
        if (!yk_variant_match(&pattern->variants[i], pattern->flags, path,
                              taken, &len))
            continue;
        MUST(len <= path.len, "no more matches than there is");
        for (uint32_t j = 0; j < pattern->variants[i].capture_count; j++)
            MUST(taken[j].len > 0 && taken[j].off + taken[j].len <= path.len,
                 "captures are a part of the path");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct yk_pattern pattern = {.flags = size > 0 ? data[0] & 7 : 0};
    char *path = calloc(1, size + 1);
    if (!path)
        abort();
    if (size > 1)
        memcpy(path, data + 1, size - 1);

    const char *problem = yk_pattern_add(&pattern, path);
    MUST(problem ? strlen(problem) > 0 && pattern.count == 0
                 : pattern.count > 0,
         "a path has variants, or a problem");
    MUST(pattern.count <= YK_VARIANTS_MAX, "variants have an end");
    for (uint32_t i = 0; i < pattern.count; i++)
        check_variant(&pattern.variants[i]);
    /* What it is for a router that reads it otherwise. */
    yk_pattern_set_flags(&pattern, pattern.flags ^ YK_PATTERN_STRICT);
    MUST(problem || pattern.count > 0, "it stays a path");
    check_match(&pattern, "/");
    check_match(&pattern, "/a/b-c.d/e--f/");
    if (path[0] == '/')
        check_match(&pattern, path);
    yk_pattern_done(&pattern);
    free(path);
    return 0;
}
