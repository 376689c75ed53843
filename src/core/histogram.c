#include "core/histogram.h"

/* Buckets up to this one have a width of 1. */
#define LAST_EXACT 31

static unsigned shift_of(unsigned bucket)
{
    return bucket <= LAST_EXACT ? 0 : (bucket >> YK_HISTOGRAM_BITS) - 1;
}

uint64_t yk_histogram_lowest(unsigned bucket)
{
    unsigned shift = shift_of(bucket);
    return (uint64_t)(bucket - (shift << YK_HISTOGRAM_BITS)) << shift;
}

uint64_t yk_histogram_highest(unsigned bucket)
{
    return yk_histogram_lowest(bucket) + (1u << shift_of(bucket)) - 1;
}

uint64_t yk_histogram_count(const struct yk_histogram *histogram)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < YK_HISTOGRAM_BUCKETS; i++)
        count += yk_histogram_at(histogram, i);
    return count;
}

/* How many values the quantile has at or below it: at least one. */
static uint64_t rank_of(double fraction, uint64_t count)
{
    double exact = fraction * (double)count;
    uint64_t rank = (uint64_t)exact;
    if ((double)rank < exact)
        rank++;
    if (rank < 1)
        return 1;
    return rank > count ? count : rank;
}

uint64_t yk_histogram_quantile(const struct yk_histogram *histogram,
                               double fraction)
{
    uint64_t count = yk_histogram_count(histogram);
    uint64_t rank = rank_of(fraction, count);
    uint64_t seen = 0;
    if (count == 0)
        return 0;
    for (unsigned i = 0; i < YK_HISTOGRAM_BUCKETS; i++) {
        seen += yk_histogram_at(histogram, i);
        if (seen >= rank)
            return yk_histogram_highest(i);
    }
    return YK_HISTOGRAM_MAX;
}

uint64_t yk_histogram_sum(const struct yk_histogram *histogram)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < YK_HISTOGRAM_BUCKETS; i++) {
        uint64_t middle =
            (yk_histogram_lowest(i) + yk_histogram_highest(i)) / 2;
        sum += yk_histogram_at(histogram, i) * middle;
    }
    return sum;
}

void yk_histogram_merge(struct yk_histogram *into,
                        const struct yk_histogram *from)
{
    for (unsigned i = 0; i < YK_HISTOGRAM_BUCKETS; i++)
        yk_histogram_add_to(into, i, yk_histogram_at(from, i));
}

void yk_histogram_subtract(struct yk_histogram *from,
                           const struct yk_histogram *earlier)
{
    for (unsigned i = 0; i < YK_HISTOGRAM_BUCKETS; i++) {
        uint64_t now = yk_histogram_at(from, i);
        uint64_t then = yk_histogram_at(earlier, i);
        yk_histogram_add_to(from, i, 0 - (now < then ? now : then));
    }
}
