/* A histogram of times, small enough to keep one per worker and exact enough
 * for percentiles: log-linear, in the manner of HDR histograms.
 *
 *   value      0 .. 31     32 .. 63     64 .. 127  ...  2^29 .. 2^30 - 1
 *   width of
 *   a bucket      1           2             4                2^25
 *
 * Each power of two is cut into 16 buckets, so a value is known to 1/16 of
 * itself (6 %). In microseconds that is from 1 us to 18 minutes; what is longer
 * counts in the last bucket. Histograms of one another are merged by addition,
 * and what happened between two looks is their difference.
 *
 * One writer and any number of readers, in other processes too: counters are
 * loaded and stored one by one, without a locked instruction. A reader may see
 * some values and not yet others. */
#ifndef YK_CORE_HISTOGRAM_H
#define YK_CORE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

#define YK_HISTOGRAM_BITS    4 /* 16 buckets for each power of two. */
#define YK_HISTOGRAM_BUCKETS 432
#define YK_HISTOGRAM_MAX     ((1u << 30) - 1)

/* All zero: empty. */
struct yk_histogram {
    _Atomic uint64_t counts[YK_HISTOGRAM_BUCKETS];
};

/* The bucket that a value counts in. */
static inline unsigned yk_histogram_bucket(uint64_t value)
{
    if (value > YK_HISTOGRAM_MAX)
        value = YK_HISTOGRAM_MAX;
    unsigned shift = (unsigned)(31 - YK_HISTOGRAM_BITS -
                                __builtin_clz((uint32_t)value | 16));
    return (shift << YK_HISTOGRAM_BITS) + (unsigned)(value >> shift);
}

/* The smallest and the largest value that count in a bucket. */
uint64_t yk_histogram_lowest(unsigned bucket);
uint64_t yk_histogram_highest(unsigned bucket);

/* Counts `n` values of one bucket. */
static inline void yk_histogram_add_to(struct yk_histogram *histogram,
                                       unsigned bucket, uint64_t n)
{
    _Atomic uint64_t *count = &histogram->counts[bucket];
    atomic_store_explicit(count,
                          atomic_load_explicit(count, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

/* Counts a value. */
static inline void yk_histogram_add(struct yk_histogram *histogram,
                                    uint64_t value)
{
    yk_histogram_add_to(histogram, yk_histogram_bucket(value), 1);
}

/* How many values have been counted in one bucket, and in all. */
static inline uint64_t yk_histogram_at(const struct yk_histogram *histogram,
                                       unsigned bucket)
{
    return atomic_load_explicit(&histogram->counts[bucket],
                                memory_order_relaxed);
}
uint64_t yk_histogram_count(const struct yk_histogram *histogram);

/* The value that `fraction` (from 0 to 1) of all values do not exceed, or up to
 * 6 % more: the upper end of its bucket. 0 when there are none. */
uint64_t yk_histogram_quantile(const struct yk_histogram *histogram,
                               double fraction);

/* The sum of all values, each taken as the middle of its bucket. */
uint64_t yk_histogram_sum(const struct yk_histogram *histogram);

/* Adds what `from` has counted. */
void yk_histogram_merge(struct yk_histogram *into,
                        const struct yk_histogram *from);

/* Takes away what an earlier look had counted; never below 0. */
void yk_histogram_subtract(struct yk_histogram *from,
                           const struct yk_histogram *earlier);

#endif
