/* Express: test/req.acceptsEncodings.js */
#include "express.h"

static void gzip(yoke_req *req, yoke_res *res)
{
    express_show(res, yoke_req_accepts_encodings(req, "gzip"));
}

static void deflate(yoke_req *req, yoke_res *res)
{
    express_show(res, yoke_req_accepts_encodings(req, "deflate"));
}

static void bogus(yoke_req *req, yoke_res *res)
{
    express_show(res, yoke_req_accepts_encodings(req, "bogus"));
}

static const struct express_case cases[] = {
    {"the first that is listed is acceptable", gzip,
     .fields = {{"Accept-Encoding", " gzip, deflate"}}, .body = "gzip"},
    {"so is the second", deflate,
     .fields = {{"Accept-Encoding", " gzip, deflate"}}, .body = "deflate"},
    {"one that is not listed is not", bogus,
     .fields = {{"Accept-Encoding", " gzip, deflate"}}, .body = "(none)"},
};

EXPRESS_MAIN("req.acceptsEncodings")
