#include <yoke/loop.h>

#include <stdlib.h>

#include <yoke/log.h>

#include "core/number.h"

#include "core/banned.h"

/* Exit status of a program that was called wrongly, as shells have it. */
#define USAGE_STATUS 2

int yoke_env_int(const char *name, int fallback)
{
    const char *text = getenv(name);
    int value;

    if (!text || !*text)
        return fallback;
    if (yk_parse_int(yk_slice_of(text), &value) == 0)
        return value;
    yoke_log(YOKE_LOG_ERROR, "%s is not a number: '%s'", name, text);
    exit(USAGE_STATUS);
}
