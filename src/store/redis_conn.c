#include "store/redis_conn.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <yoke/store.h>

#include "core/number.h"

#include "core/banned.h"

/* ---- Commands ---- */

/* "*3\r\n" and its like. */
static void append_count(struct yk_redis_conn *conn, char type, size_t count)
{
    char head[YK_DIGITS_MAX + 3];
    size_t len = 1;

    head[0] = type;
    len += yk_format_u64(head + 1, count);
    head[len++] = '\r';
    head[len++] = '\n';
    yk_link_append(&conn->link, head, len);
}

void yk_redis_begin(struct yk_redis_conn *conn, unsigned argument_count)
{
    append_count(conn, '*', argument_count);
}

void yk_redis_pieces(struct yk_redis_conn *conn, struct yk_slice first,
                     struct yk_slice second)
{
    append_count(conn, '$', first.len + second.len);
    yk_link_append(&conn->link, first.ptr, first.len);
    yk_link_append(&conn->link, second.ptr, second.len);
    yk_link_append(&conn->link, "\r\n", 2);
}

void yk_redis_argument(struct yk_redis_conn *conn, struct yk_slice argument)
{
    yk_redis_pieces(conn, argument, YK_LIT(""));
}

void yk_redis_number(struct yk_redis_conn *conn, int64_t number)
{
    char text[YK_DIGITS_MAX + 2];
    int len = snprintf(text, sizeof(text), "%lld", (long long)number);
    yk_redis_argument(conn, (struct yk_slice){text, (size_t)len});
}

void yk_redis_ping(struct yk_redis_conn *conn)
{
    yk_redis_begin(conn, 1);
    yk_redis_argument(conn, YK_LIT("PING"));
}

/* ---- Greeting ---- */

static void append_auth(struct yk_redis_conn *conn)
{
    const struct yk_redis_login *login = conn->login;

    if (!login->password)
        return;
    yk_redis_begin(conn, login->user ? 3 : 2);
    yk_redis_argument(conn, YK_LIT("AUTH"));
    if (login->user)
        yk_redis_argument(conn, yk_slice_of(login->user));
    yk_redis_argument(conn, yk_slice_of(login->password));
    conn->greetings++;
}

static void on_connected(struct yk_link *link)
{
    struct yk_redis_conn *conn = (struct yk_redis_conn *)link;

    if (yk_redis_reader_open(&conn->reader, conn->max_reply_len) < 0) {
        yk_link_break(link, "there is no memory");
        return;
    }
    conn->greetings = 0;
    append_auth(conn);
    if (conn->login->db > 0) {
        yk_redis_begin(conn, 2);
        yk_redis_argument(conn, YK_LIT("SELECT"));
        yk_redis_number(conn, conn->login->db);
        conn->greetings++;
    }
    if (conn->login->is_primary_wanted) {
        yk_redis_begin(conn, 1);
        yk_redis_argument(conn, YK_LIT("ROLE"));
        conn->greetings++;
    }
    /* A server that loads its data answers this with an error. */
    yk_redis_ping(conn);
    conn->greetings++;
}

/* The reply to ROLE alone is an array. */
static bool is_replica(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_ARRAY &&
           (reply->elements == 0 || !reply->element[0]->str ||
            strcmp(reply->element[0]->str, "master") != 0);
}

static void take_greeting(struct yk_redis_conn *conn, const redisReply *reply)
{
    char why[YOKE_STORE_TEXT_MAX];

    if (reply->type == REDIS_REPLY_ERROR) {
        snprintf(why, sizeof(why), "the server refuses: %.200s", reply->str);
        yk_link_break(&conn->link, why);
        return;
    }
    if (is_replica(reply)) {
        yk_link_break(&conn->link, "the server is not the primary");
        return;
    }
    if (--conn->greetings > 0)
        return;
    yk_link_up(&conn->link);
    conn->on_up(conn);
}

/* ---- Replies ---- */

static bool is_open(const struct yk_redis_conn *conn)
{
    return conn->link.state == YK_LINK_GREETING ||
           conn->link.state == YK_LINK_UP;
}

static void free_reader(struct yk_redis_conn *conn)
{
    if (!conn->is_reading)
        yk_redis_reader_close(&conn->reader);
}

static void read_replies(struct yk_redis_conn *conn)
{
    redisReply *reply;

    while (is_open(conn)) {
        int err = yk_redis_reader_next(&conn->reader, &reply);
        if (err < 0) {
            yk_link_break(&conn->link, err == -EPROTO
                                           ? "the server does not speak RESP"
                                           : "the server's reply has no end");
            return;
        }
        if (!reply)
            return;
        if (conn->greetings > 0)
            take_greeting(conn, reply);
        else
            conn->on_reply(conn, reply);
        yk_hiredis.freeReplyObject(reply);
    }
}

static void on_bytes(struct yk_link *link, char *ptr, size_t len)
{
    struct yk_redis_conn *conn = (struct yk_redis_conn *)link;

    conn->is_reading = true;
    if (yk_redis_reader_feed(&conn->reader, ptr, len) == 0)
        read_replies(conn);
    else
        yk_link_break(link, "there is no memory");
    conn->is_reading = false;
    if (!is_open(conn))
        free_reader(conn);
}

static void on_break(struct yk_link *link, const char *why)
{
    struct yk_redis_conn *conn = (struct yk_redis_conn *)link;

    free_reader(conn);
    conn->on_break(conn, why);
}

static void on_beat(struct yk_link *link)
{
    struct yk_redis_conn *conn = (struct yk_redis_conn *)link;

    if (conn->on_beat)
        conn->on_beat(conn);
    else
        yk_redis_ping(conn);
    yk_link_flush(link);
}

static void on_closed(struct yk_link *link)
{
    struct yk_redis_conn *conn = (struct yk_redis_conn *)link;

    free_reader(conn);
    conn->on_closed(conn);
}

static const struct yk_link_ops silent_ops = {
    .on_connected = on_connected,
    .on_bytes = on_bytes,
    .on_break = on_break,
    .on_closed = on_closed,
};

static const struct yk_link_ops beating_ops = {
    .on_connected = on_connected,
    .on_bytes = on_bytes,
    .on_break = on_break,
    .on_beat = on_beat,
    .on_closed = on_closed,
};

void yk_redis_conn_init(struct yk_redis_conn *conn, bool beats)
{
    conn->link.ops = beats ? &beating_ops : &silent_ops;
    yk_link_init(&conn->link);
}

void yk_redis_conn_aim(struct yk_redis_conn *conn,
                       const struct yk_redis_address *address)
{
    conn->link.host = address->host;
    conn->link.port = address->port;
}
