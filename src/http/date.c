#include "http/date.h"

#include <string.h>
#include <time.h>

#define LAST_SECOND 253402300799 /* 9999-12-31 23:59:59 */

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

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

/* ---- Reading ---- */

/* Takes bytes off the front of a text that must be there. */
struct reader {
    struct yk_slice rest;
    bool is_bad;
};

static struct yk_slice take(struct reader *reader, size_t len)
{
    if (reader->rest.len < len) {
        reader->is_bad = true;
        return (struct yk_slice){"", 0};
    }
    struct yk_slice taken = {reader->rest.ptr, len};
    reader->rest.ptr += len;
    reader->rest.len -= len;
    return taken;
}

static void skip(struct reader *reader, const char *text)
{
    struct yk_slice wanted = yk_slice_of(text);
    if (!yk_slice_eq(take(reader, wanted.len), wanted))
        reader->is_bad = true;
}

static int take_number(struct reader *reader, size_t digits)
{
    struct yk_slice text = take(reader, digits);
    int value = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            reader->is_bad = true;
        value = value * 10 + (text.ptr[i] - '0');
    }
    return value;
}

/* Jan is 1. */
static int take_month(struct reader *reader)
{
    struct yk_slice name = take(reader, 3);
    for (int i = 0; name.len && i < 12; i++)
        if (memcmp(months + i * 3, name.ptr, 3) == 0)
            return i + 1;
    reader->is_bad = true;
    return 1;
}

/* asctime(3) puts a space for the first digit of a day below 10. */
static int take_padded_day(struct reader *reader)
{
    if (reader->rest.len > 0 && *reader->rest.ptr == ' ') {
        take(reader, 1);
        return take_number(reader, 1);
    }
    return take_number(reader, 2);
}

/* "08:49:37" as seconds. */
static int take_time(struct reader *reader)
{
    int hour = take_number(reader, 2);
    skip(reader, ":");
    int minute = take_number(reader, 2);
    skip(reader, ":");
    int second = take_number(reader, 2);
    /* A leap second is allowed, and is the next one. */
    if (hour > 23 || minute > 59 || second > 60)
        reader->is_bad = true;
    return (hour * 60 + minute) * 60 + second;
}

/* "06 Nov 1994 08:49:37 GMT" */
static void read_fixdate(struct reader *reader, struct day *day, int *of_day)
{
    day->day = take_number(reader, 2);
    skip(reader, " ");
    day->month = take_month(reader);
    skip(reader, " ");
    day->year = take_number(reader, 4);
    skip(reader, " ");
    *of_day = take_time(reader);
    skip(reader, " GMT");
}

/* "06-Nov-94 08:49:37 GMT" */
static void read_rfc850(struct reader *reader, struct day *day, int *of_day)
{
    day->day = take_number(reader, 2);
    skip(reader, "-");
    day->month = take_month(reader);
    skip(reader, "-");
    day->year = take_number(reader, 2);
    day->year += day->year < 70 ? 2000 : 1900;
    skip(reader, " ");
    *of_day = take_time(reader);
    skip(reader, " GMT");
}

/* "Nov  6 08:49:37 1994" */
static void read_asctime(struct reader *reader, struct day *day, int *of_day)
{
    day->month = take_month(reader);
    skip(reader, " ");
    day->day = take_padded_day(reader);
    skip(reader, " ");
    *of_day = take_time(reader);
    skip(reader, " ");
    day->year = take_number(reader, 4);
}

/* The inverse of day_of; a year before 1970 gives less than 0. */
static int64_t days_of(struct day day)
{
    int64_t year = day.year - (day.month <= 2);
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t from_march = day.month > 2 ? day.month - 3 : day.month + 9;
    int64_t of_year = (153 * from_march + 2) / 5 + day.day - 1;
    int64_t of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    return era * 146097 + of_era - 719468;
}

static bool exists(struct day day)
{
    int64_t days = days_of(day);
    if (day.day < 1 || day.day > 31)
        return false;
    if (days < 0)
        return true;
    struct day same = day_of(days);
    return same.day == day.day && same.month == day.month;
}

bool yk_http_date_parse(struct yk_slice text, int64_t *ret_second)
{
    struct reader reader = {.rest = text};
    struct day day = {.day = 0};
    int of_day = 0;
    const char *comma = text.len ? memchr(text.ptr, ',', text.len) : NULL;

    take(&reader, comma ? (size_t)(comma - text.ptr) : 3);
    skip(&reader, comma ? ", " : " ");
    if (!comma)
        read_asctime(&reader, &day, &of_day);
    else if (comma - text.ptr == 3)
        read_fixdate(&reader, &day, &of_day);
    else
        read_rfc850(&reader, &day, &of_day);
    if (reader.is_bad || reader.rest.len > 0 || !exists(day))
        return false;
    *ret_second = days_of(day) * 86400 + of_day;
    return true;
}

int64_t yk_http_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return now.tv_sec;
}

/* ---- The date of now ---- */

const char *yk_http_date_at(struct yk_http_date *date, int64_t second)
{
    if (date->second != second || !date->text[0]) {
        yk_http_date_format(date->text, second);
        date->second = second;
    }
    return date->text;
}
