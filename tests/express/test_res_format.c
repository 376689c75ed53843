/* Express: test/res.format.js */
#include "express.h"

static void as_text(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, "hey");
}

static void as_html(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_html(res, "<p>hey</p>");
}

static void as_json(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, "{\"message\":\"hey\"}");
}

static void as_default(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, "default");
}

static void json_after_all(yoke_req *req, yoke_res *res)
{
    yoke_res_set(res, "X-Default", "1");
    as_json(req, res);
}

static void by_type(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_format(res, {"text/plain", as_text}, {"text/html", as_html},
                    {"application/json", as_json});
}

static void by_parameters(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_format(res, {"text/plain; charset=utf-8", as_text},
                    {"text/html; foo=bar; bar=baz", as_html},
                    {"application/json; q=0.5", as_json});
}

static void by_extension(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_format(res, {"text", as_text}, {"html", as_html},
                    {"json", as_json});
}

static void with_default(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_format(res, {"text", as_text}, {"default", as_default});
}

static void only_default(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_format(res, {"default", as_text});
}

static void default_is_another(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_format(res, {"json", as_json}, {"default", json_after_all});
}

#define ACCEPT(text)                                                           \
    {                                                                          \
        {                                                                      \
            "Accept", text                                                     \
        }                                                                      \
    }

static const struct express_case cases[] = {
    {"default instead of 406", with_default, .fields = ACCEPT("text/html"),
     .body = "default"},
    {"nothing but a default", only_default, .fields = ACCEPT("*/*"),
     .body = "hey", .answered = {{"Vary", NULL}}},
    {"the default may do as another", default_is_another,
     .fields = ACCEPT("text/plain"), .body = "{\"message\":\"hey\"}",
     .answered = {{"X-Default", "1"}}},
};

/* ---- What holds however the kinds are said, and wherever ---- */

static void types(yoke_app *app)
{
    yoke_app_use(app, by_type);
}

static void extensions(yoke_app *app)
{
    yoke_app_use(app, by_extension);
}

static void parameters(yoke_app *app)
{
    yoke_app_use(app, by_parameters);
}

static void in_route(yoke_app *app)
{
    yoke_app_get(app, "/", by_extension);
}

static void in_router(yoke_app *app)
{
    yoke_router *router = yoke_router_new();
    yoke_router_get(router, "/", by_extension);
    yoke_app_use_router(app, "/", router);
}

static const struct express_kind kinds[] = {
    {"types", types},
    {"extensions", extensions},
    {"with params", parameters},
    {"in a route", in_route},
    {"in a router", in_router},
};

static const struct express_case of_each_kind[] = {
    {"weights count",
     .fields = ACCEPT("text/html; q=.5, application/json, */*; q=.1"),
     .body = "{\"message\":\"hey\"}"},
    {"ranges of types",
     .fields = ACCEPT("text/html; q=.5, application/*, */*; q=.1"),
     .body = "{\"message\":\"hey\"}"},
    {"sets the type", .fields = ACCEPT("text/html; q=.5, text/plain"),
     .body = "hey",
     .answered = {{"Content-Type", "text/plain; charset=utf-8"}}},
    {"with its charset, of HTML", .fields = ACCEPT("text/html"),
     .answered = {{"Content-Type", "text/html; charset=utf-8"}}},
    {"with its charset, of JSON", .fields = ACCEPT("application/json"),
     .answered = {{"Content-Type", "application/json; charset=utf-8"}}},
    {"says on what it depends", .fields = ACCEPT("text/html; q=.5, text/plain"),
     .answered = {{"Vary", "Accept"}}},
    {"the first without Accept", .body = "hey"},
    {"406 says what there is", .fields = ACCEPT("foo/bar"), .status = 406,
     .body = "there is: text/plain, text/html, application/json",
     .answered = {{"Vary", "Accept"}}},
};

int main(void)
{
    return express_run("res.format", cases, COUNT_OF(cases)) +
           express_run_each("res.format of each kind", kinds, COUNT_OF(kinds),
                            of_each_kind, COUNT_OF(of_each_kind));
}
