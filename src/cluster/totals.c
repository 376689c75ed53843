#include "cluster/totals.h"

/* Written by yk_totals_retire and _restore, in the primary. */
static struct yk_tally retired;

void yk_tally_read(struct yk_tally *tally, const struct yk_vitals *vitals)
{
    *tally = (struct yk_tally){
        .turns = yk_vitals_get(&vitals->turns),
        .busy_ns = yk_vitals_get(&vitals->busy_ns),
        /* Before those opened, or fewer than none might be open. */
        .conns_closed = yk_vitals_get(&vitals->conns_closed),
        .conns_rejected = yk_vitals_get(&vitals->conns_rejected),
        .bytes_in = yk_vitals_get(&vitals->bytes_in),
        .bytes_out = yk_vitals_get(&vitals->bytes_out),
    };
    atomic_thread_fence(memory_order_acquire);
    tally->conns_opened = yk_vitals_get(&vitals->conns_opened);
    for (int i = 0; i < YK_ANSWER_CLASSES; i++)
        tally->answers[i] = yk_vitals_get(&vitals->answers[i]);
    yk_histogram_merge(&tally->latency, &vitals->latency);
}

void yk_tally_add(struct yk_tally *into, const struct yk_tally *from)
{
    into->turns += from->turns;
    into->busy_ns += from->busy_ns;
    into->conns_opened += from->conns_opened;
    into->conns_closed += from->conns_closed;
    into->conns_rejected += from->conns_rejected;
    for (int i = 0; i < YK_ANSWER_CLASSES; i++)
        into->answers[i] += from->answers[i];
    into->bytes_in += from->bytes_in;
    into->bytes_out += from->bytes_out;
    yk_histogram_merge(&into->latency, &from->latency);
}

void yk_totals_retire(const struct yk_vitals *vitals)
{
    struct yk_tally last;

    yk_tally_read(&last, vitals);
    last.conns_closed = last.conns_opened;
    yk_tally_add(&retired, &last);
}

const struct yk_tally *yk_totals_retired(void)
{
    return &retired;
}

void yk_totals_restore(const struct yk_tally *tally)
{
    retired = *tally;
}
