/* Express: test/req.fresh.js, and test/req.stale.js, which is its opposite. */
#include "express.h"

static void tagged(yoke_req *req, yoke_res *res)
{
    if (yoke_data(req))
        yoke_res_set(res, "ETag", yoke_data(req));
    yoke_res_text(res, yoke_req_is_fresh(req) ? "fresh" : "stale");
}

static void tagged_and_dated(yoke_req *req, yoke_res *res)
{
    yoke_res_set(res, "Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT");
    tagged(req, res);
}

static const struct express_case cases[] = {
    {"a copy with the same tag is good", tagged, .data = "\"12345\"",
     .fields = {{"If-None-Match", "\"12345\""}}, .status = 304, .body = ""},
    {"one with another tag is not", tagged, .data = "\"123\"",
     .fields = {{"If-None-Match", "\"12345\""}}, .body = "stale"},
    {"without a tag of the answer it is not", tagged, .body = "stale"},
    {"QUERY, with a body, is as GET: good", tagged, .data = "\"12345\"",
     .method = "QUERY", .sent = "{\"ids\":[\"a\"]}",
     .fields = {{"If-None-Match", "\"12345\""}}, .status = 304, .body = ""},
    {"QUERY, with a body, is as GET: not", tagged, .data = "\"123\"",
     .method = "QUERY", .sent = "{\"ids\":[\"a\"]}",
     .fields = {{"If-None-Match", "\"12345\""}}, .body = "stale"},
    {"If-Modified-Since is ignored beside If-None-Match", tagged_and_dated,
     .data = "\"FooBar\"",
     .fields = {{"If-Modified-Since", "Sun, 06 Nov 1994 08:49:36 GMT"},
                {"If-None-Match", "\"FooBar\""}},
     .status = 304},
};

EXPRESS_MAIN("req.fresh")
