/* Expectations of the body, and those with regular expressions.
 *
 * The expressions are POSIX extended ones: libc has them, they are enough for
 * tests, and a test then needs no library that the server does not. What \d is
 * elsewhere is [0-9] here. */
#include <regex.h>
#include <string.h>

#include "test/client.h"
#include "test/expect.h"
#include "test/failure.h"

#include "core/banned.h"

/* ---- Bytes ---- */

/* The byte at which two bodies begin to differ. */
static size_t common_len(const char *a, size_t a_len, const char *b,
                         size_t b_len)
{
    size_t n = 0;
    while (n < a_len && n < b_len && a[n] == b[n])
        n++;
    return n;
}

void yoke_expect_body_at(yoke_tr *r, const void *ptr, size_t len,
                         const char *file, int line)
{
    r = yk_tr_end(r);
    const struct yk_bytes *body = &r->answer.body;
    const char *got = yk_bytes_text(body);
    struct yk_bytes text = {0};

    if (yk_expect_is_sound(r) && body->len == len && memcmp(got, ptr, len) == 0)
        return;
    yk_bytes_add(&text, "expected the body ");
    yk_failure_add_quoted(&text, ptr, len);
    if (yk_expect_add_got(r, &text)) {
        yk_failure_add_quoted(&text, got, body->len);
        yk_bytes_printf(&text, "; they differ from byte %zu on",
                        common_len(ptr, len, got, body->len));
    }
    yk_expect_fail(r, &text, file, line);
}

void yoke_expect_body_len_at(yoke_tr *r, size_t len, const char *file, int line)
{
    r = yk_tr_end(r);
    struct yk_bytes text = {0};

    if (yk_expect_is_sound(r) && r->answer.body.len == len)
        return;
    yk_bytes_printf(&text, "expected a body of %zu bytes", len);
    if (yk_expect_add_got(r, &text))
        yk_bytes_printf(&text, "%zu", r->answer.body.len);
    yk_expect_fail(r, &text, file, line);
}

void yoke_expect_text_at(yoke_tr *r, int status, const char *body,
                         const char *file, int line)
{
    yoke_expect_status_at(r, status, file, line);
    yoke_expect_body_at(r, body, strlen(body), file, line);
}

/* ---- Parts: of a stream they are waited for ---- */

static bool has_part(const yoke_tr *r, const char *part)
{
    const struct yk_bytes *body = &r->answer.body;
    return memmem(yk_bytes_text(body), body->len, part, strlen(part));
}

struct wait {
    yoke_tr *r;
    const char *part; /* Or: */
    const regex_t *regex;
};

static bool matches(const regex_t *regex, const char *ptr, size_t len)
{
    regmatch_t range = {.rm_so = 0, .rm_eo = (regoff_t)len};
    return regexec(regex, ptr, 1, &range, REG_STARTEND) == 0;
}

static bool is_there(void *data)
{
    const struct wait *wait = data;
    yoke_tr *r = wait->r;
    const struct yk_bytes *body = &r->answer.body;
    yk_tr_read(r);
    if (r->answer.state != YK_ANSWER_PARTIAL)
        return true;
    return wait->part ? has_part(r, wait->part)
                      : matches(wait->regex, yk_bytes_text(body), body->len);
}

static void wait_for(yoke_tr *r, const char *part, const regex_t *regex)
{
    struct wait wait = {r, part, regex};
    if (r->is_stream && r->link && !r->is_unreachable)
        yk_test_wait(r->test, is_there, &wait);
}

void yoke_expect_body_has_at(yoke_tr *r, const char *part, const char *file,
                             int line)
{
    r = yk_tr_end(r);
    const struct yk_bytes *body = &r->answer.body;
    struct yk_bytes text = {0};

    wait_for(r, part, NULL);
    if (yk_expect_is_sound(r) && has_part(r, part))
        return;
    yk_bytes_add(&text, "expected a body with ");
    yk_failure_add_quoted(&text, part, strlen(part));
    yk_bytes_add(&text, " in it");
    if (yk_expect_add_got(r, &text))
        yk_failure_add_quoted(&text, yk_bytes_text(body), body->len);
    yk_expect_fail(r, &text, file, line);
}

/* ---- Regular expressions ---- */

/* Compiles it; a wrong one is a failure of the test's own. */
static bool compile(const yoke_tr *r, regex_t *regex, const char *pattern,
                    const char *file, int line)
{
    struct yk_bytes text = {0};
    char why[100];
    int err = regcomp(regex, pattern, REG_EXTENDED);
    if (err == 0)
        return true;
    regerror(err, regex, why, sizeof(why));
    yk_bytes_printf(&text, "not a POSIX extended regular expression: /%s/: %s",
                    pattern, why);
    yk_expect_fail(r, &text, file, line);
    return false;
}

void yoke_expect_body_like_at(yoke_tr *r, const char *pattern, const char *file,
                              int line)
{
    r = yk_tr_end(r);
    const struct yk_bytes *body = &r->answer.body;
    struct yk_bytes text = {0};
    regex_t regex;

    if (!compile(r, &regex, pattern, file, line))
        return;
    wait_for(r, NULL, &regex);
    bool is_like = yk_expect_is_sound(r) &&
                   matches(&regex, yk_bytes_text(body), body->len);
    regfree(&regex);
    if (is_like)
        return;
    yk_bytes_printf(&text, "expected a body matching /%s/", pattern);
    if (yk_expect_add_got(r, &text))
        yk_failure_add_quoted(&text, yk_bytes_text(body), body->len);
    yk_expect_fail(r, &text, file, line);
}

void yoke_expect_header_like_at(yoke_tr *r, const char *name,
                                const char *pattern, const char *file, int line)
{
    const char *got = yoke_tr_header(r, name);
    struct yk_bytes text = {0};
    regex_t regex;

    r = yk_tr_end(r);
    if (!compile(r, &regex, pattern, file, line))
        return;
    bool is_like =
        yk_expect_is_sound(r) && got && matches(&regex, got, strlen(got));
    regfree(&regex);
    if (is_like)
        return;
    yk_bytes_printf(&text, "expected \"%s\" matching /%s/", name, pattern);
    if (yk_expect_add_got(r, &text))
        yk_expect_add_value(&text, got);
    yk_expect_fail(r, &text, file, line);
}
