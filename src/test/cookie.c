#include "test/cookie.h"

#include <errno.h>

#include "core/number.h"

#include "core/banned.h"

/* ---- Dates ----
 *
 * A date is whatever has a time, a day, a month and a year in it, separated by
 * anything; the first token that can be one is taken for it. */

struct date {
    int hour, minute, second, day, month, year; /* -1: not found. */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* What separates tokens; ":" does not. */
static bool is_delimiter(char c)
{
    return c == '\t' || (c >= ' ' && c <= '/') || (c >= ';' && c <= '@') ||
           (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

/* `min` to `max` digits at the front of `*text`, which are taken off it; the
 * next character is no digit. -1: there are none such. */
static int take_digits(struct yk_slice *text, size_t min, size_t max)
{
    int value = 0;
    size_t n = 0;
    while (n < text->len && is_digit(text->ptr[n])) {
        if (n == max)
            return -1;
        value = value * 10 + text->ptr[n++] - '0';
    }
    if (n < min)
        return -1;
    text->ptr += n;
    text->len -= n;
    return value;
}

static bool take_colon(struct yk_slice *text)
{
    if (text->len == 0 || *text->ptr != ':')
        return false;
    text->ptr++;
    text->len--;
    return true;
}

static bool read_time(struct date *date, struct yk_slice token)
{
    int hour = take_digits(&token, 1, 2);
    if (hour < 0 || !take_colon(&token))
        return false;
    int minute = take_digits(&token, 1, 2);
    if (minute < 0 || !take_colon(&token))
        return false;
    int second = take_digits(&token, 1, 2);
    if (second < 0)
        return false;
    date->hour = hour;
    date->minute = minute;
    date->second = second;
    return true;
}

static bool read_month(struct date *date, struct yk_slice token)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    for (int i = 0; i < 12 && token.len >= 3; i++) {
        struct yk_slice name = {names + 3 * i, 3};
        if (yk_slice_eq_nocase((struct yk_slice){token.ptr, 3}, name)) {
            date->month = i + 1;
            return true;
        }
    }
    return false;
}

static bool read_number(int *field, struct yk_slice token, size_t min,
                        size_t max)
{
    int value = take_digits(&token, min, max);
    if (value < 0)
        return false;
    *field = value;
    return true;
}

static void read_token(struct date *date, struct yk_slice token)
{
    if (date->hour < 0 && read_time(date, token))
        return;
    if (date->day < 0 && read_number(&date->day, token, 1, 2))
        return;
    if (date->month < 0 && read_month(date, token))
        return;
    if (date->year < 0)
        read_number(&date->year, token, 2, 4);
}

/* Days from 1970-01-01, of the Gregorian calendar. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t era = y / 400, of_era = y % 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
           719468;
}

static bool is_in_range(const struct date *date)
{
    return date->day >= 1 && date->day <= 31 && date->month >= 1 &&
           date->year >= 1601 && date->hour >= 0 && date->hour <= 23 &&
           date->minute <= 59 && date->second <= 59;
}

int yk_cookie_date(struct yk_slice text, int64_t *ret_second)
{
    struct date date = {-1, -1, -1, -1, -1, -1};
    const char *p = text.ptr, *end = text.ptr + text.len;

    while (p < end) {
        const char *start = p;
        while (p < end && !is_delimiter(*p))
            p++;
        if (p > start)
            read_token(&date, (struct yk_slice){start, (size_t)(p - start)});
        p++;
    }
    if (date.year >= 70 && date.year <= 99)
        date.year += 1900;
    else if (date.year >= 0 && date.year <= 69)
        date.year += 2000;
    if (!is_in_range(&date))
        return -EINVAL;
    *ret_second = days_of(date.year, date.month, date.day) * 86400 +
                  date.hour * 3600 + date.minute * 60 + date.second;
    return 0;
}

/* ---- Attributes ---- */

static struct yk_slice trim(struct yk_slice text)
{
    while (text.len > 0 && (*text.ptr == ' ' || *text.ptr == '\t')) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 &&
           (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* Takes the part up to the next `mark`, or all, off the front of `*rest`. */
static struct yk_slice take_part(struct yk_slice *rest, char mark)
{
    const char *found = rest->len ? memchr(rest->ptr, mark, rest->len) : NULL;
    size_t len = found ? (size_t)(found - rest->ptr) : rest->len;
    struct yk_slice part = {rest->ptr, len};
    size_t used = found ? len + 1 : len;
    rest->ptr += used;
    rest->len -= used;
    return part;
}

static void read_domain(struct yk_cookie *cookie, struct yk_slice value)
{
    if (value.len > 0 && *value.ptr == '.') {
        value.ptr++;
        value.len--;
    }
    if (value.len > 0)
        cookie->domain = value;
}

/* Digits, with a "-" before them or not; anything else is no Max-Age. */
static void read_max_age(struct yk_cookie *cookie, struct yk_slice value)
{
    struct yk_slice digits = value;
    uint64_t seconds;
    bool is_negative = value.len > 0 && *value.ptr == '-';

    cookie->max_age = value;
    if (is_negative) {
        digits.ptr++;
        digits.len--;
    }
    int err = yk_parse_u64(digits, INT32_MAX, &seconds);
    if (err == -ERANGE)
        seconds = INT32_MAX;
    else if (err < 0)
        return;
    cookie->is_persistent = true;
    cookie->lifetime_s = is_negative ? -(int64_t)seconds : (int64_t)seconds;
}

static void read_attribute(struct yk_cookie *cookie, struct yk_slice name,
                           struct yk_slice value)
{
    if (yk_slice_eq_nocase(name, YK_LIT("Domain")))
        read_domain(cookie, value);
    else if (yk_slice_eq_nocase(name, YK_LIT("Path")))
        cookie->path = value;
    else if (yk_slice_eq_nocase(name, YK_LIT("Expires")))
        cookie->expires = value;
    else if (yk_slice_eq_nocase(name, YK_LIT("Max-Age")))
        read_max_age(cookie, value);
    else if (yk_slice_eq_nocase(name, YK_LIT("SameSite")))
        cookie->same_site = value;
    else if (yk_slice_eq_nocase(name, YK_LIT("Priority")))
        cookie->priority = value;
    else if (yk_slice_eq_nocase(name, YK_LIT("Secure")))
        cookie->is_secure = true;
    else if (yk_slice_eq_nocase(name, YK_LIT("HttpOnly")))
        cookie->is_http_only = true;
    else if (yk_slice_eq_nocase(name, YK_LIT("Partitioned")))
        cookie->is_partitioned = true;
}

/* Max-Age counts for more than Expires. */
static void find_end(struct yk_cookie *cookie, int64_t now_s)
{
    if (cookie->is_persistent)
        cookie->expires_s = now_s + cookie->lifetime_s;
    else if (cookie->expires.ptr &&
             yk_cookie_date(cookie->expires, &cookie->expires_s) == 0)
        cookie->is_persistent = true;
    cookie->is_cleared = cookie->is_persistent && cookie->expires_s <= now_s;
}

int yk_cookie_parse(struct yk_cookie *cookie, struct yk_slice field,
                    int64_t now_s)
{
    struct yk_slice pair = take_part(&field, ';');
    if (!memchr(pair.ptr, '=', pair.len))
        return -EINVAL;

    *cookie = (struct yk_cookie){0};
    cookie->name = trim(take_part(&pair, '='));
    cookie->value = trim(pair);
    if (cookie->name.len == 0)
        return -EINVAL;
    while (field.len > 0) {
        struct yk_slice attribute = take_part(&field, ';');
        struct yk_slice name = trim(take_part(&attribute, '='));
        read_attribute(cookie, name, trim(attribute));
    }
    find_end(cookie, now_s);
    return 0;
}
