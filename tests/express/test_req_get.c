/* Express: test/req.get.js */
#include "express.h"

static void show(yoke_req *req, yoke_res *res)
{
    express_show(res, yoke_req_get(req, yoke_data(req)));
}

static const struct express_case cases[] = {
    {"a field's value", show, .data = "Content-Type", .method = "POST",
     .fields = {{"Content-Type", "application/json"}},
     .body = "application/json"},
    {"a field that is not there", show, .data = "Something-Else",
     .body = "(none)"},
    {"Referrer is Referer", show, .data = "Referer", .method = "POST",
     .fields = {{"Referrer", "http://foobar.com"}},
     .body = "http://foobar.com"},
};

EXPRESS_MAIN("req.get")
