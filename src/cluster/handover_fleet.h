/* The fleet in a handover: generations, slots, and workers with their lives. */
#ifndef YK_CLUSTER_HANDOVER_FLEET_H
#define YK_CLUSTER_HANDOVER_FLEET_H

#include <jansson.h>

struct yk_handover;
struct yoke_cluster_options;

/* Enters all of it. What cannot be entered for want of memory makes sealing
 * fail. */
void yk_handover_save_fleet(struct yk_handover *handover);

/* Goes on with all of it; ports come after. A worker that cannot be gone on
 * with is killed, and replaced. Returns 0; -EPROTO when the document makes no
 * sense. */
int yk_handover_resume_fleet(const json_t *root,
                             const struct yoke_cluster_options *options);

#endif
