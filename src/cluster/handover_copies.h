/* Connections that workers have taken and not begun, in a handover: the
 * primary's copies of them, so that they outlive a worker that dies under the
 * next primary as they would have under this one. */
#ifndef YK_CLUSTER_HANDOVER_COPIES_H
#define YK_CLUSTER_HANDOVER_COPIES_H

#include <jansson.h>

struct yk_handover;

/* Enters it, as in handover_fleet.h. */
void yk_handover_save_copies(struct yk_handover *handover);

/* Goes on with them, once workers and ports are there. A worker of which the
 * document has nothing has its connections alone. */
void yk_handover_resume_copies(const json_t *root);

#endif
