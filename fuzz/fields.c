/* The header fields that the application takes apart: lists of preferences,
 * cookies, ranges, conditions, dates, addresses of proxies. The first byte says
 * which; the rest is the field's value. */
#include "fuzz.h"

#include "app/accept.h"
#include "app/cookie.h"
#include "app/fresh.h"
#include "app/range.h"
#include "app/trust.h"
#include "http/date.h"

static bool is_within(struct yk_slice part, struct yk_slice whole)
{
    return part.len == 0 || (part.ptr >= whole.ptr &&
                             part.ptr + part.len <= whole.ptr + whole.len);
}

static void check_list(enum yk_accept_kind kind, struct yk_slice text)
{
    static const struct yk_slice offers[] = {
        {"text/html", 9}, {"application/json;a=b", 20},
        {"gzip", 4},      {"identity", 8},
        {"utf-8", 5},     {"en-GB", 5},
        {"html", 4},      {"", 0},
    };
    struct yk_slice out[70];
    int place = yk_accept_best(kind, text, offers, 8);
    MUST(place >= -1 && place < 7, "the best is an offer, or none");
    size_t n = yk_accept_sorted(kind, text, out, 70);
    MUST(n <= 64, "elements have a limit");
    for (size_t i = 0; i < n; i++)
        MUST(is_within(out[i], text) || yk_slice_eq(out[i], YK_LIT("identity")),
             "an element is of the list");
}

static void check_cookies(struct yk_slice text)
{
    struct yk_slice rest = text, name, value;
    while (yk_cookie_next(&rest, &name, &value)) {
        MUST(name.len > 0, "a cookie has a name");
        MUST(is_within(name, text) && is_within(value, text),
             "a cookie is of the field");
        char *out = malloc(value.len + 1);
        size_t len = yk_cookie_decode(value, out);
        MUST(len <= value.len, "decoding makes nothing longer");
        free(out);
    }
}

static void check_ranges(struct yk_slice text)
{
    static const uint64_t sizes[] = {0, 1, 1000, INT64_MAX, UINT64_MAX};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct yoke_ranges ranges;
        int n = yk_range_parse(text, sizes[i], &ranges);
        if (n <= 0)
            continue;
        MUST((size_t)n == ranges.count && n <= YOKE_RANGES_MAX,
             "ranges have a limit");
        yoke_ranges_combine(&ranges);
        for (size_t k = 0; k < ranges.count; k++)
            MUST(ranges.items[k].start <= ranges.items[k].end &&
                     ranges.items[k].end < sizes[i],
                 "a range lies within");
    }
}

static void check_tags(struct yk_slice text)
{
    bool strong = yk_etag_is_in(text, YK_LIT("\"a\""), true);
    bool weak = yk_etag_is_in(text, YK_LIT("\"a\""), false);
    MUST(weak || !strong, "what is equal strongly is equal weakly");
}

static void check_date(struct yk_slice text)
{
    int64_t second, again;
    char out[YK_HTTP_DATE_LEN + 1];
    if (!yk_http_date_parse(text, &second) || second < 0)
        return;
    yk_http_date_format(out, second);
    MUST(yk_http_date_parse(yk_slice_of(out), &again) && again == second,
         "a date is read as it is written");
}

static void check_address(struct yk_slice text)
{
    struct yk_peer peer;
    char out[YK_PEER_TEXT_MAX];
    if (yk_trust_parse_address(text, &peer))
        MUST(*yk_peer_text(&peer, out), "an address has a text");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct yk_slice text = {(const char *)data + 1, size - 1};
    char *copy = fuzz_copy(text);
    text.ptr = copy;
    switch (data[0]) {
    case 'T':
        check_list(YK_ACCEPT_TYPE, text);
        break;
    case 'E':
        check_list(YK_ACCEPT_ENCODING, text);
        break;
    case 'C':
        check_list(YK_ACCEPT_CHARSET, text);
        break;
    case 'L':
        check_list(YK_ACCEPT_LANGUAGE, text);
        break;
    case 'K':
        check_cookies(text);
        break;
    case 'R':
        check_ranges(text);
        break;
    case 'M':
        check_tags(text);
        break;
    case 'D':
        check_date(text);
        break;
    case 'A':
        check_address(text);
        break;
    default:
        break;
    }
    free(copy);
    return 0;
}
