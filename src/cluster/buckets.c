#include "cluster/buckets.h"

#include <string.h>

#include <yoke/error.h>

void yk_buckets_init(struct yk_buckets *buckets)
{
    *buckets = (struct yk_buckets){.count = 0};
    memset(buckets->home, 0xff, sizeof(buckets->home));
    memset(buckets->owner, 0xff, sizeof(buckets->owner));
}

/* ---- Lending ---- */

/* How well the socket suits the bucket; as good as random, and always the
 * same. */
static uint32_t suitability(uint32_t bucket, uint32_t number)
{
    uint32_t hash = (bucket << 16 | number) * 0x9e3779b1u;

    hash = (hash ^ hash >> 15) * 0x85ebca6bu;
    return hash ^ hash >> 13;
}

static uint16_t best_open(const struct yk_buckets *buckets, uint32_t bucket)
{
    uint16_t best = YK_HOME_NONE;
    uint32_t most = 0;

    for (uint16_t i = 0; i < buckets->count; i++) {
        uint32_t value = suitability(bucket, i);
        if (!buckets->is_open[i] || (best != YK_HOME_NONE && value <= most))
            continue;
        best = i;
        most = value;
    }
    return best;
}

static void update_owners(struct yk_buckets *buckets)
{
    for (uint32_t i = 0; i < YK_BUCKETS; i++) {
        uint16_t home = buckets->home[i];
        bool is_home = home != YK_HOME_NONE && buckets->is_open[home];
        buckets->owner[i] = is_home ? home : best_open(buckets, i);
    }
}

void yk_buckets_set_open(struct yk_buckets *buckets, uint16_t number,
                         bool is_open)
{
    buckets->is_open[number] = is_open;
    update_owners(buckets);
}

/* ---- Dividing ---- */

static uint16_t find_richest(const uint16_t *shares, uint16_t count)
{
    uint16_t richest = 0;

    for (uint16_t i = 1; i < count; i++)
        if (shares[i] > shares[richest])
            richest = i;
    return richest;
}

static void take_bucket(struct yk_buckets *buckets, uint16_t from, uint16_t to)
{
    for (uint32_t i = YK_BUCKETS; i-- > 0;)
        if (buckets->home[i] == from) {
            buckets->home[i] = to;
            return;
        }
}

int yk_buckets_add(struct yk_buckets *buckets)
{
    if (buckets->count == YK_HOMES_MAX)
        return -YOKE_EFULL;
    uint16_t shares[YK_HOMES_MAX] = {0};
    uint16_t number = buckets->count++;

    buckets->is_open[number] = false;
    for (int i = 0; i < YK_BUCKETS; i++)
        if (number == 0)
            buckets->home[i] = 0;
        else
            shares[buckets->home[i]]++;
    for (int i = 0; number > 0 && i < YK_BUCKETS / buckets->count; i++) {
        uint16_t from = find_richest(shares, number);
        take_bucket(buckets, from, number);
        shares[from]--;
    }
    update_owners(buckets);
    return 0;
}
