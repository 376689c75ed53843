/* The part of the conformance suite that is about channels. */
#include "channels.h"
#include "fixture.h"

struct ear {
    int ready, messages, missed, ended;
    int err;
    char last[64];
    size_t last_len;
    char channel[64];
    yoke_subscription *leaves; /* At the first message. */
};

static void on_message(const struct yoke_store_message *message, void *data)
{
    struct ear *ear = data;

    ear->ready += message->event == YOKE_STORE_READY;
    ear->missed += message->event == YOKE_STORE_MISSED;
    if (message->event == YOKE_STORE_ENDED) {
        ear->ended++;
        ear->err = message->err;
    }
    if (message->event != YOKE_STORE_MESSAGE)
        return;
    ear->messages++;
    ear->last_len = message->len;
    snprintf(ear->last, sizeof(ear->last), "%s", (const char *)message->ptr);
    snprintf(ear->channel, sizeof(ear->channel), "%s", message->channel);
    yoke_unsubscribe(ear->leaves);
    ear->leaves = NULL;
}

static yoke_subscription *listen_to(const char *channel, struct ear *ear)
{
    yoke_subscription *sub =
        yoke_store_subscribe(store, channel, on_message, ear);
    assert_non_null(sub);
    assert_int_equal(ear->ready + ear->ended, 0);
    wait_count(&ear->ready, 1);
    return sub;
}

static void a_message_reaches_every_subscriber_of_its_channel(void **state)
{
    struct ear first = {.ready = 0}, second = {.ready = 0},
               other = {.ready = 0};
    (void)state;
    if (!kind->has_channels)
        return;
    yoke_subscription *subs[] = {listen_to("news", &first),
                                 listen_to("news", &second),
                                 listen_to("sport", &other)};
    assert_int_equal(publish(store, "news", "hello")->err, 0);
    wait_count(&first.messages, 1);
    wait_count(&second.messages, 1);
    assert_string_equal(first.last, "hello");
    assert_int_equal(first.last_len, 5);
    assert_string_equal(second.channel, "news");
    assert_int_equal(other.messages, 0);
    publish(store, "sport", "");
    wait_count(&other.messages, 1);
    assert_int_equal(other.last_len, 0);
    for (size_t i = 0; i < COUNT_OF(subs); i++)
        yoke_unsubscribe(subs[i]);
    publish(store, "news", "nobody");
    run_for(30);
    assert_int_equal(first.messages + second.messages, 2);
}

static void a_subscriber_may_leave_while_it_is_told(void **state)
{
    struct ear first = {.ready = 0}, second = {.ready = 0};
    (void)state;
    if (!kind->has_channels)
        return;
    first.leaves = listen_to("news", &first);
    yoke_subscription *stays = listen_to("news", &second);
    publish(store, "news", "1");
    publish(store, "news", "2");
    wait_count(&second.messages, 2);
    assert_int_equal(first.messages, 1);
    yoke_unsubscribe(stays);
    struct ear third = {.ready = 0};
    third.leaves = listen_to("news", &third);
    publish(store, "news", "3");
    wait_count(&third.messages, 1);
}

static void messages_come_in_order(void **state)
{
    struct ear ear = {.ready = 0};
    char text[16];
    (void)state;
    if (!kind->has_channels)
        return;
    yoke_subscription *sub = listen_to("news", &ear);
    for (int i = 1; i <= 500; i++) {
        snprintf(text, sizeof(text), "%d", i);
        yoke_store_publish(store, "news", text, strlen(text), NULL, NULL);
    }
    wait_count(&ear.messages, 500);
    assert_string_equal(ear.last, "500");
    yoke_unsubscribe(sub);
}

static void channels_that_cannot_be_are_refused(void **state)
{
    struct ear ear = {.ready = 0};
    (void)state;
    int wanted = kind->has_channels ? -EINVAL : -ENOTSUP;
    assert_non_null(yoke_store_subscribe(store, "", on_message, &ear));
    assert_int_equal(ear.ended, 0);
    wait_count(&ear.ended, 1);
    assert_int_equal(ear.err, wanted);
    /* One that is taken back before it is told is not told. */
    yoke_unsubscribe(yoke_store_subscribe(store, "a b", on_message, &ear));
    yoke_unsubscribe(yoke_store_subscribe(store, "good", on_message, &ear));
    run_for(10);
    assert_int_equal(ear.ended, 1);
    assert_int_equal(ear.ready, 0);
    assert_int_equal(yoke_store_has_channels(store), kind->has_channels);
    if (kind->has_channels)
        return;
    const struct answer *refused = publish(store, "news", "x");
    assert_int_equal(refused->err, -ENOTSUP);
    assert_non_null(strstr(refused->text, "no channels"));
}

static void subscriptions_end_with_the_store(void **state)
{
    struct ear first = {.ready = 0}, second = {.ready = 0}, late = {.ready = 0};
    (void)state;
    if (!kind->has_channels)
        return;
    listen_to("news", &first);
    listen_to("news", &second);
    yoke_store_subscribe(store, "news", on_message, &late);
    close_store(store);
    assert_int_equal(first.ended, 1);
    assert_int_equal(first.err, -ECANCELED);
    assert_int_equal(second.ended, 1);
    assert_int_equal(late.ended, 1);
    store = NULL;
}

struct last_wish {
    struct answer answer;
    struct ear ear;
    yoke_subscription *own;
};

static void on_end(const struct yoke_store_message *message, void *data)
{
    struct last_wish *wish = data;

    wish->ear.ready += message->event == YOKE_STORE_READY;
    if (message->event != YOKE_STORE_ENDED)
        return;
    yoke_unsubscribe(wish->own);
    yoke_store_get(store, "k", on_answer, &wish->answer);
    yoke_store_subscribe(store, "other", on_message, &wish->ear);
}

/* The store is as good as gone, and still answers. */
static void what_begins_when_a_subscription_ends_is_answered(void **state)
{
    struct last_wish wish = {.own = NULL};
    (void)state;
    if (!kind->has_channels)
        return;
    wish.own = yoke_store_subscribe(store, "news", on_end, &wish);
    wait_count(&wish.ear.ready, 1);
    close_store(store);
    assert_int_equal(wish.answer.count, 1);
    assert_int_equal(wish.answer.err, -ECANCELED);
    assert_int_equal(wish.ear.ended, 1);
    assert_int_equal(wish.ear.err, -ECANCELED);
    free(wish.answer.value);
    store = NULL;
}

int run_channel_tests(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(a_message_reaches_every_subscriber_of_its_channel),
        WITH_STORE(a_subscriber_may_leave_while_it_is_told),
        WITH_STORE(messages_come_in_order),
        WITH_STORE(channels_that_cannot_be_are_refused),
        WITH_STORE(subscriptions_end_with_the_store),
        WITH_STORE(what_begins_when_a_subscription_ends_is_answered),
    };
    return cmocka_run_group_tests_name("channels", tests, NULL, NULL);
}
