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
    yk_list_init(&station->hungry);
    yk_list_init(&station->clients);
    yk_list_init(&station->waiting);
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
    yk_list_remove(&station->hungry);
    yk_feed_free(&station->feed);
    free(station);
    broadcast->stats.channels--;
    yk_broadcast_free_if_idle(broadcast);
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
    yk_station_each(station, begin_one, NULL);
}

static void ask_seq(struct yk_station *station);

static void learn_seq(struct yk_station *station, uint64_t seq)
{
    if (!station->is_listening) {
        station->last = station->seen = station->first = seq;
        station->settled_ms =
            uv_now(yoke_loop()) + station->broadcast->options.late_ms;
        begin_clients(station);
        return;
    }
    if (seq < station->last)
        yk_station_begin_anew(station, seq);
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

/* ---- What may still be on its way ---- */

bool yk_station_may_come(const struct yk_station *station, uint64_t number)
{
    return number <= station->first &&
           uv_now(yoke_loop()) < station->settled_ms;
}

static void wake_waiting(struct yk_station *station)
{
    struct yk_list waiting, *node;

    yk_list_init(&waiting);
    yk_list_move_all(&waiting, &station->waiting);
    while ((node = yk_list_take(&waiting)))
        yk_client_read_on(YK_CONTAINER_OF(node, struct yk_client, lag));
}

void yk_station_look(struct yk_station *station)
{
    station->calls++; /* It stays until the end of this. */
    yk_station_read_on(station);
    if (!yk_station_may_come(station, station->first))
        wake_waiting(station);
    else if (!yk_list_is_empty(&station->waiting))
        yk_list_add(&station->broadcast->holes, &station->hole);
    station->calls--;
    yk_station_release(station);
}

/* ---- Messages ---- */

static void on_event(struct yk_station *station,
                     const struct yoke_store_message *message)
{
    struct yk_slice bytes = {message->ptr, message->len};
    struct yoke_sse_event event;
    uint64_t number;

    if (!station->is_listening || !yk_event_read(bytes, &event, &number))
        return;
    if (station->broadcast->options.history == 0) {
        yk_station_deliver(station, &event, 0);
        return;
    }
    if (number + BACK_MAX < station->last)
        yk_station_begin_anew(station, number - 1);
    if (number > station->seen)
        station->seen = number;
    if (number <= station->first)
        wake_waiting(station);
    if (number == station->last + 1 && !station->is_reading)
        yk_station_deliver(station, &event, number);
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
        yk_station_tell_missed(station);
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
