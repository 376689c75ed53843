#include "store/memcached_conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/number.h"

#include "core/banned.h"

#define LINE_MAX_LEN 2048
#define IN_FIRST     4096
/* A buffer that was once larger goes back to malloc. */
#define IN_KEPT      65536

/* ---- Replies ---- */

/* More digits may be more than there is room for. */
#define DIGITS_SAFE 18

/* Reads digits from `*at` on, up to what is none, and moves `*at` there: a line
 * ends with what is none. False: there are none, or the number is above `max`. */
static bool take_number(const char **at, uint64_t max, uint64_t *ret_number)
{
    const char *ptr = *at;
    uint64_t number = 0;
    unsigned digit;

    while ((digit = (unsigned char)*ptr - (unsigned)'0') <= 9) {
        number = number * 10 + digit;
        ptr++;
    }
    struct yk_slice digits = {*at, (size_t)(ptr - *at)};
    *at = ptr;
    *ret_number = number;
    if (digits.len - 1 < DIGITS_SAFE)
        return number <= max;
    return yk_parse_u64(digits, max, ret_number) == 0;
}

/* Where the next word is, or the end of the line. */
static const char *next_word(const char *at, const char *end)
{
    while (at < end && *at != ' ')
        at++;
    return at < end ? at + 1 : end;
}

/* A letter and a number; what is anything else says nothing to us. */
static void take_flags(const char *at, const char *end,
                       struct yk_mc_reply *reply)
{
    uint64_t number;

    while (at < end) {
        char letter = *at++;
        bool is_flag =
            take_number(&at, INT64_MAX, &number) && (at == end || *at == ' ');
        if (is_flag && letter == 'c')
            reply->cas = number;
        else if (is_flag && letter == 't')
            reply->ttl_s = (int64_t)number;
        at = next_word(at, end);
    }
}

/* The value behind the line: so many bytes, and the end of a line. */
static ssize_t take_value(char *text, size_t len, size_t line_len,
                          uint64_t value_len, struct yk_mc_reply *reply)
{
    size_t end = line_len + (size_t)value_len;

    if (len < end + 2)
        return 0;
    if (memcmp(text + end, "\r\n", 2) != 0)
        return -EPROTO;
    text[end] = '\0';
    reply->value = (struct yk_slice){text + line_len, (size_t)value_len};
    return (ssize_t)(end + 2);
}

/* The line of a value: how long it is, and flags. */
static ssize_t parse_value(char *text, size_t len, size_t max_value_len,
                           struct yk_mc_reply *reply)
{
    const char *end = reply->line.ptr + reply->line.len;
    const char *at = reply->line.ptr + 3;
    uint64_t value_len;

    if (at > end || !take_number(&at, max_value_len, &value_len) ||
        (at < end && *at != ' '))
        return -EPROTO;
    take_flags(next_word(at, end), end, reply);
    return take_value(text, len, reply->line.len + 2, value_len, reply);
}

ssize_t yk_mc_parse(char *text, size_t len, size_t max_value_len,
                    struct yk_mc_reply *reply)
{
    char *end = memchr(text, '\n', len < LINE_MAX_LEN ? len : LINE_MAX_LEN);

    if (!end)
        return len < LINE_MAX_LEN ? 0 : -EPROTO;
    size_t line_len = (size_t)(end - text) + 1;
    if (line_len < 4 || end[-1] != '\r')
        return -EPROTO;
    *reply = (struct yk_mc_reply){.line = {text, line_len - 2}, .ttl_s = -1};
    bool has_code = line_len == 4 || text[2] == ' ';
    if (!has_code || text[0] == ' ' || text[1] == ' ')
        return (ssize_t)line_len; /* ERROR, CLIENT_ERROR, SERVER_ERROR */
    reply->code = YK_MC_CODE(text[0], text[1]);
    if (reply->code == YK_MC_VALUE)
        return parse_value(text, len, max_value_len, reply);
    if (line_len > 5)
        take_flags(text + 3, end - 1, reply);
    return (ssize_t)line_len;
}

/* ---- The connection ---- */

void yk_mc_send(struct yk_mc_conn *conn, struct yk_mc_line *line)
{
    yk_mc_add(line, YK_LIT("\r\n"));
    yk_link_append(&conn->link, line->text, line->len);
}

void yk_mc_send_value(struct yk_mc_conn *conn, struct yk_mc_line *line,
                      struct yk_slice value)
{
    yk_mc_add(line, YK_LIT("\r\n"));
    char *at = yk_link_extend(&conn->link, line->len + value.len + 2);

    if (!at)
        return;
    memcpy(at, line->text, line->len);
    memcpy(at + line->len, value.ptr, value.len);
    memcpy(at + line->len + value.len, "\r\n", 2);
}

static bool is_open(const struct yk_mc_conn *conn)
{
    return conn->link.state == YK_LINK_GREETING ||
           conn->link.state == YK_LINK_UP;
}

static void on_connected(struct yk_link *link)
{
    struct yk_mc_conn *conn = (struct yk_mc_conn *)link;

    conn->in_len = 0;
    yk_link_append(link, "mn\r\n", 4);
}

static void take_reply(struct yk_mc_conn *conn, const struct yk_mc_reply *reply)
{
    if (conn->link.state == YK_LINK_UP) {
        conn->on_reply(conn, reply);
        return;
    }
    if (reply->code != YK_MC_NOOP) {
        yk_link_break(&conn->link,
                      "the server does not know the meta commands: memcached "
                      "1.6 or later is needed");
        return;
    }
    yk_link_up(&conn->link);
    conn->on_up(conn);
}

/* Adds what has come; room for it, and for a NUL. */
static bool take_in(struct yk_mc_conn *conn, const char *ptr, size_t len)
{
    size_t size = conn->in_size ? conn->in_size : IN_FIRST;

    while (size < conn->in_len + len)
        size *= 2;
    if (size != conn->in_size) {
        char *larger = yk_try_realloc(conn->in, size);
        if (!larger)
            return false;
        conn->in = larger;
        conn->in_size = size;
    }
    memcpy(conn->in + conn->in_len, ptr, len);
    conn->in_len += len;
    return true;
}

static void drop_in(struct yk_mc_conn *conn, size_t used)
{
    conn->in_len -= used;
    memmove(conn->in, conn->in + used, conn->in_len);
    if (conn->in_len > 0 || conn->in_size <= IN_KEPT)
        return;
    free(conn->in);
    conn->in = NULL;
    conn->in_size = 0;
}

static void on_bytes(struct yk_link *link, const char *ptr, size_t len)
{
    struct yk_mc_conn *conn = (struct yk_mc_conn *)link;
    struct yk_mc_reply reply;
    size_t used = 0;
    ssize_t n = 1;

    if (!take_in(conn, ptr, len)) {
        yk_link_break(link, "there is no memory");
        return;
    }
    while (used < conn->in_len && is_open(conn)) {
        n = yk_mc_parse(conn->in + used, conn->in_len - used,
                        conn->max_value_len, &reply);
        if (n <= 0)
            break;
        take_reply(conn, &reply);
        used += (size_t)n;
    }
    if (!is_open(conn))
        return;
    drop_in(conn, used);
    if (n < 0)
        yk_link_break(link, "the server's reply cannot be understood");
}

static void on_break(struct yk_link *link, const char *why)
{
    struct yk_mc_conn *conn = (struct yk_mc_conn *)link;
    conn->on_break(conn, why);
}

static void on_closed(struct yk_link *link)
{
    struct yk_mc_conn *conn = (struct yk_mc_conn *)link;

    free(conn->in);
    conn->in = NULL;
    conn->on_closed(conn);
}

static const struct yk_link_ops link_ops = {
    .on_connected = on_connected,
    .on_bytes = on_bytes,
    .on_break = on_break,
    .on_closed = on_closed,
};

void yk_mc_conn_init(struct yk_mc_conn *conn)
{
    conn->link.ops = &link_ops;
    yk_link_init(&conn->link);
}
