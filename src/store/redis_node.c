#include "store/redis_node.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <yoke/error.h>

#include "core/banned.h"

bool yk_redis_node_is_ready(const struct yk_redis_node *node)
{
    return node->conn.link.state == YK_LINK_UP &&
           node->loaded == YK_SCRIPT_COUNT;
}

/* ---- Calls ---- */

static void send_call(struct yk_redis_node *node, struct yk_call *call,
                      const struct yk_redis_hashes *hashes)
{
    if (call->step & YK_REDIS_ASK) {
        yk_redis_begin(&node->conn, 1);
        yk_redis_argument(&node->conn, YK_LIT("ASKING"));
        call->step |= YK_REDIS_ASKING;
    }
    yk_redis_command(&node->conn, call, hashes);
    yk_list_add(&node->sent, &call->node);
}

void yk_redis_node_run(struct yk_redis_node *node, struct yk_call *call)
{
    if (call->is_late)
        yk_call_fail(call, -ETIMEDOUT, NULL);
    else if (yk_redis_node_is_ready(node))
        send_call(node, call, &node->hashes);
    else if (!node->has_tried)
        yk_list_add(&node->waiting, &call->node);
    else
        yk_call_fail(call, -YOKE_EUNAVAILABLE, node->why);
}

void yk_redis_node_flush(struct yk_redis_node *node)
{
    yk_link_flush(&node->conn.link);
}

void yk_redis_node_fail(struct yk_redis_node *node, int err, const char *why)
{
    yk_calls_fail(&node->sent, err, why);
    yk_calls_fail(&node->waiting, err, why);
}

void yk_redis_node_give_up(struct yk_redis_node *node, const char *why)
{
    node->has_tried = true;
    if (why != node->why)
        snprintf(node->why, sizeof(node->why), "%s", why);
    yk_calls_fail(&node->waiting, -YOKE_EUNAVAILABLE, node->why);
}

bool yk_redis_node_has_late(const struct yk_redis_node *node)
{
    YK_LIST_EACH(item, &node->sent)
    {
        if (yk_call_of(item)->is_late)
            return true;
    }
    return false;
}

/* ---- Replies ---- */

static void send_waiting(struct yk_redis_node *node)
{
    struct yk_list waiting, *item;

    yk_list_init(&waiting);
    yk_list_move_all(&waiting, &node->waiting);
    while ((item = yk_list_take(&waiting)))
        yk_redis_node_run(node, yk_call_of(item));
    yk_redis_node_flush(node);
}

/* Mostly a user who may not load any. */
static void refuse_scripts(struct yk_redis_node *node, const redisReply *reply)
{
    char why[YOKE_STORE_TEXT_MAX];
    bool is_error = reply->type == REDIS_REPLY_ERROR;

    snprintf(why, sizeof(why), "the server takes no scripts%s%.200s",
             is_error ? ": " : "", is_error ? reply->str : "");
    yk_link_break(&node->conn.link, why);
}

/* The first replies tell the scripts' hashes. */
static void take_hash(struct yk_redis_node *node, const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_STRING || reply->len != YK_SCRIPT_HASH_LEN) {
        refuse_scripts(node, reply);
        return;
    }
    memcpy(node->hashes.text[node->loaded++], reply->str,
           YK_SCRIPT_HASH_LEN + 1);
    if (node->loaded < YK_SCRIPT_COUNT)
        return;
    node->has_tried = true;
    node->why[0] = '\0';
    send_waiting(node);
    node->ops->on_ready(node);
}

/* True when an error is not the end of the call. */
static bool goes_on(struct yk_redis_node *node, struct yk_call *call,
                    const redisReply *reply)
{
    bool in_full;

    if (reply->type != REDIS_REPLY_ERROR)
        return false;
    if (!yk_redis_sends_again(call, reply->str, &in_full))
        return node->ops->on_error &&
               node->ops->on_error(node, call, reply->str);
    send_call(node, call, in_full ? NULL : &node->hashes);
    yk_redis_node_flush(node);
    return true;
}

static void on_reply(struct yk_redis_conn *conn, redisReply *reply)
{
    struct yk_redis_node *node = conn->owner;

    if (node->loaded < YK_SCRIPT_COUNT) {
        take_hash(node, reply);
        return;
    }
    if (yk_list_is_empty(&node->sent)) {
        yk_link_break(&conn->link, "the server answers what was not asked");
        return;
    }
    struct yk_call *call = yk_call_of(node->sent.next);
    if (call->step & YK_REDIS_ASKING) {
        call->step &= ~(unsigned)YK_REDIS_ASKING;
        return;
    }
    yk_list_remove(&call->node);
    if (!goes_on(node, call, reply))
        yk_redis_answer(call, reply, node->ops->cursor);
}

/* ---- The connection ---- */

static void on_up(struct yk_redis_conn *conn)
{
    struct yk_redis_node *node = conn->owner;

    node->loaded = 0;
    for (int i = 0; i < YK_SCRIPT_COUNT; i++) {
        yk_redis_begin(conn, 3);
        yk_redis_argument(conn, YK_LIT("SCRIPT"));
        yk_redis_argument(conn, YK_LIT("LOAD"));
        yk_redis_argument(conn, yk_slice_of(yk_redis_scripts[i]));
    }
    yk_link_flush(&conn->link);
}

static void on_break(struct yk_redis_conn *conn, const char *why)
{
    struct yk_redis_node *node = conn->owner;

    node->loaded = 0;
    node->has_tried = true;
    node->ops->on_break(node, why);
    snprintf(node->why, sizeof(node->why), "%s", why);
    yk_redis_node_fail(node, -YOKE_EUNAVAILABLE, node->why);
}

static void on_closed(struct yk_redis_conn *conn)
{
    struct yk_redis_node *node = conn->owner;
    node->ops->on_closed(node);
}

void yk_redis_node_init(struct yk_redis_node *node)
{
    struct yk_redis_conn *conn = &node->conn;

    yk_list_init(&node->sent);
    yk_list_init(&node->waiting);
    conn->owner = node;
    conn->on_reply = on_reply;
    conn->on_up = on_up;
    conn->on_break = on_break;
    conn->on_closed = on_closed;
    yk_redis_conn_init(conn, false);
}
