#include "cluster/fallback.h"

#include <stdio.h>
#include <string.h>

#include <yoke/log.h>

#include "cluster/port.h"
#include "cluster/sched.h"

#include "core/banned.h"

/* The last reason that was told; written here. All ports of a process ask for
 * one policy, so it is nearly always the same. */
static char told[256];

static void tell(const char *wanted, const char *why, const char *instead)
{
    if (strncmp(told, why, sizeof(told) - 1) == 0)
        return;
    snprintf(told, sizeof(told), "%s", why);
    yoke_log(YOKE_LOG_WARN,
             "the policy '%s' cannot be had (%s): connections are scheduled "
             "by '%s'",
             wanted, why, instead);
}

int yk_sched_fall_back(struct yk_port *port, const char *why)
{
    const struct yk_sched *instead = yk_sched_of(YOKE_SCHED_BALANCED);

    tell(port->sched->name, why, instead->name);
    port->sched = instead;
    return instead->start ? instead->start(port) : 0;
}
