#include "middleware/origins.h"

#include <stddef.h>
#include <string.h>

#include <yoke/log.h>

#include "core/banned.h"

static bool is_good(const char *origin, bool has_stars)
{
    const char *host = strstr(origin, "://");
    if (strcmp(origin, "null") == 0)
        return true;
    if (!host || host == origin)
        return false;
    host += 3;
    if (has_stars && strncmp(host, "*.", 2) == 0)
        host += 2;
    return *host && !strpbrk(host, "/*?#@, \t\r\n");
}

bool yk_origins_are_good(const char *who, const char *const *origins,
                         bool has_stars)
{
    for (; origins && *origins; origins++) {
        if (is_good(*origins, has_stars))
            continue;
        yoke_log(YOKE_LOG_ERROR,
                 "%s: \"%s\" is no origin; write scheme, host and port alone: "
                 "\"https://example.com\", \"http://localhost:8080\"",
                 who, *origins);
        return false;
    }
    return true;
}
