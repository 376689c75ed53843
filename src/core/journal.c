#include "core/journal.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/sink.h"

#include "core/banned.h"

/* "<3>" */
#define PREFIX_LEN 3

bool yk_journal_is(int fd)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat found;

    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
           fstat(fd, &found) == 0 && found.st_dev == device &&
           found.st_ino == inode;
}

/* NULL: the line is not one of yoke_log's. */
static const char *prefix_of(const char *line, size_t len)
{
    static const struct {
        const char *name, *prefix;
    } levels[] = {{"] debug: ", "<7>"},
                  {"] info: ", "<6>"},
                  {"] warn: ", "<4>"},
                  {"] error: ", "<3>"}};
    static const char head[] = "yoke[";
    size_t at = sizeof(head) - 1;

    if (len < at || memcmp(line, head, at) != 0)
        return NULL;
    while (at < len && line[at] >= '0' && line[at] <= '9')
        at++;
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        size_t name_len = strlen(levels[i].name);
        if (len - at >= name_len &&
            memcmp(line + at, levels[i].name, name_len) == 0)
            return levels[i].prefix;
    }
    return NULL;
}

/* In one piece, so that nobody's comes between. */
static void put_line(struct yk_sink *sink, int fd, const char *ptr, size_t len)
{
    const char *prefix = prefix_of(ptr, len);
    char text[PIPE_BUF + PREFIX_LEN];

    if (!prefix || len > PIPE_BUF) {
        yk_sink_put(sink, fd, ptr, len);
        return;
    }
    memcpy(text, prefix, PREFIX_LEN);
    memcpy(text + PREFIX_LEN, ptr, len);
    yk_sink_put(sink, fd, text, len + PREFIX_LEN);
}

void yk_journal_put(struct yk_sink *sink, int fd, const char *ptr, size_t len)
{
    while (len > 0) {
        const char *end = memchr(ptr, '\n', len);
        size_t line_len = end ? (size_t)(end + 1 - ptr) : len;
        put_line(sink, fd, ptr, line_len);
        ptr += line_len;
        len -= line_len;
    }
}
