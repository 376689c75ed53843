/* A page that listens. */
#include "shared/station.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <yoke/error.h>
#include <yoke/res.h>

#include "core/alloc.h"
#include "shared/event.h"

#include "core/banned.h"

static yoke_broadcast *broadcast_of(const struct yk_client *client)
{
    return client->station->broadcast;
}

/* ---- The end ---- */

static void free_client(struct yk_client *client)
{
    struct yk_station *station = client->station;

    free(client);
    station->calls--;
    yk_station_release(station);
}

/* What is still in the feed, before its stream ends: it may be the process that
 * ends, and the client on its way to another. */
static void feed_last(struct yk_client *client)
{
    size_t count;
    struct yk_slice rest = yk_feed_behind(&client->station->feed, client->place,
                                          client->last, &count);

    if (client->state != YK_CLIENT_LIVE || rest.len == 0)
        return;
    broadcast_of(client)->stats.delivered += count;
    yoke_sse_send_written(client->sse, rest.ptr, rest.len);
}

void yk_client_gone(struct yk_client *client)
{
    yoke_broadcast *broadcast = broadcast_of(client);

    feed_last(client);
    client->is_gone = true;
    yk_station_remove_client(client->station, client);
    yk_list_remove(&client->lag);
    broadcast->stats.clients--;
    broadcast->stats.lagging -= client->state == YK_CLIENT_LAGGING;
    if (client->options.on_leave)
        client->options.on_leave(client->sse, client->options.data);
    if (!client->is_reading)
        free_client(client);
}

void yk_client_end(struct yk_client *client)
{
    yoke_sse *sse = client->sse;

    yoke_sse_on_close(sse, NULL, NULL);
    yk_client_gone(client);
    yoke_sse_end(sse);
}

/* ---- Sending to it ---- */

/* It is too slow. */
static void lag(struct yk_client *client)
{
    yoke_broadcast *broadcast = broadcast_of(client);

    broadcast->stats.slowed++;
    if (broadcast->options.ends_slow) {
        yk_client_end(client);
        return;
    }
    client->state = YK_CLIENT_LAGGING;
    broadcast->stats.lagging++;
    yk_list_add(&broadcast->lagging, &client->lag);
    yk_broadcast_tick(broadcast);
}

static void look_at(struct yk_client *client, ssize_t waiting)
{
    size_t most = broadcast_of(client)->options.max_waiting;

    if (waiting == -YOKE_EFULL || waiting == -ENOMEM ||
        (waiting > 0 && (size_t)waiting > most))
        lag(client);
}

static void push(struct yk_client *client, const struct yoke_sse_event *event)
{
    look_at(client, yoke_sse_send_event(client->sse, event));
}

/* It is where the station is; what is in the feed it has. */
static void set_live(struct yk_client *client)
{
    client->state = YK_CLIENT_LIVE;
    client->place = yk_feed_end(&client->station->feed);
}

void yk_client_tell_missed(struct yk_client *client)
{
    yoke_broadcast *broadcast = broadcast_of(client);
    struct yoke_sse_event event = {.event = broadcast->missed, .data = ""};
    char id[24];

    if (client->state != YK_CLIENT_LIVE) {
        client->has_missed = true;
        return;
    }
    if (broadcast->options.history > 0) {
        snprintf(id, sizeof(id), "%" PRIu64, client->last);
        event.id = id;
    }
    client->has_missed = client->has_last = false;
    broadcast->stats.missed++;
    push(client, &event);
}

size_t yk_client_feed(struct yk_client *client)
{
    struct yk_station *station = client->station;
    size_t count;

    if (client->state != YK_CLIENT_LIVE)
        return 0;
    struct yk_slice news =
        yk_feed_behind(&station->feed, client->place, client->last, &count);
    client->place = yk_feed_end(&station->feed);
    if (news.len == 0)
        return 0;
    if (client->last < station->last)
        client->last = station->last;
    broadcast_of(client)->stats.delivered += count;
    look_at(client, yoke_sse_send_written(client->sse, news.ptr, news.len));
    return news.len;
}

/* ---- Reading on ---- */

static void replay(struct yk_client *client);

/* It is told its number, so that it can come back to it. */
static void tell_number(struct yk_client *client)
{
    char id[24];

    client->has_last = false;
    snprintf(id, sizeof(id), "%" PRIu64, client->last);
    push(client, &(struct yoke_sse_event){.id = id});
}

/* It is where the station is. */
static void go_live(struct yk_client *client)
{
    set_live(client);
    if (client->has_missed)
        yk_client_tell_missed(client);
    else if (client->has_last)
        tell_number(client);
}

static void replay_event(struct yk_client *client,
                         const struct yoke_sse_event *event, uint64_t number)
{
    struct yoke_sse_event own = *event;
    char id[24];

    snprintf(id, sizeof(id), "%" PRIu64, number);
    own.id = id;
    client->last = number;
    client->is_from_start = false;
    broadcast_of(client)->stats.replayed++;
    broadcast_of(client)->stats.delivered++;
    push(client, &own);
}

/* An empty slot is waited for if its event may be on its way. Who gets all that
 * is kept is not made to wait for each that is not: for the last one only. */
static bool is_worth_waiting(const struct yk_client *client, uint64_t number)
{
    const struct yk_station *station = client->station;

    return yk_station_may_come(station, number) &&
           (!client->is_from_start || number == station->first);
}

static void wait_for_event(struct yk_client *client)
{
    struct yk_station *station = client->station;

    yk_list_add(&station->waiting, &client->lag);
    if (yk_list_is_empty(&station->hole))
        yk_list_add(&station->broadcast->holes, &station->hole);
    yk_broadcast_tick(station->broadcast);
}

/* One slot; false when its event has to be waited for. What is not there, or is
 * an older one, was passed over by the station, too; a newer one has taken its
 * place. */
static bool take_slot(struct yk_client *client,
                      const struct yoke_store_item *item)
{
    struct yk_slice bytes = {item->value, item->len};
    struct yoke_sse_event event;
    uint64_t number = 0, wanted = client->last + 1;

    if (item->err == 0 && yk_event_read(bytes, &event, &number) &&
        number == wanted) {
        replay_event(client, &event, number);
        return true;
    }
    if (number < wanted && is_worth_waiting(client, wanted))
        return false;
    client->has_missed |=
        !client->is_from_start && (number > wanted || item->err == -ENOENT);
    client->last = wanted;
    return true;
}

/* Each may be the one that makes it slow, or ends it; false: that, or one has to
 * be waited for. */
static bool take_slots(struct yk_client *client,
                       const struct yoke_store_result *result)
{
    for (size_t i = 0; i < result->count; i++) {
        if (!take_slot(client, &result->items[i])) {
            wait_for_event(client);
            return false;
        }
        if (client->is_gone || client->state == YK_CLIENT_LAGGING)
            return false;
        client->state = YK_CLIENT_REPLAYING;
    }
    return true;
}

static void on_slots(const struct yoke_store_result *result, void *data)
{
    struct yk_client *client = data;

    client->is_reading = false;
    if (client->is_gone) {
        free_client(client);
        return;
    }
    if (result->err) {
        /* It comes back, and asks again. */
        yk_client_end(client);
        return;
    }
    client->is_reading = true; /* It stays until the end of this. */
    bool goes_on = take_slots(client, result);
    client->is_reading = false;
    if (client->is_gone)
        free_client(client);
    else if (goes_on)
        replay(client);
}

/* What is older than the history cannot be had any more. */
static void skip_lost(struct yk_client *client)
{
    uint32_t history = broadcast_of(client)->options.history;
    uint64_t last = client->station->last;

    if (last - client->last <= history)
        return;
    client->is_from_start = client->last == 0;
    client->has_missed |= !client->is_from_start;
    client->last = last - history;
}

static void replay(struct yk_client *client)
{
    struct yk_station *station = client->station;
    char names[YK_STATION_PAGE][YK_NAME_SIZE];
    const char *keys[YK_STATION_PAGE];
    size_t n = 0;

    client->state = YK_CLIENT_REPLAYING;
    if (client->last >= station->last) {
        go_live(client);
        return;
    }
    skip_lost(client);
    for (uint64_t at = client->last; at < station->last && n < YK_STATION_PAGE;
         at++, n++) {
        yk_station_slot(station, at + 1, names[n]);
        keys[n] = names[n];
    }
    client->is_reading = true;
    yoke_store_get_many(station->broadcast->options.store, keys, n, on_slots,
                        client);
}

void yk_client_read_on(struct yk_client *client)
{
    yk_list_remove(&client->lag);
    replay(client);
}

/* ---- A number that the station has not come to ---- */

static void on_seq(const struct yoke_store_result *result, void *data)
{
    struct yk_client *client = data;
    uint64_t seq = result->err == 0 ? strtoull(result->value, NULL, 10) : 0;

    client->is_reading = false;
    if (client->is_gone) {
        free_client(client);
        return;
    }
    /* No such number has ever been: the store has lost them, or it lies. */
    if (seq < client->last) {
        client->last = client->station->last;
        client->has_missed = true;
    }
    replay(client);
}

static void ask_seq(struct yk_client *client)
{
    client->is_reading = true;
    client->state = YK_CLIENT_REPLAYING;
    yoke_store_get(broadcast_of(client)->options.store, client->station->seq,
                   on_seq, client);
}

/* ---- The beginning ---- */

static void begin_here(struct yk_client *client)
{
    client->last = client->station->last;
    set_live(client);
    tell_number(client);
}

void yk_client_begin(struct yk_client *client)
{
    if (broadcast_of(client)->options.history == 0) {
        set_live(client);
        yoke_sse_comment(client->sse, "ready");
    } else if (!client->has_last)
        begin_here(client);
    else if (client->last > client->station->last)
        ask_seq(client);
    else
        replay(client);
}

void yk_client_look(struct yk_client *client)
{
    yoke_broadcast *broadcast = broadcast_of(client);
    ssize_t waiting = yoke_res_write(client->res, "", 0);

    if (waiting < 0 || (size_t)waiting > broadcast->options.max_waiting / 2)
        return;
    yk_list_remove(&client->lag);
    broadcast->stats.lagging--;
    if (broadcast->options.history > 0) {
        replay(client);
        return;
    }
    client->has_missed = true;
    go_live(client);
}
