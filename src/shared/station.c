#include "shared/station.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <yoke/error.h>
#include <yoke/loop.h>

#include "core/alloc.h"
#include "shared/event.h"

#include "core/banned.h"

/* How long a number may be without its event, and how often that is looked at. */
#define HOLE_MS  1000
/* A number so far back is none that was late: numbers have begun anew. */
#define BACK_MAX 1000000

/* ---- Life ---- */

void yk_station_slot(const struct yk_station *station, uint64_t number,
                     char out[YK_NAME_SIZE])
{
    /* Of a name, a channel and five more there is room behind. */
    snprintf(out, YK_NAME_SIZE, "%.*s:%u", YK_NAME_SIZE - 12, station->slot,
             (unsigned)(number % station->broadcast->options.history));
}

size_t yk_station_first_number(const struct yk_station *station, char out[24])
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t number =
        (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    if (number < station->seen)
        number = station->seen;
    return (size_t)snprintf(out, 24, "%" PRIu64, number);
}

static struct yk_list *bucket_of(yoke_broadcast *broadcast, const char *channel)
{
    return &broadcast->stations[yk_name_hash(channel) % YK_STATION_BUCKETS];
}

static struct yk_station *new_station(yoke_broadcast *broadcast,
                                      const char *channel)
{
    struct yk_station *station = yk_alloc(sizeof(*station));

    station->broadcast = broadcast;
    snprintf(station->channel, sizeof(station->channel), "%s", channel);
    yk_name_make(station->key, broadcast->name, 'c', channel);
    yk_name_make(station->seq, broadcast->name, 'q', channel);
    yk_name_make(station->slot, broadcast->name, 'm', channel);
    yk_list_init(&station->hole);
    yk_list_init(&station->clients);
    yk_list_init(&station->sending);
    yk_list_add(bucket_of(broadcast, channel), &station->node);
    broadcast->stats.channels++;
    return station;
}

struct yk_station *yk_station_of(yoke_broadcast *broadcast, const char *channel)
{
    YK_LIST_EACH(node, bucket_of(broadcast, channel))
    {
        struct yk_station *station =
            YK_CONTAINER_OF(node, struct yk_station, node);
        if (strcmp(station->channel, channel) == 0)
            return station;
    }
    if (broadcast->stats.channels >= broadcast->options.max_channels)
        return NULL;
    return new_station(broadcast, channel);
}

void yk_station_release(struct yk_station *station)
{
    yoke_broadcast *broadcast = station->broadcast;

    if (yk_list_is_empty(&station->clients) && station->subscription) {
        yoke_unsubscribe(station->subscription);
        station->subscription = NULL;
        station->is_listening = false;
        yk_list_remove(&station->hole);
    }
    if (!yk_list_is_empty(&station->clients) || station->calls > 0 ||
        station->sending_count > 0)
        return;
    yk_list_remove(&station->node);
    yk_list_remove(&station->hole);
    free(station);
    broadcast->stats.channels--;
    yk_broadcast_free_if_idle(broadcast);
}

/* ---- Walks ---- */

void yk_station_remove_client(struct yk_station *station,
                              struct yk_client *client)
{
    for (struct yk_walk *walk = station->walks; walk; walk = walk->outer)
        if (walk->next == &client->node)
            walk->next = client->node.next;
    yk_list_remove(&client->node);
}

/* Calls `fn` for each client; the station stays, as its caller sees to. */
static void for_each(struct yk_station *station,
                     void (*fn)(struct yk_client *client, void *data),
                     void *data)
{
    struct yk_walk walk = {station->walks, station->clients.next};

    station->walks = &walk;
    while (walk.next != &station->clients) {
        struct yk_list *node = walk.next;
        walk.next = node->next;
        fn(YK_CONTAINER_OF(node, struct yk_client, node), data);
    }
    station->walks = walk.outer;
}

/* ---- Delivering ---- */

struct news {
    const struct yoke_sse_event *event;
    uint64_t number;
};

static void deliver_one(struct yk_client *client, void *data)
{
    const struct news *news = data;
    yk_client_deliver(client, news->event, news->number);
}

static void deliver(struct yk_station *station,
                    const struct yoke_sse_event *event, uint64_t number)
{
    station->broadcast->stats.received++;
    if (number > 0)
        station->last = number;
    for_each(station, deliver_one, &(struct news){event, number});
}

static void tell_one(struct yk_client *client, void *data)
{
    (void)data;
    yk_client_tell_missed(client);
}

static void tell_missed(struct yk_station *station)
{
    for_each(station, tell_one, NULL);
}

/* Numbers have begun anew, below those that were. */
static void begin_anew(struct yk_station *station, uint64_t last)
{
    station->last = station->seen = last;
    YK_LIST_EACH(node, &station->clients)
    {
        struct yk_client *client =
            YK_CONTAINER_OF(node, struct yk_client, node);
        if (client->last > last)
            client->last = last;
    }
    tell_missed(station);
}

/* ---- Reading on ---- */

static void end_one(struct yk_client *client, void *data)
{
    (void)data;
    yk_client_end(client);
}

void yk_station_end_clients(struct yk_station *station)
{
    station->calls++;
    for_each(station, end_one, NULL);
    station->calls--;
    yk_station_release(station);
}

/* An empty slot: its sender is about to fill it, or has died. True when it is to
 * be passed over. */
static bool has_waited_enough(struct yk_station *station, uint64_t number)
{
    uint64_t now = uv_now(yoke_loop());

    if (number <= station->hole_end && station->hole_due_ms <= now)
        return true;
    if (station->hole_due_ms == 0 || number > station->hole_end) {
        station->hole_due_ms = now + station->broadcast->options.late_ms;
        station->hole_end = station->seen;
    }
    if (yk_list_is_empty(&station->hole))
        yk_list_add(&station->broadcast->holes, &station->hole);
    yk_broadcast_tick(station->broadcast);
    return false;
}

/* One slot, of the next number. False when it has to be waited for. */
static bool take_slot(struct yk_station *station,
                      const struct yoke_store_item *item)
{
    struct yk_slice bytes = {item->value, item->len};
    struct yoke_sse_event event;
    uint64_t number = 0, wanted = station->last + 1;

    if (item->err == 0 && !yk_event_read(bytes, &event, &number))
        number = 0;
    if (number == wanted) {
        deliver(station, &event, number);
        return true;
    }
    if (number < wanted && !has_waited_enough(station, wanted))
        return false;
    if (number > wanted) /* It has been overtaken by a whole history. */
        tell_missed(station);
    station->last = wanted;
    return true;
}

static void on_slots(const struct yoke_store_result *result, void *data)
{
    struct yk_station *station = data;
    bool goes_on = result->err == 0 && station->is_listening;

    station->is_reading = false;
    for (size_t i = 0; goes_on && i < result->count; i++)
        goes_on = take_slot(station, &result->items[i]);
    if (goes_on && station->last >= station->seen)
        station->hole_due_ms = 0;
    if (goes_on)
        yk_station_read_on(station);
    else if (result->err && station->is_listening)
        /* They come back, and get what they have missed. */
        yk_station_end_clients(station);
    station->calls--;
    yk_station_release(station);
}

/* What is older than the history is lost. */
static void skip_lost(struct yk_station *station)
{
    uint32_t history = station->broadcast->options.history;

    if (station->seen - station->last <= history)
        return;
    tell_missed(station);
    station->last = station->seen - history;
}

void yk_station_read_on(struct yk_station *station)
{
    char names[YK_STATION_PAGE][YK_NAME_SIZE];
    const char *keys[YK_STATION_PAGE];
    size_t n = 0;

    if (station->is_reading || !station->is_listening ||
        station->last >= station->seen)
        return;
    skip_lost(station);
    for (uint64_t at = station->last; at < station->seen && n < YK_STATION_PAGE;
         at++, n++) {
        yk_station_slot(station, at + 1, names[n]);
        keys[n] = names[n];
    }
    station->is_reading = true;
    station->calls++;
    yoke_store_get_many(station->broadcast->options.store, keys, n, on_slots,
                        station);
}

/* ---- Listening ---- */

static void begin_one(struct yk_client *client, void *data)
{
    (void)data;
    if (client->state == YK_CLIENT_WAITING)
        yk_client_begin(client);
}

static void begin_clients(struct yk_station *station)
{
    station->is_listening = true;
    for_each(station, begin_one, NULL);
}

static void ask_seq(struct yk_station *station);

static void learn_seq(struct yk_station *station, uint64_t seq)
{
    if (!station->is_listening) {
        station->last = station->seen = seq;
        begin_clients(station);
        return;
    }
    if (seq < station->last)
        begin_anew(station, seq);
    if (seq > station->seen)
        station->seen = seq;
    yk_station_read_on(station);
}

/* By this one or by another: the numbers have begun. */
static void on_begun(const struct yoke_store_result *result, void *data)
{
    struct yk_station *station = data;
    bool is_known = result->err == 0 || result->err == -YOKE_ECONFLICT ||
                    result->err == -ENOENT;

    station->is_asking = station->asks_again = false;
    if (station->subscription && is_known)
        ask_seq(station);
    else if (station->subscription)
        yk_station_end_clients(station);
    station->calls--;
    yk_station_release(station);
}

/* What is there, if anything, is too low. */
static void begin_numbers(struct yk_station *station,
                          const struct yoke_store_result *low)
{
    yoke_store *store = station->broadcast->options.store;
    char text[24];
    size_t len = yk_station_first_number(station, text);

    station->calls++;
    if (low->err)
        yoke_store_add(store, station->seq, text, len, 0, on_begun, station);
    else
        yoke_store_replace(store, station->seq, low->version, text, len, 0,
                           on_begun, station);
}

static void take_seq(struct yk_station *station,
                     const struct yoke_store_result *result)
{
    int64_t seq = result->err ? 0 : strtoll(result->value, NULL, 10);

    if (result->err && result->err != -ENOENT) {
        station->is_asking = false;
        yk_station_end_clients(station);
    } else if (seq < YK_STATION_FIRST) {
        begin_numbers(station, result);
    } else if (station->asks_again) {
        station->is_asking = station->asks_again = false;
        ask_seq(station);
    } else {
        station->is_asking = false;
        learn_seq(station, (uint64_t)seq);
    }
}

static void on_seq(const struct yoke_store_result *result, void *data)
{
    struct yk_station *station = data;

    if (station->subscription)
        take_seq(station, result);
    else
        station->is_asking = station->asks_again = false;
    station->calls--;
    yk_station_release(station);
}

static void ask_seq(struct yk_station *station)
{
    if (station->is_asking) {
        station->asks_again = true;
        return;
    }
    station->is_asking = true;
    station->calls++;
    yoke_store_get(station->broadcast->options.store, station->seq, on_seq,
                   station);
}

static void on_event(struct yk_station *station,
                     const struct yoke_store_message *message)
{
    struct yk_slice bytes = {message->ptr, message->len};
    struct yoke_sse_event event;
    uint64_t number;

    if (!station->is_listening || !yk_event_read(bytes, &event, &number))
        return;
    if (station->broadcast->options.history == 0) {
        deliver(station, &event, 0);
        return;
    }
    if (number + BACK_MAX < station->last)
        begin_anew(station, number - 1);
    if (number > station->seen)
        station->seen = number;
    if (number == station->last + 1 && !station->is_reading)
        deliver(station, &event, number);
    yk_station_read_on(station);
}

/* The store is closed. */
static void on_ended(struct yk_station *station)
{
    station->subscription = NULL; /* It is gone with this event. */
    station->is_listening = false;
    yk_station_end_clients(station);
}

static void on_message(const struct yoke_store_message *message, void *data)
{
    struct yk_station *station = data;
    bool has_history = station->broadcast->options.history > 0;

    station->calls++; /* It stays until the end of this. */
    if (message->event == YOKE_STORE_MESSAGE)
        on_event(station, message);
    else if (message->event == YOKE_STORE_ENDED)
        on_ended(station);
    else if (has_history)
        ask_seq(station);
    else if (message->event == YOKE_STORE_MISSED)
        tell_missed(station);
    else if (!station->is_listening)
        begin_clients(station);
    station->calls--;
    yk_station_release(station);
}

void yk_station_listen(struct yk_station *station, struct yk_client *client)
{
    station->calls++; /* The client's. */
    yk_list_add(&station->clients, &client->node);
    if (!station->subscription)
        station->subscription =
            yoke_store_subscribe(station->broadcast->options.store,
                                 station->key, on_message, station);
    else if (station->is_listening)
        yk_client_begin(client);
}
