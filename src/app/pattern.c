#include "app/pattern.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "core/arena.h"
#include "http/url.h"

#include "core/banned.h"

#define SEE_ESCAPE "; for the character itself put a backslash before it"

/* What a reserved character would mean elsewhere, and what to write here. */
static const char *reserved_problem(char c)
{
    switch (c) {
    case '*':
        return "\"*\" is no pattern; for a path and everything below it write "
               "yoke_app_use_at(app, \"/path\", ...), for one segment "
               "\":name\"" SEE_ESCAPE;
    case '(':
    case ')':
        return "regular expressions are not known; write \":name\" and check "
               "the param's value" SEE_ESCAPE;
    case '?':
        return "\"?\" is no pattern, and a query is no part of a path; "
               "register the path with and without what is "
               "optional" SEE_ESCAPE;
    case '{':
    case '}':
        return "optional groups are not known; register the path with and "
               "without what is optional" SEE_ESCAPE;
    case '[':
    case ']':
    case '+':
    case '!':
        return "this character is reserved: ( ) [ ] { } ? * + !" SEE_ESCAPE;
    case ':':
        return "a param is a whole segment; write \"/text/:name\"" SEE_ESCAPE;
    default:
        return NULL;
    }
}

static bool is_name_char(char c)
{
    unsigned char lower = yk_lower((unsigned char)c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static const char *read_param(struct yk_pattern *pattern, struct yk_slice name,
                              char *out)
{
    if (name.len == 0 || !is_name_char(name.ptr[0]))
        return "\":\" without a name; write \":name\"" SEE_ESCAPE;
    if (name.ptr[0] >= '0' && name.ptr[0] <= '9')
        return "the name of a param starts with a letter or \"_\"";
    for (size_t i = 0; i < name.len; i++)
        if (!is_name_char(name.ptr[i]))
            return "a param is a whole segment, and its name letters, digits "
                   "and \"_\"; write \"/:a/:b\"";
    if (yk_pattern_find_param(pattern, name) >= 0)
        return "two params have the same name";

    memcpy(out, name.ptr, name.len);
    pattern->segments[pattern->count++] =
        (struct yk_segment){{out, name.len}, true};
    pattern->param_count++;
    return NULL;
}

/* Takes the escapes out of `source`. "?" and "#" would end a path, so that they
 * can only come encoded. */
static const char *unescape(struct yk_slice source, char *out, size_t *ret_len)
{
    char *to = out;
    for (size_t i = 0; i < source.len; i++) {
        char c = source.ptr[i];
        const char *problem = reserved_problem(c);
        if (problem)
            return problem;
        if (c == '\\') {
            if (++i == source.len)
                return "a backslash at the end of a segment";
            c = source.ptr[i];
        }
        if (c == '?' || c == '#') {
            memcpy(to, c == '?' ? "%3F" : "%23", 3);
            to += 3;
        } else {
            *to++ = c;
        }
    }
    *ret_len = (size_t)(to - out);
    return NULL;
}

static const char *read_literal(struct yk_pattern *pattern,
                                struct yk_slice source, char *out)
{
    char *plain = yk_alloc(source.len * 3 + 1);
    size_t len = 0;
    const char *problem = unescape(source, plain, &len);
    if (!problem) {
        len = yk_url_encode((struct yk_slice){plain, len}, out);
        pattern->segments[pattern->count++] =
            (struct yk_segment){{out, len}, false};
    }
    free(plain);
    return problem;
}

/* Reads the segments of `path`, each of which starts with a slash, into
 * `pattern`, whose arrays have room. */
static const char *read_segments(struct yk_pattern *pattern,
                                 struct yk_slice path)
{
    char *out = pattern->text;
    const char *at = path.ptr, *end = at + path.len;
    while (at < end) {
        const char *start = at + 1;
        const char *slash = memchr(start, '/', (size_t)(end - start));
        at = slash ? slash : end;
        struct yk_slice segment = {start, (size_t)(at - start)};
        bool is_param = segment.len > 0 && segment.ptr[0] == ':';
        struct yk_slice name = {start + 1, segment.len - 1};

        const char *problem = is_param ? read_param(pattern, name, out)
                                       : read_literal(pattern, segment, out);
        if (problem)
            return problem;
        out += pattern->segments[pattern->count - 1].text.len;
    }
    return NULL;
}

const char *yk_pattern_init(struct yk_pattern *pattern, const char *path)
{
    *pattern = (struct yk_pattern){.count = 0};
    if (!path || path[0] != '/')
        return "a path starts with \"/\"";

    struct yk_slice source = yk_slice_of(path);
    while (source.len > 0 && source.ptr[source.len - 1] == '/')
        source.len--;
    if (source.len == 0)
        return NULL;
    size_t count = 0;
    for (size_t i = 0; i < source.len; i++)
        count += source.ptr[i] == '/';
    pattern->segments = yk_alloc(count * sizeof(*pattern->segments));
    pattern->text = yk_alloc(YK_URL_ENCODED_MAX(source.len));

    const char *problem = read_segments(pattern, source);
    if (problem)
        yk_pattern_done(pattern);
    return problem;
}

void yk_pattern_done(struct yk_pattern *pattern)
{
    free(pattern->segments);
    free(pattern->text);
    *pattern = (struct yk_pattern){.count = 0};
}

const char **yk_pattern_params(const struct yk_pattern *pattern,
                               struct yk_slice path, struct yk_arena *arena)
{
    const char **values =
        yk_arena_alloc(arena, pattern->param_count * sizeof(*values));
    char *out = yk_arena_alloc(arena, path.len + pattern->param_count);
    const char *at = path.ptr, *end = at + path.len;
    uint32_t found = 0;

    for (uint32_t i = 0; found < pattern->param_count; i++) {
        const char *start = at + 1;
        const char *slash = memchr(start, '/', (size_t)(end - start));
        at = slash ? slash : end;
        if (!pattern->segments[i].is_param)
            continue;
        size_t len;
        struct yk_slice text = {start, (size_t)(at - start)};
        if (yk_url_decode(text, out, &len) < 0)
            return NULL;
        out[len] = '\0';
        values[found++] = out;
        out += len + 1;
    }
    return values;
}

int yk_pattern_find_param(const struct yk_pattern *pattern,
                          struct yk_slice name)
{
    int place = 0;
    for (uint32_t i = 0; i < pattern->count; i++) {
        if (!pattern->segments[i].is_param)
            continue;
        if (yk_slice_eq(pattern->segments[i].text, name))
            return place;
        place++;
    }
    return -1;
}
