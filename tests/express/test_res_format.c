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

#define BOTH(handler, kind)                                                    \
    {kind ": weights count", handler,                                          \
     .fields = ACCEPT("text/html; q=.5, application/json, */*; q=.1"),         \
     .body = "{\"message\":\"hey\"}"},                                         \
        {kind ": ranges of types", handler,                                    \
         .fields = ACCEPT("text/html; q=.5, application/*, */*; q=.1"),        \
         .body = "{\"message\":\"hey\"}"},                                     \
        {kind ": sets the type", handler,                                      \
         .fields = ACCEPT("text/html; q=.5, text/plain"), .body = "hey",       \
         .answered = {{"Content-Type", "text/plain; charset=utf-8"}}},         \
        {kind ": with its charset, of HTML", handler,                          \
         .fields = ACCEPT("text/html"),                                        \
         .answered = {{"Content-Type", "text/html; charset=utf-8"}}},          \
        {kind ": with its charset, of JSON", handler,                          \
         .fields = ACCEPT("application/json"),                                 \
         .answered = {{"Content-Type", "application/json; charset=utf-8"}}},   \
        {kind ": says on what it depends", handler,                            \
         .fields = ACCEPT("text/html; q=.5, text/plain"),                      \
         .answered = {{"Vary", "Accept"}}},                                    \
        {kind ": the first without Accept", handler, .body = "hey"},           \
    {                                                                          \
        kind ": 406 says what there is", handler,                              \
            .fields = ACCEPT("foo/bar"), .status = 406,                        \
            .body = "there is: text/plain, text/html, application/json",       \
            .answered = {                                                      \
                {"Vary", "Accept"}                                             \
            }                                                                  \
    }

static const struct express_case cases[] = {
    BOTH(by_type, "types"),
    BOTH(by_extension, "extensions"),
    {"default instead of 406", with_default, .fields = ACCEPT("text/html"),
     .body = "default"},
    {"nothing but a default", only_default, .fields = ACCEPT("*/*"),
     .body = "hey", .answered = {{"Vary", NULL}}},
    {"the default may do as another", default_is_another,
     .fields = ACCEPT("text/plain"), .body = "{\"message\":\"hey\"}",
     .answered = {{"X-Default", "1"}}},
};

EXPRESS_MAIN("res.format")
