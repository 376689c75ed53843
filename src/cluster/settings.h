/* How workers are made: the settings of yoke/cluster.h, and what this process
 * was started with, which is what they default to. */
#ifndef YK_CLUSTER_SETTINGS_H
#define YK_CLUSTER_SETTINGS_H

#include <yoke/cluster.h>

/* Remembers how this process was started; copied. */
void yk_settings_init(int argc, char **argv);

/* Whole argument vector for a worker; the caller frees the array, not the
 * strings. NULL: no memory, or yoke_cluster_init has not been called. */
char **yk_settings_argv(void);

/* Which scheduler it is; decides it for good at the first call. */
enum yoke_sched yk_settings_sched(void);

/* Like yoke_cluster_setup, in whatever role. */
int yk_settings_change(const struct yoke_cluster_settings *settings);

#endif
