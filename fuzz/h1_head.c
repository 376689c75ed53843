/* Fuzzes the parser of request heads, http/h1_parse.
 *
 * The text is parsed whole, in pieces of chosen sizes, and byte by byte; each
 * time it has grown it lies in new memory of exactly its size. All ways must
 * come to the same end: the same error, or the same head.
 *
 * What a head says is then compared with what a naive reader, which shares no
 * code with the parser, finds in the original bytes. The parser may refuse
 * what it likes, but it may not accept what this reader cannot read, nor read
 * anything else. */
#include <stdbool.h>

#include <yoke/listen.h>

#include "fuzz.h"
#include "http/h1_parse.h"

/* Texts up to this length are also parsed byte by byte; that takes time in
 * proportion to the square of the length. */
#define BYTEWISE_MAX 400

static const struct yoke_limits usual_limits = {
    .max_target_len = 8192,
    .max_head_len = 16384,
    .max_fields = YK_FIELDS_MAX,
    .max_line_len = 8192,
};

/* Within reach of short inputs. */
static const struct yoke_limits narrow_limits = {
    .max_target_len = 24,
    .max_head_len = 128,
    .max_fields = 4,
    .max_line_len = 40,
};

/* The most that fits into the other two. */
static const struct yoke_limits wide_lines_limits = {
    .max_target_len = 16384,
    .max_head_len = 96,
    .max_fields = YK_FIELDS_MAX,
    .max_line_len = 8192,
};

/* One way of parsing, and where it led. */
struct outcome {
    struct yk_h1_head head;
    int result;
    char *buf; /* The text as far as it was needed, as the parser left it. */
    size_t len;
};

/* ---- Parsing ---- */

/* Gives the parser `len` bytes more, in new memory. Bytes that it had before
 * are kept as it has left them. */
static void grow(struct outcome *o, const struct yoke_limits *limits,
                 struct yk_slice text, size_t len)
{
    struct yk_slice before = {text.ptr, o->len + len};
    char *buf = fuzz_copy(before);
    if (o->len > 0)
        memcpy(buf, o->buf, o->len);
    free(o->buf);
    o->buf = buf;
    o->len += len;
    o->result = yk_h1_head_parse(&o->head, limits, o->buf, o->len);
}

static void start(struct outcome *o)
{
    /* Fields that the parser does not set must not be looked at: they hold
     * something that cannot be right. */
    memset(o, 0xaa, sizeof(*o));
    o->buf = NULL;
    o->len = 0;
    o->result = 0;
    yk_h1_head_init(&o->head);
}

static void parse_whole(struct outcome *o, const struct yoke_limits *limits,
                        struct yk_slice text)
{
    start(o);
    grow(o, limits, text, text.len);
}

static void parse_in_pieces(struct outcome *o, const struct yoke_limits *limits,
                            struct fuzz_input *in)
{
    start(o);
    do {
        size_t left = in->text.len - o->len;
        grow(o, limits, in->text, fuzz_choose_piece(in, left));
    } while (o->result == 0 && o->len < in->text.len);
}

static void parse_bytewise(struct outcome *o, const struct yoke_limits *limits,
                           struct yk_slice text)
{
    start(o);
    while (o->result == 0 && o->len < text.len)
        grow(o, limits, text, 1);
}

/* ---- All ways lead to the same end ---- */

static bool spans_equal(struct yk_span a, struct yk_span b)
{
    return a.off == b.off && a.len == b.len;
}

static void compare_fields(const struct yk_request *a,
                           const struct yk_request *b)
{
    MUST(a->field_count == b->field_count, "splitting changes the fields");
    for (uint16_t i = 0; i < a->field_count; i++) {
        MUST(spans_equal(a->fields[i].name, b->fields[i].name),
             "splitting changes a name");
        MUST(spans_equal(a->fields[i].value, b->fields[i].value),
             "splitting changes a value");
    }
}

static void compare_requests(const struct yk_request *a,
                             const struct yk_request *b)
{
    MUST(spans_equal(a->method, b->method), "splitting changes the method");
    MUST(spans_equal(a->target, b->target), "splitting changes the target");
    MUST(spans_equal(a->host, b->host), "splitting changes the host");
    MUST(a->path_len == b->path_len, "splitting changes the path");
    MUST(a->minor == b->minor, "splitting changes the version");
    MUST(a->is_head == b->is_head, "splitting changes is_head");
    MUST(a->wants_close == b->wants_close, "splitting changes persistence");
    MUST(a->expects_continue == b->expects_continue,
         "splitting changes the expectation");
    MUST(a->is_absolute == b->is_absolute, "splitting changes the form");
    MUST(a->body == b->body, "splitting changes the framing");
    MUST(a->content_length == b->content_length,
         "splitting changes the length");
    compare_fields(a, b);
}

static void compare(const struct outcome *a, const struct outcome *b)
{
    if (a->result != b->result)
        fprintf(stderr, "whole: %d, split: %d\n", a->result, b->result);
    MUST(a->result == b->result, "splitting changes the result");
    if (a->result <= 0)
        return;
    MUST(memcmp(a->buf, b->buf, (size_t)a->result) == 0,
         "splitting changes the bytes");
    compare_requests(&a->head.request, &b->head.request);
}

/* ---- What a head says is what the bytes say ---- */

static bool is_in(const char *set, char c)
{
    return c != '\0' && strchr(set, c);
}

static bool is_alphanumeric(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
}

static bool is_token(struct yk_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_alphanumeric(text.ptr[i]) &&
            !is_in("!#$%&'*+-.^_`|~", text.ptr[i]))
            return false;
    return text.len > 0;
}

static bool is_field_value(struct yk_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if ((c < ' ' && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static bool is_visible(struct yk_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c <= ' ' || c >= 0x7f)
            return false;
    }
    return text.len > 0;
}

/* Takes a line off the front. */
static struct yk_slice take_line(struct yk_slice *text)
{
    const char *cr = memmem(text->ptr, text->len, "\r\n", 2);
    MUST(cr, "a head has no end");
    struct yk_slice line = {text->ptr, (size_t)(cr - text->ptr)};
    text->ptr += line.len + 2;
    text->len -= line.len + 2;
    return line;
}

/* Takes what is before `c` off the front, and `c` with it. */
static struct yk_slice take_before(struct yk_slice *text, char c)
{
    const char *at = memchr(text->ptr, c, text->len);
    MUST(at, "a delimiter is missing");
    struct yk_slice part = {text->ptr, (size_t)(at - text->ptr)};
    text->ptr += part.len + 1;
    text->len -= part.len + 1;
    return part;
}

/* A span as the parser gives it: inside the head and terminated. */
static struct yk_slice span_of(const struct outcome *o, struct yk_span span)
{
    MUST(span.off + span.len < o->result, "a span leaves the head");
    MUST(o->buf[span.off + span.len] == '\0', "a span is not terminated");
    return (struct yk_slice){o->buf + span.off, span.len};
}

/* A span where the original has the same bytes at the same place. */
static void check_span(const struct outcome *o, struct yk_span span,
                       struct yk_slice text, struct yk_slice wanted)
{
    MUST(yk_slice_eq(span_of(o, span), wanted), "a span has other bytes");
    MUST(wanted.len == 0 || text.ptr + span.off == wanted.ptr,
         "a span is elsewhere");
}

/* "host", "1.2.3.4" or "[::1]", each with or without ":80". */
static void check_authority(struct yk_slice host)
{
    struct yk_slice name = host;
    const char *bracket = memrchr(host.ptr, ']', host.len);
    const char *from = bracket ? bracket : host.ptr;
    const char *colon = memchr(from, ':', (size_t)(host.ptr + host.len - from));
    if (colon) {
        const char *port = colon + 1;
        size_t digits = (size_t)(host.ptr + host.len - port);
        char number[6] = "";
        MUST(digits >= 1 && digits <= 5, "a port has one to five digits");
        memcpy(number, port, digits);
        MUST(strspn(number, "0123456789") == digits, "a port is a number");
        MUST(strtol(number, NULL, 10) <= 65535, "a port has 16 bits");
        name.len = (size_t)(colon - host.ptr);
    }
    MUST(name.len > 0, "a host is not empty");
    if (bracket) {
        MUST(name.ptr[0] == '[' && bracket == name.ptr + name.len - 1,
             "brackets enclose the whole host");
        name = (struct yk_slice){name.ptr + 1, name.len - 2};
        MUST(name.len > 0, "brackets enclose something");
    }
    for (size_t i = 0; i < name.len; i++)
        MUST(is_alphanumeric(name.ptr[i]) ||
                 is_in(bracket ? ":." : "-._~%!$&'()*+;=", name.ptr[i]),
             "a byte that no host can have");
}

static void check_absolute(const struct outcome *o, struct yk_slice original)
{
    const struct yk_request *req = &o->head.request;
    struct yk_slice host = span_of(o, req->host);
    struct yk_slice target = span_of(o, req->target);
    size_t scheme = strncasecmp(original.ptr, "https://", 8) == 0 ? 8 : 7;

    MUST(strncasecmp(original.ptr, "https://", scheme) == 0 ||
             strncasecmp(original.ptr, "http://", scheme) == 0,
         "an absolute target has a scheme");
    MUST(host.len + scheme <= original.len &&
             memcmp(original.ptr + scheme, host.ptr, host.len) == 0,
         "the host is the target's authority");
    struct yk_slice rest = {original.ptr + scheme + host.len,
                            original.len - scheme - host.len};
    if (rest.len == 0 || rest.ptr[0] == '?') {
        target.ptr++; /* The "/" that was missing. */
        target.len--;
    }
    MUST(yk_slice_eq(rest, target), "the rest is the target");
}

static void check_target(const struct outcome *o, struct yk_slice text,
                         struct yk_slice original)
{
    const struct yk_request *req = &o->head.request;
    struct yk_slice target = span_of(o, req->target);
    const char *mark = memchr(target.ptr, '?', target.len);

    MUST(is_visible(target), "a byte that no target can have");
    MUST(!memchr(target.ptr, '#', target.len), "a fragment in the target");
    MUST(req->path_len == (mark ? (size_t)(mark - target.ptr) : target.len),
         "the path ends where the query begins");
    if (req->is_absolute)
        check_absolute(o, original);
    else
        check_span(o, req->target, text, original);
    if (target.ptr[0] != '/')
        MUST(yk_slice_eq(target, YK_LIT("*")) &&
                 strcmp(o->buf + req->method.off, "OPTIONS") == 0,
             "a target that is not a path");
}

static void check_request_line(const struct outcome *o, struct yk_slice text,
                               struct yk_slice line)
{
    const struct yk_request *req = &o->head.request;
    struct yk_slice method = take_before(&line, ' ');
    struct yk_slice target = take_before(&line, ' ');

    MUST(is_token(method), "a method is a token");
    check_span(o, req->method, text, method);
    MUST(req->is_head == yk_slice_eq(method, YK_LIT("HEAD")), "is_head");
    check_target(o, text, target);
    MUST(line.len == 8 && memcmp(line.ptr, "HTTP/1.", 7) == 0, "the version");
    MUST(req->minor == (line.ptr[7] != '0'), "the minor version");
}

static void check_field(const struct outcome *o, const struct yk_field *field,
                        struct yk_slice text, struct yk_slice line)
{
    struct yk_slice name = take_before(&line, ':');
    struct yk_slice value = fuzz_trim(line);
    MUST(is_token(name), "a name is a token");
    MUST(is_field_value(value), "a value without control characters");
    check_span(o, field->name, text, name);
    check_span(o, field->value, text, value);
}

/* ---- What the fields mean ---- */

static bool is_named(const struct outcome *o, const struct yk_field *field,
                     const char *name)
{
    return strcasecmp(o->buf + field->name.off, name) == 0;
}

static const char *value_of(const struct outcome *o,
                            const struct yk_field *field)
{
    return o->buf + field->value.off;
}

/* The only field of that name, or NULL. */
static const char *only_value(const struct outcome *o, const char *name)
{
    const struct yk_request *req = &o->head.request;
    const char *found = NULL;
    for (uint16_t i = 0; i < req->field_count; i++) {
        if (!is_named(o, &req->fields[i], name))
            continue;
        MUST(!found, "a field that may be there once is there twice");
        found = value_of(o, &req->fields[i]);
    }
    return found;
}

static void check_framing(const struct outcome *o)
{
    const struct yk_request *req = &o->head.request;
    const char *length = only_value(o, "Content-Length");
    const char *coding = only_value(o, "Transfer-Encoding");
    uint64_t value = 0;

    MUST(!length || !coding, "Content-Length beside Transfer-Encoding");
    if (coding) {
        MUST(strcasecmp(coding, "chunked") == 0, "a coding but chunked");
        MUST(req->minor > 0, "a coding in HTTP/1.0");
        MUST(req->body == YK_BODY_CHUNKED, "the body is chunked");
        return;
    }
    if (length) {
        MUST(*length && length[strspn(length, "0123456789")] == '\0',
             "Content-Length is a number");
        value = strtoull(length, NULL, 10);
        MUST(value <= INT64_MAX, "Content-Length has 63 bits");
    }
    MUST(req->content_length == value, "the length is Content-Length's");
    MUST(req->body == (value > 0 ? YK_BODY_LENGTH : YK_BODY_NONE),
         "the body has that length");
}

static void check_host(const struct outcome *o)
{
    const struct yk_request *req = &o->head.request;
    const char *host = only_value(o, "Host");
    MUST(host || req->minor == 0, "HTTP/1.1 without Host");
    if (host)
        check_authority(yk_slice_of(host));
    if (req->is_absolute)
        check_authority(span_of(o, req->host));
    else if (host)
        MUST(yk_slice_eq(span_of(o, req->host), yk_slice_of(host)),
             "the host is Host's");
    else
        MUST(req->host.len == 0, "a host from nowhere");
}

static bool connection_has(const struct outcome *o, const char *element)
{
    const struct yk_request *req = &o->head.request;
    for (uint16_t i = 0; i < req->field_count; i++)
        if (is_named(o, &req->fields[i], "Connection") &&
            fuzz_list_has(yk_slice_of(value_of(o, &req->fields[i])), element))
            return true;
    return false;
}

static void check_persistence(const struct outcome *o)
{
    const struct yk_request *req = &o->head.request;
    bool wants_close = connection_has(o, "close") ||
                       (req->minor == 0 && !connection_has(o, "keep-alive"));
    MUST(req->wants_close == wants_close, "persistence");
}

static void check_expectation(const struct outcome *o)
{
    const struct yk_request *req = &o->head.request;
    bool expects = false;
    for (uint16_t i = 0; i < req->field_count; i++) {
        if (!is_named(o, &req->fields[i], "Expect") || req->minor == 0)
            continue;
        MUST(strcasecmp(value_of(o, &req->fields[i]), "100-continue") == 0,
             "an unknown expectation");
        expects = true;
    }
    MUST(req->expects_continue == (expects && req->body != YK_BODY_NONE),
         "the expectation");
}

static void check_meaning(const struct outcome *o)
{
    check_framing(o);
    check_host(o);
    check_persistence(o);
    check_expectation(o);
}

/* ---- The whole ---- */

static void check_lines(const struct outcome *o, struct yk_slice text)
{
    const struct yk_request *req = &o->head.request;
    struct yk_slice rest = {text.ptr, (size_t)o->result};
    struct yk_slice line = take_line(&rest);
    while (line.len == 0)
        line = take_line(&rest);
    check_request_line(o, text, line);
    for (uint16_t i = 0; i < req->field_count; i++)
        check_field(o, &req->fields[i], text, take_line(&rest));
    line = take_line(&rest);
    MUST(line.len == 0 && rest.len == 0, "the head ends at the empty line");
}

/* Nothing is written but the NULs behind spans; an absolute target is moved
 * within itself. */
static void check_bytes(const struct outcome *o, struct yk_slice text)
{
    const struct yk_request *req = &o->head.request;
    size_t i = 0;
    for (; i < (size_t)o->result; i++) {
        bool is_target = req->is_absolute && i > req->method.off &&
                         i < (size_t)req->target.off + req->target.len;
        MUST(o->buf[i] == text.ptr[i] || o->buf[i] == '\0' || is_target,
             "a byte of the head was changed");
    }
    MUST(memcmp(o->buf + i, text.ptr + i, o->len - i) == 0,
         "bytes behind the head were changed");
}

static void check(const struct outcome *o, const struct yoke_limits *limits,
                  struct yk_slice text)
{
    MUST((size_t)o->result <= o->len, "the head ends behind the input");
    MUST((size_t)o->result <= limits->max_head_len, "the head is too long");
    MUST(o->head.request.field_count <= limits->max_fields, "many fields");
    check_lines(o, text);
    check_meaning(o);
    check_bytes(o, text);
}

static const struct yoke_limits *choose_limits(struct fuzz_input *in)
{
    switch (fuzz_choose(in) & 3) {
    case 1:
        return &narrow_limits;
    case 2:
        return &wide_lines_limits;
    default:
        return &usual_limits;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = fuzz_input_of(data, size);
    const struct yoke_limits *limits = choose_limits(&in);
    struct outcome whole, split;

    parse_whole(&whole, limits, in.text);
    parse_in_pieces(&split, limits, &in);
    compare(&whole, &split);
    free(split.buf);
    if (in.text.len <= BYTEWISE_MAX) {
        parse_bytewise(&split, limits, in.text);
        compare(&whole, &split);
        free(split.buf);
    }
    if (whole.result > 0)
        check(&whole, limits, in.text);
    free(whole.buf);
    return 0;
}
