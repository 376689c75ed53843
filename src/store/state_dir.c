#include "store/state_dir.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <yoke/error.h>

#include "store/url.h"

#include "core/banned.h"

/* The variable's value, if it is a path that means the same everywhere. */
static const char *path_in(const char *variable)
{
    const char *path = getenv(variable);
    return path && path[0] == '/' ? path : NULL;
}

/* systemd names several folders with colons between them: the first. */
static int first_of(const char *list, char *out, size_t size)
{
    return snprintf(out, size, "%.*s", (int)strcspn(list, ":"), list);
}

static int find_folder(char *out, size_t size)
{
    const char *path;

    if ((path = path_in("YOKE_STATE_DIR")))
        return snprintf(out, size, "%s", path);
    if ((path = path_in("STATE_DIRECTORY")))
        return first_of(path, out, size);
    if (geteuid() == 0)
        return snprintf(out, size, "/var/lib/yoke");
    if ((path = path_in("XDG_STATE_HOME")))
        return snprintf(out, size, "%s/yoke", path);
    if ((path = path_in("HOME")))
        return snprintf(out, size, "%s/.local/state/yoke", path);
    return 0;
}

/* mkdir -p. */
static int make_folders(char *path)
{
    for (char *at = path + 1;; at++) {
        if (*at != '/' && *at != '\0')
            continue;
        char end = *at;
        *at = '\0';
        int err = mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
        *at = end;
        if (err < 0 || end == '\0')
            return err;
    }
}

static const char *own_name(void)
{
    const char *name = getenv("YOKE_NAME");

    if (!name || !*name || strchr(name, '/'))
        name = program_invocation_short_name;
    return name && *name ? name : "yoke";
}

int yk_state_path(const char *ending, char *out, size_t size, char *why)
{
    char folder[PATH_MAX] = "";
    int len = find_folder(folder, sizeof(folder));

    if (len <= 0 || (size_t)len >= sizeof(folder))
        return yk_store_why(why, -ENOENT,
                            "there is no state directory: set YOKE_STATE_DIR, "
                            "or name a path");
    int err = make_folders(folder);
    if (err < 0)
        return yk_store_why(why, err, "the state directory %.150s: %s", folder,
                            yoke_strerror(err));
    len = snprintf(out, size, "%s/%s%s", folder, own_name(), ending);
    if (len < 0 || (size_t)len >= size)
        return yk_store_why(why, -ENAMETOOLONG,
                            "the path of the state directory is too long");
    return 0;
}
