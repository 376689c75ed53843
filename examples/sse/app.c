/* Events for everybody: what one sends to POST /say, all who listen at /events
 * hear.
 *
 *     $ build/examples/sse &
 *     $ curl -N http://127.0.0.1:1337/events &
 *     retry: 1000
 *
 *     $ curl -d 'Hello, all' http://127.0.0.1:1337/say
 *     id: 0
 *     data: Hello, all
 *
 * Each event has a number. A client that has lost its connection tells the last
 * one it has seen, and is sent what it has missed.
 *
 * One process serves alone here, for workers share nothing but the port; how
 * what is said reaches all of them shows examples/chat. */
#include "app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEPT          100 /* What a client may have missed. */
#define LISTENERS_MAX 1000

static char *said[KEPT]; /* The n-th is at n % KEPT. */
static unsigned long count;
static yoke_sse *listeners[LISTENERS_MAX];
static size_t listener_count;

static void send_event(yoke_sse *sse, unsigned long n)
{
    char id[24];
    snprintf(id, sizeof(id), "%lu", n);
    yoke_sse_send_event(
        sse, &(struct yoke_sse_event){.id = id, .data = said[n % KEPT]});
}

static void forget(yoke_sse *sse, void *data)
{
    (void)data;
    for (size_t i = 0; i < listener_count; i++)
        if (listeners[i] == sse)
            listeners[i--] = listeners[--listener_count];
}

static void listen_to_all(yoke_req *req, yoke_res *res)
{
    if (listener_count == LISTENERS_MAX) {
        yoke_next_err(req, 503, "too many listeners");
        return;
    }
    yoke_sse *sse = yoke_res_sse(res, .retry_ms = 1000);
    if (!sse)
        return;
    const char *last = yoke_sse_last_id(sse);
    unsigned long n = last ? strtoul(last, NULL, 10) + 1 : count;
    if (count > KEPT && n < count - KEPT)
        n = count - KEPT;
    for (; n < count; n++)
        send_event(sse, n);
    yoke_sse_on_close(sse, forget, NULL);
    listeners[listener_count++] = sse;
}

static void say(yoke_req *req, yoke_res *res)
{
    const char *text = yoke_req_body(req, NULL);
    char **place = &said[count % KEPT];
    free(*place);
    *place = strdup(text);
    for (size_t i = 0; *place && i < listener_count; i++)
        send_event(listeners[i], count);
    count++;
    yoke_res_send_status(res, 204);
}

yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_get(app, "/events", listen_to_all);
    yoke_app_post(app, "/say", yoke_body_limit(1000), say);
    return app;
}
