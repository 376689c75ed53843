/* Expectations. Each writes "expected X, got Y", and hands it over with the
 * exchange; one that holds writes nothing. */
#include <yoke/test.h>

#include <string.h>

#include "http/status.h"
#include "test/exchange.h"
#include "test/failure.h"

#include "core/banned.h"

/* Ends the sentence and reports it, with the exchange below. */
static void fail(yoke_tr *r, struct yk_bytes *text, const char *file, int line)
{
    yk_bytes_printf(text, "\n");
    yk_failure_add_link(text, r->link);
    yk_failure_report(text, file, line);
}

/* Adds ", got " and, when there is no sound answer, why; then false. */
static bool add_got(yoke_tr *r, struct yk_bytes *text)
{
    const struct yk_answer *answer = yk_tr_answer(r);
    yk_bytes_printf(text, ", got ");
    if (answer->state == YK_ANSWER_COMPLETE)
        return true;
    if (answer->status == 0)
        yk_bytes_printf(text, "no answer");
    else
        yk_bytes_printf(text, "a bad answer of %d", answer->status);
    if (answer->error[0])
        yk_bytes_printf(text, ": %s", answer->error);
    return false;
}

static bool is_sound(yoke_tr *r)
{
    return yk_tr_answer(r)->state == YK_ANSWER_COMPLETE;
}

/* Nothing came but 1xx answers. */
static bool is_unanswered(yoke_tr *r)
{
    const struct yk_answer *answer = yk_tr_answer(r);
    return answer->status == 0 &&
           (r->read_len <= r->start || r->read_len == SIZE_MAX ||
            answer->interim_count > 0);
}

static void add_status(struct yk_bytes *text, int status)
{
    struct yk_slice reason = yk_status_reason(status);
    yk_bytes_printf(text, "%d \"%.*s\"", status, (int)reason.len,
                    reason.len ? reason.ptr : "");
}

void yoke_expect_status_at(yoke_tr *r, int status, const char *file, int line)
{
    const struct yk_answer *answer = yk_tr_answer(r);
    struct yk_bytes text = {0};

    if (status == 0 ? is_unanswered(r)
                    : is_sound(r) && answer->status == status)
        return;
    yk_bytes_printf(&text, "expected ");
    if (status == 0)
        yk_bytes_printf(&text, "no answer");
    else
        add_status(&text, status);
    if (add_got(r, &text))
        yk_bytes_printf(&text, "%d \"%s\"", answer->status,
                        yk_answer_reason(answer));
    fail(r, &text, file, line);
}

static void add_field(struct yk_bytes *text, const char *value)
{
    if (value)
        yk_failure_add_quoted(text, value, strlen(value));
    else
        yk_bytes_printf(text, "no such field");
}

void yoke_expect_header_at(yoke_tr *r, const char *name, const char *value,
                           const char *file, int line)
{
    const char *got = yoke_tr_header(r, name);
    struct yk_bytes text = {0};

    if (is_sound(r) && got && strcmp(got, value) == 0)
        return;
    yk_bytes_printf(&text, "expected \"%s\" of \"%s\"", name, value);
    if (add_got(r, &text))
        add_field(&text, got);
    fail(r, &text, file, line);
}

void yoke_expect_header_has_at(yoke_tr *r, const char *name, const char *part,
                               const char *file, int line)
{
    const char *got = yoke_tr_header(r, name);
    struct yk_bytes text = {0};

    if (is_sound(r) && got && strstr(got, part))
        return;
    yk_bytes_printf(&text, "expected \"%s\" with \"%s\" in it", name, part);
    if (add_got(r, &text))
        add_field(&text, got);
    fail(r, &text, file, line);
}

void yoke_expect_no_header_at(yoke_tr *r, const char *name, const char *file,
                              int line)
{
    const char *got = yoke_tr_header(r, name);
    struct yk_bytes text = {0};

    if (is_sound(r) && !got)
        return;
    yk_bytes_printf(&text, "expected no \"%s\"", name);
    if (add_got(r, &text))
        add_field(&text, got);
    fail(r, &text, file, line);
}

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
    const struct yk_bytes *body = &yk_tr_answer(r)->body;
    const char *got = yk_bytes_text(body);
    struct yk_bytes text = {0};

    if (is_sound(r) && body->len == len && memcmp(got, ptr, len) == 0)
        return;
    yk_bytes_printf(&text, "expected the body ");
    yk_failure_add_quoted(&text, ptr, len);
    if (add_got(r, &text)) {
        yk_failure_add_quoted(&text, got, body->len);
        yk_bytes_printf(&text, "; they differ from byte %zu on",
                        common_len(ptr, len, got, body->len));
    }
    fail(r, &text, file, line);
}

void yoke_expect_body_has_at(yoke_tr *r, const char *part, const char *file,
                             int line)
{
    const struct yk_bytes *body = &yk_tr_answer(r)->body;
    const char *got = yk_bytes_text(body);
    struct yk_bytes text = {0};

    if (is_sound(r) && memmem(got, body->len, part, strlen(part)))
        return;
    yk_bytes_printf(&text, "expected a body with ");
    yk_failure_add_quoted(&text, part, strlen(part));
    yk_bytes_printf(&text, " in it");
    if (add_got(r, &text))
        yk_failure_add_quoted(&text, got, body->len);
    fail(r, &text, file, line);
}

void yoke_expect_text_at(yoke_tr *r, int status, const char *body,
                         const char *file, int line)
{
    yoke_expect_status_at(r, status, file, line);
    yoke_expect_body_at(r, body, strlen(body), file, line);
}

void yoke_expect_error_at(yoke_tr *r, const char *part, const char *file,
                          int line)
{
    const char *got = yoke_tr_error(r);
    struct yk_bytes text = {0};

    if (got && strstr(got, part))
        return;
    yk_bytes_printf(&text, "expected an answer that is wrong: \"%s\", got %s",
                    part, got ? got : "a sound one");
    fail(r, &text, file, line);
}

void yoke_expect_closed_at(yoke_tr *r, bool closed, const char *file, int line)
{
    struct yk_bytes text = {0};

    if (yoke_tr_is_closed(r) == closed)
        return;
    yk_bytes_printf(&text, "expected the connection to be %s, it is %s",
                    closed ? "closed" : "open", closed ? "open" : "closed");
    fail(r, &text, file, line);
}
