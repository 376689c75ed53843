#include "middleware/cache_date.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/banned.h"

struct date {
    struct tm tm; /* Its year is the whole number. */
    char month[4];
    char zone[4];
};

static int64_t seconds_of(struct date *date)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const char *at =
        strlen(date->month) == 3 ? strstr(months, date->month) : NULL;

    if (!at || (at - months) % 3 != 0 || strcmp(date->zone, "GMT") != 0)
        return 0;
    date->tm.tm_mon = (int)((at - months) / 3);
    date->tm.tm_year -= 1900;
    return timegm(&date->tm);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT": what everybody sends today. */
static bool read_today(const char *text, struct date *ret)
{
    struct tm *tm = &ret->tm;

    return sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d %3[A-Z]",
                  &tm->tm_mday, ret->month, &tm->tm_year, &tm->tm_hour,
                  &tm->tm_min, &tm->tm_sec, ret->zone) == 7;
}

/* "Sunday, 06-Nov-94 08:49:37 GMT": a year that seems to be more than 50 years
 * ahead is one of the last century. */
static bool read_rfc850(const char *text, int64_t now, struct date *ret)
{
    struct tm *tm = &ret->tm, today;
    time_t second = (time_t)now;

    if (sscanf(text, "%*9[A-Za-z], %2d-%3[A-Za-z]-%2d %2d:%2d:%2d %3[A-Z]",
               &tm->tm_mday, ret->month, &tm->tm_year, &tm->tm_hour,
               &tm->tm_min, &tm->tm_sec, ret->zone) != 7 ||
        !gmtime_r(&second, &today))
        return false;
    int year = today.tm_year + 1900;
    tm->tm_year += year - year % 100;
    if (tm->tm_year > year + 50)
        tm->tm_year -= 100;
    return true;
}

/* "Sun Nov  6 08:49:37 1994": without a zone, which is GMT. */
static bool read_asctime(const char *text, struct date *ret)
{
    struct tm *tm = &ret->tm;

    memcpy(ret->zone, "GMT", sizeof(ret->zone));
    return sscanf(text, "%*3[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d",
                  ret->month, &tm->tm_mday, &tm->tm_hour, &tm->tm_min,
                  &tm->tm_sec, &tm->tm_year) == 6;
}

int64_t yk_cache_date(const char *text, int64_t now)
{
    struct date date = {.month = ""};

    if (read_today(text, &date) || read_rfc850(text, now, &date) ||
        read_asctime(text, &date))
        return seconds_of(&date);
    return 0;
}
