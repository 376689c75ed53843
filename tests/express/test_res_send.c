/* Express: test/res.send.js. Numbers, objects and null as arguments are
 * JavaScript's; here each kind of body has its function. */
#include "express.h"

#include <jansson.h>

static void text(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_data(req));
}

static void html(yoke_req *req, yoke_res *res)
{
    yoke_res_html(res, yoke_data(req));
}

static void bytes(yoke_req *req, yoke_res *res)
{
    yoke_res_send(res, yoke_data(req), strlen(yoke_data(req)));
}

static void nothing(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_end(res);
}

static void typed_text(yoke_req *req, yoke_res *res)
{
    yoke_res_set(res, "Content-Type", yoke_data(req));
    yoke_res_text(res, "hey");
}

static void typed_bytes(yoke_req *req, yoke_res *res)
{
    yoke_res_set(res, "Content-Type", yoke_data(req));
    yoke_res_send(res, "hi", 2);
}

static void long_text(yoke_req *req, yoke_res *res)
{
    char *dashes = yoke_req_alloc(req, 1000);
    memset(dashes, '-', 999);
    dashes[999] = '\0';
    yoke_res_text(res, dashes);
}

static void long_bytes(yoke_req *req, yoke_res *res)
{
    char *dashes = yoke_req_alloc(req, 999);
    memset(dashes, '-', 999);
    yoke_res_send(res, dashes, 999);
}

static void tagged(yoke_req *req, yoke_res *res)
{
    yoke_res_set(res, "etag", "\"asdf\"");
    yoke_res_text(res, yoke_data(req));
}

static void no_content(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_status(res, 204);
    yoke_res_type(res, "text");
    yoke_res_text(res, "foo");
}

static void reset_content(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_status(res, 205);
    yoke_res_text(res, "foo");
}

static void not_modified(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_status(res, 304);
    yoke_res_type(res, "text");
    yoke_res_text(res, "foo");
}

static void failed_and_tagged(yoke_req *req, yoke_res *res)
{
    yoke_res_status(res, 500);
    tagged(req, res);
}

static void json(yoke_req *req, yoke_res *res)
{
    yoke_res_set(res, "Content-Type", "application/json");
    text(req, res);
}

static void framed(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_set(res, "Transfer-Encoding", "chunked");
    yoke_res_text(res, "");
}

static void number(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_json(res, json_integer(1000));
}

static void object(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_json(res, json_pack("{s:s}", "name", "tobi"));
}

/* ---- The setting "etag" ---- */

static const char *custom(yoke_req *req, const void *body, size_t len,
                          void *data)
{
    (void)req;
    assert_int_equal(len, 13);
    assert_memory_equal(body, "hello, world!", 13);
    return data;
}

static void etag_weak(yoke_app *app)
{
    yoke_app_set_str(app, "etag", "weak");
}

static void etag_strong(yoke_app *app)
{
    yoke_app_set_str(app, "etag", "strong");
}

static void etag_on(yoke_app *app)
{
    yoke_app_enable(app, "etag");
}

static void etag_off(yoke_app *app)
{
    yoke_app_disable(app, "etag");
}

static void etag_custom(yoke_app *app)
{
    static struct yoke_etag maker = {custom, (void *)(uintptr_t) "\"custom\""};
    yoke_app_set_ptr(app, "etag", &maker, NULL);
}

static void etag_none(yoke_app *app)
{
    static struct yoke_etag maker = {custom, NULL};
    yoke_app_set_ptr(app, "etag", &maker, NULL);
}

#define SHORT_TAG "W/\"c-IgR/L5SF7CJQff4wxKGF/vfPuZ0\""
#define LONG_TAG  "W/\"3e7-qPnkJ3CVdVhFJQvUBfF10TmVA7g\""

#define TAGGED(name)                                                           \
    {                                                                          \
        "a tag for " name, text, etag_weak, .data = "kajdslfkasdf",            \
                                            .method = name, .answered = {      \
                                                {"ETag", SHORT_TAG}            \
                                            }                                  \
    }
/* utils.etag and utils.wetag of Express, seen from outside. */
#define ETAGS(strength, prefix)                                                \
    {"a " #strength " tag of a text", text, etag_##strength,                   \
     .data = "express!",                                                       \
     .answered = {{"ETag", prefix "\"8-O2uVAFaQ1rZvlKLT14RnuvjPIdg\""}}},      \
        {"a " #strength " tag of UTF-8", text, etag_##strength,                \
         .data = "express\xe2\x9d\xa4",                                        \
         .answered = {{"ETag", prefix "\"a-JBiXf7GyzxwcrxY4hVXUwa7tmks\""}}},  \
        {"a " #strength " tag of bytes", bytes, etag_##strength,               \
         .data = "express!",                                                   \
         .answered = {{"ETag", prefix "\"8-O2uVAFaQ1rZvlKLT14RnuvjPIdg\""}}},  \
    {                                                                          \
        "a " #strength " tag of no text", text, etag_##strength,               \
            .data = "", .answered = {                                          \
                {"ETag", prefix "\"0-2jmj7l5rSw0yVb/vlWAYkK/YBwk\""}           \
            }                                                                  \
    }

static const struct express_case cases[] = {
    {"no body", nothing, .body = "", .answered = {{"Content-Length", "0"}}},
    {"no text", text, .data = "", .body = "",
     .answered = {{"Content-Length", "0"}}},
    {"HTML", html, .data = "<p>hey</p>", .body = "<p>hey</p>",
     .answered = {{"Content-Type", "text/html; charset=utf-8"}}},
    {"the handler's type stays, of text", typed_text, .data = "text/x-foo",
     .body = "hey", .answered = {{"Content-Type", "text/x-foo"}}},
    {"a charset stays, of bytes", typed_bytes,
     .data = "text/plain; charset=iso-8859-1", .body = "hi",
     .answered = {{"Content-Type", "text/plain; charset=iso-8859-1"}}},
    {"bytes are an octet stream", bytes, .data = "hello", .body = "hello",
     .answered = {{"Content-Type", "application/octet-stream"}}},
    {"the handler's type stays, of bytes", typed_bytes, .data = "text/plain",
     .body = "hi", .answered = {{"Content-Type", "text/plain"}}},
    {"HEAD has the fields and no body", text, .data = "yay", .method = "HEAD",
     .body = "", .answered = {{"Content-Length", "3"}}},
    {"204 has no type, no length, no body", no_content, .status = 204,
     .body = "",
     .answered = {{"Content-Type", NULL},
                  {"Content-Length", NULL},
                  {"Transfer-Encoding", NULL}}},
    {"205 has no body, and says so", reset_content, .status = 205, .body = "",
     .answered = {{"Content-Length", "0"}, {"Transfer-Encoding", NULL}}},
    {"304 has no type, no length, no body", not_modified, .status = 304,
     .body = "",
     .answered = {{"Content-Type", NULL},
                  {"Content-Length", NULL},
                  {"Transfer-Encoding", NULL}}},
    {"a good copy is 304, whatever the length", tagged, .data = "hey",
     .fields = {{"If-None-Match", "\"asdf\""}}, .status = 304, .body = ""},
    {"a tag that yoke makes is looked at, too", long_text, etag_weak,
     .fields = {{"If-None-Match", LONG_TAG}}, .status = 304, .body = ""},
    {"an error is no version of anything", failed_and_tagged, .data = "hey",
     .fields = {{"If-None-Match", "\"asdf\""}}, .status = 500, .body = "hey"},
    {"nobody chunks by hand", framed, .status = 500,
     .answered = {{"Transfer-Encoding", NULL}}},
    {"a number is JSON", number, .body = "1000",
     .answered = {{"Content-Type", "application/json; charset=utf-8"}}},
    {"an object is JSON", object, .body = "{\"name\":\"tobi\"}",
     .answered = {{"Content-Type", "application/json; charset=utf-8"}}},
    {"?callback means nothing here", json, .data = "{\"foo\":\"bar\"}",
     .path = "/?callback=foo", .body = "{\"foo\":\"bar\"}"},

    {"etag: of a text", text, etag_on, .data = "kajdslfkasdf",
     .answered = {{"ETag", SHORT_TAG}}},
    METHODS_WITH_BODY(TAGGED),
    TAGGED("HEAD"),
    {"etag: of no text", text, etag_on, .data = "",
     .answered = {{"ETag", "W/\"0-2jmj7l5rSw0yVb/vlWAYkK/YBwk\""}}},
    {"etag: of a long text", long_text, etag_on,
     .answered = {{"ETag", LONG_TAG}}},
    {"etag: of bytes", long_bytes, etag_on, .answered = {{"ETag", LONG_TAG}}},
    {"etag: of what 204 leaves out", no_content, etag_weak, .status = 204,
     .body = "", .answered = {{"ETag", "W/\"3-C+7Hteo/D9vJXQ3UfzxbwnXaijM\""}}},
    {"etag: the handler's own stays", tagged, etag_on, .data = "hello!",
     .answered = {{"ETag", "\"asdf\""}}},
    {"etag: not without a body", nothing, etag_on,
     .answered = {{"ETag", NULL}}},
    {"etag: off", long_text, etag_off, .answered = {{"ETag", NULL}}},
    {"etag: off by default", long_text, .answered = {{"ETag", NULL}}},
    {"etag: off, but set by hand", tagged, etag_off, .data = "hello!",
     .answered = {{"ETag", "\"asdf\""}}},
    {"etag: strong", text, etag_strong, .data = "hello, world!",
     .answered = {{"ETag", "\"d-HwnTDHB9U/PRbFMN1z1wps51lqk\""}}},
    {"etag: weak", text, etag_weak, .data = "hello, world!",
     .answered = {{"ETag", "W/\"d-HwnTDHB9U/PRbFMN1z1wps51lqk\""}}},
    ETAGS(strong, ""),
    ETAGS(weak, "W/"),
    {"etag: by a function", text, etag_custom, .data = "hello, world!",
     .answered = {{"ETag", "\"custom\""}}},
    {"etag: a function may give none", text, etag_none, .data = "hello, world!",
     .answered = {{"ETag", NULL}}},
};

EXPRESS_MAIN("res.send")
