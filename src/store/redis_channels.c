#include "store/redis_channels.h"

#include <string.h>

#include "store/store.h"

static void send_command(struct yk_redis_channels *channels,
                         struct yk_slice name, struct yk_slice channel)
{
    yk_redis_begin(&channels->conn, 2);
    yk_redis_argument(&channels->conn, name);
    yk_redis_argument(&channels->conn, channel);
}

static bool is_up(const struct yk_redis_channels *channels)
{
    return channels->conn.link.state == YK_LINK_UP;
}

static void on_up(struct yk_redis_conn *conn)
{
    struct yk_redis_channels *channels = conn->owner;
    struct yk_skip_node *node = channels->store->topics.by_name.heads[0];

    for (; node; node = yk_skip_next(node)) {
        struct yk_topic *topic = node->item;
        if (topic->is_listened)
            send_command(channels, YK_LIT("SUBSCRIBE"), yk_topic_name(topic));
    }
    yk_link_flush(&conn->link);
}

static struct yk_slice element(const redisReply *reply, size_t n)
{
    const redisReply *one = n < reply->elements ? reply->element[n] : NULL;

    if (!one || one->type != REDIS_REPLY_STRING)
        return YK_LIT("");
    return (struct yk_slice){one->str, (size_t)one->len};
}

/* ["message", channel, bytes], ["subscribe", channel, n] and others. */
static void on_reply(struct yk_redis_conn *conn, redisReply *reply)
{
    struct yk_redis_channels *channels = conn->owner;
    yoke_store *store = channels->store;

    if (reply->type != REDIS_REPLY_ARRAY)
        return;
    struct yk_slice kind = element(reply, 0), name = element(reply, 1);
    if (yk_slice_eq(kind, YK_LIT("message"))) {
        struct yk_slice bytes = element(reply, 2);
        yk_topics_tell(store, name, bytes.ptr, bytes.len);
        return;
    }
    struct yk_skip_node *node = yk_skip_find(&store->topics.by_name, name);
    if (node && yk_slice_eq(kind, YK_LIT("subscribe")))
        yk_topic_ready(store, node->item);
}

static void on_break(struct yk_redis_conn *conn, const char *why)
{
    struct yk_redis_channels *channels = conn->owner;

    (void)why;
    yk_topics_break(channels->store);
    if (channels->on_break)
        channels->on_break(channels->store);
}

static void on_closed(struct yk_redis_conn *conn)
{
    struct yk_redis_channels *channels = conn->owner;
    channels->on_closed(channels->store);
}

void yk_redis_channels_init(struct yk_redis_channels *channels)
{
    channels->conn.owner = channels;
    channels->conn.on_reply = on_reply;
    channels->conn.on_up = on_up;
    channels->conn.on_break = on_break;
    channels->conn.on_closed = on_closed;
    yk_redis_conn_init(&channels->conn, true);
}

void yk_redis_channels_start(struct yk_redis_channels *channels)
{
    const struct yk_link *link = &channels->conn.link;

    if (channels->store->topics.by_name.count > 0 &&
        (link->path || *link->host))
        yk_link_start(&channels->conn.link);
}

void yk_redis_channels_add(struct yk_redis_channels *channels,
                           struct yk_topic *topic)
{
    yk_link_hold_loop(&channels->conn.link, true);
    if (is_up(channels)) {
        send_command(channels, YK_LIT("SUBSCRIBE"), yk_topic_name(topic));
        yk_link_flush(&channels->conn.link);
        return;
    }
    yk_redis_channels_start(channels);
}

void yk_redis_channels_remove(struct yk_redis_channels *channels,
                              struct yk_topic *topic)
{
    if (channels->store->topics.by_name.count <= 1)
        yk_link_hold_loop(&channels->conn.link, false);
    if (!is_up(channels))
        return;
    send_command(channels, YK_LIT("UNSUBSCRIBE"), yk_topic_name(topic));
    yk_link_flush(&channels->conn.link);
}

void yk_redis_channels_close(struct yk_redis_channels *channels)
{
    yk_link_close(&channels->conn.link);
}
