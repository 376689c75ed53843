/* Compares yoke's reading of requests with another parser's.
 *
 * A connection gets the text in one piece. Each request that it hands to the
 * application is also given to http-parser, which read HTTP for Node.js for ten
 * years: it must accept what yoke accepts, and find the same method, target,
 * fields, framing, body, trailers and persistence in it, and the same end. Two
 * parsers in a row that disagree on any of these let one request hide in
 * another.
 *
 * The reverse is not asked for: yoke refuses much that http-parser lets pass.
 * Where the two differ on what both accept, yoke follows the RFC, and the
 * difference is listed here, in `excuse`, with its reason. */
#include <errno.h>
#include <http_parser.h>
#include <stdbool.h>

#include <yoke/error.h>

#include "fuzz.h"
#include "http/chars.h"
#include "http/exchange.h"
#include "http/h1_state.h"
#include "test/bytes.h"
#include "wire.h"

/* What http-parser finds in one request. Fields are kept as "name\0value\0",
 * without the space around values. */
struct mirror {
    struct yk_bytes target, fields, trailers, body;
    enum {
        BETWEEN,
        IN_NAME,
        IN_VALUE
    } part;
    bool has_head, is_complete;
    bool is_chunked, stays_open;
    uint64_t content_length;
    enum http_errno error;
    size_t used; /* Bytes of the text up to the request's end. */
};

struct session {
    struct wire wire;
    struct yk_slice text;
    size_t start; /* Where the next request begins in it. */
    bool is_last; /* The last request wanted the connection to close. */
    struct yk_bytes body, fields;
    struct mirror mirror;
};

/* ---- http-parser's reading ---- */

static struct yk_bytes *fields_of(struct mirror *m)
{
    return m->has_head ? &m->trailers : &m->fields;
}

static void end_name(struct mirror *m)
{
    if (m->part == IN_NAME)
        yk_bytes_append(fields_of(m), "", 1);
    m->part = IN_VALUE;
}

static void end_value(struct mirror *m)
{
    struct yk_bytes *fields = fields_of(m);
    if (m->part != IN_VALUE)
        return;
    while (fields->len > 0 && (fields->ptr[fields->len - 1] == ' ' ||
                               fields->ptr[fields->len - 1] == '\t'))
        fields->len--;
    yk_bytes_append(fields, "", 1);
    m->part = BETWEEN;
}

static int on_url(http_parser *parser, const char *ptr, size_t len)
{
    struct mirror *m = parser->data;
    yk_bytes_append(&m->target, ptr, len);
    return 0;
}

static int on_field(http_parser *parser, const char *ptr, size_t len)
{
    struct mirror *m = parser->data;
    end_value(m);
    m->part = IN_NAME;
    yk_bytes_append(fields_of(m), ptr, len);
    return 0;
}

static int on_value(http_parser *parser, const char *ptr, size_t len)
{
    struct mirror *m = parser->data;
    end_name(m);
    yk_bytes_append(fields_of(m), ptr, len);
    return 0;
}

static int on_head(http_parser *parser)
{
    struct mirror *m = parser->data;
    end_value(m);
    m->has_head = true;
    m->is_chunked = parser->flags & F_CHUNKED;
    m->stays_open = http_should_keep_alive(parser);
    if (!m->is_chunked && (parser->flags & F_CONTENTLENGTH))
        m->content_length = parser->content_length;
    return 0;
}

static int on_body(http_parser *parser, const char *ptr, size_t len)
{
    struct mirror *m = parser->data;
    yk_bytes_append(&m->body, ptr, len);
    return 0;
}

static int on_complete(http_parser *parser)
{
    struct mirror *m = parser->data;
    end_value(m);
    m->is_complete = true;
    http_parser_pause(parser, 1);
    return 0;
}

static void clear_mirror(struct mirror *m)
{
    yk_bytes_done(&m->target);
    yk_bytes_done(&m->fields);
    yk_bytes_done(&m->trailers);
    yk_bytes_done(&m->body);
    *m = (struct mirror){.part = BETWEEN};
}

/* http-parser has a list of methods and refuses others, yoke leaves them to
 * the application (docs/http-rules.md rule 18). */
static bool is_listed(struct yk_slice method)
{
#define XX(number, name, text) yk_slice_eq(method, YK_LIT(#text)) ||
    return HTTP_METHOD_MAP(XX) false;
#undef XX
}

/* Reads the request of which `method` is the method; what comes before it in
 * the text are blank lines. */
static void read_mirror(struct session *s, struct yk_slice method,
                        size_t method_end)
{
    static const http_parser_settings settings = {
        .on_url = on_url,
        .on_header_field = on_field,
        .on_header_value = on_value,
        .on_headers_complete = on_head,
        .on_body = on_body,
        .on_message_complete = on_complete,
    };
    http_parser parser;

    if (!is_listed(method))
        method = YK_LIT("POST");
    clear_mirror(&s->mirror);
    http_parser_init(&parser, HTTP_REQUEST);
    parser.data = &s->mirror;
    http_parser_execute(&parser, &settings, method.ptr, method.len);
    s->mirror.used = method_end;
    s->mirror.used += http_parser_execute(
        &parser, &settings, s->text.ptr + method_end, s->text.len - method_end);
    s->mirror.error = HTTP_PARSER_ERRNO(&parser);
    if (s->mirror.error == HPE_PAUSED)
        s->mirror.error = HPE_OK;
}

/* ---- Where the two may differ ---- */

/* There is a tab in the space behind a field's value in the text; it is legal
 * there (RFC 9110 section 5.6.3). */
static bool ends_in_tab(const struct session *s, const struct yk_field *field)
{
    const char *ptr =
        s->text.ptr + s->start + field->value.off + field->value.len;
    return ptr[strspn(ptr, " ")] == '\t';
}

static bool has_tab_behind(const struct session *s,
                           const struct yk_request *req, const char *name)
{
    const struct yk_field *field = yk_request_find(req, yk_slice_of(name));
    return field && ends_in_tab(s, field);
}

/* http-parser takes "Transfer-Encodings" for a transfer coding as well. */
static bool has_longer_coding(const struct yk_request *req)
{
    const struct yk_slice coding = YK_LIT("Transfer-Encoding");
    for (uint16_t i = 0; i < req->field_count; i++) {
        struct yk_slice name = yk_request_slice(req, req->fields[i].name);
        if (name.len > coding.len &&
            strncasecmp(name.ptr, coding.ptr, coding.len) == 0)
            return true;
    }
    return false;
}

/* Besides, it takes a tab behind these values for a part of them. */
static bool excuse_head(const struct session *s, const struct yk_request *req)
{
    switch (s->mirror.error) {
    case HPE_INVALID_CONTENT_LENGTH:
        return has_tab_behind(s, req, "Content-Length");
    case HPE_INVALID_TRANSFER_ENCODING:
        return has_tab_behind(s, req, "Transfer-Encoding") ||
               has_longer_coding(req);
    case HPE_UNEXPECTED_CONTENT_LENGTH:
        return has_longer_coding(req);
    default:
        return false;
    }
}

/* Whether http-parser's search for words in a list can be relied on. An empty
 * element, a tab, a beginning of one of its words, or an element that begins
 * with `_` (whose lower case it takes for no character of a token) makes it miss
 * the next; in RFC 9110 section 5.6.1 nothing does. */
static bool is_plain_list(struct yk_slice list)
{
    static const char *const words[] = {"close", "keep-alive", "upgrade"};
    for (;;) {
        const char *comma = memchr(list.ptr, ',', list.len);
        size_t len = comma ? (size_t)(comma - list.ptr) : list.len;
        struct yk_slice element = fuzz_trim((struct yk_slice){list.ptr, len});
        if (!yk_chars_are(element, YK_CHAR_TOKEN) || element.ptr[0] == '_' ||
            memchr(list.ptr, '\t', len))
            return false;
        for (size_t i = 0; i < 3; i++)
            if (element.len < strlen(words[i]) &&
                strncasecmp(element.ptr, words[i], element.len) == 0)
                return false;
        if (!comma)
            return true;
        list = (struct yk_slice){comma + 1, list.len - len - 1};
    }
}

/* Besides, http-parser lets Proxy-Connection, which no RFC knows, decide as
 * well; and an HTTP/1.0 client that says both keep-alive and close it keeps,
 * where `close` must win (RFC 9112 section 9.3). */
static bool excuse_persistence(const struct session *s,
                               const struct yk_request *req)
{
    bool has_close = false, has_keep_alive = false;
    for (uint16_t i = 0; i < req->field_count; i++) {
        struct yk_slice name = yk_request_slice(req, req->fields[i].name);
        struct yk_slice value = yk_request_slice(req, req->fields[i].value);
        if (yk_slice_eq_nocase(name, YK_LIT("Proxy-Connection")))
            return true;
        if (!yk_slice_eq_nocase(name, YK_LIT("Connection")))
            continue;
        if (!is_plain_list(value) || ends_in_tab(s, &req->fields[i]))
            return true;
        has_close |= fuzz_list_has(value, "close");
        has_keep_alive |= fuzz_list_has(value, "keep-alive");
    }
    return req->minor == 0 && has_close && has_keep_alive;
}

/* http-parser reads the framing fields in trailers too, and refuses a
 * Content-Length that is malformed or there twice; for yoke trailers mean
 * nothing (RFC 9110 section 6.5.1). */
static bool excuse_body(const struct session *s)
{
    enum http_errno error = s->mirror.error;
    return s->mirror.is_chunked && (error == HPE_INVALID_CONTENT_LENGTH ||
                                    error == HPE_UNEXPECTED_CONTENT_LENGTH);
}

/* ---- The comparison ---- */

static void compare_target(const struct session *s,
                           const struct yk_request *req)
{
    struct yk_slice other = {s->mirror.target.ptr, s->mirror.target.len};
    struct yk_slice target = yk_request_slice(req, req->target);
    struct yk_slice host = yk_request_slice(req, req->host);

    if (req->is_absolute) {
        const char *colon = memchr(other.ptr, ':', other.len);
        size_t scheme = colon ? (size_t)(colon - other.ptr) + 3 : 0;
        MUST(scheme && other.len >= scheme + host.len &&
                 memcmp(other.ptr + scheme, host.ptr, host.len) == 0,
             "an absolute target has that authority");
        other.ptr += scheme + host.len;
        other.len -= scheme + host.len;
        if (other.len == 0 || *other.ptr == '?') {
            target.ptr++; /* The "/" that yoke has put there. */
            target.len--;
        }
    }
    MUST(yk_slice_eq(other, target), "the same target");
}

static void add_field(struct session *s, struct yk_slice name,
                      struct yk_slice value)
{
    yk_bytes_append(&s->fields, name.ptr, name.len);
    yk_bytes_append(&s->fields, "", 1);
    yk_bytes_append(&s->fields, value.ptr, value.len);
    yk_bytes_append(&s->fields, "", 1);
}

/* Compares with what add_field has gathered, and forgets it. */
static void compare_fields(struct session *s, const struct yk_bytes *others)
{
    MUST(s->fields.len == others->len &&
             (others->len == 0 ||
              memcmp(s->fields.ptr, others->ptr, others->len) == 0),
         "the same fields");
    s->fields.len = 0;
}

static void compare_framing(const struct session *s,
                            const struct yk_request *req)
{
    const struct mirror *m = &s->mirror;
    MUST(m->is_chunked == (req->body == YK_BODY_CHUNKED), "the same framing");
    MUST(m->is_chunked || m->content_length == req->content_length,
         "the same length");
}

static void compare_head(struct session *s, const struct yk_request *req)
{
    const struct mirror *m = &s->mirror;
    if (excuse_head(s, req)) {
        s->mirror.has_head = false;
        return;
    }
    if (!m->has_head)
        fprintf(stderr, "%s\n", http_errno_description(m->error));
    MUST(m->has_head, "http-parser accepts the head");
    compare_target(s, req);
    for (uint16_t i = 0; i < req->field_count; i++)
        add_field(s, yk_request_slice(req, req->fields[i].name),
                  yk_request_slice(req, req->fields[i].value));
    compare_fields(s, &m->fields);
    compare_framing(s, req);
    MUST(m->stays_open == !req->wants_close || excuse_persistence(s, req),
         "the same decision on persistence");
}

static void compare_body(const struct session *s)
{
    const struct mirror *m = &s->mirror;
    MUST(s->body.len == m->body.len &&
             (m->body.len == 0 ||
              memcmp(s->body.ptr, m->body.ptr, m->body.len) == 0),
         "the same body");
}

static void compare_end(struct session *s, const struct yk_exchange *x)
{
    const struct mirror *m = &s->mirror;
    if (!m->is_complete) {
        fprintf(stderr, "%s\n", http_errno_description(m->error));
        MUST(excuse_body(s), "http-parser accepts the body");
        return;
    }
    for (uint32_t i = 0; x->trailers && i < x->trailers->count; i++)
        add_field(s, x->trailers->items[i].name, x->trailers->items[i].value);
    compare_fields(s, &m->trailers);
    compare_body(s);
    MUST(m->used == s->start, "the same end");
}

/* ---- yoke's reading ---- */

/* Bytes of the text that the connection has used. */
static size_t used(const struct session *s)
{
    return s->wire.memory.in_taken - yk_h1_input_len(s->wire.conn);
}

static void on_data(struct yk_exchange *x, const char *ptr, size_t len)
{
    struct session *s = x->owner;
    yk_bytes_append(&s->body, ptr, len);
}

static void on_end(struct yk_exchange *x, int err)
{
    struct session *s = x->owner;
    bool is_comparable = s->mirror.has_head;
    if (err == 0) {
        s->start = used(s);
        if (is_comparable)
            compare_end(s, x);
    } else if (err == -YOKE_ECLOSED && is_comparable) {
        /* Of chunks, the last line may be incomplete; http-parser, which goes
         * by bytes, may have refused or accepted it already. */
        MUST(s->mirror.is_chunked ||
                 (!s->mirror.is_complete && s->mirror.error == HPE_OK),
             "http-parser waits for the rest as well");
        compare_body(s);
    }
    yk_exchange_end(x);
}

static void on_request(struct yk_exchange *x, void *data)
{
    static const struct yk_exchange_events events = {
        .on_data = on_data,
        .on_end = on_end,
    };
    struct session *s = YK_CONTAINER_OF(data, struct session, wire);
    const struct yk_request *req = x->request;
    size_t method_end = s->start + req->method.off + req->method.len;

    MUST(!s->is_last, "a request behind the last one");
    s->is_last = req->wants_close;
    s->body.len = 0;
    read_mirror(s, yk_request_slice(req, req->method), method_end);
    compare_head(s, req);
    x->owner = s;
    x->events = &events;
    yk_exchange_read(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct yoke_limits limits;
    struct session s = {.text = {(const char *)data, size}};

    wire_open(&s.wire, &limits, on_request, &s.wire);
    yk_memory_send(&s.wire.memory, data, size);
    yk_memory_hang_up(&s.wire.memory);
    wire_settle(&s.wire);
    wire_close(&s.wire);
    clear_mirror(&s.mirror);
    yk_bytes_done(&s.body);
    yk_bytes_done(&s.fields);
    return 0;
}
