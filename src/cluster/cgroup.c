#include "cluster/cgroup.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/banned.h"

#define CONTENT_MAX 4096

const struct yk_cgroup_roots yk_cgroup_system = {
    .self = "/proc/self/cgroup",
    .mount = "/sys/fs/cgroup",
};

static bool read_text(const char *path, char *out, size_t room)
{
    FILE *file = fopen(path, "re");
    size_t len;

    if (!file)
        return false;
    len = fread(out, 1, room - 1, file);
    out[len] = '\0';
    fclose(file);
    return len > 0;
}

/* True when the comma-separated list has the word. */
static bool has_word(const char *list, size_t len, const char *word)
{
    size_t word_len = strlen(word);

    while (len > 0) {
        const char *comma = memchr(list, ',', len);
        size_t n = comma ? (size_t)(comma - list) : len;
        if (n == word_len && memcmp(list, word, n) == 0)
            return true;
        if (!comma)
            return false;
        list += n + 1;
        len -= n + 1;
    }
    return false;
}

/* The path in one line of /proc/self/cgroup, "id:controllers:path", if it is
 * the hierarchy that is looked for. */
static const char *path_in_line(const char *line, const char *controller,
                                size_t *ret_len)
{
    const char *first = strchr(line, ':');
    const char *second = first ? strchr(first + 1, ':') : NULL;
    size_t list_len;

    if (!second)
        return NULL;
    list_len = (size_t)(second - first) - 1;
    if (controller ? !has_word(first + 1, list_len, controller) : list_len > 0)
        return NULL;
    *ret_len = strcspn(second + 1, "\n");
    return second + 1;
}

static bool find_path(const char *groups, const char *controller, char *out,
                      size_t room)
{
    for (const char *line = groups; *line;) {
        size_t len = 0;
        size_t line_len = strcspn(line, "\n");
        const char *path = path_in_line(line, controller, &len);
        if (path && path < line + line_len + 1 && len < room) {
            memcpy(out, path, len);
            out[len] = '\0';
            return true;
        }
        line += line_len + (line[line_len] == '\n');
    }
    return false;
}

/* The last component off; false at the root. */
static bool go_up(char *path)
{
    char *slash = strrchr(path, '/');

    if (!slash || path[0] == '\0')
        return false;
    *slash = '\0';
    return true;
}

int yk_cgroup_walk(const struct yk_cgroup_roots *roots, const char *controller,
                   const char *file, int (*fn)(const char *content, void *data),
                   void *data)
{
    char groups[CONTENT_MAX], content[CONTENT_MAX];
    char path[PATH_MAX / 2], full[PATH_MAX];

    if (!read_text(roots->self, groups, sizeof(groups)) ||
        !find_path(groups, controller, path, sizeof(path)))
        return 0;
    if (strcmp(path, "/") == 0)
        path[0] = '\0';
    do {
        snprintf(full, sizeof(full), "%s%s%s%s/%s", roots->mount,
                 controller ? "/" : "", controller ? controller : "", path,
                 file);
        if (!read_text(full, content, sizeof(content)))
            continue;
        int stop = fn(content, data);
        if (stop)
            return stop;
    } while (go_up(path));
    return 0;
}
