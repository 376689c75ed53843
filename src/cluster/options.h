/* The options of the supervised form, with every default in its place. */
#ifndef YK_CLUSTER_OPTIONS_H
#define YK_CLUSTER_OPTIONS_H

struct yoke_cluster_options;
struct yoke_cluster_settings;

/* Fills in what is left 0, and turns -1 (none) into 0. Returns 0; -EINVAL when
 * a field is out of range, and `text` says which and what it may be. `given`
 * may be NULL. */
int yk_options_fill(struct yoke_cluster_options *options,
                    const struct yoke_cluster_options *given, char text[128]);

/* Whom workers run as, into the settings. Returns 0; -EINVAL when there is no
 * such user or group, and `text` says so. */
int yk_options_owner(const struct yoke_cluster_options *options,
                     struct yoke_cluster_settings *settings, char text[128]);

#endif
