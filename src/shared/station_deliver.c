/* What the clients of a station get.
 *
 * An event is written once, into the station's feed, and goes to all in rounds:
 * a few clients in a turn of the loop, each of which gets all that has come
 * since its last turn with one write. So a worker with ten thousand clients goes
 * on with its other work meanwhile, and many events in a row cost little more
 * than one. */
#include "shared/station.h"

#include <stdlib.h>

#include "core/banned.h"

/* What is sent in a turn of the loop. As many clients as there are buffers that
 * the server keeps, so that none has to be allocated. */
#define TURN_CLIENTS 32
#define TURN_LEN     ((size_t)1 << 20)

/* ---- Walks ---- */

static struct yk_client *client_at(struct yk_list *node)
{
    return YK_CONTAINER_OF(node, struct yk_client, node);
}

void yk_station_remove_client(struct yk_station *station,
                              struct yk_client *client)
{
    for (struct yk_walk *walk = station->walks; walk; walk = walk->outer)
        if (walk->next == &client->node)
            walk->next = client->node.next;
    if (station->round == &client->node)
        station->round = client->node.next;
    yk_list_remove(&client->node);
}

void yk_station_each(struct yk_station *station,
                     void (*fn)(struct yk_client *client, void *data),
                     void *data)
{
    struct yk_walk walk = {station->walks, station->clients.next};

    station->walks = &walk;
    while (walk.next != &station->clients) {
        struct yk_list *node = walk.next;
        walk.next = node->next;
        fn(client_at(node), data);
    }
    station->walks = walk.outer;
}

/* ---- Rounds ---- */

/* All have got what was there when the round began. */
static void end_round(struct yk_station *station)
{
    station->round = NULL;
    yk_feed_drop(&station->feed, station->round_end);
}

static void begin_round(struct yk_station *station)
{
    station->round = station->clients.next;
    station->round_end = yk_feed_end(&station->feed);
}

/* Goes on with the round, as far as the budget lets it. */
static void go_on(struct yk_station *station, size_t *clients, size_t *len)
{
    if (!station->round)
        begin_round(station);
    while (station->round != &station->clients && *clients > 0 && *len > 0) {
        struct yk_client *client = client_at(station->round);
        station->round = client->node.next;
        size_t sent = yk_client_feed(client);
        *clients -= sent > 0;
        *len -= sent < *len ? sent : *len;
    }
    if (station->round == &station->clients)
        end_round(station);
}

void yk_station_feed_all(struct yk_station *station)
{
    station->calls++; /* It stays until the end of this. */
    while (station->feed.len > 0) {
        size_t clients = SIZE_MAX, len = SIZE_MAX;
        go_on(station, &clients, &len);
    }
    yk_list_remove(&station->hungry);
    station->calls--;
}

void yk_broadcast_feed(yoke_broadcast *broadcast)
{
    size_t clients = TURN_CLIENTS, len = TURN_LEN;

    while (clients > 0 && len > 0 && !yk_list_is_empty(&broadcast->hungry)) {
        struct yk_station *station = YK_CONTAINER_OF(
            yk_list_take(&broadcast->hungry), struct yk_station, hungry);
        station->calls++;
        go_on(station, &clients, &len);
        if (station->feed.len > 0)
            yk_list_add(&broadcast->hungry, &station->hungry);
        station->calls--;
        yk_station_release(station);
    }
    if (!yk_list_is_empty(&broadcast->hungry))
        yk_later_start(&broadcast->feeder);
}

/* ---- Events ---- */

void yk_station_deliver(struct yk_station *station,
                        const struct yoke_sse_event *event, uint64_t number)
{
    yoke_broadcast *broadcast = station->broadcast;

    broadcast->stats.received++;
    /* A client is never given more at a time than may wait for it. */
    if (station->feed.len >= broadcast->options.max_waiting / 2)
        yk_station_feed_all(station);
    if (number > 0)
        station->last = number;
    if (yk_feed_add(&station->feed, event, number) < 0) {
        yk_station_end_clients(station); /* They come back. */
        return;
    }
    if (yk_list_is_empty(&station->hungry))
        yk_list_add(&broadcast->hungry, &station->hungry);
    yk_later_start(&broadcast->feeder);
}

static void tell_one(struct yk_client *client, void *data)
{
    (void)data;
    yk_client_tell_missed(client);
}

void yk_station_tell_missed(struct yk_station *station)
{
    yk_station_feed_all(station);
    yk_station_each(station, tell_one, NULL);
}

void yk_station_begin_anew(struct yk_station *station, uint64_t last)
{
    yk_station_feed_all(station);
    station->last = station->seen = last;
    YK_LIST_EACH(node, &station->clients)
    {
        struct yk_client *client = client_at(node);
        if (client->last > last)
            client->last = last;
    }
    yk_station_tell_missed(station);
}

static void end_one(struct yk_client *client, void *data)
{
    (void)data;
    yk_client_end(client);
}

void yk_station_end_clients(struct yk_station *station)
{
    station->calls++;
    yk_station_each(station, end_one, NULL);
    station->calls--;
    yk_station_release(station);
}
