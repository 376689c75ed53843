/* The functions of yoke/broadcast.h. */
#include <yoke/broadcast.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>
#include <yoke/req.h>
#include <yoke/res.h>

#include "core/alloc.h"
#include "shared/event.h"
#include "shared/station.h"

#include "core/banned.h"

#define HISTORY_S     3600
#define LATE_MS       1000
#define MAX_CLIENTS   10000
#define MAX_CHANNELS  1000
#define MAX_EVENT_LEN ((size_t)64 << 10)
#define MAX_WAITING   ((size_t)256 << 10)
#define MAX_SENDING   1000
#define RETRY_MS      1000
#define TICK_MS       20

/* ---- Opening and closing ---- */

static const char *fault(const struct yoke_broadcast_options *options)
{
    if (!options->store)
        return "it has no store";
    if (options->name && !yk_is_name(options->name))
        return "the name has to be 1 to 32 letters, digits and \".:_-\"";
    if (options->history > YOKE_BROADCAST_HISTORY_MAX)
        return "history is more than 1,000";
    if (options->missed && strpbrk(options->missed, "\r\n"))
        return "missed is more than one line";
    return NULL;
}

static void set_default(uint32_t *value, uint32_t fallback)
{
    if (*value == 0)
        *value = fallback;
}

static void fill_in(struct yoke_broadcast_options *options)
{
    set_default(&options->history_s, HISTORY_S);
    set_default(&options->late_ms, LATE_MS);
    set_default(&options->max_clients, MAX_CLIENTS);
    set_default(&options->max_channels, MAX_CHANNELS);
    set_default(&options->max_sending, MAX_SENDING);
    set_default(&options->retry_ms, RETRY_MS);
    if (options->max_event_len == 0)
        options->max_event_len = MAX_EVENT_LEN;
    if (options->max_waiting == 0)
        options->max_waiting = MAX_WAITING;
}

static void on_later(struct yk_later *later);
static void on_feeder(struct yk_later *later);

yoke_broadcast *
yoke_broadcast_open_with(const struct yoke_broadcast_options *options)
{
    const char *why = fault(options);
    const char *name = options->name ? options->name : "events";

    if (why) {
        yoke_log(YOKE_LOG_ERROR, "a broadcast cannot be opened: %s", why);
        errno = EINVAL;
        return NULL;
    }
    yoke_broadcast *broadcast = yk_alloc(sizeof(*broadcast));
    broadcast->options = *options;
    fill_in(&broadcast->options);
    memcpy(broadcast->name, name, strlen(name) + 1);
    broadcast->missed = yk_strdup(options->missed ? options->missed : "missed");
    for (size_t i = 0; i < YK_STATION_BUCKETS; i++)
        yk_list_init(&broadcast->stations[i]);
    yk_list_init(&broadcast->lagging);
    yk_list_init(&broadcast->holes);
    yk_list_init(&broadcast->again);
    yk_list_init(&broadcast->refused);
    yk_later_init(&broadcast->later, on_later);
    yk_list_init(&broadcast->hungry);
    yk_later_init(&broadcast->feeder, on_feeder);
    uv_timer_init(yoke_loop(), &broadcast->timer);
    broadcast->timer.data = broadcast;
    yk_random_init(&broadcast->random);
    broadcast->cannot_publish = !yoke_store_has_channels(options->store);
    if (broadcast->cannot_publish)
        yoke_log(YOKE_LOG_ERROR,
                 "a broadcast has nothing to say: %s has no channels; lmdb:, "
                 "redis:, postgresql: and memory: have",
                 yoke_store_url(options->store));
    return broadcast;
}

static void on_timer_closed(uv_handle_t *handle)
{
    yoke_broadcast *broadcast = handle->data;

    free(broadcast->missed);
    free(broadcast);
}

void yk_broadcast_free_if_idle(yoke_broadcast *broadcast)
{
    if (!broadcast->is_closing || broadcast->stats.channels > 0 ||
        !yk_list_is_empty(&broadcast->refused) ||
        uv_is_closing((uv_handle_t *)&broadcast->timer))
        return;
    yk_later_stop(&broadcast->later);
    yk_later_stop(&broadcast->feeder);
    uv_close((uv_handle_t *)&broadcast->timer, on_timer_closed);
}

/* The end of one may be that of another station. */
static void end_streams(struct yk_list *stations)
{
    struct yk_list rest, *node;

    yk_list_init(&rest);
    yk_list_move_all(&rest, stations);
    while ((node = yk_list_take(&rest))) {
        yk_list_add(stations, node);
        yk_station_end_clients(YK_CONTAINER_OF(node, struct yk_station, node));
    }
}

void yoke_broadcast_close(yoke_broadcast *broadcast)
{
    if (!broadcast || broadcast->is_closing)
        return;
    /* From here on there are no new ones. */
    broadcast->is_closing = true;
    for (size_t i = 0; i < YK_STATION_BUCKETS; i++)
        end_streams(&broadcast->stations[i]);
    yk_broadcast_free_if_idle(broadcast);
}

/* ---- From the loop ---- */

static void on_later(struct yk_later *later)
{
    yoke_broadcast *broadcast = YK_CONTAINER_OF(later, yoke_broadcast, later);
    struct yk_list refused, *node;

    yk_list_init(&refused);
    yk_list_move_all(&refused, &broadcast->refused);
    while ((node = yk_list_take(&refused))) {
        struct yk_sending *sending =
            YK_CONTAINER_OF(node, struct yk_sending, node);
        if (sending->fn)
            sending->fn(sending->err, 0, sending->data);
        free(sending);
    }
    yk_broadcast_free_if_idle(broadcast);
}

static void on_feeder(struct yk_later *later)
{
    yk_broadcast_feed(YK_CONTAINER_OF(later, yoke_broadcast, feeder));
}

static void publish_again(yoke_broadcast *broadcast)
{
    struct yk_list *node;

    while ((node = yk_list_take(&broadcast->again)))
        yk_station_publish(YK_CONTAINER_OF(node, struct yk_sending, again));
}

static void on_tick(uv_timer_t *timer)
{
    yoke_broadcast *broadcast = timer->data;
    struct yk_list lagging, holes, *node;

    yk_list_init(&lagging);
    yk_list_move_all(&lagging, &broadcast->lagging);
    while ((node = yk_list_take(&lagging))) {
        yk_list_add(&broadcast->lagging, node);
        yk_client_look(YK_CONTAINER_OF(node, struct yk_client, lag));
    }
    yk_list_init(&holes);
    yk_list_move_all(&holes, &broadcast->holes);
    while ((node = yk_list_take(&holes)))
        yk_station_look(YK_CONTAINER_OF(node, struct yk_station, hole));
    publish_again(broadcast);
    if (yk_list_is_empty(&broadcast->lagging) &&
        yk_list_is_empty(&broadcast->holes))
        uv_timer_stop(timer);
}

void yk_broadcast_tick(yoke_broadcast *broadcast)
{
    if (!uv_is_active((uv_handle_t *)&broadcast->timer))
        uv_timer_start(&broadcast->timer, on_tick, TICK_MS, TICK_MS);
}

/* ---- Listening ---- */

static void on_close(yoke_sse *sse, void *data)
{
    (void)sse;
    yk_client_gone(data);
}

static struct yk_client *new_client(yoke_sse *sse, yoke_res *res,
                                    const struct yoke_broadcast_join *options)
{
    struct yk_client *client = yk_alloc(sizeof(*client));
    const char *last = yoke_sse_last_id(sse);
    char *end = NULL;

    client->sse = sse;
    client->res = res;
    client->options = *options;
    yk_list_init(&client->lag);
    errno = 0;
    if (last && *last >= '0' && *last <= '9') {
        client->last = strtoull(last, &end, 10);
        client->has_last = *end == '\0' && errno == 0;
    }
    yoke_sse_on_close(sse, on_close, client);
    return client;
}

/* Why a client cannot be had, or NULL. */
static const char *refusal(const yoke_broadcast *broadcast, const char *channel)
{
    if (!channel || !yk_is_plain(channel, YOKE_BROADCAST_CHANNEL_MAX))
        return "the channel's name is wrong";
    if (broadcast->is_closing)
        return "the broadcast is closed";
    if (broadcast->cannot_publish)
        return "the store has no channels";
    if (broadcast->stats.clients >= broadcast->options.max_clients)
        return "there are too many clients";
    return NULL;
}

static yoke_sse *refuse(yoke_broadcast *broadcast, yoke_res *res,
                        const char *why)
{
    broadcast->stats.refused++;
    yoke_res_set(res, "Retry-After", "5");
    yoke_next_err(yoke_res_req(res), 503, "events: %s", why);
    return NULL;
}

yoke_sse *yoke_broadcast_join_with(yoke_broadcast *broadcast,
                                   const char *channel, yoke_res *res,
                                   const struct yoke_broadcast_join *options)
{
    const struct yoke_broadcast_options *own = &broadcast->options;
    const char *why = refusal(broadcast, channel);
    struct yk_station *station = why ? NULL : yk_station_of(broadcast, channel);
    uint32_t retry_ms = own->retry_ms + (uint32_t)yk_random_below(
                                            &broadcast->random, own->retry_ms);

    if (!station)
        return refuse(broadcast, res,
                      why ? why : "there are too many channels");
    yoke_sse *sse = yoke_res_sse(res, .keep_alive_ms = own->keep_alive_ms,
                                 .retry_ms = retry_ms);
    if (!sse) {
        yk_station_release(station);
        return NULL;
    }
    struct yk_client *client = new_client(sse, res, options);
    client->station = station;
    broadcast->stats.clients++;
    yk_station_listen(station, client);
    return sse;
}

void yoke_broadcast_leave(yoke_broadcast *broadcast, yoke_sse *sse)
{
    for (size_t i = 0; i < YK_STATION_BUCKETS; i++)
        YK_LIST_EACH(node, &broadcast->stations[i])
        {
            struct yk_station *station =
                YK_CONTAINER_OF(node, struct yk_station, node);
            YK_LIST_EACH(one, &station->clients)
            {
                struct yk_client *client =
                    YK_CONTAINER_OF(one, struct yk_client, node);
                if (client->sse == sse) {
                    yk_client_end(client);
                    return;
                }
            }
        }
}

/* ---- Sending ---- */

static int check_event(const yoke_broadcast *broadcast, const char *channel,
                       const struct yoke_sse_event *event)
{
    if (broadcast->is_closing)
        return -ECANCELED;
    if (broadcast->cannot_publish)
        return -ENOTSUP;
    if (!channel || !yk_is_plain(channel, YOKE_BROADCAST_CHANNEL_MAX))
        return -EINVAL;
    if ((event->event && strpbrk(event->event, "\r\n")) ||
        (event->id && strpbrk(event->id, "\r\n")))
        return -YOKE_EHEADER;
    return yk_event_len(event) > broadcast->options.max_event_len
               ? -YOKE_ETOOLARGE
               : 0;
}

static struct yk_sending *new_sending(const struct yoke_sse_event *event,
                                      yoke_broadcast_fn *fn, void *data)
{
    size_t len = event ? yk_event_len(event) : 0;
    struct yk_sending *sending = yk_try_alloc(sizeof(*sending) + len);

    if (!sending)
        return NULL;
    *sending = (struct yk_sending){.fn = fn, .data = data, .len = len};
    yk_list_init(&sending->node);
    yk_list_init(&sending->again);
    if (event)
        yk_event_write(event, sending->bytes);
    return sending;
}

static void refuse_sending(yoke_broadcast *broadcast, int err,
                           yoke_broadcast_fn *fn, void *data)
{
    broadcast->stats.failed++;
    if (!fn)
        return;
    struct yk_sending *sending = new_sending(NULL, fn, data);
    if (!sending)
        abort(); /* As yk_alloc: it is small, and he has to be told. */
    sending->err = err;
    yk_list_add(&broadcast->refused, &sending->node);
    yk_later_start(&broadcast->later);
}

void yoke_broadcast_send_event(yoke_broadcast *broadcast, const char *channel,
                               const struct yoke_sse_event *event,
                               yoke_broadcast_fn *fn, void *data)
{
    int err = check_event(broadcast, channel, event);
    struct yk_station *station =
        err == 0 ? yk_station_of(broadcast, channel) : NULL;

    if (err == 0 &&
        (!station || station->sending_count >= broadcast->options.max_sending))
        err = -YOKE_EFULL;
    struct yk_sending *sending = err == 0 ? new_sending(event, fn, data) : NULL;
    if (err == 0 && !sending)
        err = -ENOMEM;
    if (err < 0)
        refuse_sending(broadcast, err, fn, data);
    else
        yk_station_send(station, sending);
    if (station)
        yk_station_release(station);
}

void yoke_broadcast_send(yoke_broadcast *broadcast, const char *channel,
                         const char *event, const char *text,
                         yoke_broadcast_fn *fn, void *data)
{
    yoke_broadcast_send_event(
        broadcast, channel,
        &(struct yoke_sse_event){.event = event, .data = text}, fn, data);
}

void yoke_broadcast_stats(const yoke_broadcast *broadcast,
                          struct yoke_broadcast_stats *ret_stats)
{
    *ret_stats = broadcast->stats;
}
