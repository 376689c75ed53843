/* What has been, in a handover: the totals of workers that are no more, and the
 * last deaths. */
#ifndef YK_CLUSTER_HANDOVER_PAST_H
#define YK_CLUSTER_HANDOVER_PAST_H

#include <jansson.h>

struct yk_handover;

/* Enters it, as in handover_fleet.h. */
void yk_handover_save_past(struct yk_handover *handover);

/* Goes on from there. What is missing counts as nothing. */
void yk_handover_resume_past(const json_t *root);

#endif
