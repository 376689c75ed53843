/* Express: test/req.query.js */
#include "express.h"

#include <jansson.h>

static void show(yoke_req *req, yoke_res *res)
{
    yoke_res_json(res, json_incref(yoke_req_query_json(req)));
}

static void one(yoke_req *req, yoke_res *res)
{
    express_show(res, yoke_req_query(req, "a"));
}

static json_t *measure(yoke_req *req, const char *query, void *data)
{
    (void)req;
    (void)data;
    return json_pack("{s:i}", "length", (int)strlen(query));
}

static void extended(yoke_app *app)
{
    yoke_app_set_str(app, "query parser", "extended");
}

static void simple(yoke_app *app)
{
    yoke_app_set_str(app, "query parser", "simple");
}

static void enabled(yoke_app *app)
{
    yoke_app_enable(app, "query parser");
}

static void disabled(yoke_app *app)
{
    yoke_app_disable(app, "query parser");
}

static void by_function(yoke_app *app)
{
    static struct yoke_query_parser parser = {measure, NULL};
    yoke_app_set_ptr(app, "query parser", &parser, NULL);
}

#define EXTENDED(name, query, json)                                            \
    {                                                                          \
        "extended: " name, show, extended, .path = "/?" query, .body = json    \
    }

static const struct express_case cases[] = {
    {"none is an empty object", show, .body = "{}"},
    {"brackets mean nothing by default", show, .path = "/?user[name]=tj",
     .body = "{\"user[name]\":\"tj\"}"},
    {"simple: nor encoded", show, simple, .path = "/?user%5Bname%5D=tj",
     .body = "{\"user[name]\":\"tj\"}"},
    {"enabled is simple", show, enabled, .path = "/?user%5Bname%5D=tj",
     .body = "{\"user[name]\":\"tj\"}"},
    {"disabled", show, disabled, .path = "/?a=1", .body = "{}"},
    {"disabled: for each parameter, too", one, disabled, .path = "/?a=1",
     .body = "(none)"},
    {"by a function", show, by_function, .path = "/?user%5Bname%5D=tj",
     .body = "{\"length\":17}"},
    {"several of one name are a list, wrong escapes stay", show,
     .path = "/?a=1&a=2&a=3&b[c]=3&f=%zz&g",
     .body = "{\"a\":[\"1\",\"2\",\"3\"],\"b[c]\":\"3\",\"f\":\"%zz\","
             "\"g\":\"\"}"},
    EXTENDED("lists of objects",
             "foo[0][bar]=baz&foo[0][fizz]=buzz&foo[]=done!",
             "{\"foo\":[{\"bar\":\"baz\",\"fizz\":\"buzz\"},\"done!\"]}"),
    EXTENDED("dots are text", "user.name=tj", "{\"user.name\":\"tj\"}"),
    EXTENDED("objects in objects", "a[b][c]=1&a[b][d]=2",
             "{\"a\":{\"b\":{\"c\":\"1\",\"d\":\"2\"}}}"),
    EXTENDED("places", "a[1]=x&a[0]=y", "{\"a\":[\"y\",\"x\"]}"),
    EXTENDED("a list that becomes an object", "a[]=x&a[b]=y",
             "{\"a\":{\"0\":\"x\",\"b\":\"y\"}}"),
    EXTENDED("a large number is a name", "a[1000000]=x",
             "{\"a\":{\"1000000\":\"x\"}}"),
    EXTENDED("depth has a limit", "a[b][c][d][e][f][g][h]=i",
             "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":{\"[g][h]\":\"i\"}}}}}}"
             "}"),
    EXTENDED("what does not close is a name, as it stands",
             "a[b=c&[[d]=e&f[g][=h",
             "{\"a\":{\"[b\":\"c\"},\"[[d]\":\"e\",\"f\":{\"g\":{\"[\":"
             "\"h\"}}}"),
    EXTENDED("brackets in brackets are a name", "a[[b]]=c",
             "{\"a\":{\"[b]\":\"c\"}}"),
    EXTENDED("brackets alone are a name", "[a]=b&[]=c&[7]=d",
             "{\"a\":\"b\",\"0\":\"c\",\"7\":\"d\"}"),
    EXTENDED("what stands behind brackets is dropped", "a[b]x=c&a[d]y[e]=f",
             "{\"a\":{\"b\":\"c\",\"d\":{\"e\":\"f\"}}}"),
    EXTENDED("places in any order, with holes", "a[5]=x&a[2]=y&a[3]=z",
             "{\"a\":[\"y\",\"z\",\"x\"]}"),
    EXTENDED("the next place fills the first hole", "a[5]=x&a[]=y",
             "{\"a\":[\"y\",\"x\"]}"),
    EXTENDED("an empty name is dropped", "=x&a=b", "{\"a\":\"b\"}"),
    EXTENDED("an escaped NUL stays escaped", "a%00b=c%00",
             "{\"a%00b\":\"c%00\"}"),
    EXTENDED("text becomes a member of an object", "a=1&a[b]=2",
             "{\"a\":{\"0\":\"1\",\"b\":\"2\"}}"),
    EXTENDED("text for an object gets a number", "a[b]=c&a=d&a=&a=b",
             "{\"a\":{\"b\":\"c\",\"0\":\"d\",\"1\":\"\",\"2\":\"b\"}}"),
    EXTENDED("text and objects in turn nest no deeper",
             "a[x]=1&a=1&a[x]=2&a=1&a[x]=3",
             "{\"a\":{\"x\":[\"1\",\"2\",\"3\"],\"0\":\"1\",\"1\":\"1\"}}"),
    EXTENDED("a name that is not UTF-8", "%ff[a]=1&b[%ff][c]=2&d[e]=3",
             "{\"d\":{\"e\":\"3\"}}"),
};

EXPRESS_MAIN("req.query")
