/* Who listens to what: the subscriptions of this process, by channel.
 *
 * A backend knows topics, one for each channel, however many subscribers it
 * has. It says when messages begin to come (yk_topic_ready), hands them over
 * (yk_topics_tell), and says when some may have been lost (yk_topic_missed). */
#ifndef YK_STORE_TOPICS_H
#define YK_STORE_TOPICS_H

#include <stdbool.h>
#include <stdint.h>

#include <yoke/store.h>

#include "core/list.h"
#include "core/slice.h"
#include "store/skip.h"

/* Most subscriptions of a store. */
#define YK_SUBSCRIPTIONS_MAX 65536

/* A channel that somebody listens to. */
struct yk_topic {
    struct yk_skip_node *node; /* Its name, with the prefix, is the key. */
    struct yk_list subscriptions;
    unsigned walks;   /* Somebody goes through them. */
    bool is_ready;    /* Messages come. */
    bool is_listened; /* The backend knows of it. */
    bool has_missed;  /* Since it was ready last. */
    void *tag;        /* The backend's. */
};

struct yk_topics {
    struct yk_skip by_name;
    struct yk_list fresh; /* Subscriptions that wait for the loop. */
    size_t count;         /* Subscriptions. */
};

void yk_topics_init(struct yk_topics *topics);

/* The name of a topic: the channel with the prefix; a NUL is behind it. */
struct yk_slice yk_topic_name(const struct yk_topic *topic);

/* Begins a subscription; the outcome waits for yk_topics_flush. `err`: it is
 * wrong, which is told then. */
yoke_subscription *yk_topics_add(yoke_store *store, struct yk_slice name,
                                 int err, yoke_store_message_fn *fn,
                                 void *data);

/* Carries out what subscriptions wait for: listens, tells. */
void yk_topics_flush(yoke_store *store);

/* Messages of this topic come from now on. Tells READY; and MISSED before, when
 * it had been ready earlier. */
void yk_topic_ready(yoke_store *store, struct yk_topic *topic);

/* Messages of all topics, or one, do not come any more: READY follows later. */
void yk_topics_break(yoke_store *store);
void yk_topic_break(struct yk_topic *topic);

/* Messages of any topic may have been lost; they go on coming. Tells MISSED and
 * READY. */
void yk_topics_miss(yoke_store *store);

/* A message has come; `name` is the channel's with the prefix. `ptr` has a NUL
 * behind it. */
void yk_topics_tell(yoke_store *store, struct yk_slice name, const void *ptr,
                    size_t len);

/* Whether some wait for yk_topics_flush. */
bool yk_topics_wait(const yoke_store *store);

/* Ends all. */
void yk_topics_end(yoke_store *store, int err);

#endif
