#include "cli/values.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/message.h"

#include "core/banned.h"

struct unit {
    const char *name;
    double factor;
};

/* A number, without sign and exponent, and its unit. Returns the product, or a
 * negative number when it is none. */
static double read_value(const char *value, const struct unit *units)
{
    size_t len = strspn(value, "0123456789.");
    char *end;

    if (!isdigit((unsigned char)value[0]))
        return -1;
    double number = strtod(value, &end);
    if (end != value + len)
        return -1;
    for (const struct unit *unit = units; unit->name; unit++)
        if (strcmp(end, unit->name) == 0)
            return number * unit->factor;
    return -1;
}

int yk_value_time(const char *given, const char *value, int min_ms, int max_ms,
                  int *ret_ms)
{
    static const struct unit units[] = {
        {"ms", 1},     {"", 1e3},      {"s", 1e3}, {"m", 60e3},
        {"h", 3600e3}, {"d", 86400e3}, {NULL, 0}};
    double ms = read_value(value, units);

    if (ms >= min_ms && ms <= max_ms) {
        *ret_ms = (int)ms;
        return 0;
    }
    yk_say(
        "%s: '%s' is not a time: seconds, or a number with ms, s, m, h or d, "
        "%s up to %d s",
        given, value, min_ms ? "above 0," : "from 0", max_ms / 1000);
    return -1;
}

int yk_value_size(const char *given, const char *value, size_t *ret_size)
{
    static const struct unit units[] = {{"", 1},
                                        {"K", 1024},
                                        {"M", 1024.0 * 1024},
                                        {"G", 1024.0 * 1024 * 1024},
                                        {NULL, 0}};
    double size = read_value(value, units);

    if (size >= 1 && size < (double)(SIZE_MAX / 2)) {
        *ret_size = (size_t)size;
        return 0;
    }
    yk_say("%s: '%s' is not a size: bytes, or a number with K, M or G", given,
           value);
    return -1;
}
