/* echo: answers with what it was sent.
 *
 *     GET, HEAD /           a short text
 *     any other method on / the request's body, as text/plain
 *     /echo                 the request's header fields, one in each line
 *
 *     $ build/yoke run build/examples/echo.so &
 *     $ curl -d hi http://127.0.0.1:1337/
 *     hi */
#include <stdio.h>
#include <string.h>

#include <yoke/yoke.h>

yoke_app_factory make_app; /* What `yoke run` looks for. */

static void show_text(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, "Send me something, and I will send it back.\n");
}

static void echo_body(yoke_req *req, yoke_res *res)
{
    size_t len;
    const char *body = yoke_req_body(req, &len);
    yoke_res_set(res, "Content-Type", "text/plain");
    yoke_res_send(res, body, len);
}

/* "Name: value" and a newline for each field; returns the length of all. With
 * `out` NULL it only counts. */
static size_t write_fields(const yoke_req *req, char *out)
{
    const char *name, *value;
    size_t len = 0;

    for (size_t n = 0; yoke_req_header_at(req, n, &name, &value); n++) {
        size_t line_len = strlen(name) + strlen(value) + 3;
        if (out)
            snprintf(out + len, line_len + 1, "%s: %s\n", name, value);
        len += line_len;
    }
    return len;
}

static void echo_fields(yoke_req *req, yoke_res *res)
{
    /* Memory of the request goes when it has been answered. */
    char *text = yoke_req_alloc(req, write_fields(req, NULL) + 1);
    size_t len = write_fields(req, text);
    yoke_res_set(res, "Content-Type", "text/plain");
    yoke_res_send(res, text, len);
}

yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_get(app, "/", show_text);
    /* yoke_body collects the body before echo_body runs. */
    yoke_app_all(app, "/", yoke_body, echo_body);
    yoke_app_all(app, "/echo", echo_fields);
    return app;
}
