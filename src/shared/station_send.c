/* Sending: one after the other for each channel, so that their order stays. */
#include "shared/station.h"

#include <errno.h>
#include <stdlib.h>

#include <yoke/error.h>
#include <yoke/loop.h>

#include "shared/event.h"

#include "core/banned.h"

/* For how long an event that is kept is tried to be published: one of the
 * processes that carry messages may just be replaced. */
#define AGAIN_MS 2000

static void send_first(struct yk_station *station);

static void finish(struct yk_sending *sending, int err)
{
    struct yk_station *station = sending->station;
    struct yoke_broadcast_stats *stats = &station->broadcast->stats;

    yk_list_remove(&sending->node);
    station->sending_count--;
    station->calls++;
    if (err)
        stats->failed++;
    else
        stats->sent++;
    if (!yk_list_is_empty(&station->sending))
        send_first(station);
    if (sending->fn)
        sending->fn(err, err ? 0 : sending->number, sending->data);
    free(sending);
    station->calls--;
    yk_station_release(station);
}

/* What has a number may be published twice: it is heard once. */
static bool tries_again(struct yk_sending *sending, int err)
{
    uint64_t now = uv_now(yoke_loop());

    if (sending->number == 0 ||
        (err != -YOKE_EUNAVAILABLE && err != -ETIMEDOUT))
        return false;
    if (sending->give_up_ms == 0)
        sending->give_up_ms = now + AGAIN_MS;
    if (now >= sending->give_up_ms)
        return false;
    yk_list_add(&sending->station->broadcast->again, &sending->again);
    yk_broadcast_tick(sending->station->broadcast);
    return true;
}

static void on_published(const struct yoke_store_result *result, void *data)
{
    if (!tries_again(data, result->err))
        finish(data, result->err);
}

void yk_station_publish(struct yk_sending *sending)
{
    struct yk_station *station = sending->station;

    yoke_store_publish(station->broadcast->options.store, station->key,
                       sending->bytes, sending->len, on_published, sending);
}

static void on_kept(const struct yoke_store_result *result, void *data)
{
    if (result->err)
        finish(data, result->err);
    else
        yk_station_publish(data);
}

static void keep(struct yk_sending *sending)
{
    struct yk_station *station = sending->station;
    const struct yoke_broadcast_options *options = &station->broadcast->options;
    char key[YK_NAME_SIZE];

    yk_event_set_number(sending->bytes, sending->number);
    yk_station_slot(station, sending->number, key);
    yoke_store_set(options->store, key, sending->bytes, sending->len,
                   options->history_s, on_kept, sending);
}

/* ---- The number ---- */

static void take_number(struct yk_sending *sending);

/* By this one or by another: the numbers have begun. */
static void on_begun(const struct yoke_store_result *result, void *data)
{
    if (result->err && result->err != -YOKE_ECONFLICT && result->err != -ENOENT)
        finish(data, result->err);
    else
        take_number(data);
}

/* Only one of all that see a number that is too low may raise it. */
static void on_low_number(const struct yoke_store_result *result, void *data)
{
    struct yk_sending *sending = data;
    const struct yk_station *station = sending->station;
    char text[24];

    if (result->err) {
        on_begun(result, sending);
        return;
    }
    if (strtoll(result->value, NULL, 10) >= YK_STATION_FIRST) {
        take_number(sending);
        return;
    }
    size_t len = yk_station_first_number(station, text);
    yoke_store_replace(station->broadcast->options.store, station->seq,
                       result->version, text, len, 0, on_begun, sending);
}

static void on_numbered(const struct yoke_store_result *result, void *data)
{
    struct yk_sending *sending = data;
    const struct yk_station *station = sending->station;

    if (result->err) {
        finish(sending, result->err);
    } else if (result->number < YK_STATION_FIRST) {
        yoke_store_get(station->broadcast->options.store, station->seq,
                       on_low_number, sending);
    } else {
        sending->number = (uint64_t)result->number;
        keep(sending);
    }
}

static void take_number(struct yk_sending *sending)
{
    const struct yk_station *station = sending->station;

    yoke_store_incr(station->broadcast->options.store, station->seq, 1, 0,
                    on_numbered, sending);
}

/* ---- One after the other ---- */

static void send_first(struct yk_station *station)
{
    struct yk_sending *sending =
        YK_CONTAINER_OF(station->sending.next, struct yk_sending, node);

    if (station->broadcast->options.history == 0)
        yk_station_publish(sending);
    else
        take_number(sending);
}

void yk_station_send(struct yk_station *station, struct yk_sending *sending)
{
    sending->station = station;
    yk_list_add(&station->sending, &sending->node);
    if (station->sending_count++ == 0)
        send_first(station);
}
