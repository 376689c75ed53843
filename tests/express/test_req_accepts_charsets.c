/* Express: test/req.acceptsCharsets.js */
#include "express.h"

static void utf8(yoke_req *req, yoke_res *res)
{
    express_show(res, yoke_req_accepts_charsets(req, "utf-8"));
}

static void both(yoke_req *req, yoke_res *res)
{
    express_show(res, yoke_req_accepts_charsets(req, "utf-8", "iso-8859-1"));
}

static const struct express_case cases[] = {
    {"without Accept-Charset any is acceptable", utf8, .body = "utf-8"},
    {"one that is listed is acceptable", utf8,
     .fields = {{"Accept-Charset", "foo, bar, utf-8"}}, .body = "utf-8"},
    {"one that is not listed is not", utf8,
     .fields = {{"Accept-Charset", "foo, bar"}}, .body = "(none)"},
    {"the client's order decides", both,
     .fields = {{"Accept-Charset", "iso-8859-1, utf-8"}}, .body = "iso-8859-1"},
};

EXPRESS_MAIN("req.acceptsCharsets")
