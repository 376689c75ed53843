#include "test/lines.h"

#include "core/banned.h"

void yk_lines_add(struct yk_bytes *lines, const char *name, const char *value)
{
    yk_bytes_printf(lines, "%s: %s\r\n", name, value);
}

bool yk_lines_next(struct yk_slice *rest, struct yk_slice *ret_line,
                   struct yk_slice *ret_name, struct yk_slice *ret_value)
{
    if (rest->len == 0)
        return false;
    const char *end = memmem(rest->ptr, rest->len, "\r\n", 2);
    size_t len = end ? (size_t)(end - rest->ptr) : rest->len;
    struct yk_slice line = {rest->ptr, len};
    const char *colon = memchr(line.ptr, ':', len);
    size_t name_len = colon ? (size_t)(colon - line.ptr) : len;
    size_t used = colon ? name_len + 1 : len;

    *ret_line = line;
    *ret_name = (struct yk_slice){line.ptr, name_len};
    while (used < len && line.ptr[used] == ' ')
        used++;
    *ret_value = (struct yk_slice){line.ptr + used, len - used};
    used = end ? len + 2 : len;
    rest->ptr += used;
    rest->len -= used;
    return true;
}

bool yk_lines_find(struct yk_slice lines, struct yk_slice name,
                   struct yk_slice *ret_value)
{
    struct yk_slice line, found, value;
    while (yk_lines_next(&lines, &line, &found, &value)) {
        if (!yk_slice_eq_nocase(found, name))
            continue;
        *ret_value = value;
        return true;
    }
    return false;
}

bool yk_lines_have(const struct yk_bytes *lines, const char *name)
{
    struct yk_slice value;
    return yk_lines_find(yk_bytes_slice(lines), yk_slice_of(name), &value);
}

void yk_lines_remove(struct yk_bytes *lines, const char *name)
{
    struct yk_slice rest = yk_bytes_slice(lines), line, found, value;
    while (yk_lines_next(&rest, &line, &found, &value)) {
        if (!yk_slice_eq_nocase(found, yk_slice_of(name)))
            continue;
        size_t at = (size_t)(line.ptr - lines->ptr);
        yk_bytes_cut(lines, at, (size_t)(rest.ptr - line.ptr));
        rest = yk_bytes_slice(lines);
        rest.ptr += at;
        rest.len -= at;
    }
}
