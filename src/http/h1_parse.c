#include "http/h1_parse.h"

#include <string.h>

#include <yoke/listen.h>

#include "core/number.h"
#include "http/chars.h"
#include "http/target.h"

#define METHOD_MAX        32
#define BLANK_LINES_MAX   8
/* Bytes of a request line beside the target: method, two spaces, version. */
#define REQUEST_LINE_REST (METHOD_MAX + 2 + 8)

void yk_h1_head_init(struct yk_h1_head *head)
{
    /* The array of fields, which is most of it, is left alone. */
    memset(head, 0, offsetof(struct yk_h1_head, request.fields));
}

/* ---- The request line ---- */

static enum yk_h1_error parse_version(struct yk_request *req, const char *ptr,
                                      size_t len)
{
    /* As nearly always. */
    if (len == 8 && memcmp(ptr, "HTTP/1.1", 8) == 0) {
        req->minor = 1;
        return YK_H1_OK;
    }
    if (len != 8 || memcmp(ptr, "HTTP/", 5) != 0 || ptr[6] != '.')
        return YK_H1_VERSION;
    if (ptr[5] < '0' || ptr[5] > '9' || ptr[7] < '0' || ptr[7] > '9')
        return YK_H1_VERSION;
    if (ptr[5] == '0')
        return YK_H1_VERSION;
    if (ptr[5] != '1')
        return YK_H1_VERSION_MAJOR;
    /* A higher minor version is answered as the highest we know
     * (RFC 9110 section 2.5). */
    req->minor = ptr[7] == '0' ? 0 : 1;
    return YK_H1_OK;
}

/* Checks what there is of "METHOD target": the method, then the target's
 * length. Also for a line whose end has not arrived. Returns where the target
 * starts in `*ret_target`, 0 while the method is incomplete. */
static enum yk_h1_error check_line_start(const struct yoke_limits *limits,
                                         const char *line, size_t len,
                                         size_t *ret_target)
{
    size_t method = yk_chars_span(line, len, YK_CHAR_TOKEN);
    *ret_target = 0;
    if (method > METHOD_MAX)
        return YK_H1_METHOD;
    if (method == len)
        return YK_H1_OK;
    if (method == 0 || line[method] != ' ')
        return YK_H1_METHOD;

    size_t target = method + 1;
    *ret_target = target;
    /* As nearly always: with all that follows it, it is not too long. */
    if (len - target <= limits->max_target_len ||
        memchr(line + target, ' ', limits->max_target_len + 1u))
        return YK_H1_OK;
    return YK_H1_TARGET_LONG;
}

/* `target` is where check_line_start has found it, or 0: it has not looked. */
static enum yk_h1_error parse_request_line(struct yk_h1_head *head,
                                           const struct yoke_limits *limits,
                                           char *buf, uint32_t off,
                                           uint32_t len, size_t target)
{
    struct yk_request *req = &head->request;
    char *line = buf + off;
    enum yk_h1_error err = YK_H1_OK;

    if (target == 0)
        err = check_line_start(limits, line, len, &target);
    if (err)
        return err;
    if (target == 0)
        return YK_H1_REQUEST_LINE;
    size_t query =
        target + yk_chars_span(line + target, len - target, YK_CHAR_PATH);
    size_t end =
        query + yk_chars_span(line + query, len - query, YK_CHAR_TARGET);
    if (end == target || end == len || line[end] != ' ')
        return YK_H1_REQUEST_LINE;
    err = parse_version(req, line + end + 1, len - end - 1);
    if (err)
        return err;

    req->base = buf;
    req->method = (struct yk_span){(uint16_t)off, (uint16_t)(target - 1)};
    req->is_head = target == 5 && memcmp(line, "HEAD", 4) == 0;
    line[target - 1] = '\0';
    line[end] = '\0';
    return yk_target_parse(
        req,
        (struct yk_span){(uint16_t)(off + target), (uint16_t)(end - target)},
        (uint16_t)(query - target));
}

/* ---- Fields that say how the message is framed ---- */

/* Takes the next element of a comma-separated list, without the space around
 * it. Returns false at the end. */
static bool next_element(struct yk_slice *list, struct yk_slice *ret_element)
{
    if (!list->ptr)
        return false;
    const char *comma = memchr(list->ptr, ',', list->len);
    size_t len = comma ? (size_t)(comma - list->ptr) : list->len;
    struct yk_slice element = {list->ptr, len};

    while (element.len && (*element.ptr == ' ' || *element.ptr == '\t'))
        element.ptr++, element.len--;
    while (element.len && (element.ptr[element.len - 1] == ' ' ||
                           element.ptr[element.len - 1] == '\t'))
        element.len--;
    *ret_element = element;
    if (comma)
        *list = (struct yk_slice){comma + 1, list->len - len - 1};
    else
        list->ptr = NULL;
    return true;
}

static enum yk_h1_error see_length(struct yk_h1_head *head,
                                   struct yk_slice value)
{
    if (head->has_length)
        return YK_H1_LENGTH_TWICE;
    head->has_length = true;
    if (yk_parse_u64(value, INT64_MAX, &head->request.content_length) < 0)
        return YK_H1_LENGTH;
    return YK_H1_OK;
}

/* Only `chunked` is spoken. Another coding is refused as unknown, unless the
 * list is wrong whatever it means: `chunked` not last, or empty elements. */
static enum yk_h1_error see_coding(struct yk_h1_head *head,
                                   struct yk_slice value)
{
    struct yk_slice element;
    bool is_chunked = false, is_unknown = false;

    if (head->has_coding)
        return YK_H1_CODING_TWICE;
    head->has_coding = true;
    while (next_element(&value, &element)) {
        if (is_chunked || !yk_chars_are(element, YK_CHAR_TOKEN) ||
            yk_slice_eq_nocase(element, YK_LIT("identity")))
            return YK_H1_CODING;
        is_chunked = yk_slice_eq_nocase(element, YK_LIT("chunked"));
        is_unknown |= !is_chunked;
    }
    return is_unknown ? YK_H1_CODING_UNKNOWN : YK_H1_OK;
}

static enum yk_h1_error see_connection(struct yk_h1_head *head,
                                       struct yk_slice value)
{
    struct yk_slice element;
    while (next_element(&value, &element)) {
        head->says_close |= yk_slice_eq_nocase(element, YK_LIT("close"));
        head->says_keep_alive |=
            yk_slice_eq_nocase(element, YK_LIT("keep-alive"));
    }
    return YK_H1_OK;
}

static enum yk_h1_error see_host(struct yk_h1_head *head,
                                 const struct yk_field *field,
                                 struct yk_slice value)
{
    if (head->has_host)
        return YK_H1_HOST_TWICE;
    head->has_host = true;
    if (!yk_authority_is_legal(value))
        return YK_H1_HOST;
    if (!head->request.is_absolute)
        head->request.host = field->value;
    return YK_H1_OK;
}

static enum yk_h1_error see_expect(struct yk_h1_head *head,
                                   struct yk_slice value)
{
    if (yk_slice_eq_nocase(value, YK_LIT("100-continue")))
        head->request.expects_continue = true;
    else
        head->has_unknown_expect = true;
    return YK_H1_OK;
}

/* Whether the name of a field is `lower`, a literal in lower case. Setting the
 * bit that tells the cases apart maps no other character of a token to a
 * letter or a hyphen. */
static inline bool is_name(struct yk_slice name, const char *lower)
{
    unsigned char difference = 0;
    for (size_t i = 0; i < name.len; i++)
        difference |= (unsigned char)((name.ptr[i] | 0x20) ^ lower[i]);
    return difference == 0;
}

/* The same for the one that each request has, in one comparison. */
static inline bool is_host(struct yk_slice name)
{
    uint32_t four, host;
    memcpy(&four, name.ptr, 4);
    memcpy(&host, "host", 4);
    return (four | UINT32_C(0x20202020)) == host;
}

/* The few fields that concern us all have different lengths, so most fields
 * are passed over after one comparison. */
static enum yk_h1_error see_field(struct yk_h1_head *head,
                                  const struct yk_field *field)
{
    struct yk_slice name = yk_request_slice(&head->request, field->name);
    struct yk_slice value = yk_request_slice(&head->request, field->value);

    switch (name.len) {
    case 4:
        if (is_host(name))
            return see_host(head, field, value);
        break;
    case 6:
        if (is_name(name, "expect"))
            return see_expect(head, value);
        break;
    case 10:
        if (is_name(name, "connection"))
            return see_connection(head, value);
        break;
    case 14:
        if (is_name(name, "content-length"))
            return see_length(head, value);
        break;
    case 17:
        if (is_name(name, "transfer-encoding"))
            return see_coding(head, value);
        break;
    }
    return YK_H1_OK;
}

/* ---- Field lines ---- */

static inline enum yk_h1_error
parse_field(char *base, uint32_t off, uint32_t len, struct yk_field *ret_field)
{
    char *line = base + off;
    if (*line == ' ' || *line == '\t')
        return YK_H1_FIELD_FOLDED;

    size_t name = yk_chars_span(line, len, YK_CHAR_TOKEN);
    if (name == 0 || name == len || line[name] != ':')
        return YK_H1_FIELD_LINE;

    size_t start = name + 1, end = len;
    while (start < end && (line[start] == ' ' || line[start] == '\t'))
        start++;
    while (end > start && (line[end - 1] == ' ' || line[end - 1] == '\t'))
        end--;
    if (!yk_chars_are_value(line + start, end - start))
        return YK_H1_FIELD_VALUE;

    line[name] = '\0';
    line[end] = '\0';
    *ret_field = (struct yk_field){
        .name = {(uint16_t)off, (uint16_t)name},
        .value = {(uint16_t)(off + start), (uint16_t)(end - start)},
    };
    return YK_H1_OK;
}

enum yk_h1_error yk_h1_field_parse(char *base, uint32_t off, uint32_t len,
                                   struct yk_field *ret_field)
{
    return parse_field(base, off, len, ret_field);
}

static enum yk_h1_error parse_field_line(struct yk_h1_head *head,
                                         const struct yoke_limits *limits,
                                         char *buf, uint32_t off, uint32_t len)
{
    struct yk_request *req = &head->request;
    struct yk_field *field = &req->fields[req->field_count];

    if (req->field_count == limits->max_fields)
        return YK_H1_FIELDS_MANY;
    enum yk_h1_error err = parse_field(buf, off, len, field);
    if (err)
        return err;
    req->field_count++;
    req->names |= yk_request_name_bit(buf + off, field->name.len);
    return see_field(head, field);
}

/* ---- The whole head ---- */

/* What can only be said when all fields are known. */
static enum yk_h1_error finish(struct yk_h1_head *head)
{
    struct yk_request *req = &head->request;

    if (!head->has_host && req->minor > 0)
        return YK_H1_HOST_MISSING;
    if (head->has_coding && req->minor == 0)
        return YK_H1_CODING_1_0;
    if (head->has_coding && head->has_length)
        return YK_H1_LENGTH_AND_CODING;
    if (head->has_unknown_expect && req->minor > 0)
        return YK_H1_EXPECT;

    if (head->has_coding)
        req->body = YK_BODY_CHUNKED;
    else if (req->content_length > 0)
        req->body = YK_BODY_LENGTH;
    req->expects_continue &= req->minor > 0 && req->body != YK_BODY_NONE;
    req->wants_close =
        head->says_close || (req->minor == 0 && !head->says_keep_alive);
    return YK_H1_OK;
}

static enum yk_h1_error parse_line(struct yk_h1_head *head,
                                   const struct yoke_limits *limits, char *buf,
                                   uint32_t off, uint32_t len, size_t target)
{
    if (head->has_request_line)
        return parse_field_line(head, limits, buf, off, len);
    head->has_request_line = true;
    return parse_request_line(head, limits, buf, off, len, target);
}

/* A line can be seen to be too long, or wrong, before its end has arrived. So
 * that the answer does not depend on how the input was split, this is what is
 * looked at first in a complete line too. `end` is where its LF is, or where
 * the input ends. `*ret_target` is where the target starts in it, if that was
 * found, else 0. */
static enum yk_h1_error check_line(const struct yk_h1_head *head,
                                   const struct yoke_limits *limits,
                                   const char *buf, size_t end,
                                   size_t *ret_target)
{
    bool is_over = end >= limits->max_head_len;
    const char *line = buf + head->line_off;
    size_t len = (is_over ? limits->max_head_len : end) - head->line_off;

    *ret_target = 0;
    if (head->has_request_line) {
        if (len > limits->max_line_len + 1)
            return YK_H1_FIELD_LONG;
    } else if (len > METHOD_MAX) {
        enum yk_h1_error err = check_line_start(limits, line, len, ret_target);
        if (err)
            return err;
        if (len > limits->max_target_len + REQUEST_LINE_REST + 1)
            return YK_H1_REQUEST_LINE;
    }
    return is_over ? YK_H1_HEAD_LONG : YK_H1_OK;
}

/* Parses the line that ends in the LF at `lf`. Sets `*ret_is_end` when it was
 * the empty line behind the fields. */
static enum yk_h1_error take_line(struct yk_h1_head *head,
                                  const struct yoke_limits *limits, char *buf,
                                  uint32_t lf, bool *ret_is_end)
{
    uint32_t off = head->line_off;
    size_t target;
    enum yk_h1_error err = check_line(head, limits, buf, lf, &target);
    if (err)
        return err;
    if (lf == off || buf[lf - 1] != '\r')
        return YK_H1_LINE_END;
    head->line_off = head->scan_off = lf + 1;

    uint32_t len = lf - 1 - off;
    if (len > 0)
        return parse_line(head, limits, buf, off, len, target);
    *ret_is_end = head->has_request_line;
    /* Blank lines before a request line are passed over, not for ever
     * (RFC 9112 section 2.2). */
    if (!*ret_is_end && ++head->blank_lines > BLANK_LINES_MAX)
        return YK_H1_BLANK_LINES;
    return YK_H1_OK;
}

/* Not inlined: it needs all registers for itself. */
__attribute__((noinline)) int yk_h1_head_parse(struct yk_h1_head *head,
                                               const struct yoke_limits *limits,
                                               char *buf, size_t len)
{
    bool is_end = false;
    size_t target;
    enum yk_h1_error err = YK_H1_OK;

    head->request.base = buf;
    while (!err && !is_end) {
        char *lf = memchr(buf + head->scan_off, '\n', len - head->scan_off);
        if (!lf) {
            head->scan_off = (uint32_t)len;
            return -(int)check_line(head, limits, buf, len, &target);
        }
        err = take_line(head, limits, buf, (uint32_t)(lf - buf), &is_end);
    }
    if (!err)
        err = finish(head);
    return err ? -(int)err : (int)head->line_off;
}
