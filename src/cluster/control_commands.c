#include "cluster/control_commands.h"

#include <stddef.h>
#include <string.h>

#include <yoke/error.h>

#include "core/banned.h"

/* The commands. Written by yk_control_register. */
static struct {
    const char *name;
    yk_control_fn *fn;
} commands[YK_CONTROL_COMMANDS_MAX];

yk_control_fn *yk_control_command(const char *name)
{
    for (int i = 0; i < YK_CONTROL_COMMANDS_MAX && commands[i].name; i++)
        if (strcmp(commands[i].name, name) == 0)
            return commands[i].fn;
    return NULL;
}

int yk_control_register(const char *name, yk_control_fn *fn)
{
    int i = 0;

    while (i < YK_CONTROL_COMMANDS_MAX && commands[i].name &&
           strcmp(commands[i].name, name) != 0)
        i++;
    if (i == YK_CONTROL_COMMANDS_MAX)
        return -YOKE_EFULL;
    commands[i].name = name;
    commands[i].fn = fn;
    return 0;
}
