/* Express: test/req.is.js */
#include "express.h"

static void is(yoke_req *req, yoke_res *res)
{
    express_show(res, yoke_req_is(req, yoke_data(req)));
}

#define JSON                                                                   \
    {                                                                          \
        {                                                                      \
            "Content-Type", "application/json"                                 \
        }                                                                      \
    }
#define JSON_UTF8                                                              \
    {                                                                          \
        {                                                                      \
            "Content-Type", "application/json; charset=UTF-8"                  \
        }                                                                      \
    }

static const struct express_case cases[] = {
    {"a type that matches is returned", is, .data = "application/json",
     .method = "POST", .fields = JSON, .sent = "{}",
     .body = "application/json"},
    {"one that does not, is not", is, .data = "image/jpeg", .method = "POST",
     .fields = JSON, .sent = "{}", .body = "(none)"},
    {"the charset does not matter", is, .data = "application/json",
     .method = "POST", .fields = JSON_UTF8, .sent = "{}",
     .body = "application/json"},
    {"without Content-Type nothing matches", is, .data = "application/json",
     .method = "POST", .sent = "{}", .body = "(none)"},
    {"an extension stands for its type", is, .data = "json", .method = "POST",
     .fields = JSON, .sent = "{}", .body = "json"},
    {"any type of a subtype: the one that was sent", is, .data = "*/json",
     .method = "POST", .fields = JSON, .sent = "{}",
     .body = "application/json"},
    {"any type of another subtype", is, .data = "*/html", .method = "POST",
     .fields = JSON, .sent = "{}", .body = "(none)"},
    {"any type of a subtype, with a charset", is, .data = "*/json",
     .method = "POST", .fields = JSON_UTF8, .sent = "{}",
     .body = "application/json"},
    {"any subtype: the type that was sent", is, .data = "application/*",
     .method = "POST", .fields = JSON, .sent = "{}",
     .body = "application/json"},
    {"any subtype of another type", is, .data = "text/*", .method = "POST",
     .fields = JSON, .sent = "{}", .body = "(none)"},
    {"any subtype, with a charset", is, .data = "application/*",
     .method = "POST", .fields = JSON_UTF8, .sent = "{}",
     .body = "application/json"},
};

EXPRESS_MAIN("req.is")
