/* Causes of ends, counted: of all workers, and of those of each slot. */
#ifndef YK_CLUSTER_CAUSES_H
#define YK_CLUSTER_CAUSES_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>
#include <yoke/cluster.h>

#define YK_CAUSES (YOKE_CAUSE_UNKNOWN + 1)

struct yk_causes {
    uint64_t count[YK_CAUSES]; /* By enum yoke_cause. */
};

/* As others read it: "signal", "reload"; "other" for what is no cause. */
const char *yk_cause_name(enum yoke_cause cause);

void yk_causes_count(struct yk_causes *causes, enum yoke_cause cause);

/* {"signal": 2, ...}; those that have not been, too, if `with_none`. */
json_t *yk_causes_report(const struct yk_causes *causes, bool with_none);

/* Reads such an object. What is missing, or no cause that this version knows,
 * counts as nothing. */
void yk_causes_read(struct yk_causes *causes, const json_t *object);

#endif
