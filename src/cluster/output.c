#include "cluster/output.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/journal.h"
#include "core/sink.h"

#include "core/banned.h"

/* Written by the functions of this file, in the primary, which waits for
 * nobody. */
static struct yk_sink sink = YK_SINK_INIT(0);

/* ---- Passing on ---- */

static void pass_on(int fd, const char *ptr, size_t len)
{
    if (yk_journal_is(fd)) {
        yk_journal_put(&sink, fd, ptr, len);
        return;
    }
    while (len > 0) {
        size_t piece = len < PIPE_BUF ? len : PIPE_BUF;
        yk_sink_put(&sink, fd, ptr, piece);
        ptr += piece;
        len -= piece;
    }
}

void yk_output_log(const char *line, size_t len)
{
    pass_on(STDERR_FILENO, line, len);
}

/* ---- The ring ---- */

static void put(struct yk_output *output, char c)
{
    output->kept[output->written++ % YK_OUTPUT_KEPT] = c;
}

static size_t kept_len(const struct yk_output *output)
{
    return output->written < YK_OUTPUT_KEPT ? output->written : YK_OUTPUT_KEPT;
}

size_t yk_output_read(const struct yk_output *output, char *out, size_t size)
{
    size_t len = kept_len(output);

    if (len > size)
        len = size;
    for (size_t i = 0; i < len; i++)
        out[i] = output->kept[(output->written - len + i) % YK_OUTPUT_KEPT];
    return len;
}

/* What waits at the end of the ring goes. */
static void flush(struct yk_output *output, int fd)
{
    char line[YK_OUTPUT_KEPT];
    size_t len = yk_output_read(output, line, output->line_len);

    pass_on(fd, line, len);
    output->line_len = 0;
}

/* ---- Taking ---- */

static bool has_ring(struct yk_output *output)
{
    if (!output->kept)
        output->kept = yk_try_alloc(YK_OUTPUT_KEPT);
    return output->kept != NULL;
}

static void add(struct yk_output *output, int fd, const char *ptr, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        put(output, ptr[i]);
        if (++output->line_len == YK_OUTPUT_KEPT)
            flush(output, fd);
    }
}

void yk_output_take(struct yk_output *output, int fd, const char *ptr,
                    size_t len)
{
    if (!has_ring(output)) {
        pass_on(fd, ptr, len);
        return;
    }
    const char *end = memrchr(ptr, '\n', len);
    size_t whole_len = end ? (size_t)(end + 1 - ptr) : 0;
    add(output, fd, ptr, whole_len);
    if (whole_len)
        flush(output, fd);
    add(output, fd, ptr + whole_len, len - whole_len);
}

void yk_output_copy(struct yk_output *output, const struct yk_output *from)
{
    char text[YK_OUTPUT_KEPT];
    size_t len = yk_output_read(from, text, sizeof(text));

    if (!has_ring(output))
        return;
    for (size_t i = 0; i < len; i++)
        put(output, text[i]);
}

void yk_output_end(struct yk_output *output, int fd)
{
    if (output->line_len == 0)
        return;
    put(output, '\n');
    if (output->line_len < YK_OUTPUT_KEPT)
        output->line_len++;
    flush(output, fd);
}

void yk_output_done(struct yk_output *output)
{
    free(output->kept);
    *output = (struct yk_output){.kept = NULL};
}

void yk_output_last_line(const struct yk_output *output, char *out, size_t size)
{
    char text[YK_OUTPUT_KEPT];
    size_t end = yk_output_read(output, text, sizeof(text));

    while (end > 0 && (text[end - 1] == '\n' || text[end - 1] == '\r'))
        end--;
    size_t begin = end;
    while (begin > 0 && text[begin - 1] != '\n')
        begin--;
    snprintf(out, size, "%.*s", (int)(end - begin), text + begin);
}
