#include "test/failure.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/slice.h"
#include "test/client.h"
#include "test/exchange.h"

/* Bytes of text that are shown from the start, and from the end. */
#define TEXT_SHOWN 1024

/* The same of a body in hex: from the start alone. */
#define HEX_SHOWN 256
#define HEX_LINE  16

/* Bytes that are shown in quotes. */
#define QUOTED_MAX 200

/* cmocka's, if the program has it. */
extern void _fail(const char *const file, const int line) __attribute__((weak));

/* What yoke_test_on_fail was given; written by it alone. */
static void (*on_fail)(const char *file, int line);

void yoke_test_on_fail(void (*fn)(const char *file, int line))
{
    on_fail = fn;
}

/* ---- Characters ---- */

/* The length of the UTF-8 sequence at `ptr`, if it is a whole one of something
 * that can be printed; else 0. */
static size_t sequence_len(const char *ptr, size_t len)
{
    const unsigned char *p = (const unsigned char *)ptr;
    size_t n = p[0] < 0x80                    ? 1
               : p[0] >= 0xc2 && p[0] <= 0xdf ? 2
               : p[0] >= 0xe0 && p[0] <= 0xef ? 3
               : p[0] >= 0xf0 && p[0] <= 0xf4 ? 4
                                              : 0;
    if (n == 0 || n > len)
        return 0;
    for (size_t i = 1; i < n; i++)
        if (p[i] < 0x80 || p[i] > 0xbf)
            return 0;
    /* Control characters of Latin-1. */
    if (p[0] < ' ' || p[0] == 0x7f || (p[0] == 0xc2 && p[1] < 0xa0))
        return 0;
    /* Overlong forms and surrogates. */
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return n;
}

/* One character; returns its bytes. */
static size_t add_char(struct yk_bytes *text, const char *ptr, size_t len)
{
    static const char *const escapes[] = {
        ['\t'] = "\\t", ['\n'] = "\\n", ['\r'] = "\\r"};
    unsigned char c = (unsigned char)*ptr;
    size_t n = sequence_len(ptr, len);

    if (n > 0)
        yk_bytes_append(text, ptr, n);
    else if (c < sizeof(escapes) / sizeof(*escapes) && escapes[c])
        yk_bytes_add(text, escapes[c]);
    else
        yk_bytes_printf(text, "\\x%02x", c);
    return n > 0 ? n : 1;
}

/* Most of it can be read, and no NUL is in it. */
static bool is_text(struct yk_slice bytes)
{
    size_t strange = 0, n;
    for (size_t i = 0; i<bytes.len; i += n> 0 ? n : 1) {
        char c = bytes.ptr[i];
        n = sequence_len(bytes.ptr + i, bytes.len - i);
        if (c == '\0')
            return false;
        strange += n == 0 && c != '\t' && c != '\n' && c != '\r';
    }
    return strange <= bytes.len / 8;
}

/* ---- Lines ---- */

/* One line: the prefix, without a blank behind it if there is nothing else. */
static void add_line(struct yk_bytes *text, const char *prefix,
                     struct yk_slice line)
{
    yk_bytes_add(text, prefix);
    if (line.len > 0)
        yk_bytes_add(text, " ");
    for (size_t i = 0; i < line.len;)
        i += add_char(text, line.ptr + i, line.len - i);
    yk_bytes_add(text, "\n");
}

/* The bytes before the next end of a line, which is CR LF, or LF too. */
static size_t line_len(struct yk_slice bytes, bool ends_by_lf, size_t *ret_used)
{
    for (size_t i = 0; i < bytes.len; i++) {
        bool is_crlf = bytes.ptr[i] == '\r' && i + 1 < bytes.len &&
                       bytes.ptr[i + 1] == '\n';
        if (!is_crlf && !(ends_by_lf && bytes.ptr[i] == '\n'))
            continue;
        *ret_used = i + (is_crlf ? 2 : 1);
        return i;
    }
    *ret_used = bytes.len;
    return bytes.len;
}

static void add_lines(struct yk_bytes *text, const char *prefix,
                      struct yk_slice bytes, bool ends_by_lf)
{
    while (bytes.len > 0) {
        size_t used;
        size_t len = line_len(bytes, ends_by_lf, &used);
        add_line(text, prefix, (struct yk_slice){bytes.ptr, len});
        bytes.ptr += used;
        bytes.len -= used;
    }
}

static void add_text(struct yk_bytes *text, const char *prefix,
                     struct yk_slice body)
{
    struct yk_slice start = {body.ptr, TEXT_SHOWN};
    struct yk_slice end = {body.ptr + body.len - TEXT_SHOWN, TEXT_SHOWN};
    if (body.len <= 2 * TEXT_SHOWN) {
        add_lines(text, prefix, body, true);
        return;
    }
    add_lines(text, prefix, start, true);
    yk_bytes_printf(text, "%s ... %zu bytes more ...\n", prefix,
                    body.len - 2 * TEXT_SHOWN);
    add_lines(text, prefix, end, true);
}

static void add_hex_line(struct yk_bytes *text, const char *prefix, size_t at,
                         struct yk_slice bytes)
{
    yk_bytes_printf(text, "%s %04zx ", prefix, at);
    for (size_t i = 0; i < HEX_LINE; i++) {
        if (i < bytes.len)
            yk_bytes_printf(text, " %02x", (unsigned char)bytes.ptr[i]);
        else
            yk_bytes_add(text, "   ");
    }
    yk_bytes_add(text, "  |");
    for (size_t i = 0; i < bytes.len; i++) {
        char c = bytes.ptr[i];
        yk_bytes_append(text, c >= ' ' && c <= '~' ? &c : ".", 1);
    }
    yk_bytes_add(text, "|\n");
}

static void add_hex(struct yk_bytes *text, const char *prefix,
                    struct yk_slice body)
{
    for (size_t at = 0; at < body.len && at < HEX_SHOWN; at += HEX_LINE) {
        size_t len = body.len - at < HEX_LINE ? body.len - at : HEX_LINE;
        add_hex_line(text, prefix, at, (struct yk_slice){body.ptr + at, len});
    }
    if (body.len > HEX_SHOWN)
        yk_bytes_printf(text, "%s ... %zu bytes more ...\n", prefix,
                        body.len - HEX_SHOWN);
}

/* A head, and what follows it. */
static void add_message(struct yk_bytes *text, const char *prefix,
                        const struct yk_bytes *bytes)
{
    struct yk_slice all = yk_bytes_slice(bytes);
    const char *end = memmem(all.ptr, all.len, "\r\n\r\n", 4);
    size_t head_len = end ? (size_t)(end - all.ptr) + 4 : all.len;
    struct yk_slice body = {all.ptr + head_len, all.len - head_len};

    add_lines(text, prefix, (struct yk_slice){all.ptr, head_len}, false);
    if (is_text(body))
        add_text(text, prefix, body);
    else
        add_hex(text, prefix, body);
}

/* ---- Public functions ---- */

void yk_failure_add_quoted(struct yk_bytes *text, const char *ptr, size_t len)
{
    yk_bytes_add(text, "\"");
    for (size_t i = 0; i < len && i < QUOTED_MAX;)
        i += add_char(text, ptr + i, len - i);
    yk_bytes_add(text, "\"");
    if (len > QUOTED_MAX)
        yk_bytes_printf(text, "... (%zu bytes)", len);
}

void yk_failure_add_answer(struct yk_bytes *text, const struct yk_link *link)
{
    const struct yk_memory *m = &link->memory;
    add_message(text, "    <", &m->out);
    if (yk_memory_has_ended(m))
        yk_bytes_printf(text, "    < (%s)\n", m->is_reset ? "reset" : "closed");
}

void yk_failure_add_link(struct yk_bytes *text, const struct yk_link *link)
{
    if (!link)
        return;
    const struct yk_memory *m = &link->memory;
    add_message(text, "    >", &m->in);
    if (m->is_broken)
        yk_bytes_add(text, "    > (reset)\n");
    else if (m->is_hung_up)
        yk_bytes_add(text, "    > (closed)\n");
    yk_failure_add_answer(text, link);
}

void yk_failure_add_exchange(struct yk_bytes *text, const yoke_tr *r)
{
    if (r->origin)
        yk_failure_add_exchange(text, r->origin);
    yk_failure_add_link(text, r->link);
}

void yk_failure_report(struct yk_bytes *text, const char *file, int line)
{
    fflush(stdout);
    fprintf(stderr, "%s:%d: %s", file, line, yk_bytes_text(text));
    yk_bytes_done(text);
    if (on_fail)
        on_fail(file, line);
    else if (_fail)
        _fail(file, line);
    else
        abort();
}
