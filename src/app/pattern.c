#include "app/pattern.h"

#include <stdlib.h>

#include "app/token.h"
#include "core/alloc.h"
#include "http/chars.h"

#include "core/banned.h"

/* ---- Variants ---- */

/* The tokens of one variant, chosen from those of the path. */
struct choice {
    const struct yk_token *items[YK_TOKENS_MAX];
    uint32_t count;
};

static struct yk_variant *add_variant(struct yk_pattern *pattern)
{
    if (pattern->count == pattern->capacity) {
        pattern->capacity = pattern->capacity ? pattern->capacity * 2 : 1;
        pattern->variants = yk_realloc(pattern->variants, pattern->capacity,
                                       sizeof(*pattern->variants));
    }
    struct yk_variant *variant = &pattern->variants[pattern->count++];
    *variant = (struct yk_variant){.path = pattern->path_count - 1};
    return variant;
}

static void variant_done(struct yk_variant *variant)
{
    free(variant->captures);
    free(variant->text);
}

static void add_capture(struct yk_variant *variant,
                        const struct yk_token *token, struct yk_slice before)
{
    variant->captures[variant->capture_count++] = (struct yk_capture){
        .name = token->text,
        .constraint_name = token->constraint,
        .is_wildcard = token->kind == YK_TOKEN_WILDCARD,
        .before = before,
    };
    variant->has_constraint |= token->constraint.len > 0;
}

/* Copies the texts one behind the other, so that neighbours become one. */
static void add_parts(struct yk_variant *variant, const struct choice *choice)
{
    size_t len = 0, captures = 0;
    for (uint32_t i = 0; i < choice->count; i++)
        if (choice->items[i]->kind == YK_TOKEN_TEXT)
            len += choice->items[i]->text.len;
        else
            captures++;
    variant->text = yk_alloc(len + 1);
    variant->captures = yk_alloc((captures + 1) * sizeof(*variant->captures));

    char *out = variant->text, *start = out;
    for (uint32_t i = 0; i < choice->count; i++) {
        const struct yk_token *token = choice->items[i];
        if (token->kind == YK_TOKEN_TEXT) {
            memcpy(out, token->text.ptr, token->text.len);
            out += token->text.len;
        } else {
            add_capture(variant, token,
                        (struct yk_slice){start, (size_t)(out - start)});
            start = out;
        }
    }
    variant->end = (struct yk_slice){start, (size_t)(out - start)};
}

/* Whether it starts with a slash, or is nothing at all. */
static bool has_start(const struct yk_variant *variant)
{
    if (variant->capture_count > 0)
        return variant->captures[0].before.len > 0 &&
               variant->captures[0].before.ptr[0] == '/';
    return variant->end.len == 0 || variant->end.ptr[0] == '/';
}

static const char *check(const struct yk_variant *variant)
{
    if (!has_start(variant))
        return "a path starts with \"/\", also without its optional parts; "
               "write \"/*path\" for \"*path\"";
    if (variant->capture_count > YK_CAPTURES_MAX)
        return "the path has more than 64 params";
    for (uint32_t i = 1; i < variant->capture_count; i++) {
        if (variant->captures[i].before.len == 0)
            return "two params need text between them; write \"/:a-:b\" or "
                   "\"/:a/:b\"";
        for (uint32_t j = 0; j < i; j++)
            if (yk_slice_eq(variant->captures[j].name,
                            variant->captures[i].name))
                return "two params have the same name";
    }
    return NULL;
}

/* ---- What captures may contain ---- */

static bool has_slash(struct yk_slice text)
{
    return memchr(text.ptr, '/', text.len) != NULL;
}

static struct yk_slice text_behind(const struct yk_variant *variant, uint32_t i)
{
    return i + 1 < variant->capture_count ? variant->captures[i + 1].before
                                          : variant->end;
}

/* Whether there is a wildcard further on in the segment. */
static bool has_wildcard_behind(const struct yk_variant *variant, uint32_t i)
{
    for (; !has_slash(text_behind(variant, i)); i++) {
        if (i + 1 == variant->capture_count)
            return false;
        if (variant->captures[i + 1].is_wildcard)
            return true;
    }
    return false;
}

/* What has been seen on the way from left to right. */
struct seen {
    bool param, wildcard;   /* In this segment. */
    struct yk_slice behind; /* Text behind the last wildcard of the path. */
};

static void limit_param(struct yk_variant *variant, uint32_t i,
                        const struct seen *seen)
{
    struct yk_capture *capture = &variant->captures[i];
    if (seen->wildcard) {
        capture->stop = capture->before;
    } else if (has_wildcard_behind(variant, i)) {
        capture->stop = text_behind(variant, i);
    } else if (seen->param) {
        capture->stop = capture->before;
        capture->may_be_stop = true;
    }
}

static void limit_wildcard(struct yk_capture *capture, const struct seen *seen)
{
    capture->has_slash = true;
    if (seen->wildcard) {
        capture->stop = capture->before;
    } else if (seen->behind.len > 0) {
        capture->stop = seen->behind;
        capture->may_be_segment = true;
    }
}

/* Without these limits "/:a-:b-:c" could be matched in many ways, and a client
 * could make it expensive to try them all. */
static void limit_captures(struct yk_variant *variant)
{
    struct seen seen = {.behind = YK_LIT("")};
    for (uint32_t i = 0; i < variant->capture_count; i++) {
        struct yk_capture *capture = &variant->captures[i];
        if (has_slash(capture->before))
            seen.param = seen.wildcard = false;
        if (i > 0 && variant->captures[i - 1].is_wildcard)
            seen.behind = capture->before;
        if (!capture->is_wildcard) {
            limit_param(variant, i, &seen);
            seen.param = true;
            continue;
        }
        limit_wildcard(capture, &seen);
        seen.behind = YK_LIT("");
        seen.wildcard = true;
    }
}

/* ---- Writing groups out ---- */

struct expansion {
    struct yk_pattern *pattern;
    struct choice choice;
    const char *problem;
};

/* Tokens that are still to come, and behind them those around their group. */
struct rest {
    const struct yk_token *at, *end;
    const struct rest *outer;
};

static void add_choice(struct expansion *e)
{
    if (e->pattern->count == YK_VARIANTS_MAX) {
        e->problem = "the optional parts can be combined in more than 256 "
                     "ways; split the path into several";
        return;
    }
    struct yk_variant *variant = add_variant(e->pattern);
    add_parts(variant, &e->choice);
    e->problem = check(variant);
    if (!e->problem)
        limit_captures(variant);
}

/* Goes through the tokens; each group first as if it were there, then as if it
 * were not, which is the order in which variants are tried. */
static void expand(struct expansion *e, const struct rest *rest)
{
    uint32_t count = e->choice.count;
    const struct yk_token *token = rest->at;

    while (token < rest->end && !e->problem) {
        if (token->kind != YK_TOKEN_GROUP) {
            e->choice.items[e->choice.count++] = token++;
            continue;
        }
        const struct yk_token *behind = token + 1 + token->inside;
        struct rest outer = {behind, rest->end, rest->outer};
        struct rest inner = {token + 1, behind, &outer};
        expand(e, &inner);
        token = behind;
    }
    if (!e->problem && rest->outer)
        expand(e, rest->outer);
    else if (!e->problem)
        add_choice(e);
    e->choice.count = count;
}

/* ---- Life ---- */

/* A prefix may be "", which is "/". */
static const char *check_start(const struct yk_pattern *pattern,
                               const char *path)
{
    bool is_prefix = pattern->flags & YK_PATTERN_PREFIX;
    if (!path)
        return "a path starts with \"/\", and it is NULL";
    if (path[0] == '/' || path[0] == '{' || (is_prefix && path[0] == '\0'))
        return NULL;
    return "a path starts with \"/\"; write \"/*path\" for every path";
}

/* Adds the variants of the last path. */
static const char *expand_path(struct yk_pattern *pattern)
{
    uint32_t last = pattern->path_count - 1, count = pattern->count;
    struct yk_tokens *tokens = &pattern->tokens[last];
    bool is_loose =
        (pattern->flags & (YK_PATTERN_STRICT | YK_PATTERN_PREFIX)) !=
        YK_PATTERN_STRICT;
    const char *problem =
        yk_tokens_init(tokens, pattern->paths[last], is_loose);
    if (problem)
        return problem;

    struct expansion *e = yk_alloc(sizeof(*e));
    struct rest all = {tokens->items, tokens->items + tokens->count, NULL};
    e->pattern = pattern;
    expand(e, &all);
    problem = e->problem;
    free(e);
    while (problem && pattern->count > count)
        variant_done(&pattern->variants[--pattern->count]);
    if (problem)
        yk_tokens_done(tokens);
    return problem;
}

const char *yk_pattern_add(struct yk_pattern *pattern, const char *path)
{
    const char *problem = check_start(pattern, path);
    if (problem)
        return problem;
    uint32_t n = ++pattern->path_count;
    pattern->paths = yk_realloc(pattern->paths, n, sizeof(*pattern->paths));
    pattern->tokens = yk_realloc(pattern->tokens, n, sizeof(*pattern->tokens));
    pattern->paths[n - 1] = yk_strdup(path);
    problem = expand_path(pattern);
    if (problem)
        free(pattern->paths[--pattern->path_count]);
    return problem;
}

void yk_pattern_set_flags(struct yk_pattern *pattern, unsigned flags)
{
    uint32_t n = pattern->path_count;
    if (flags == pattern->flags)
        return;
    while (pattern->count > 0)
        variant_done(&pattern->variants[--pattern->count]);
    pattern->flags = flags;
    for (pattern->path_count = 0; pattern->path_count < n;) {
        yk_tokens_done(&pattern->tokens[pattern->path_count++]);
        expand_path(pattern); /* It was well before, and so it is now. */
    }
}

void yk_pattern_done(struct yk_pattern *pattern)
{
    while (pattern->count > 0)
        variant_done(&pattern->variants[--pattern->count]);
    for (uint32_t i = 0; i < pattern->path_count; i++) {
        yk_tokens_done(&pattern->tokens[i]);
        free(pattern->paths[i]);
    }
    free(pattern->variants);
    free(pattern->tokens);
    free(pattern->paths);
    *pattern = (struct yk_pattern){.count = 0};
}

/* ---- Comparing ---- */

/* Whether the byte is one of the two digits of an escape. */
static bool is_in_escape(struct yk_slice text, size_t i)
{
    return (i >= 1 && text.ptr[i - 1] == '%') ||
           (i >= 2 && text.ptr[i - 2] == '%');
}

static bool is_same_but_escapes(struct yk_slice a, struct yk_slice b)
{
    for (size_t i = 0; i < a.len; i++) {
        if (a.ptr[i] == b.ptr[i])
            continue;
        if (yk_hex_value(a.ptr[i]) < 0 ||
            yk_hex_value(a.ptr[i]) != yk_hex_value(b.ptr[i]) ||
            !is_in_escape(a, i) || !is_in_escape(b, i))
            return false;
    }
    return true;
}

bool yk_pattern_text_is(struct yk_slice a, struct yk_slice b, bool is_sensitive)
{
    if (a.len != b.len)
        return false;
    /* Most clients write a path as the application does. */
    if (memcmp(a.ptr, b.ptr, a.len) == 0)
        return true;
    return is_sensitive ? is_same_but_escapes(a, b) : yk_slice_eq_nocase(a, b);
}
