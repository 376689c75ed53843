/* Switches in the environment, such as YOKE_CONTROL: "off", or "on", which is
 * also what an unset or empty one means. */
#ifndef YK_CLUSTER_ENV_SWITCH_H
#define YK_CLUSTER_ENV_SWITCH_H

#include <stdbool.h>

/* Whether it is off. What is neither is on. */
bool yk_env_is_off(const char *variable);

/* Says in the log if it is neither. Once for a cluster: many processes read the
 * same environment. */
void yk_env_check_switch(const char *variable);

#endif
