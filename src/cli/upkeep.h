/* The options by which a fleet is kept up: deadlines, reload, recycling. One
 * table says which field each sets, and what it may be. */
#ifndef YK_CLI_UPKEEP_H
#define YK_CLI_UPKEEP_H

struct yoke_cluster_options;

/* Sets the field that the option `given` ("--boot-timeout") stands for. Returns
 * 0, or -1 after having said what is wrong. */
int yk_upkeep_set(const char *given, const char *value,
                  struct yoke_cluster_options *options);

#endif
