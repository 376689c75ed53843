/* Express: test/req.protocol.js and test/req.secure.js */
#include "express.h"

static void protocol(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_protocol(req));
}

static void secure(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_is_secure(req) ? "yes" : "no");
}

#define PROTO(value)                                                           \
    {                                                                          \
        {                                                                      \
            "X-Forwarded-Proto", value                                         \
        }                                                                      \
    }

static const struct express_case cases[] = {
    {"protocol: http", protocol, .body = "http"},
    {"protocol: as a trusted proxy says", protocol, trust_all,
     .fields = PROTO("https"), .body = "https"},
    {"protocol: not as another says", protocol, trust_another,
     .fields = PROTO("https"), .body = "http"},
    {"protocol: http when a trusted proxy says nothing", protocol, trust_all,
     .body = "http"},
    {"protocol: as the first hop says", protocol, trust_one,
     .fields = PROTO("https"), .body = "https"},
    {"protocol: nobody is trusted by default", protocol,
     .fields = PROTO("https"), .body = "http"},
    {"secure: http is not", secure, .body = "no"},
    {"secure: nobody is trusted by default", secure, .fields = PROTO("https"),
     .body = "no"},
    {"secure: a trusted proxy had https", secure, trust_all,
     .fields = PROTO("https"), .body = "yes"},
    {"secure: the outermost proxy had http", secure, trust_all,
     .fields = PROTO("http, https"), .body = "no"},
    {"secure: the outermost proxy had https", secure, trust_all,
     .fields = PROTO("https, http"), .body = "yes"},
    {"secure: the first hop had https", secure, trust_one,
     .fields = PROTO("https"), .body = "yes"},
};

EXPRESS_MAIN("req.protocol")
