#include "store/postgres_channels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "store/postgres_command.h"
#include "store/postgres_piece.h"
#include "store/postgres_statement.h"
#include "store/store.h"

#include "core/banned.h"

/* A statement that has been sent, and the topic that it makes ready. */
struct sent {
    struct yk_list node;
    size_t len; /* 0: none. */
    char name[YOKE_STORE_KEY_MAX];
};

static const struct yk_pg_params no_params = {.count = 0};

static bool is_up(const struct yk_pg_channels *channels)
{
    return channels->conn.state == YK_LINK_UP;
}

static struct yk_pg_channels *channels_of(struct yk_pg_conn *conn)
{
    return conn->owner;
}

/* ---- Sending ---- */

static void send_command(struct yk_pg_channels *channels, const char *sql,
                         struct yk_slice name)
{
    struct sent *sent = yk_alloc(sizeof(*sent));

    sent->len = name.len;
    if (name.len > 0)
        memcpy(sent->name, name.ptr, name.len);
    yk_list_add(&channels->sent, &sent->node);
    yk_pg_query(&channels->conn, sql, &no_params);
}

static void send_listen(struct yk_pg_channels *channels, struct yk_slice name)
{
    char channel[YK_PG_CHANNEL_SIZE], sql[64];

    yk_pg_channel(channel, channels->conn.target, name);
    snprintf(sql, sizeof(sql), "LISTEN %s", channel);
    send_command(channels, sql, name);
}

/* Listens again to all. */
static void listen_to_all(struct yk_pg_channels *channels)
{
    struct yk_skip_node *node = channels->store->topics.by_name.heads[0];

    for (; node; node = yk_skip_next(node)) {
        struct yk_topic *topic = node->item;
        if (topic->is_listened)
            send_listen(channels, yk_topic_name(topic));
    }
    yk_pg_conn_sync(&channels->conn);
}

/* ---- Messages ---- */

/* It cannot be put together: whoever listens to it has missed one. */
static void miss(struct yk_pg_channels *channels, struct yk_slice name)
{
    struct yk_skip_node *node =
        yk_skip_find(&channels->store->topics.by_name, name);

    if (!node)
        return;
    yk_topic_break(node->item);
    yk_topic_ready(channels->store, node->item);
}

static struct yk_slice name_in(const char *bytes, size_t len)
{
    size_t name_len = (unsigned char)bytes[0];
    return (struct yk_slice){bytes + 1, name_len < len ? name_len : 0};
}

static void tell_whole(struct yk_pg_channels *channels)
{
    struct yk_inbox *whole = &channels->whole;
    struct yk_slice name = name_in(whole->bytes, whole->len);
    size_t head = 1 + name.len, len = whole->len - head;

    if (yk_inbox_add(whole, "", 1) == 0)
        yk_topics_tell(channels->store, name, whole->bytes + head, len);
    else
        miss(channels, name);
    yk_inbox_drop(whole, whole->len);
    channels->next_piece = 0;
}

/* True when it begins a message, or is the next of the one that has begun. */
static bool fits(struct yk_pg_channels *channels,
                 const struct yk_pg_piece *piece)
{
    size_t max = channels->store->max_value_len + 1 + YOKE_STORE_KEY_MAX;

    if (piece->number == 0) {
        yk_inbox_drop(&channels->whole, channels->whole.len);
        channels->next_piece = 0;
        channels->whole_len = piece->whole_len;
        memcpy(channels->id, piece->id, sizeof(channels->id));
    }
    return piece->number == channels->next_piece && piece->whole_len <= max &&
           piece->whole_len == channels->whole_len &&
           channels->whole.len + piece->len <= channels->whole_len &&
           strcmp(channels->id, piece->id) == 0;
}

static void take_piece(struct yk_pg_channels *channels,
                       const struct yk_pg_piece *piece)
{
    if (!fits(channels, piece) ||
        yk_inbox_add(&channels->whole, piece->bytes, piece->len) < 0) {
        channels->next_piece = 0;
        if (piece->number == 0)
            miss(channels, name_in(piece->bytes, piece->len));
        return;
    }
    channels->next_piece++;
    if (channels->whole.len == channels->whole_len)
        tell_whole(channels);
}

/* ---- The connection ---- */

static void on_notify(struct yk_pg_conn *conn, const PGnotify *notify)
{
    struct yk_pg_piece piece;

    /* Others may notify what they like. */
    if (yk_pg_piece_parse(&piece, notify->extra) == 0)
        take_piece(channels_of(conn), &piece);
}

static void on_connected(struct yk_pg_conn *conn)
{
    yk_pg_greeting_start(&channels_of(conn)->greeting);
}

static void on_result(struct yk_pg_conn *conn, PGresult *result)
{
    struct yk_pg_channels *channels = channels_of(conn);
    char why[YOKE_STORE_TEXT_MAX];

    if (!is_up(channels)) {
        yk_pg_greeting_result(&channels->greeting, result);
        return;
    }
    struct yk_list *node = yk_list_take(&channels->sent);
    if (node)
        yk_list_add(&channels->done, node);
    if (yk_libpq.PQresultStatus(result) == PGRES_FATAL_ERROR)
        yk_pg_conn_break(conn, yk_pg_text(result, why));
    yk_libpq.PQclear(result);
}

static void tell_ready(struct yk_pg_channels *channels, const struct sent *sent)
{
    struct yk_slice name = {sent->name, sent->len};
    struct yk_skip_node *node =
        yk_skip_find(&channels->store->topics.by_name, name);

    if (node)
        yk_topic_ready(channels->store, node->item);
}

static void on_sync(struct yk_pg_conn *conn)
{
    struct yk_pg_channels *channels = channels_of(conn);
    struct yk_list *node;

    if (!is_up(channels)) {
        if (!yk_pg_greeting_sync(&channels->greeting))
            return;
        yk_pg_conn_up(conn);
        listen_to_all(channels);
        return;
    }
    while ((node = yk_list_take(&channels->done))) {
        struct sent *sent = YK_CONTAINER_OF(node, struct sent, node);
        if (sent->len > 0)
            tell_ready(channels, sent);
        free(sent);
    }
}

static void free_sent(struct yk_list *list)
{
    struct yk_list *node;

    while ((node = yk_list_take(list)))
        free(YK_CONTAINER_OF(node, struct sent, node));
}

static void forget(struct yk_pg_channels *channels)
{
    free_sent(&channels->sent);
    free_sent(&channels->done);
    yk_inbox_clear(&channels->whole);
    channels->next_piece = 0;
}

static void on_break(struct yk_pg_conn *conn, const char *why)
{
    (void)why;
    forget(channels_of(conn));
    yk_topics_break(channels_of(conn)->store);
}

static void on_beat(struct yk_pg_conn *conn)
{
    send_command(channels_of(conn), "SELECT 1", YK_LIT(""));
    yk_pg_conn_sync(conn);
}

static void on_closed(struct yk_pg_conn *conn)
{
    struct yk_pg_channels *channels = channels_of(conn);

    forget(channels);
    yk_skip_done(&channels->listened);
    channels->on_closed(channels->store);
}

static const struct yk_pg_conn_ops ops = {
    .on_connected = on_connected,
    .on_result = on_result,
    .on_sync = on_sync,
    .on_notify = on_notify,
    .on_break = on_break,
    .on_beat = on_beat,
    .on_closed = on_closed,
};

void yk_pg_channels_init(struct yk_pg_channels *channels)
{
    channels->conn.ops = &ops;
    channels->conn.owner = channels;
    channels->greeting.conn = &channels->conn;
    yk_skip_init(&channels->listened);
    yk_list_init(&channels->sent);
    yk_list_init(&channels->done);
    yk_pg_conn_init(&channels->conn);
}

/* ---- Topics ---- */

/* How many topics have the channel's name after `by` more. */
static uintptr_t count_topics(struct yk_pg_channels *channels,
                              struct yk_slice channel, intptr_t by)
{
    struct yk_skip_node *node = yk_skip_find(&channels->listened, channel);

    if (!node)
        node = yk_skip_add(&channels->listened, channel, NULL);
    if (!node)
        return 1; /* No memory: it is never counted, and never left. */
    uintptr_t count = (uintptr_t)node->item + (uintptr_t)by;
    node->item = (void *)count;
    if (count == 0)
        yk_skip_remove(&channels->listened, channel);
    return count;
}

void yk_pg_channels_add(struct yk_pg_channels *channels, struct yk_topic *topic)
{
    char channel[YK_PG_CHANNEL_SIZE];

    yk_pg_channel(channel, channels->conn.target, yk_topic_name(topic));
    count_topics(channels, yk_slice_of(channel), 1);
    yk_pg_conn_hold_loop(&channels->conn, true);
    if (!is_up(channels)) {
        yk_pg_conn_start(&channels->conn);
        return;
    }
    send_listen(channels, yk_topic_name(topic));
    yk_pg_conn_sync(&channels->conn);
}

void yk_pg_channels_remove(struct yk_pg_channels *channels,
                           struct yk_topic *topic)
{
    char channel[YK_PG_CHANNEL_SIZE], sql[64];

    yk_pg_channel(channel, channels->conn.target, yk_topic_name(topic));
    uintptr_t left = count_topics(channels, yk_slice_of(channel), -1);
    if (channels->store->topics.by_name.count <= 1)
        yk_pg_conn_hold_loop(&channels->conn, false);
    if (left > 0 || !is_up(channels))
        return;
    snprintf(sql, sizeof(sql), "UNLISTEN %s", channel);
    send_command(channels, sql, YK_LIT(""));
    yk_pg_conn_sync(&channels->conn);
}

void yk_pg_channels_close(struct yk_pg_channels *channels)
{
    yk_pg_conn_close(&channels->conn);
}
