/* How it reads: a cursor goes over the bytes, and every step says DONE, MORE
 * (the bytes end inside it) or BAD. At the end of the connection, MORE means
 * that the answer was cut off, except for a body that the end delimits. */
#include "test/answer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/number.h"
#include "core/slice.h"

#include "core/banned.h"

enum step {
    DONE,
    MORE,
    BAD
};

/* How the body's end is found (RFC 9112 section 6.3). */
enum framing {
    BY_NOTHING,
    BY_LENGTH,
    BY_CHUNKS,
    BY_CLOSE
};

struct cursor {
    struct yk_answer *answer;
    const struct yk_answer_context *context;
    const char *start, *ptr, *end;
};

__attribute__((format(printf, 2, 3))) static enum step bad(struct cursor *c,
                                                           const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(c->answer->error, sizeof(c->answer->error), fmt, args);
    va_end(args);
    return BAD;
}

/* ---- Lines ---- */

static bool is_token_char(unsigned char c)
{
    return (c >= '0' && c <= '9') ||
           (yk_lower(c) >= 'a' && yk_lower(c) <= 'z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

/* Visible, space, tab, or obs-text. */
static bool is_text_char(unsigned char c)
{
    return c == '\t' || (c >= ' ' && c != 0x7f);
}

/* One line up to CRLF, of legal characters only. */
static enum step read_line(struct cursor *c, struct yk_slice *ret_line)
{
    const char *start = c->ptr;
    for (const char *p = start; p < c->end; p++) {
        if (is_text_char((unsigned char)*p))
            continue;
        if (*p != '\r')
            return bad(c, "byte 0x%02x in a line of the head or framing",
                       (unsigned char)*p);
        if (p + 1 == c->end)
            return MORE;
        if (p[1] != '\n')
            return bad(c, "CR without LF in the head or framing");
        *ret_line = (struct yk_slice){start, (size_t)(p - start)};
        c->ptr = p + 2;
        return DONE;
    }
    return MORE;
}

/* ---- The head ---- */

/* "HTTP/1.1 200 OK" */
static enum step parse_status_line(struct cursor *c, struct yk_slice line)
{
    const char *p = line.ptr;
    uint64_t status;

    if (line.len < 13 || memcmp(p, "HTTP/1.1 ", 9) != 0 || p[12] != ' ' ||
        yk_parse_u64((struct yk_slice){p + 9, 3}, 999, &status) < 0 ||
        status < 100)
        return bad(c, "not a status line: \"%.*s\"",
                   (int)(line.len < 80 ? line.len : 80), p);
    c->answer->status = (int)status;
    return DONE;
}

static void trim(struct yk_slice *text)
{
    while (text->len > 0 && (*text->ptr == ' ' || *text->ptr == '\t')) {
        text->ptr++;
        text->len--;
    }
    while (text->len > 0 && (text->ptr[text->len - 1] == ' ' ||
                             text->ptr[text->len - 1] == '\t'))
        text->len--;
}

/* "Name: value" */
static enum step split_field(struct cursor *c, struct yk_slice line,
                             struct yk_slice *ret_name,
                             struct yk_slice *ret_value)
{
    const char *colon = memchr(line.ptr, ':', line.len);
    if (!colon || colon == line.ptr)
        return bad(c, "not a header field: \"%.*s\"",
                   (int)(line.len < 80 ? line.len : 80), line.ptr);
    *ret_name = (struct yk_slice){line.ptr, (size_t)(colon - line.ptr)};
    for (size_t i = 0; i < ret_name->len; i++)
        if (!is_token_char((unsigned char)ret_name->ptr[i]))
            return bad(c, "0x%02x in the name of a header field",
                       (unsigned char)ret_name->ptr[i]);
    *ret_value = (struct yk_slice){colon + 1, line.len - ret_name->len - 1};
    trim(ret_value);
    return DONE;
}

/* Copies a string; returns its offset, for `heads` moves while it grows. */
static size_t keep(struct yk_answer *answer, struct yk_slice text)
{
    size_t offset = answer->heads.len;
    yk_bytes_append(&answer->heads, text.ptr, text.len);
    yk_bytes_append(&answer->heads, "", 1);
    return offset;
}

static enum step add_field(struct cursor *c, struct yk_slice line,
                           struct yk_answer_section *section)
{
    struct yk_answer *answer = c->answer;
    struct yk_slice name = {0}, value = {0};

    if (split_field(c, line, &name, &value) == BAD)
        return BAD;
    if (answer->field_count == YK_ANSWER_FIELDS_MAX)
        return bad(c, "more than %d header fields", YK_ANSWER_FIELDS_MAX);
    struct yk_answer_field *field = &answer->fields[answer->field_count++];
    field->name = keep(answer, name);
    field->value = keep(answer, value);
    section->count++;
    return DONE;
}

/* Fields up to the empty line. */
static enum step read_fields(struct cursor *c,
                             struct yk_answer_section *section)
{
    struct yk_slice line;
    enum step step;

    section->first = c->answer->field_count;
    section->count = 0;
    while ((step = read_line(c, &line)) == DONE && line.len > 0)
        if (add_field(c, line, section) == BAD)
            return BAD;
    return step;
}

/* Status line and fields. */
static enum step read_head(struct cursor *c)
{
    struct yk_answer *answer = c->answer;
    struct yk_slice line;
    enum step step = read_line(c, &line);

    if (step == DONE)
        step = parse_status_line(c, line);
    if (step != DONE)
        return step;
    answer->head.status = answer->status;
    answer->reason =
        keep(answer, (struct yk_slice){line.ptr + 13, line.len - 13});
    return read_fields(c, &answer->head);
}

/* ---- What a head must and must not have ---- */

static const char *string(const struct yk_answer *answer, size_t offset)
{
    return yk_bytes_text(&answer->heads) + offset;
}

static size_t count_fields(const struct yk_answer *answer, const char *name)
{
    size_t n = 0;
    while (yk_answer_nth(answer, &answer->head, name, n))
        n++;
    return n;
}

static enum step check_repeats(struct cursor *c)
{
    static const char *const once[] = {"Content-Length", "Transfer-Encoding",
                                       "Date", "Content-Type", "Location"};
    for (size_t i = 0; i < sizeof(once) / sizeof(*once); i++)
        if (count_fields(c->answer, once[i]) > 1)
            return bad(c, "%s more than once", once[i]);
    return DONE;
}

static bool is_interim(const struct yk_answer *answer)
{
    return answer->status < 200 && answer->status != 101;
}

static enum step check_head(struct cursor *c)
{
    const struct yk_answer *answer = c->answer;
    const char *coding = yk_answer_field(answer, "Transfer-Encoding");
    const char *length = yk_answer_field(answer, "Content-Length");
    int status = answer->status;

    if (check_repeats(c) == BAD)
        return BAD;
    if (coding && length)
        return bad(c, "Content-Length beside Transfer-Encoding");
    if (coding && strcmp(coding, "chunked") != 0)
        return bad(c, "Transfer-Encoding is \"%.80s\"", coding);
    if (coding && c->context->is_http10)
        return bad(c, "chunked, to a client of HTTP/1.0");
    if ((coding || length) && (status < 200 || status == 204))
        return bad(c, "%d with %s", status,
                   coding ? "Transfer-Encoding" : "Content-Length");
    if (coding && status == 304)
        return bad(c, "304 with Transfer-Encoding");
    if (is_interim(answer) && c->context->is_http10)
        return bad(c, "%d, to a client of HTTP/1.0", status);
    if (!is_interim(answer) && !yk_answer_field(answer, "Date"))
        return bad(c, "no Date");
    return DONE;
}

/* ---- The body ---- */

static enum framing framing_of(const struct cursor *c)
{
    const struct yk_answer *answer = c->answer;
    int status = answer->status;

    if (c->context->is_head || status < 200 || status == 204 || status == 304)
        return BY_NOTHING;
    if (yk_answer_field(answer, "Transfer-Encoding"))
        return BY_CHUNKS;
    if (yk_answer_field(answer, "Content-Length"))
        return BY_LENGTH;
    return BY_CLOSE;
}

/* Up to `n` bytes of the body, those that are there. */
static enum step read_bytes(struct cursor *c, uint64_t n)
{
    size_t there = (size_t)(c->end - c->ptr);
    size_t len = n < there ? (size_t)n : there;
    yk_bytes_append(&c->answer->body, c->ptr, len);
    c->ptr += len;
    return len == n ? DONE : MORE;
}

static enum step read_length(struct cursor *c)
{
    const char *text = yk_answer_field(c->answer, "Content-Length");
    uint64_t len;
    if (yk_parse_u64(yk_slice_of(text), INT64_MAX, &len) < 0)
        return bad(c, "Content-Length is \"%.80s\"", text);
    return read_bytes(c, len);
}

/* Hex digits, and nothing else: our server has no use for extensions. */
static enum step parse_chunk_size(struct cursor *c, struct yk_slice line,
                                  uint64_t *ret_size)
{
    uint64_t size = 0;
    if (line.len == 0 || line.len > 15)
        return bad(c, "a chunk size of %zu characters", line.len);
    for (size_t i = 0; i < line.len; i++) {
        unsigned char digit = yk_lower((unsigned char)line.ptr[i]);
        if (digit >= '0' && digit <= '9')
            size = size * 16 + digit - '0';
        else if (digit >= 'a' && digit <= 'f')
            size = size * 16 + digit - 'a' + 10;
        else
            return bad(c, "chunk size \"%.*s\"", (int)line.len, line.ptr);
    }
    *ret_size = size;
    return DONE;
}

static enum step read_chunk(struct cursor *c, uint64_t *ret_size)
{
    struct yk_slice line;
    enum step step = read_line(c, &line);
    if (step == DONE)
        step = parse_chunk_size(c, line, ret_size);
    if (step != DONE || *ret_size == 0)
        return step;
    step = read_bytes(c, *ret_size);
    if (step == DONE)
        step = read_line(c, &line);
    if (step == DONE && line.len > 0)
        return bad(c, "a chunk is longer than its size");
    return step;
}

static enum step read_chunks(struct cursor *c)
{
    uint64_t size = 1;
    while (size > 0) {
        enum step step = read_chunk(c, &size);
        if (step != DONE)
            return step;
    }
    return read_fields(c, &c->answer->trailers);
}

static enum step read_until_close(struct cursor *c)
{
    read_bytes(c, (size_t)(c->end - c->ptr));
    return c->context->has_ended && !c->context->is_reset ? DONE : MORE;
}

static enum step read_body(struct cursor *c)
{
    switch (framing_of(c)) {
    case BY_LENGTH:
        return read_length(c);
    case BY_CHUNKS:
        return read_chunks(c);
    case BY_CLOSE:
        return read_until_close(c);
    case BY_NOTHING:
        break;
    }
    return DONE;
}

/* ---- The whole ---- */

static enum step add_interim(struct cursor *c)
{
    struct yk_answer *answer = c->answer;
    if (answer->interim_count == YK_ANSWER_INTERIMS_MAX)
        return bad(c, "more than %d interim answers", YK_ANSWER_INTERIMS_MAX);
    answer->interims[answer->interim_count++] = answer->head;
    return DONE;
}

/* There is no final head. */
static void forget_head(struct yk_answer *answer)
{
    answer->status = 0;
    answer->head.count = 0;
}

static enum step read_answer(struct cursor *c)
{
    for (;;) {
        enum step step = read_head(c);
        if (step != DONE) {
            forget_head(c->answer);
            return step;
        }
        if (check_head(c) == BAD)
            return BAD;
        c->answer->body_at = (size_t)(c->ptr - c->start);
        if (!is_interim(c->answer))
            return read_body(c);
        if (add_interim(c) == BAD)
            return BAD;
    }
}

/* The bytes ended inside the answer, and no more will come. */
static enum step cut_off(struct cursor *c)
{
    const char *how = c->context->is_reset ? "reset" : "closed";
    if (c->answer->status == 0)
        return bad(c, "the connection was %s %s", how,
                   c->end == c->start ? "without an answer" : "in a head");
    return bad(c, "the connection was %s after %zu bytes of the body", how,
               c->answer->body.len);
}

void yk_answer_read(struct yk_answer *answer, const char *ptr, size_t len,
                    const struct yk_answer_context *context)
{
    struct cursor c = {answer, context, ptr, ptr, ptr + len};

    forget_head(answer);
    answer->interim_count = answer->field_count = answer->heads.len = 0;
    answer->trailers.count = 0;
    answer->body.len = answer->body_at = 0;
    answer->error[0] = '\0';
    yk_bytes_append(&answer->body, "", 0);
    enum step step = read_answer(&c);
    if (step == MORE && context->has_ended)
        step = cut_off(&c);
    answer->state = step == DONE   ? YK_ANSWER_COMPLETE
                    : step == MORE ? YK_ANSWER_PARTIAL
                                   : YK_ANSWER_MALFORMED;
    answer->len = (size_t)(c.ptr - c.start);
}

const char *yk_answer_reason(const struct yk_answer *answer)
{
    return answer->status ? string(answer, answer->reason) : "";
}

const char *yk_answer_nth(const struct yk_answer *answer,
                          const struct yk_answer_section *section,
                          const char *name, size_t n)
{
    const struct yk_answer_field *fields = &answer->fields[section->first];
    for (size_t i = 0; i < section->count; i++) {
        if (strcasecmp(string(answer, fields[i].name), name) != 0)
            continue;
        if (n-- == 0)
            return string(answer, fields[i].value);
    }
    return NULL;
}

const char *yk_answer_field(const struct yk_answer *answer, const char *name)
{
    return yk_answer_nth(answer, &answer->head, name, 0);
}

const struct yk_answer_section *
yk_answer_interim(const struct yk_answer *answer, int status)
{
    for (size_t i = 0; i < answer->interim_count; i++)
        if (answer->interims[i].status == status)
            return &answer->interims[i];
    return NULL;
}

void yk_answer_done(struct yk_answer *answer)
{
    yk_bytes_done(&answer->body);
    yk_bytes_done(&answer->heads);
}
