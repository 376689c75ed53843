/* Expectations of the cookies that an answer sets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/number.h"
#include "http/url.h"
#include "test/client.h"
#include "test/cookie.h"
#include "test/expect.h"
#include "test/failure.h"

#include "core/banned.h"

/* The Set-Cookie field of that name; of several the last, for it is what
 * counts. NULL: there is none. */
static const char *find(const yoke_tr *r, const char *name,
                        struct yk_cookie *ret_cookie)
{
    const struct yk_answer *answer = &r->answer;
    const char *found = NULL, *field;
    struct yk_cookie cookie;

    for (size_t n = 0;
         (field = yk_answer_nth(answer, &answer->head, "Set-Cookie", n)); n++) {
        if (yk_cookie_parse(&cookie, yk_slice_of(field),
                            yk_test_wall_s(r->test)) < 0 ||
            !yk_slice_eq(cookie.name, yk_slice_of(name)))
            continue;
        found = field;
        *ret_cookie = cookie;
    }
    return found;
}

/* Ends "expected the cookie "sid" ...". */
static void fail(const yoke_tr *r, struct yk_bytes *text, const char *field,
                 const char *file, int line)
{
    if (yk_expect_add_got(r, text)) {
        if (field)
            yk_failure_add_quoted(text, field, strlen(field));
        else
            yk_bytes_add(text, "no such cookie");
    }
    yk_expect_fail(r, text, file, line);
}

/* ---- Values and attributes ---- */

/* As it was sent, or as it was before it was encoded. */
static bool is_value(struct yk_slice got, const char *value)
{
    size_t len;
    char *decoded = NULL;
    if (yk_slice_eq(got, yk_slice_of(value)))
        return true;
    if (got.len > 0 && !(decoded = malloc(got.len)))
        return false;
    bool is_equal =
        got.len > 0 && yk_url_decode(got, decoded, &len) == 0 &&
        yk_slice_eq((struct yk_slice){decoded, len}, yk_slice_of(value));
    free(decoded);
    return is_equal;
}

static bool check_text(struct yk_bytes *text, const char *attribute,
                       const char *expected, struct yk_slice got)
{
    if (!expected ||
        (got.ptr && yk_slice_eq_nocase(got, yk_slice_of(expected))))
        return true;
    yk_bytes_printf(text, " with %s of \"%s\"", attribute, expected);
    return false;
}

static bool check_flag(struct yk_bytes *text, const char *attribute,
                       int expected, bool got)
{
    if (expected == 0 || (expected > 0) == got)
        return true;
    yk_bytes_printf(text, " with%s %s", expected > 0 ? "" : "out", attribute);
    return false;
}

static bool check_max_age(struct yk_bytes *text, long long expected,
                          const struct yk_cookie *got)
{
    if (expected == 0 || (got->max_age.ptr && got->lifetime_s == expected))
        return true;
    yk_bytes_printf(text, " with Max-Age of \"%lld\"", expected);
    return false;
}

/* Adds the first that does not hold. */
static bool check(struct yk_bytes *text, const struct yoke_cookie_like *like,
                  const struct yk_cookie *got)
{
    return check_text(text, "Path", like->path, got->path) &&
           check_text(text, "Domain", like->domain, got->domain) &&
           check_text(text, "SameSite", like->same_site, got->same_site) &&
           check_text(text, "Priority", like->priority, got->priority) &&
           check_text(text, "Expires", like->expires, got->expires) &&
           check_max_age(text, like->max_age, got) &&
           check_flag(text, "HttpOnly", like->http_only, got->is_http_only) &&
           check_flag(text, "Secure", like->secure, got->is_secure) &&
           check_flag(text, "Partitioned", like->partitioned,
                      got->is_partitioned) &&
           check_flag(text, "an end (Max-Age or Expires)", like->persistent,
                      got->is_persistent);
}

void yoke_expect_cookie_at(yoke_tr *r, const char *name, const char *value,
                           const struct yoke_cookie_like *like,
                           const char *file, int line)
{
    struct yk_bytes text = {0};
    struct yk_cookie cookie = {.name = {NULL, 0}};

    r = yk_tr_end(r);
    const char *field = find(r, name, &cookie);
    bool is_met = yk_expect_is_sound(r) && field;
    yk_bytes_printf(&text, "expected the cookie \"%s\"", name);
    if (value && !(is_met && is_value(cookie.value, value))) {
        yk_bytes_printf(&text, " of \"%s\"", value);
        is_met = false;
    }
    if (is_met && check(&text, like, &cookie))
        yk_bytes_done(&text);
    else
        fail(r, &text, field, file, line);
}

void yoke_expect_no_cookie_at(yoke_tr *r, const char *name, const char *file,
                              int line)
{
    struct yk_bytes text = {0};
    struct yk_cookie cookie;

    r = yk_tr_end(r);
    const char *field = find(r, name, &cookie);
    if (yk_expect_is_sound(r) && !field)
        return;
    yk_bytes_printf(&text, "expected no cookie \"%s\"", name);
    fail(r, &text, field, file, line);
}

/* ---- What becomes of a cookie ---- */

static bool was_sent(const yoke_tr *r, const char *name)
{
    const char *p = yk_bytes_text(&r->cookies_sent);
    size_t len = strlen(name);
    while (*p) {
        if (strncmp(p, name, len) == 0 && p[len] == '=')
            return true;
        p += strcspn(p, ";");
        p += strspn(p, "; ");
    }
    return false;
}

void yoke_expect_cookie_fate_at(yoke_tr *r, const char *name,
                                enum yoke_cookie_fate fate, const char *file,
                                int line)
{
    static const char *const texts[] = {
        [YOKE_COOKIE_CLEARED] = "to be cleared",
        [YOKE_COOKIE_NEW] = "to be new",
        [YOKE_COOKIE_RENEWED] = "to be renewed",
    };
    struct yk_bytes text = {0};
    struct yk_cookie cookie = {.name = {NULL, 0}};

    r = yk_tr_end(r);
    const char *field = find(r, name, &cookie);
    bool is_set = yk_expect_is_sound(r) && field;
    bool is_met = fate == YOKE_COOKIE_CLEARED ? cookie.is_cleared
                  : cookie.is_cleared         ? false
                  : fate == YOKE_COOKIE_NEW   ? !was_sent(r, name)
                                              : was_sent(r, name);
    if (is_set && is_met)
        return;
    yk_bytes_printf(&text, "expected the cookie \"%s\" %s", name, texts[fate]);
    if (is_set && !cookie.is_cleared && fate != YOKE_COOKIE_CLEARED)
        yk_bytes_printf(&text, ", the request %s it",
                        was_sent(r, name) ? "had sent" : "had not sent");
    fail(r, &text, field, file, line);
}
