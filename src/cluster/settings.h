/* How workers are made: the settings of yoke/cluster.h, and what this process
 * was started with, which is what they default to. */
#ifndef YK_CLUSTER_SETTINGS_H
#define YK_CLUSTER_SETTINGS_H

#include <stdbool.h>

#include <yoke/cluster.h>

#include "cluster/account.h"

/* The settings at one time. Whoever keeps them, a worker that was forked with
 * them, has a use of its own. */
struct yk_settings {
    struct yoke_cluster_settings values;
    /* Who workers run as, as the user database had it when the settings were
     * made: to ask it for each fork could make the primary wait. */
    struct yk_account account;
    bool has_account; /* False: as this process. */
    unsigned uses;
};

/* One more use of the settings as they are now. */
struct yk_settings *yk_settings_ref(void);

/* Ends a use; NULL is harmless. */
void yk_settings_unref(struct yk_settings *settings);

/* What is to become of a worker's descriptor: one of YOKE_STDIO_, never
 * DEFAULT; or YOKE_STDIO_NONE for those that nothing is said about. */
int yk_settings_stdio(const struct yoke_cluster_settings *settings, int number);

/* How many descriptors something is said about. */
int yk_settings_stdio_count(const struct yoke_cluster_settings *settings);

/* Remembers how this process was started; copied. */
void yk_settings_init(int argc, char **argv);

/* It has been called: without it nobody knows what a worker is to run. */
bool yk_settings_is_ready(void);

/* Whole argument vector for a worker; the caller frees the array, not the
 * strings. NULL: no memory, or yoke_cluster_init has not been called. */
char **yk_settings_argv(void);

/* The same as this process itself was started with. */
char **yk_settings_own_argv(void);

/* The same, as this process itself was started. */
char **yk_settings_own_argv(void);

/* Which scheduler it is when nobody says; round-robin at first. */
void yk_settings_prefer_sched(enum yoke_sched sched);

/* Which scheduler it is; decides it for good at the first call. */
enum yoke_sched yk_settings_sched(void);

/* Like yoke_cluster_setup, in whatever role. */
int yk_settings_change(const struct yoke_cluster_settings *settings);

#endif
