/* The fleet: the slots of the supervised form, and what they have in common. */
#ifndef YK_CLUSTER_FLEET_H
#define YK_CLUSTER_FLEET_H

#include <stdbool.h>

#include "cluster/slot.h"

struct yk_random;
struct yoke_cluster_options;

/* The most workers there can be. */
#define YK_WORKERS_MAX 1024

/* Starts as many workers as `options` says, which is filled in (options.h) and
 * lives as long as the process. Returns 0, or -errno when the program cannot be
 * opened. */
int yk_fleet_start(const struct yoke_cluster_options *options);

/* Goes on with the fleet of another primary: so many slots that have ever been
 * used, which are still to be resumed (slot.h), of which `size` are to be
 * filled, with that generation. */
void yk_fleet_resume(const struct yoke_cluster_options *options, int slot_count,
                     int size, struct yk_generation *generation);

const struct yoke_cluster_options *yk_fleet_options(void);
const struct yk_life_limits *yk_fleet_limits(void);

/* How many workers there are to be, and are to be from now on: 1 to
 * YK_WORKERS_MAX, else -EINVAL; -ESHUTDOWN when the primary stops; -ENOMEM. The
 * slots with the highest numbers go first; their workers finish what has begun. */
int yk_fleet_size(void);
int yk_fleet_scale(int size);

/* The slots one by one, from number 1, empty ones too; NULL after the last. */
struct yk_slot *yk_fleet_slot(int number);

#define YK_FLEET_EACH(slot)                                                    \
    for (int number_ = 1; ((slot) = yk_fleet_slot(number_)) != NULL; number_++)

/* As yk_slot_replace, unless as many are being replaced as may be at a time:
 * -YOKE_EFULL. */
int yk_fleet_replace(struct yk_slot *slot, struct yk_generation *generation,
                     enum yoke_cause cause, bool is_on_trial,
                     yk_replaced_fn *on_replaced);

/* What new slots are filled with. */
struct yk_generation *yk_fleet_generation(void);
void yk_fleet_set_generation(struct yk_generation *generation);

/* ---- For slots ---- */

/* A worker is ready: the fleet has served at least once. */
void yk_fleet_served(void);
bool yk_fleet_has_served(void);

/* A slot has been given up, or has lost the worker that was to save it. When
 * all are and none can be saved, the primary stops. */
void yk_fleet_slot_failed(void);

struct yk_random *yk_fleet_random(void);

#endif
