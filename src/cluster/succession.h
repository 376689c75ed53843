/* Succession: this process takes the place of another version of itself, or is
 * asked whether it could (upgrade.h, upgrade_check.h).
 *
 * The environment says so: YOKE_UPGRADE=take:STATE, or check:STATE:REPLY, both
 * descriptors. The variable is removed at once, so that nothing that is started
 * from here finds it. */
#ifndef YK_CLUSTER_SUCCESSION_H
#define YK_CLUSTER_SUCCESSION_H

#include <stdbool.h>

struct yoke_cluster_options;

/* Reads the variable; once, before anything is opened. */
void yk_succession_init(void);

/* It is asked whether it could: then it is to answer, with the exit status that
 * this returns, as soon as it knows its options. */
bool yk_succession_is_check(void);
int yk_succession_answer(void);

/* It takes the place of another. */
bool yk_succession_is_due(void);

/* The name of the cluster; NULL: it has none. */
const char *yk_succession_name(void);

/* Looks for workers of a primary of the same name that has died, with the
 * control socket open. True: it takes that one's place. */
bool yk_succession_find_orphans(const struct yoke_cluster_options *options);

/* Goes on with the fleet: yk_fleet_start's counterpart. Returns 0; or a
 * negative code, with the reason in the log. */
int yk_succession_resume(const struct yoke_cluster_options *options);

/* The signals that have waited may come; and whoever asked for the upgrade is
 * answered when the workers have been replaced, too. */
void yk_succession_finish(void);

#endif
