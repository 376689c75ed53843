/* Expectations. Each writes "expected X, got Y", and hands it over with the
 * exchange; one that holds writes nothing. The first three words are those of
 * supertest, so that who knows the one reads the other. */
#include "test/expect.h"

#include <stdarg.h>
#include <string.h>

#include "http/status.h"
#include "test/client.h"
#include "test/failure.h"

#include "core/banned.h"

/* ---- What they share ---- */

bool yk_expect_is_sound(const yoke_tr *r)
{
    const struct yk_answer *answer = &r->answer;
    return answer->state == YK_ANSWER_COMPLETE ||
           (r->is_stream && answer->state == YK_ANSWER_PARTIAL &&
            answer->status > 0);
}

bool yk_expect_add_got(const yoke_tr *r, struct yk_bytes *text)
{
    const struct yk_answer *answer = &r->answer;
    yk_bytes_add(text, ", got ");
    if (yk_expect_is_sound(r))
        return true;
    if (answer->status == 0)
        yk_bytes_add(text, "no answer");
    else
        yk_bytes_printf(text, "a bad answer of %d", answer->status);
    if (answer->error[0])
        yk_bytes_printf(text, ": %s", answer->error);
    return false;
}

void yk_expect_add_value(struct yk_bytes *text, const char *value)
{
    if (value)
        yk_failure_add_quoted(text, value, strlen(value));
    else
        yk_bytes_add(text, "no such field");
}

void yk_expect_fail(const yoke_tr *r, struct yk_bytes *text, const char *file,
                    int line)
{
    yk_bytes_add(text, "\n");
    yk_failure_add_exchange(text, r);
    yk_failure_report(text, file, line);
}

void yoke_tr_fail_at(yoke_tr *r, const char *file, int line, const char *fmt,
                     ...)
{
    struct yk_bytes text = {0};
    va_list args;
    va_start(args, fmt);
    yk_bytes_vprintf(&text, fmt, args);
    va_end(args);
    yk_expect_fail(yk_tr_end(r), &text, file, line);
}

/* ---- Status ---- */

/* Nothing came but 1xx answers. */
static bool is_unanswered(const yoke_tr *r)
{
    const struct yk_answer *answer = &r->answer;
    return answer->status == 0 &&
           (r->read_len <= r->start || r->read_len == SIZE_MAX ||
            answer->interim_count > 0);
}

static void add_status(struct yk_bytes *text, int status)
{
    struct yk_slice reason = yk_status_reason(status);
    if (status == 0)
        yk_bytes_add(text, "no answer");
    else
        yk_bytes_printf(text, "%d \"%.*s\"", status, (int)reason.len,
                        reason.len ? reason.ptr : "");
}

static bool has_status(const yoke_tr *r, int status)
{
    return status == 0 ? is_unanswered(r)
                       : yk_expect_is_sound(r) && r->answer.status == status;
}

static void add_got_status(const yoke_tr *r, struct yk_bytes *text)
{
    if (yk_expect_add_got(r, text))
        yk_bytes_printf(text, "%d \"%s\"", r->answer.status,
                        yk_answer_reason(&r->answer));
}

void yoke_expect_status_at(yoke_tr *r, int status, const char *file, int line)
{
    struct yk_bytes text = {0};

    r = yk_tr_end(r);
    if (has_status(r, status))
        return;
    yk_bytes_add(&text, "expected ");
    add_status(&text, status);
    add_got_status(r, &text);
    yk_expect_fail(r, &text, file, line);
}

void yoke_expect_status_in_at(yoke_tr *r, const int *statuses, size_t n,
                              const char *file, int line)
{
    struct yk_bytes text = {0};

    r = yk_tr_end(r);
    for (size_t i = 0; i < n; i++)
        if (has_status(r, statuses[i]))
            return;
    yk_bytes_add(&text, "expected one of \"");
    for (size_t i = 0; i < n; i++)
        yk_bytes_printf(&text, "%s%d", i > 0 ? ", " : "", statuses[i]);
    yk_bytes_add(&text, "\"");
    add_got_status(r, &text);
    yk_expect_fail(r, &text, file, line);
}

/* ---- Header fields ---- */

void yoke_expect_header_at(yoke_tr *r, const char *name, const char *value,
                           const char *file, int line)
{
    const char *got = yoke_tr_header(r, name);
    struct yk_bytes text = {0};

    r = yk_tr_end(r);
    if (yk_expect_is_sound(r) && got && strcmp(got, value) == 0)
        return;
    yk_bytes_printf(&text, "expected \"%s\" of \"%s\"", name, value);
    if (yk_expect_add_got(r, &text))
        yk_expect_add_value(&text, got);
    yk_expect_fail(r, &text, file, line);
}

void yoke_expect_header_has_at(yoke_tr *r, const char *name, const char *part,
                               const char *file, int line)
{
    const char *got = yoke_tr_header(r, name);
    struct yk_bytes text = {0};

    r = yk_tr_end(r);
    if (yk_expect_is_sound(r) && got && strstr(got, part))
        return;
    yk_bytes_printf(&text, "expected \"%s\" with \"%s\" in it", name, part);
    if (yk_expect_add_got(r, &text))
        yk_expect_add_value(&text, got);
    yk_expect_fail(r, &text, file, line);
}

/* Any number of fields with that name and value; at least one. */
void yoke_expect_header_also_at(yoke_tr *r, const char *name, const char *value,
                                const char *file, int line)
{
    struct yk_bytes text = {0};
    const char *got;

    r = yk_tr_end(r);
    for (size_t n = 0; (got = yoke_tr_header_nth(r, name, n)); n++)
        if (yk_expect_is_sound(r) && strcmp(got, value) == 0)
            return;
    yk_bytes_printf(&text, "expected a \"%s\" of \"%s\"", name, value);
    if (yk_expect_add_got(r, &text))
        yk_expect_add_value(&text, yoke_tr_header(r, name));
    for (size_t n = 1; (got = yoke_tr_header_nth(r, name, n)); n++) {
        yk_bytes_add(&text, ", ");
        yk_expect_add_value(&text, got);
    }
    yk_expect_fail(r, &text, file, line);
}

void yoke_expect_no_header_at(yoke_tr *r, const char *name, const char *file,
                              int line)
{
    const char *got = yoke_tr_header(r, name);
    struct yk_bytes text = {0};

    r = yk_tr_end(r);
    if (yk_expect_is_sound(r) && !got)
        return;
    yk_bytes_printf(&text, "expected no \"%s\"", name);
    if (yk_expect_add_got(r, &text))
        yk_expect_add_value(&text, got);
    yk_expect_fail(r, &text, file, line);
}

/* ---- Trailers ---- */

void yoke_expect_trailer_at(yoke_tr *r, const char *name, const char *value,
                            const char *file, int line)
{
    const char *got = yoke_tr_trailer(r, name);
    struct yk_bytes text = {0};

    r = yk_tr_end(r);
    if (yk_expect_is_sound(r) && got && strcmp(got, value) == 0)
        return;
    yk_bytes_printf(&text, "expected the trailer \"%s\" of \"%s\"", name,
                    value);
    if (yk_expect_add_got(r, &text))
        yk_expect_add_value(&text, got);
    yk_expect_fail(r, &text, file, line);
}

void yoke_expect_no_trailer_at(yoke_tr *r, const char *name, const char *file,
                               int line)
{
    const char *got = yoke_tr_trailer(r, name);
    struct yk_bytes text = {0};

    r = yk_tr_end(r);
    if (yk_expect_is_sound(r) && !got)
        return;
    yk_bytes_printf(&text, "expected no trailer \"%s\"", name);
    if (yk_expect_add_got(r, &text))
        yk_expect_add_value(&text, got);
    yk_expect_fail(r, &text, file, line);
}

/* ---- Interim answers ---- */

static void add_interims(const yoke_tr *r, struct yk_bytes *text)
{
    const struct yk_answer *answer = &r->answer;
    if (answer->interim_count == 0)
        yk_bytes_add(text, "none");
    for (size_t i = 0; i < answer->interim_count; i++)
        yk_bytes_printf(text, "%s%d", i > 0 ? ", " : "",
                        answer->interims[i].status);
}

void yoke_expect_interim_at(yoke_tr *r, int status, const char *name,
                            const char *value, const char *file, int line)
{
    struct yk_bytes text = {0};

    r = yk_tr_end(r);
    const struct yk_answer *answer = &r->answer;
    const struct yk_answer_section *interim = yk_answer_interim(answer, status);
    const char *got = NULL;
    if (interim && name)
        got = yk_answer_nth(answer, interim, name, 0);
    if (interim && (!name || (got && strcmp(got, value) == 0)))
        return;
    yk_bytes_printf(&text, "expected an interim answer %d", status);
    if (name)
        yk_bytes_printf(&text, " with \"%s\" of \"%s\"", name, value);
    yk_bytes_add(&text, ", got ");
    if (interim)
        yk_expect_add_value(&text, got);
    else
        add_interims(r, &text);
    yk_expect_fail(r, &text, file, line);
}

void yoke_expect_no_interim_at(yoke_tr *r, const char *file, int line)
{
    struct yk_bytes text = {0};

    r = yk_tr_end(r);
    if (r->answer.interim_count == 0)
        return;
    yk_bytes_add(&text, "expected no interim answer, got ");
    add_interims(r, &text);
    yk_expect_fail(r, &text, file, line);
}

/* ---- The connection ---- */

void yoke_expect_error_at(yoke_tr *r, const char *part, const char *file,
                          int line)
{
    const char *got = yoke_tr_error(r);
    struct yk_bytes text = {0};

    if (got && strstr(got, part))
        return;
    yk_bytes_printf(&text, "expected an answer that is wrong: \"%s\", got %s",
                    part, got ? got : "a sound one");
    yk_expect_fail(yk_tr_end(r), &text, file, line);
}

void yoke_expect_closed_at(yoke_tr *r, bool closed, const char *file, int line)
{
    struct yk_bytes text = {0};

    if (yoke_tr_is_closed(r) == closed)
        return;
    yk_bytes_printf(&text, "expected the connection to be %s, it is %s",
                    closed ? "closed" : "open", closed ? "open" : "closed");
    yk_expect_fail(yk_tr_end(r), &text, file, line);
}

/* Whether the answer says that it is the last one. */
static bool says_close(const yoke_tr *r)
{
    const char *value = yk_answer_field(&r->answer, "Connection");
    return value && strcasecmp(value, "close") == 0;
}

void yoke_expect_kept_alive_at(yoke_tr *r, bool is_kept, const char *file,
                               int line)
{
    struct yk_bytes text = {0};

    r = yk_tr_end(r);
    bool is_closed = yoke_tr_is_closed(r);
    bool is_said = says_close(r);
    if (yk_expect_is_sound(r) && is_kept == !is_said && is_kept == !is_closed)
        return;
    yk_bytes_printf(&text, "expected the connection to be %s",
                    is_kept ? "kept alive"
                            : "closed, and the answer to say it");
    if (yk_expect_add_got(r, &text))
        yk_bytes_printf(&text, "%s, and it is %s",
                        is_said ? "\"Connection: close\""
                                : "no \"Connection: close\"",
                        is_closed ? "closed" : "open");
    yk_expect_fail(r, &text, file, line);
}
