/* The commands that the control socket takes: those that somebody has entered
 * (yk_control_register, control.h). */
#ifndef YK_CLUSTER_CONTROL_COMMANDS_H
#define YK_CLUSTER_CONTROL_COMMANDS_H

#include "cluster/control.h"

/* The one of that name, or NULL. */
yk_control_fn *yk_control_command(const char *name);

#endif
