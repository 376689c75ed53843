#include "cli/amount.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/banned.h"

/* One digit behind the point while there is one before it. */
static const char *print_scaled(double value, const char *unit,
                                char out[YK_AMOUNT_MAX])
{
    snprintf(out, YK_AMOUNT_MAX, value < 9.95 ? "%.1f%s" : "%.0f%s", value,
             unit);
    return out;
}

const char *yk_amount_us(uint64_t us, char out[YK_AMOUNT_MAX])
{
    if (us >= 1000000)
        return print_scaled((double)us / 1e6, "s", out);
    if (us >= 1000)
        return print_scaled((double)us / 1e3, "ms", out);
    snprintf(out, YK_AMOUNT_MAX, "%" PRIu64 "us", us);
    return out;
}

static const char *print_two(uint64_t big, const char *big_unit, uint64_t small,
                             const char *small_unit, char out[YK_AMOUNT_MAX])
{
    snprintf(out, YK_AMOUNT_MAX, "%" PRIu64 "%s%" PRIu64 "%s", big, big_unit,
             small, small_unit);
    return out;
}

const char *yk_amount_age(uint64_t ms, char out[YK_AMOUNT_MAX])
{
    uint64_t s = ms / 1000;

    if (s >= 86400)
        return print_two(s / 86400, "d", s % 86400 / 3600, "h", out);
    if (s >= 3600)
        return print_two(s / 3600, "h", s % 3600 / 60, "m", out);
    if (s >= 60)
        return print_two(s / 60, "m", s % 60, "s", out);
    snprintf(out, YK_AMOUNT_MAX, s ? "%" PRIu64 "s" : "%" PRIu64 "ms",
             s ? s : ms);
    return out;
}

static const char *print_power(uint64_t value, double base,
                               const char *const units[],
                               char out[YK_AMOUNT_MAX])
{
    double scaled = (double)value / base;
    int unit = 0;

    while (scaled >= base && units[unit + 1]) {
        scaled /= base;
        unit++;
    }
    return print_scaled(scaled, units[unit], out);
}

const char *yk_amount_bytes(uint64_t bytes, char out[YK_AMOUNT_MAX])
{
    static const char *const units[] = {"K", "M", "G", "T", "P", NULL};

    if (bytes >= 1024)
        return print_power(bytes, 1024, units, out);
    snprintf(out, YK_AMOUNT_MAX, "%" PRIu64, bytes);
    return out;
}

const char *yk_amount_count(uint64_t count, char out[YK_AMOUNT_MAX])
{
    static const char *const units[] = {"M", "G", "T", "P", NULL};

    if (count >= 1000000)
        return print_power(count / 1000, 1000, units, out);
    snprintf(out, YK_AMOUNT_MAX, "%" PRIu64, count);
    return out;
}
