/* served: middleware over real sockets.
 *
 *     GET /text           20,000 bytes of text
 *     GET /events         a stream of events, one each 50 ms, and a farewell
 *     GET /slow           answered after three seconds
 *     GET /files/NAME     the files of the folder $FILES
 *
 * $LOG is the file of the access log ("-": standard output), $LOG_BUFFER the
 * length of its buffer. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>
#include <yoke/yoke.h>

static void text(yoke_req *req, yoke_res *res)
{
    char *text = yoke_req_alloc(req, 20001);
    for (size_t i = 0; i < 20000; i++)
        text[i] = "yoke serves\n"[i % 12];
    text[20000] = '\0';
    yoke_res_text(res, text);
}

static void tick(uv_timer_t *timer)
{
    yoke_sse_send(timer->data, "tick", "tock");
}

static void free_timer(uv_handle_t *handle)
{
    free(handle);
}

static void stop(yoke_sse *sse, void *data)
{
    yoke_sse_send(sse, "bye", "come again");
    uv_close(data, free_timer);
}

static void events(yoke_req *req, yoke_res *res)
{
    yoke_sse *sse = yoke_res_sse(res);
    uv_timer_t *timer = sse ? malloc(sizeof(*timer)) : NULL;
    (void)req;
    if (!timer)
        return;
    uv_timer_init(yoke_loop(), timer);
    timer->data = sse;
    uv_timer_start(timer, tick, 0, 50);
    yoke_sse_on_close(sse, stop, timer);
}

static void answer_late(uv_timer_t *timer)
{
    yoke_res_text(timer->data, "late");
    uv_close((uv_handle_t *)timer, free_timer);
}

static void slow(yoke_req *req, yoke_res *res)
{
    uv_timer_t *timer = malloc(sizeof(*timer));
    if (!timer)
        return;
    uv_timer_init(yoke_loop(), timer);
    timer->data = res;
    uv_timer_start(timer, answer_late, 3000, 0);
    yoke_hold(req);
}

static void add_log(yoke_app *app)
{
    const char *path = getenv("LOG"), *buffer = getenv("LOG_BUFFER");
    if (path)
        yoke_app_use(
            app, yoke_access_log(.path = strcmp(path, "-") ? path : NULL,
                                 .reopen_signal = SIGUSR1,
                                 .buffer_len =
                                     buffer ? strtoul(buffer, NULL, 10) : 0));
}

yoke_app *make_app(void);

yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    const char *files = getenv("FILES");
    add_log(app);
    yoke_app_use(app, yoke_compress());
    yoke_app_get(app, "/text", text);
    yoke_app_get(app, "/events", events);
    yoke_app_get(app, "/slow", yoke_timeout(500), slow);
    if (files)
        yoke_app_use_at(app, "/files",
                        yoke_static(files, .is_precompressed = true));
    return app;
}
