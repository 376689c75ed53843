/* Reading on: what a station has not heard, or not in order, it finds in the
 * slots. */
#include "shared/station.h"

#include <errno.h>

#include <yoke/loop.h>

#include "shared/event.h"

#include "core/banned.h"

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
        yk_station_deliver(station, &event, number);
        return true;
    }
    if (number < wanted && !has_waited_enough(station, wanted))
        return false;
    if (number > wanted) /* It has been overtaken by a whole history. */
        yk_station_tell_missed(station);
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
    yk_station_tell_missed(station);
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
