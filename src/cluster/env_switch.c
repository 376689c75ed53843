#include "cluster/env_switch.h"

#include <stdlib.h>
#include <string.h>

#include <yoke/log.h>

#include "core/banned.h"

static bool is_value(const char *variable, const char *text)
{
    const char *value = getenv(variable);

    return value && strcmp(value, text) == 0;
}

bool yk_env_is_off(const char *variable)
{
    return is_value(variable, "off");
}

void yk_env_check_switch(const char *variable)
{
    const char *value = getenv(variable);

    if (!value || !*value || is_value(variable, "on") ||
        is_value(variable, "off"))
        return;
    yoke_log(YOKE_LOG_WARN, "%s is '%s': it may be on or off", variable, value);
}
