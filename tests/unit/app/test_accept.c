/* Lists of preferences: which offer is best. The cases of negotiator's own
 * tests, as tables. */
#include "../unit.h"

#include <stdio.h>

#include "app/accept.h"

struct best_case {
    const char *list;
    const char *offers; /* With spaces between. */
    const char *best;   /* NULL: none. */
};

static size_t split(const char *text, struct yk_slice out[16])
{
    size_t n = 0;
    while (*text) {
        size_t len = strcspn(text, " ");
        out[n++] = (struct yk_slice){text, len};
        text += len + (text[len] == ' ');
    }
    return n;
}

static void check(enum yk_accept_kind kind, const struct best_case *cases,
                  size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct yk_slice offers[16];
        size_t count = split(cases[i].offers, offers);
        int place =
            yk_accept_best(kind, yk_slice_of(cases[i].list), offers, count);
        struct yk_slice best = place < 0 ? YK_LIT("(none)") : offers[place];
        const char *wanted = cases[i].best ? cases[i].best : "(none)";
        if (!yk_slice_eq(best, yk_slice_of(wanted)))
            fail_msg("\"%s\" of \"%s\": expected %s, got %.*s", cases[i].list,
                     cases[i].offers, wanted, (int)best.len, best.ptr);
    }
}

static void the_best_type(void **state)
{
    static const struct best_case cases[] = {
        {"*/*", "text/html application/json", "text/html"},
        {"application/json", "text/html application/json", "application/json"},
        {"application/*", "text/html application/json", "application/json"},
        {"text/html;q=0", "text/html", NULL},
        {"text/html;q=0, */*", "text/html text/plain", "text/plain"},
        {"text/*, text/html;q=0.3", "text/html text/plain", "text/plain"},
        {"text/html;q=0.8, application/json", "text/html application/json",
         "application/json"},
        /* Equal weights: the more specific, then the client's order. */
        {"*/*, text/plain", "text/html text/plain", "text/plain"},
        {"text/plain, text/html", "text/html text/plain", "text/plain"},
        /* An element with parameters is for those who have them. */
        {"text/html;level=1", "text/html", NULL},
        {"text/html;level=1", "text/html;level=1", "text/html;level=1"},
        {"text/html;level=1", "text/html;LEVEL=1;foo=bar",
         "text/html;LEVEL=1;foo=bar"},
        {"text/html;level=\"1\"", "text/html;level=1", "text/html;level=1"},
        {"text/html;level=1;q=0.1, text/html", "text/html;level=1 text/plain",
         "text/html;level=1"},
        {"TEXT/HTML", "text/html", "text/html"},
        /* Commas and semicolons in quotes are text. */
        {"text/html;a=\"b,c;d\", text/plain;q=0.5",
         "text/plain text/html;a=\"b,c;d\"", "text/html;a=\"b,c;d\""},
        {"text/html;a=\"\\\",x\", text/plain", "text/plain", "text/plain"},
        /* What is malformed is passed over. */
        {"text/html;q=x, text/plain", "text/html text/plain", "text/plain"},
        {"text, text/plain", "text/html text/plain", "text/plain"},
        {", ,text/plain,,", "text/html text/plain", "text/plain"},
        {"", "text/html", NULL},
        {"*/*", "html", NULL},
        {"*", "text/html", NULL},
        /* Weights as they come. */
        {"a/b;q=.5, a/c;q=0.4999", "a/c a/b", "a/b"},
        {"a/b;q=1.5, a/c", "a/c a/b", "a/b"},
        {"a/b;q=1.5;x=y, a/c;q=0.9", "a/c a/b", "a/b"},
        {"a/b;q=0.0001", "a/b", NULL},
        {"a/b;q=-1", "a/b", NULL},
        {"a/b ; Q=0.5 , a/c ;q=0.6", "a/b a/c", "a/c"},
    };
    (void)state;
    check(YK_ACCEPT_TYPE, cases, COUNT_OF(cases));
}

static void the_best_encoding(void **state)
{
    static const struct best_case cases[] = {
        {"", "gzip identity", "identity"},
        {"gzip", "identity gzip", "gzip"},
        {"gzip", "identity", "identity"},
        {"gzip;q=0.5", "gzip identity", "gzip"},
        {"gzip;q=0", "gzip", NULL},
        {"gzip;q=0", "gzip identity", "identity"},
        {"*", "gzip identity", "gzip"},
        {"*;q=0", "gzip identity", NULL},
        {"*;q=0, identity;q=0.1", "gzip identity", "identity"},
        {"identity;q=0", "identity", NULL},
        {"gzip, deflate", "deflate gzip", "gzip"},
        {"gzip;q=0.8, deflate", "gzip deflate", "deflate"},
        {"GZIP", "gzip", "gzip"},
    };
    (void)state;
    check(YK_ACCEPT_ENCODING, cases, COUNT_OF(cases));
}

static void the_best_charset(void **state)
{
    static const struct best_case cases[] = {
        {"utf-8", "UTF-8", "UTF-8"},
        {"utf-8;q=0.5, iso-8859-1", "utf-8 iso-8859-1", "iso-8859-1"},
        {"*, utf-8;q=0", "utf-8 utf-7", "utf-7"},
        {"utf-8", "utf-7", NULL},
        {"", "utf-8", NULL},
    };
    (void)state;
    check(YK_ACCEPT_CHARSET, cases, COUNT_OF(cases));
}

static void the_best_language(void **state)
{
    static const struct best_case cases[] = {
        {"en", "en", "en"},
        {"en", "en-US", "en-US"},
        {"en-US", "en", "en"},
        {"en-US", "en-GB", NULL},
        {"en, de;q=0.9", "de en-US", "en-US"},
        {"en-US, en;q=0.8", "en en-US", "en-US"},
        {"*, en;q=0", "en de", "de"},
        {"nl;q=0.5, fr, de, en, it, es, pt, no, se, fi, ro", "fr nl", "fr"},
        {"en;q=0", "en", NULL},
        {"EN", "en", "en"},
    };
    (void)state;
    check(YK_ACCEPT_LANGUAGE, cases, COUNT_OF(cases));
}

static void all_that_is_named_best_first(void **state)
{
    static const struct {
        enum yk_accept_kind kind;
        const char *list, *sorted;
    } cases[] = {
        {YK_ACCEPT_TYPE, "a/b;q=0.2, c/d, e/f;q=0, g/h", "c/d g/h a/b"},
        {YK_ACCEPT_TYPE, "text/html;level=1;q=0.5", "text/html"},
        {YK_ACCEPT_ENCODING, "gzip;q=0.5, br", "br gzip identity"},
        {YK_ACCEPT_ENCODING, "*", "*"},
        {YK_ACCEPT_ENCODING, "identity;q=0, br", "br"},
        {YK_ACCEPT_ENCODING, "", "identity"},
        {YK_ACCEPT_CHARSET, "utf-8, *;q=0.1", "utf-8 *"},
        {YK_ACCEPT_LANGUAGE, "de, en;q=0.7, fr;q=0.8", "de fr en"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct yk_slice out[8];
        char text[128] = "";
        size_t n = yk_accept_sorted(cases[i].kind, yk_slice_of(cases[i].list),
                                    out, COUNT_OF(out));
        for (size_t k = 0; k < n; k++) {
            size_t len = strlen(text);
            snprintf(text + len, sizeof(text) - len, "%s%.*s", k ? " " : "",
                     (int)out[k].len, out[k].ptr);
        }
        assert_string_equal(text, cases[i].sorted);
    }
}

/* docs/http-rules.md rule 40: more elements than are kept cost time, no
 * memory. */
static void a_list_of_thousands_is_only_read(void **state)
{
    static char list[8000];
    struct yk_slice offer = YK_LIT("a/b"), out[64];
    (void)state;
    for (size_t i = 0; i + 4 < sizeof(list); i += 4)
        memcpy(list + i, "c/d,", 4);
    memcpy(list + sizeof(list) - 8, "a/b\0\0\0\0", 8);
    assert_int_equal(
        yk_accept_best(YK_ACCEPT_TYPE, yk_slice_of(list), &offer, 1), 0);
    assert_int_equal(
        yk_accept_sorted(YK_ACCEPT_TYPE, yk_slice_of(list), out, 64), 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_type),
        cmocka_unit_test(the_best_encoding),
        cmocka_unit_test(the_best_charset),
        cmocka_unit_test(the_best_language),
        cmocka_unit_test(all_that_is_named_best_first),
        cmocka_unit_test(a_list_of_thousands_is_only_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
