/* files: sends the files of the folder $FILES, for tests of files over real
 * sockets.
 *
 *     GET /NAME           the file
 *     GET /save/NAME      to be saved
 *     GET /events         a stream of events: the id of the process, then
 *                         nothing */
#include <stdlib.h>
#include <unistd.h>

#include <yoke/yoke.h>

static void send_file(yoke_req *req, yoke_res *res)
{
    yoke_res_send_file(res, yoke_req_param(req, "name"),
                       .root = getenv("FILES"));
}

static void save_file(yoke_req *req, yoke_res *res)
{
    yoke_res_download(res, yoke_req_param(req, "name"), NULL,
                      .root = getenv("FILES"));
}

static void events(yoke_req *req, yoke_res *res)
{
    yoke_sse *sse = yoke_res_sse(res);
    if (sse)
        yoke_sse_send(sse, "pid", yoke_req_printf(req, "%d", (int)getpid()));
}

yoke_app *make_app(void);

yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_get(app, "/events", events);
    yoke_app_get(app, "/save/:name", save_file);
    yoke_app_get(app, "/:name", send_file);
    return app;
}
