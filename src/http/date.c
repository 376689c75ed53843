#include "http/date.h"

#include <string.h>

#define LAST_SECOND 253402300799 /* 9999-12-31 23:59:59 */

struct day {
    int year, month, day; /* Month and day from 1. */
};

/* Howard Hinnant's method: years that begin in March put the leap day last, so
 * that a month's length follows from its number. */
static struct day day_of(int64_t days_since_1970)
{
    int64_t days = days_since_1970 + 719468; /* Since 0000-03-01. */
    int64_t era = days / 146097;
    int64_t of_era = days % 146097;
    int64_t year_of_era =
        (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year =
        of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t from_march = (5 * of_year + 2) / 153;
    int64_t month = from_march < 10 ? from_march + 3 : from_march - 9;

    return (struct day){
        .year = (int)(year_of_era + era * 400 + (month <= 2)),
        .month = (int)month,
        .day = (int)(of_year - (153 * from_march + 2) / 5 + 1),
    };
}

static void put_two(char *out, int value)
{
    out[0] = (char)('0' + value / 10);
    out[1] = (char)('0' + value % 10);
}

void yk_http_date_format(char out[YK_HTTP_DATE_LEN + 1], int64_t second)
{
    static const char days[] = "ThuFriSatSunMonTueWed";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (second < 0)
        second = 0;
    if (second > LAST_SECOND)
        second = LAST_SECOND;

    struct day day = day_of(second / 86400);
    int of_day = (int)(second % 86400);
    memcpy(out, "Thu, 01 Jan 1970 00:00:00 GMT", YK_HTTP_DATE_LEN + 1);
    memcpy(out, days + second / 86400 % 7 * 3, 3);
    put_two(out + 5, day.day);
    memcpy(out + 8, months + (day.month - 1) * 3, 3);
    put_two(out + 12, day.year / 100);
    put_two(out + 14, day.year % 100);
    put_two(out + 17, of_day / 3600);
    put_two(out + 20, of_day / 60 % 60);
    put_two(out + 23, of_day % 60);
}

const char *yk_http_date_at(struct yk_http_date *date, int64_t second)
{
    if (date->second != second || !date->text[0]) {
        yk_http_date_format(date->text, second);
        date->second = second;
    }
    return date->text;
}
