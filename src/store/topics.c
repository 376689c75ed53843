#include "store/topics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/error.h>

#include "core/alloc.h"
#include "store/store.h"

struct yoke_subscription {
    struct yk_list node; /* In its topic. */
    struct yk_list wait; /* Among the fresh ones. */
    yoke_store *store;
    struct yk_topic *topic;    /* NULL: it is wrong. */
    yoke_store_message_fn *fn; /* NULL: ended while its topic is walked. */
    void *data;
    int err;
    bool is_told_ready;
    bool is_ending; /* Its last event is being told. */
};

void yk_topics_init(struct yk_topics *topics)
{
    yk_skip_init(&topics->by_name);
    yk_list_init(&topics->fresh);
}

struct yk_slice yk_topic_name(const struct yk_topic *topic)
{
    return (struct yk_slice){topic->node->key, topic->node->key_len};
}

/* ---- Adding and removing ---- */

static struct yk_topic *topic_of(struct yk_topics *topics, struct yk_slice name)
{
    struct yk_skip_node *node = yk_skip_find(&topics->by_name, name);
    if (node)
        return node->item;
    struct yk_topic *topic = yk_try_alloc(sizeof(*topic));
    if (!topic)
        return NULL;
    *topic = (struct yk_topic){
        .node = yk_skip_add(&topics->by_name, name, topic),
    };
    yk_list_init(&topic->subscriptions);
    if (topic->node)
        return topic;
    free(topic);
    return NULL;
}

yoke_subscription *yk_topics_add(yoke_store *store, struct yk_slice name,
                                 int err, yoke_store_message_fn *fn, void *data)
{
    yoke_subscription *sub = yk_alloc(sizeof(*sub));
    struct yk_topics *topics = &store->topics;

    *sub = (yoke_subscription){
        .store = store,
        .fn = fn,
        .data = data,
        .err = err,
    };
    yk_list_init(&sub->node);
    yk_list_init(&sub->wait);
    if (err == 0 && topics->count >= YK_SUBSCRIPTIONS_MAX)
        sub->err = -YOKE_EFULL;
    else if (err == 0 && !(sub->topic = topic_of(topics, name)))
        sub->err = -ENOMEM;
    if (sub->topic)
        yk_list_add(&sub->topic->subscriptions, &sub->node);
    topics->count++;
    yk_list_add(&topics->fresh, &sub->wait);
    yk_store_wake(store);
    return sub;
}

static void free_subscription(yoke_subscription *sub)
{
    yk_list_remove(&sub->node);
    yk_list_remove(&sub->wait);
    sub->store->topics.count--;
    free(sub);
}

static void free_topic(yoke_store *store, struct yk_topic *topic)
{
    const struct yk_store_backend *backend = store->backend;

    if (topic->is_listened && backend->unlisten && !store->is_backend_closed)
        backend->unlisten(store, topic);
    yk_skip_remove(&store->topics.by_name, yk_topic_name(topic));
    free(topic);
}

/* Frees what has ended during a walk, and the topic if nobody is left. */
static void tidy(yoke_store *store, struct yk_topic *topic)
{
    if (topic->walks > 0)
        return;
    YK_LIST_EACH(node, &topic->subscriptions)
    {
        yoke_subscription *sub = YK_CONTAINER_OF(node, yoke_subscription, node);
        if (!sub->fn)
            free_subscription(sub);
    }
    if (yk_list_is_empty(&topic->subscriptions))
        free_topic(store, topic);
}

void yoke_unsubscribe(yoke_subscription *sub)
{
    if (!sub || sub->is_ending)
        return;
    struct yk_topic *topic = sub->topic;
    yoke_store *store = sub->store;
    if (!topic) {
        free_subscription(sub);
        return;
    }
    yk_list_remove(&sub->wait);
    sub->fn = NULL;
    tidy(store, topic);
}

/* ---- Telling ---- */

static void tell(yoke_subscription *sub, enum yoke_store_event event,
                 struct yk_slice bytes)
{
    const char *name =
        sub->topic ? yk_store_bare(sub->store, sub->topic->node->key) : "";
    struct yoke_store_message message = {
        .event = event,
        .err = event == YOKE_STORE_ENDED ? sub->err : 0,
        .channel = name,
        .ptr = bytes.ptr,
        .len = bytes.len,
    };
    if (event == YOKE_STORE_MESSAGE)
        sub->store->stats.messages++;
    sub->fn(&message, sub->data);
}

static void tell_ready(yoke_subscription *sub)
{
    if (sub->is_told_ready && sub->topic->has_missed)
        tell(sub, YOKE_STORE_MISSED, YK_LIT(""));
    sub->is_told_ready = true;
    if (sub->fn)
        tell(sub, YOKE_STORE_READY, YK_LIT(""));
}

/* Calls `fn` for each subscriber; any of them may end during that. */
static void walk(yoke_store *store, struct yk_topic *topic,
                 void (*fn)(yoke_subscription *sub, struct yk_slice bytes),
                 struct yk_slice bytes)
{
    topic->walks++;
    YK_LIST_EACH(node, &topic->subscriptions)
    {
        yoke_subscription *sub = YK_CONTAINER_OF(node, yoke_subscription, node);
        if (sub->fn)
            fn(sub, bytes);
    }
    topic->walks--;
    tidy(store, topic);
}

static void walk_ready(yoke_subscription *sub, struct yk_slice bytes)
{
    (void)bytes;
    yk_list_remove(&sub->wait);
    tell_ready(sub);
}

static void walk_message(yoke_subscription *sub, struct yk_slice bytes)
{
    if (sub->is_told_ready)
        tell(sub, YOKE_STORE_MESSAGE, bytes);
}

void yk_topic_ready(yoke_store *store, struct yk_topic *topic)
{
    if (topic->is_ready)
        return;
    topic->is_ready = true;
    topic->walks++;
    walk(store, topic, walk_ready, YK_LIT(""));
    topic->has_missed = false;
    topic->walks--;
    tidy(store, topic);
}

void yk_topic_break(struct yk_topic *topic)
{
    topic->has_missed = topic->has_missed || topic->is_ready;
    topic->is_ready = false;
}

void yk_topics_break(yoke_store *store)
{
    for (struct yk_skip_node *node = store->topics.by_name.heads[0]; node;
         node = yk_skip_next(node))
        yk_topic_break(node->item);
}

/* A callback may end its topic, or others: each is looked for anew. */
void yk_topics_miss(yoke_store *store)
{
    char name[YOKE_STORE_KEY_MAX + 2];
    struct yk_skip_node *node = store->topics.by_name.heads[0];

    while (node) {
        struct yk_slice next = {name, node->key_len + 1};
        memcpy(name, node->key, node->key_len);
        name[node->key_len] = '\0'; /* What is just behind it. */
        struct yk_topic *topic = node->item;
        if (topic->is_ready) {
            yk_topic_break(topic);
            yk_topic_ready(store, topic);
        }
        node = yk_skip_from(&store->topics.by_name, next);
    }
}

void yk_topics_tell(yoke_store *store, struct yk_slice name, const void *ptr,
                    size_t len)
{
    struct yk_skip_node *node = yk_skip_find(&store->topics.by_name, name);
    struct yk_slice bytes = {ptr, len};

    if (node)
        walk(store, node->item, walk_message, bytes);
}

/* ---- What waits ---- */

static void end(yoke_subscription *sub)
{
    struct yk_topic *topic = sub->topic;
    yoke_store *store = sub->store;

    sub->is_ending = true;
    tell(sub, YOKE_STORE_ENDED, YK_LIT(""));
    sub->fn = NULL;
    if (topic)
        tidy(store, topic);
    else
        free_subscription(sub);
}

static void take_up(yoke_store *store, yoke_subscription *sub)
{
    struct yk_topic *topic = sub->topic;
    const struct yk_store_backend *backend = store->backend;

    if (sub->err) {
        end(sub);
        return;
    }
    if (topic->is_listened) {
        /* A walk's end may free it. */
        topic->walks++;
        if (topic->is_ready && !sub->is_told_ready)
            tell_ready(sub);
        topic->walks--;
        tidy(store, topic);
        return;
    }
    topic->is_listened = true;
    if (backend->listen)
        backend->listen(store, topic);
    else
        yk_topic_ready(store, topic);
}

void yk_topics_flush(yoke_store *store)
{
    struct yk_list fresh;
    struct yk_list *node;

    yk_list_init(&fresh);
    yk_list_move_all(&fresh, &store->topics.fresh);
    while ((node = yk_list_take(&fresh)))
        take_up(store, YK_CONTAINER_OF(node, yoke_subscription, wait));
}

bool yk_topics_wait(const yoke_store *store)
{
    return !yk_list_is_empty(&store->topics.fresh);
}

void yk_topics_end(yoke_store *store, int err)
{
    struct yk_skip_node *node;
    struct yk_list *fresh;

    while ((fresh = yk_list_take(&store->topics.fresh))) {
        yoke_subscription *sub =
            YK_CONTAINER_OF(fresh, yoke_subscription, wait);
        if (!sub->topic)
            end(sub);
    }
    while ((node = store->topics.by_name.heads[0])) {
        struct yk_topic *topic = node->item;
        yoke_subscription *sub =
            YK_CONTAINER_OF(topic->subscriptions.next, yoke_subscription, node);
        sub->err = err;
        end(sub);
    }
}
