#include "test/question.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "core/number.h"
#include "core/slice.h"

#include "core/banned.h"

/* The bytes up to and including `mark`; all of them if it is not there. */
static size_t len_to(struct yk_slice bytes, const char *mark)
{
    const char *found = memmem(bytes.ptr, bytes.len, mark, strlen(mark));
    return found ? (size_t)(found - bytes.ptr) + strlen(mark) : bytes.len;
}

static struct yk_slice skip(struct yk_slice bytes, size_t n)
{
    return n < bytes.len ? (struct yk_slice){bytes.ptr + n, bytes.len - n}
                         : (struct yk_slice){bytes.ptr + bytes.len, 0};
}

/* The value of a field of the head, up to its CR; empty if there is none. */
static struct yk_slice field(struct yk_slice head, const char *name)
{
    size_t name_len = strlen(name);
    while (head.len > 0) {
        head = skip(head, len_to(head, "\r\n"));
        if (head.len <= name_len || head.ptr[name_len] != ':' ||
            strncasecmp(head.ptr, name, name_len) != 0)
            continue;
        struct yk_slice value = skip(head, name_len + 1);
        while (value.len > 0 && *value.ptr == ' ')
            value = skip(value, 1);
        value.len = len_to(value, "\r\n");
        value.len -= value.len >= 2 ? 2 : value.len;
        return value;
    }
    return (struct yk_slice){"", 0};
}

static size_t body_len(struct yk_slice head, struct yk_slice rest)
{
    uint64_t len;
    if (yk_parse_u64(field(head, "Content-Length"), rest.len, &len) == 0)
        return (size_t)len;
    if (field(head, "Transfer-Encoding").len == 0)
        return 0;
    /* From the end of the last chunk's "0" on: a CR LF, fields, an empty line. */
    size_t last = len_to(rest, "\r\n0\r\n");
    last = last < 2 ? 0 : last - 2;
    if (rest.len >= 3 && memcmp(rest.ptr, "0\r\n", 3) == 0)
        last = 1;
    return last + len_to(skip(rest, last), "\r\n\r\n");
}

static struct yk_question describe(struct yk_slice head)
{
    size_t line_len = len_to(head, "\r\n");
    return (struct yk_question){
        .is_head = head.len >= 5 && memcmp(head.ptr, "HEAD ", 5) == 0,
        .is_http10 = line_len >= 11 &&
                     memcmp(head.ptr + line_len - 11, " HTTP/1.0\r\n", 11) == 0,
    };
}

struct yk_question yk_question_at(const char *ptr, size_t len, size_t n)
{
    struct yk_slice rest = {ptr, len};
    for (;;) {
        while (rest.len > 0 && (*rest.ptr == '\r' || *rest.ptr == '\n'))
            rest = skip(rest, 1);
        struct yk_slice head = {rest.ptr, len_to(rest, "\r\n\r\n")};
        if (n == 0)
            return describe(head);
        if (head.len == 0)
            return (struct yk_question){0};
        rest = skip(rest, head.len);
        rest = skip(rest, body_len(head, rest));
        n--;
    }
}
