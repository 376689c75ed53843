/* Totals: what all workers together have counted, those that are no more
 * included, so that no sum ever goes back because a worker died or was
 * replaced. */
#ifndef YK_CLUSTER_TOTALS_H
#define YK_CLUSTER_TOTALS_H

#include <stdint.h>

#include "core/histogram.h"
#include "net/vitals.h"

/* What a worker, or several, have counted, at one look. */
struct yk_tally {
    uint64_t turns, busy_ns;
    uint64_t conns_opened, conns_closed, conns_rejected;
    uint64_t answers[YK_ANSWER_CLASSES];
    uint64_t bytes_in, bytes_out;
    struct yk_histogram latency;
};

void yk_tally_read(struct yk_tally *tally, const struct yk_vitals *vitals);
void yk_tally_add(struct yk_tally *into, const struct yk_tally *from);

/* In the primary: that worker is dead. What it had counted stays in the totals,
 * and its connections are closed. To be called once for each. */
void yk_totals_retire(const struct yk_vitals *vitals);

/* What dead workers have counted. Adding the living gives the totals. */
const struct yk_tally *yk_totals_retired(void);

/* Goes on from there: for a primary that takes over from another. */
void yk_totals_restore(const struct yk_tally *retired);

#endif
