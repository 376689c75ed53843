#include "test/failure.h"

#include <stdio.h>
#include <stdlib.h>

#include "test/client.h"

/* Bytes of each direction that are shown from the start, and from the end. */
#define SHOWN_MAX 2048

/* Bytes that are shown in quotes. */
#define QUOTED_MAX 200

/* What yoke_test_on_fail was given; written by it alone. */
static void (*on_fail)(const char *file, int line);

void yoke_test_on_fail(void (*fn)(const char *file, int line))
{
    on_fail = fn;
}

static void add_char(struct yk_bytes *text, unsigned char c)
{
    static const char *const escapes[] = {
        ['\t'] = "\\t", ['\n'] = "\\n", ['\r'] = "\\r"};

    if (c < sizeof(escapes) / sizeof(*escapes) && escapes[c])
        yk_bytes_printf(text, "%s", escapes[c]);
    else if (c < ' ' || c > '~')
        yk_bytes_printf(text, "\\x%02x", c);
    else
        yk_bytes_append(text, &c, 1);
}

static void add_lines(struct yk_bytes *text, const char *prefix,
                      const char *ptr, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (i == 0)
            yk_bytes_printf(text, "%s", prefix);
        if (i + 1 < len && ptr[i] == '\r' && ptr[i + 1] == '\n') {
            yk_bytes_printf(text, i + 2 < len ? "\n%s" : "\n", prefix);
            i++;
        } else {
            add_char(text, (unsigned char)ptr[i]);
        }
    }
    /* What does not end in a CR LF must not run into the next line. */
    if (len > 0 && text->ptr[text->len - 1] != '\n')
        yk_bytes_printf(text, "\n");
}

void yk_failure_add_bytes(struct yk_bytes *text, const char *prefix,
                          const char *ptr, size_t len)
{
    if (len <= 2 * SHOWN_MAX) {
        add_lines(text, prefix, ptr, len);
        return;
    }
    add_lines(text, prefix, ptr, SHOWN_MAX);
    yk_bytes_printf(text, "%s... %zu bytes more ...\n", prefix,
                    len - 2 * SHOWN_MAX);
    add_lines(text, prefix, ptr + len - SHOWN_MAX, SHOWN_MAX);
}

void yk_failure_add_quoted(struct yk_bytes *text, const char *ptr, size_t len)
{
    yk_bytes_printf(text, "\"");
    for (size_t i = 0; i < len && i < QUOTED_MAX; i++)
        add_char(text, (unsigned char)ptr[i]);
    yk_bytes_printf(text, "\"");
    if (len > QUOTED_MAX)
        yk_bytes_printf(text, "... (%zu bytes)", len);
}

void yk_failure_add_link(struct yk_bytes *text, const struct yk_link *link)
{
    if (!link)
        return;
    const struct yk_memory *m = &link->memory;
    yk_failure_add_bytes(text, "    > ", m->in.ptr, m->in.len);
    if (m->is_broken)
        yk_bytes_printf(text, "    > (reset)\n");
    else if (m->is_hung_up)
        yk_bytes_printf(text, "    > (closed)\n");
    yk_failure_add_bytes(text, "    < ", m->out.ptr, m->out.len);
    if (yk_memory_has_ended(m))
        yk_bytes_printf(text, "    < (%s)\n", m->is_reset ? "reset" : "closed");
}

void yk_failure_report(struct yk_bytes *text, const char *file, int line)
{
    fflush(stdout);
    fprintf(stderr, "%s:%d: %s", file, line, yk_bytes_text(text));
    yk_bytes_done(text);
    if (!on_fail)
        abort();
    on_fail(file, line);
}
