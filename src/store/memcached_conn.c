#include "store/memcached_conn.h"

#include <errno.h>
#include <string.h>

#include "core/number.h"

#include "core/banned.h"

#define LINE_MAX_LEN 2048

/* ---- Replies ---- */

/* More digits may be more than there is room for. */
#define DIGITS_SAFE 18

/* Reads digits from `*at` on, up to what is none, and moves `*at` there: a line
 * ends with what is none. False: there are none, or the number is above `max`. */
static inline bool take_number(const char **at, uint64_t max,
                               uint64_t *ret_number)
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

/* A letter and a number; what is anything else says nothing to us. `at` is where
 * a word may begin. */
static inline void take_flags(const char *at, const char *end,
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
        while (at < end && *at++ != ' ')
            ;
    }
}

/* The line of a value, and the value behind it: so many bytes, and the end of a
 * line. `end` is that of the first. */
static inline ssize_t parse_value(char *text, size_t len, const char *end,
                                  size_t max_value_len,
                                  struct yk_mc_reply *reply)
{
    const char *at = text + 3;
    uint64_t value_len;

    if (at > end || !take_number(&at, max_value_len, &value_len) ||
        (at < end && *at != ' '))
        return -EPROTO;
    if (at < end)
        take_flags(at + 1, end, reply);
    size_t begin = (size_t)(end - text) + 2;
    size_t over = begin + (size_t)value_len;
    if (len < over + 2)
        return 0;
    if (text[over] != '\r' || text[over + 1] != '\n')
        return -EPROTO;
    text[over] = '\0';
    reply->value = (struct yk_slice){text + begin, (size_t)value_len};
    return (ssize_t)over + 2;
}

ssize_t yk_mc_parse(char *text, size_t len, size_t max_value_len,
                    struct yk_mc_reply *reply)
{
    char *end = memchr(text, '\n', len < LINE_MAX_LEN ? len : LINE_MAX_LEN);

    if (!end)
        return len < LINE_MAX_LEN ? 0 : -EPROTO;
    size_t line_len = (size_t)(end - text) + 1;
    if (line_len < 4 || *--end != '\r')
        return -EPROTO;
    *reply = (struct yk_mc_reply){.line = {text, line_len - 2}, .ttl_s = -1};
    bool has_code = line_len == 4 || text[2] == ' ';
    if (!has_code || text[0] == ' ' || text[1] == ' ')
        return (ssize_t)line_len; /* ERROR, CLIENT_ERROR, SERVER_ERROR */
    reply->code = YK_MC_CODE(text[0], text[1]);
    if (reply->code == YK_MC_VALUE)
        return parse_value(text, len, end, max_value_len, reply);
    if (line_len > 5)
        take_flags(text + 3, end, reply);
    return (ssize_t)line_len;
}

/* ---- The connection ---- */

static void on_connected(struct yk_link *link)
{
    struct yk_mc_conn *conn = (struct yk_mc_conn *)link;

    yk_inbox_clear(&conn->in);
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

/* Returns how many bytes were whole replies, or -1: the connection is broken. */
static ssize_t take_replies(struct yk_mc_conn *conn, char *text, size_t len)
{
    struct yk_mc_reply reply;
    size_t used = 0;

    while (used < len) {
        ssize_t n =
            yk_mc_parse(text + used, len - used, conn->max_value_len, &reply);
        if (n < 0)
            yk_link_break(&conn->link,
                          "the server's reply cannot be understood");
        if (n == 0)
            break;
        if (n > 0)
            take_reply(conn, &reply);
        if (!yk_link_is_connected(&conn->link))
            return -1;
        used += (size_t)n;
    }
    return (ssize_t)used;
}

/* Replies are mostly whole, and are read where they are; only the beginning of
 * one whose rest is still to come is kept. */
static void on_bytes(struct yk_link *link, char *ptr, size_t len)
{
    struct yk_mc_conn *conn = (struct yk_mc_conn *)link;
    bool is_rest = conn->in.len > 0;
    ssize_t used = is_rest ? 0 : take_replies(conn, ptr, len);

    if (used < 0 || (size_t)used == len)
        return;
    if (yk_inbox_add(&conn->in, ptr + used, len - (size_t)used) < 0) {
        yk_link_break(link, "there is no memory");
        return;
    }
    if (!is_rest)
        return;
    used = take_replies(conn, conn->in.bytes, conn->in.len);
    if (used >= 0)
        yk_inbox_drop(&conn->in, (size_t)used);
}

static void on_break(struct yk_link *link, const char *why)
{
    struct yk_mc_conn *conn = (struct yk_mc_conn *)link;
    conn->on_break(conn, why);
}

static void on_closed(struct yk_link *link)
{
    struct yk_mc_conn *conn = (struct yk_mc_conn *)link;

    yk_inbox_clear(&conn->in);
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
