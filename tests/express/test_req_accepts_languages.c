/* Express: test/req.acceptsLanguages.js */
#include "express.h"

static void accepts(yoke_req *req, yoke_res *res)
{
    express_show(res, yoke_req_accepts_languages(req, yoke_data(req)));
}

static const struct express_case cases[] = {
    {"a language is acceptable", accepts, .data = "en",
     .fields = {{"Accept-Language", "en;q=.5, en-us"}}, .body = "en"},
    {"a language with its country is, too", accepts, .data = "en-us",
     .fields = {{"Accept-Language", "en;q=.5, en-us"}}, .body = "en-us"},
    {"one that is not listed is not", accepts, .data = "es",
     .fields = {{"Accept-Language", "en;q=.5, en-us"}}, .body = "(none)"},
    {"without Accept-Language every one is: en", accepts, .data = "en",
     .body = "en"},
    {"without Accept-Language every one is: es", accepts, .data = "es",
     .body = "es"},
    {"without Accept-Language every one is: jp", accepts, .data = "jp",
     .body = "jp"},
};

EXPRESS_MAIN("req.acceptsLanguages")
