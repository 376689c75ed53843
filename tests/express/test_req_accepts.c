/* Express: test/req.accepts.js */
#include "express.h"

static void json(yoke_req *req, yoke_res *res)
{
    express_show(res, yoke_req_accepts(req, "json"));
}

static void json_or_html(yoke_req *req, yoke_res *res)
{
    express_show(res, yoke_req_accepts(req, "json", "html"));
}

static void full_types(yoke_req *req, yoke_res *res)
{
    express_show(res, yoke_req_accepts(req, "text/html", "application/json"));
}

static void full_types_json_first(yoke_req *req, yoke_res *res)
{
    express_show(res, yoke_req_accepts(req, "application/json", "text/html"));
}

static const struct express_case cases[] = {
    {"without Accept a type is acceptable", json, .body = "json"},
    {"a type that is listed is acceptable", json,
     .fields = {{"Accept", "application/json"}}, .body = "json"},
    {"a type that is not listed is not", json,
     .fields = {{"Accept", "text/html"}}, .body = "(none)"},
    {"several types are offered at once", json_or_html,
     .fields = {{"Accept", "application/json"}}, .body = "json"},
    {"without Accept the first offer is best", json_or_html, .body = "json"},
    {"the first acceptable offer is best", json_or_html,
     .fields = {{"Accept", "text/html"}}, .body = "html"},
    {"none is acceptable", full_types,
     .fields = {{"Accept", "foo/bar, bar/baz"}}, .body = "(none)"},
    {"weights count", full_types,
     .fields = {{"Accept", "*/html; q=.5, application/json"}},
     .body = "application/json"},
    {"the name of an offer is returned as it was given", full_types_json_first,
     .fields = {{"Accept", "*/html"}}, .body = "text/html"},
};

EXPRESS_MAIN("req.accepts")
