/* The histogram: every value is found within 6 %, quantiles agree with those of
 * the sorted values, and histograms add up. */
#include "../unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/histogram.h"
#include "core/random.h"

#define SAMPLES 20000

static uint64_t samples[SAMPLES];

static void every_bucket_follows_the_one_before(void **state)
{
    (void)state;
    assert_int_equal(yk_histogram_lowest(0), 0);
    for (unsigned i = 1; i < YK_HISTOGRAM_BUCKETS; i++)
        assert_int_equal(yk_histogram_lowest(i),
                         yk_histogram_highest(i - 1) + 1);
    assert_int_equal(yk_histogram_highest(YK_HISTOGRAM_BUCKETS - 1),
                     YK_HISTOGRAM_MAX);
}

static void the_ends_of_a_bucket_count_in_it(void **state)
{
    (void)state;
    for (unsigned i = 0; i < YK_HISTOGRAM_BUCKETS; i++) {
        assert_int_equal(yk_histogram_bucket(yk_histogram_lowest(i)), i);
        assert_int_equal(yk_histogram_bucket(yk_histogram_highest(i)), i);
    }
}

static void a_bucket_is_at_most_a_sixteenth_wide(void **state)
{
    (void)state;
    for (unsigned i = 16; i < YK_HISTOGRAM_BUCKETS; i++) {
        uint64_t low = yk_histogram_lowest(i);
        assert_true((yk_histogram_highest(i) - low) * 16 < low);
    }
}

static void what_is_too_long_counts_in_the_last_bucket(void **state)
{
    (void)state;
    assert_int_equal(yk_histogram_bucket(UINT64_MAX), YK_HISTOGRAM_BUCKETS - 1);
    assert_int_equal(yk_histogram_bucket((uint64_t)YK_HISTOGRAM_MAX + 1),
                     YK_HISTOGRAM_BUCKETS - 1);
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Values over many powers of two, as latencies are. */
static void take_samples(struct yk_histogram *histogram, uint64_t seed)
{
    struct yk_random random = {seed};
    for (int i = 0; i < SAMPLES; i++) {
        uint64_t power = yk_random_below(&random, 28);
        samples[i] = yk_random_below(&random, 2ull << power);
        yk_histogram_add(histogram, samples[i]);
    }
    qsort(samples, SAMPLES, sizeof(samples[0]), compare);
}

static void quantiles_are_exact_up_to_the_bucket(void **state)
{
    static const double fractions[] = {0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1};
    struct yk_histogram *histogram = calloc(1, sizeof(*histogram));

    (void)state;
    assert_non_null(histogram);
    take_samples(histogram, 7);
    assert_int_equal(yk_histogram_count(histogram), SAMPLES);
    for (size_t i = 0; i < COUNT_OF(fractions); i++) {
        double rank = fractions[i] * SAMPLES;
        size_t index = rank < 1 ? 0 : (size_t)(rank + 0.9999) - 1;
        unsigned bucket = yk_histogram_bucket(samples[index]);
        assert_int_equal(yk_histogram_quantile(histogram, fractions[i]),
                         yk_histogram_highest(bucket));
    }
    free(histogram);
}

static void an_empty_one_has_no_quantiles(void **state)
{
    struct yk_histogram histogram = {.counts = {0}};

    (void)state;
    assert_int_equal(yk_histogram_quantile(&histogram, 0.5), 0);
    assert_int_equal(yk_histogram_sum(&histogram), 0);
}

static void the_sum_is_right_within_a_bucket(void **state)
{
    struct yk_histogram *histogram = calloc(1, sizeof(*histogram));
    uint64_t exact = 0;

    (void)state;
    assert_non_null(histogram);
    take_samples(histogram, 11);
    for (int i = 0; i < SAMPLES; i++)
        exact += samples[i];
    uint64_t sum = yk_histogram_sum(histogram);
    assert_in_range(sum, exact - exact / 32, exact + exact / 32);
    free(histogram);
}

static void merged_is_as_if_counted_in_one(void **state)
{
    struct yk_histogram *parts = calloc(3, sizeof(*parts));

    (void)state;
    assert_non_null(parts);
    for (uint64_t value = 1; value < 3000000; value = value * 3 / 2 + 1) {
        yk_histogram_add(&parts[value % 2], value);
        yk_histogram_add(&parts[2], value);
    }
    yk_histogram_merge(&parts[0], &parts[1]);
    assert_memory_equal(&parts[0], &parts[2], sizeof(parts[2]));
    free(parts);
}

static void a_difference_is_what_came_between(void **state)
{
    struct yk_histogram *looks = calloc(2, sizeof(*looks));

    (void)state;
    assert_non_null(looks);
    yk_histogram_add(&looks[0], 5);
    yk_histogram_add(&looks[0], 100);
    memcpy(&looks[1], &looks[0], sizeof(looks[0]));
    yk_histogram_add(&looks[1], 100);
    yk_histogram_add(&looks[1], 70000);
    yk_histogram_subtract(&looks[1], &looks[0]);
    assert_int_equal(yk_histogram_count(&looks[1]), 2);
    assert_int_equal(yk_histogram_at(&looks[1], 5), 0);
    assert_int_equal(yk_histogram_at(&looks[1], yk_histogram_bucket(100)), 1);
    /* A counter that ran backwards does not wrap around. */
    yk_histogram_subtract(&looks[1], &looks[0]);
    yk_histogram_subtract(&looks[1], &looks[0]);
    assert_int_equal(yk_histogram_count(&looks[1]), 1);
    free(looks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bucket_follows_the_one_before),
        cmocka_unit_test(the_ends_of_a_bucket_count_in_it),
        cmocka_unit_test(a_bucket_is_at_most_a_sixteenth_wide),
        cmocka_unit_test(what_is_too_long_counts_in_the_last_bucket),
        cmocka_unit_test(quantiles_are_exact_up_to_the_bucket),
        cmocka_unit_test(an_empty_one_has_no_quantiles),
        cmocka_unit_test(the_sum_is_right_within_a_bucket),
        cmocka_unit_test(merged_is_as_if_counted_in_one),
        cmocka_unit_test(a_difference_is_what_came_between),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
