#include "http/h1_write.h"

#include <errno.h>
#include <string.h>

#include "core/number.h"
#include "http/date.h"
#include "http/status.h"

/* Room for the fields that are ours: Date, Connection, and either of
 * Content-Length and Transfer-Encoding, and for the longest status line. */
#define OUR_FIELDS_ROOM 256

/* A refusal's body: "431 Request Header Fields Too Large: ", and the text. */
#define REFUSAL_MAX (48 + YK_H1_ERROR_TEXT_MAX)

static char *put(char *at, const char *ptr, size_t len)
{
    memcpy(at, ptr, len);
    return at + len;
}

#define PUT(at, text) put((at), (text), sizeof(text) - 1)

static char *put_slice(char *at, struct yk_slice text)
{
    return put(at, text.ptr, text.len);
}

static inline char *put_status_line(char *at, int status)
{
    struct yk_slice line = yk_status_line(status);
    if (line.ptr)
        return put_slice(at, line);
    at = PUT(at, "HTTP/1.1 ");
    at += yk_format_u64(at, (uint64_t)status);
    return PUT(at, " \r\n");
}

static inline char *put_our_fields(char *at, const struct yk_h1_answer *answer)
{
    at = PUT(at, "Date: ");
    at = put(at, answer->date, YK_HTTP_DATE_LEN);
    if (answer->persist == YK_H1_PERSIST_CLOSE)
        at = PUT(at, "\r\nConnection: close");
    if (answer->persist == YK_H1_PERSIST_KEEP)
        at = PUT(at, "\r\nConnection: keep-alive");
    if (answer->framing == YK_H1_FRAME_CHUNKED)
        at = PUT(at, "\r\nTransfer-Encoding: chunked");
    if (answer->framing == YK_H1_FRAME_LENGTH) {
        at = PUT(at, "\r\nContent-Length: ");
        at += yk_format_u64(at, answer->content_length);
    }
    return PUT(at, "\r\n");
}

static char *put_header(char *at, const struct yk_header *header)
{
    at = put_slice(at, header->name);
    at = PUT(at, ": ");
    at = put_slice(at, header->value);
    return PUT(at, "\r\n");
}

static size_t header_len(const struct yk_header *header)
{
    return header->name.len + header->value.len + 4;
}

/* Field by field, and the empty line behind them. */
static int write_fields(struct yk_out *out, const struct yk_headers *headers)
{
    for (uint32_t i = 0; i < headers->count; i++) {
        const struct yk_header *header = &headers->items[i];
        if (yk_out_append(out, header->name.ptr, header->name.len) < 0 ||
            yk_out_append(out, ": ", 2) < 0 ||
            yk_out_append(out, header->value.ptr, header->value.len) < 0 ||
            yk_out_append(out, "\r\n", 2) < 0)
            return -ENOMEM;
    }
    return yk_out_append(out, "\r\n", 2);
}

/* What does not fit into a block goes field by field. */
static __attribute__((noinline)) int
write_long_head(struct yk_out *out, const struct yk_h1_answer *answer)
{
    char *at = yk_out_reserve(out, OUR_FIELDS_ROOM);
    if (!at)
        return -ENOMEM;
    char *end = put_our_fields(put_status_line(at, answer->status), answer);
    yk_out_commit(out, (size_t)(end - at));

    if (write_fields(out, answer->headers) < 0)
        return -ENOMEM;
    return yk_out_append(out, answer->body.ptr, answer->body.len);
}

int yk_h1_write_head(struct yk_out *out, const struct yk_h1_answer *answer)
{
    const struct yk_headers *headers = answer->headers;
    size_t len = OUR_FIELDS_ROOM + answer->body.len;
    for (uint32_t i = 0; i < headers->count; i++)
        len += header_len(&headers->items[i]);

    char *start = yk_out_reserve(out, len);
    if (!start)
        return write_long_head(out, answer);
    char *at = put_our_fields(put_status_line(start, answer->status), answer);
    for (uint32_t i = 0; i < headers->count; i++)
        at = put_header(at, &headers->items[i]);
    at = PUT(at, "\r\n");
    if (answer->body.len > 0)
        at = put_slice(at, answer->body);
    yk_out_commit(out, (size_t)(at - start));
    return 0;
}

static size_t put_hex(char *out, size_t value)
{
    int digits = 1;
    for (size_t rest = value >> 4; rest; rest >>= 4)
        digits++;
    for (int i = digits - 1; i >= 0; i--, value >>= 4)
        out[i] = "0123456789abcdef"[value & 15];
    return (size_t)digits;
}

int yk_h1_write_chunk(struct yk_out *out, const void *ptr, size_t len)
{
    char line[sizeof(size_t) * 2 + 2];
    size_t line_len = put_hex(line, len);
    line[line_len++] = '\r';
    line[line_len++] = '\n';
    if (yk_out_append(out, line, line_len) < 0 ||
        yk_out_append(out, ptr, len) < 0)
        return -ENOMEM;
    return yk_out_append(out, "\r\n", 2);
}

int yk_h1_write_last_chunk(struct yk_out *out,
                           const struct yk_headers *trailers)
{
    if (!trailers)
        return yk_out_append(out, "0\r\n\r\n", 5);
    if (yk_out_append(out, "0\r\n", 3) < 0)
        return -ENOMEM;
    return write_fields(out, trailers);
}

int yk_h1_write_interim(struct yk_out *out, int status,
                        const struct yk_headers *headers)
{
    char *at = yk_out_reserve(out, OUR_FIELDS_ROOM);
    if (!at)
        return -ENOMEM;
    yk_out_commit(out, (size_t)(put_status_line(at, status) - at));
    return write_fields(out, headers);
}

int yk_h1_write_continue(struct yk_out *out)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    return yk_out_append(out, text, sizeof(text) - 1);
}

int yk_h1_write_refusal(struct yk_out *out, enum yk_h1_error error,
                        const char *date, bool has_body)
{
    struct yk_header type = {YK_LIT("Content-Type"),
                             YK_LIT("text/plain; charset=utf-8")};
    struct yk_headers headers = {.items = &type, .count = 1};
    int status = yk_h1_error_status(error);
    char body[REFUSAL_MAX];

    char *end = put_slice(body, yk_status_title(status));
    end = PUT(end, ": ");
    end = put_slice(end, yk_slice_of(yk_h1_error_text(error)));
    size_t len = (size_t)(PUT(end, "\n") - body);
    struct yk_h1_answer answer = {
        .status = status,
        .headers = &headers,
        .date = date,
        .framing = YK_H1_FRAME_LENGTH,
        .persist = YK_H1_PERSIST_CLOSE,
        .content_length = len,
        .body = {body, has_body ? len : 0},
    };
    return yk_h1_write_head(out, &answer);
}
