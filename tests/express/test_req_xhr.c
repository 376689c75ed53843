/* Express: test/req.xhr.js */
#include "express.h"

static void show(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_is_xhr(req) ? "yes" : "no");
}

static const struct express_case cases[] = {
    {"by X-Requested-With", show,
     .fields = {{"X-Requested-With", "xmlhttprequest"}}, .body = "yes"},
    {"in any case", show, .fields = {{"X-Requested-With", "XMLHttpRequest"}},
     .body = "yes"},
    {"nothing else counts", show, .fields = {{"X-Requested-With", "blahblah"}},
     .body = "no"},
    {"nor does its absence", show, .body = "no"},
};

EXPRESS_MAIN("req.xhr")
