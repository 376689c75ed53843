/* Express: test/res.json.js and test/res.jsonp.js. undefined as a value, and
 * "json replacer", are JavaScript's. */
#include "express.h"

#include <jansson.h>

static json_t *value_of(const yoke_req *req)
{
    return json_loads(yoke_data(req), JSON_DECODE_ANY, NULL);
}

static void json(yoke_req *req, yoke_res *res)
{
    yoke_res_json(res, value_of(req));
}

static void jsonp(yoke_req *req, yoke_res *res)
{
    yoke_res_jsonp(res, value_of(req));
}

static void typed_json(yoke_req *req, yoke_res *res)
{
    yoke_res_type(res, "application/vnd.example+json");
    json(req, res);
}

static void typed_jsonp(yoke_req *req, yoke_res *res)
{
    yoke_res_type(res, "application/vnd.example+json");
    jsonp(req, res);
}

static void renamed(yoke_app *app)
{
    yoke_app_set_str(app, "jsonp callback name", "clb");
}

static void escaped(yoke_app *app)
{
    yoke_app_enable(app, "json escape");
}

static void two_spaces(yoke_app *app)
{
    yoke_app_set_int(app, "json spaces", 2);
}

#define IS_JSON                                                                \
    {                                                                          \
        "Content-Type", "application/json; charset=utf-8"                      \
    }
#define IS_SCRIPT                                                              \
    {                                                                          \
        "Content-Type", "text/javascript; charset=utf-8"                       \
    }
#define IS_SAFE                                                                \
    {                                                                          \
        "X-Content-Type-Options", "nosniff"                                    \
    }

static const struct express_case cases[] = {
    {"json: ?callback means nothing", json, .data = "{\"foo\":\"bar\"}",
     .path = "/?callback=foo", .body = "{\"foo\":\"bar\"}"},
    {"json: the handler's type stays", typed_json, .data = "{\"a\":1}",
     .body = "{\"a\":1}",
     .answered = {{"Content-Type", "application/vnd.example+json"}}},
    {"json: null", json, .data = "null", .body = "null", .answered = {IS_JSON}},
    {"json: a number", json, .data = "300", .body = "300",
     .answered = {IS_JSON}},
    {"json: a text", json, .data = "\"str\"", .body = "\"str\"",
     .answered = {IS_JSON}},
    {"json: an array", json, .data = "[\"foo\",\"bar\",\"baz\"]",
     .body = "[\"foo\",\"bar\",\"baz\"]", .answered = {IS_JSON}},
    {"json: an object", json, .data = "{\"name\":\"tobi\"}",
     .body = "{\"name\":\"tobi\"}", .answered = {IS_JSON}},
    {"json: not escaped by default", json, .data = "{\"&\":\"<\"}",
     .body = "{\"&\":\"<\"}"},
    {"json: escaped for HTML", json, escaped, .data = "{\"&\":\"<script>\"}",
     .body = "{\"\\u0026\":\"\\u003cscript\\u003e\"}", .answered = {IS_JSON}},
    {"json: compact by default", json, .data = "{ \"a\" : 2 }",
     .body = "{\"a\":2}"},
    {"json: with spaces", json, two_spaces,
     .data = "{\"name\":\"tobi\",\"age\":2}",
     .body = "{\n  \"name\": \"tobi\",\n  \"age\": 2\n}",
     .answered = {IS_JSON}},

    {"jsonp: calls the function", jsonp, .data = "{\"count\":1}",
     .path = "/?callback=something", .has = "something({\"count\":1});",
     .answered = {IS_SCRIPT}},
    {"jsonp: the first of several", jsonp, .data = "{\"count\":1}",
     .path = "/?callback=something&callback=somethingelse",
     .has = "something({\"count\":1});", .answered = {IS_SCRIPT}},
    {"jsonp: an object is no name", jsonp, .data = "{\"count\":1}",
     .path = "/?callback[a]=something", .body = "{\"count\":1}",
     .answered = {IS_JSON}},
    {"jsonp: the parameter has another name", jsonp, renamed,
     .data = "{\"count\":1}", .path = "/?clb=something",
     .has = "something({\"count\":1});", .answered = {IS_SCRIPT}},
    {"jsonp: an element of an array", jsonp, .data = "{\"count\":1}",
     .path = "/?callback=callbacks[123]",
     .has = "callbacks[123]({\"count\":1});", .answered = {IS_SCRIPT}},
    {"jsonp: no other code", jsonp, .data = "{}",
     .path = "/?callback=foo;bar()", .has = "foobar({});",
     .answered = {IS_SCRIPT}},
    {"jsonp: JavaScript's line ends are escaped", jsonp,
     .data = "{\"str\":\"\\u2028 \\u2029 woot\"}", .path = "/?callback=foo",
     .has = "foo({\"str\":\"\\u2028 \\u2029 woot\"});",
     .answered = {IS_SCRIPT}},
    {"jsonp: as JSON they are not", jsonp,
     .data = "{\"str\":\"\\u2028 \\u2029 woot\"}",
     .body = "{\"str\":\"\xe2\x80\xa8 \xe2\x80\xa9 woot\"}",
     .answered = {IS_JSON}},
    {"jsonp: is safe from being taken for something else", jsonp,
     .data = "{\"count\":1}", .path = "/?callback=something", .has = "/**/",
     .answered = {IS_SCRIPT, IS_SAFE}},
    {"jsonp: without a function the handler's type stays", typed_jsonp,
     .data = "{\"a\":1}", .body = "{\"a\":1}",
     .answered = {{"Content-Type", "application/vnd.example+json"},
                  {"X-Content-Type-Options", NULL}}},
    {"jsonp: with a function it does not", typed_jsonp, .data = "{\"a\":1}",
     .path = "/?callback=cb", .has = "cb({\"a\":1});",
     .answered = {IS_SCRIPT, IS_SAFE}},
    {"jsonp: null", jsonp, .data = "null", .path = "/?callback=cb",
     .has = "cb(null)", .answered = {IS_SCRIPT}},
    {"jsonp: a text", jsonp, .data = "\"tobi\"", .path = "/?callback=cb",
     .has = "cb(\"tobi\")", .answered = {IS_SCRIPT}},
    {"jsonp: a number", jsonp, .data = "42", .path = "/?callback=cb",
     .has = "cb(42)", .answered = {IS_SCRIPT}},
    {"jsonp: an array", jsonp, .data = "[\"foo\",\"bar\"]",
     .path = "/?callback=cb", .has = "cb([\"foo\",\"bar\"])",
     .answered = {IS_SCRIPT}},
    {"jsonp: an object", jsonp, .data = "{\"name\":\"tobi\"}",
     .path = "/?callback=cb", .has = "cb({\"name\":\"tobi\"})",
     .answered = {IS_SCRIPT}},
    {"jsonp: escaped for HTML", jsonp, escaped,
     .data = "{\"&\":\"\\u2028<script>\\u2029\"}", .path = "/?callback=foo",
     .has = "foo({\"\\u0026\":\"\\u2028\\u003cscript\\u003e\\u2029\"})",
     .answered = {IS_SCRIPT}},
    {"jsonp: with spaces", jsonp, two_spaces, .data = "{\"a\":1,\"b\":2}",
     .body = "{\n  \"a\": 1,\n  \"b\": 2\n}", .answered = {IS_JSON}},
};

EXPRESS_MAIN("res.json")
