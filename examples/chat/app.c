/* A chat over all workers, and over all machines that share a store.
 *
 *     build/yoke run -n 4 build/examples/chat.so
 *     xdg-open http://127.0.0.1:1337/           in two windows
 *
 * or, without a browser,
 *
 *     curl -N http://127.0.0.1:1337/events      in one terminal
 *     curl -d 'name=ada&text=hello' http://127.0.0.1:1337/say
 *
 * and the first shows
 *
 *     event: said
 *     id: 1795474605227
 *     data: {"name":"ada","text":"hello","worker":13568}
 *
 * Pages listen at /events and send to /say, each to whichever worker it got. The
 * store carries what is said from worker to worker, and keeps the last hundred,
 * so that a page which has lost its connection misses nothing. */
#include "app.h"

#include <unistd.h>

#include <jansson.h>

#include "page.h"

static yoke_broadcast *chat;

static void show_page(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_html(res, page);
}

static void listen_to_all(yoke_req *req, yoke_res *res)
{
    yoke_sse *sse = yoke_broadcast_join(chat, "room", res);
    if (sse)
        yoke_sse_send(sse, "welcome", yoke_req_printf(req, "%d", getpid()));
}

static void on_said(int err, uint64_t id, void *data)
{
    (void)id;
    yoke_res_send_status(data, err ? 503 : 204);
}

static void say(yoke_req *req, yoke_res *res)
{
    const char *name, *text;
    if (!yoke_req_string(req, YOKE_FORM, "name", 1, 40, &name) ||
        !yoke_req_string(req, YOKE_FORM, "text", 1, 1000, &text))
        return; /* Answered 400. */
    json_t *said = json_pack("{s:s, s:s, s:i}", "name", name, "text", text,
                             "worker", (int)getpid());
    char *json = said ? json_dumps(said, JSON_COMPACT) : NULL;
    if (!json) {
        json_decref(said);
        yoke_next_problem(req, 400, "name and text have to be UTF-8");
        return;
    }
    yoke_hold(req);
    yoke_broadcast_send(chat, "room", "said", json, on_said, res);
    free(json);
    json_decref(said);
}

yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    yoke_store *store = yoke_store_open();

    if (!store) {
        yoke_app_fail(app, "without a store nobody hears the others");
        return app;
    }
    chat = yoke_broadcast_open(.store = store, .history = 100);

    yoke_app_get(app, "/", show_page);
    yoke_app_get(app, "/events", listen_to_all);
    yoke_app_post(app, "/say", yoke_urlencoded(), say);
    return app;
}
