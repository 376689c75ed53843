/* Express: test/acceptance/content-negotiation.js, cookies.js, error.js,
 * error-pages.js and web-service.js. Their examples, in C. */
#include "later.h"
#include "routing.h"

#include <jansson.h>

static void say(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_data(req));
}

#define SAY(text) yoke_with(say, DATA(text), NULL)

/* ---- content-negotiation ---- */

static void users_as_html(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_html(res, "<ul><li>Tobi</li><li>Loki</li></ul>");
}

static void users_as_text(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, " - Tobi\n - Loki\n");
}

static void users_as_json(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_json(res,
                  json_pack("[{s:s},{s:s}]", "name", "Tobi", "name", "Loki"));
}

static void show_users(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_format(res, {"html", users_as_html}, {"text", users_as_text},
                    {"json", users_as_json});
}

static void negotiation(yoke_app *app)
{
    yoke_app_get(app, "/", show_users);
    yoke_app_get(app, "/users", show_users);
}

/* ---- cookies ---- */

static void show_form(yoke_req *req, yoke_res *res)
{
    if (yoke_req_cookie(req, "remember"))
        yoke_res_html(res, "Remembered. <a href=/forget>Forget</a>.");
    else
        yoke_res_html(res, "<form method=post>remember me</form>");
}

static void remember(yoke_req *req, yoke_res *res)
{
    if (yoke_req_form(req, "remember"))
        yoke_res_cookie(res, "remember", "1", .http_only = true);
    yoke_res_redirect_back(res, "/");
}

static void forget(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_clear_cookie(res, "remember");
    yoke_res_redirect_back(res, "/");
}

static void cookies(yoke_app *app)
{
    yoke_app_use(app, yoke_urlencoded());
    yoke_app_get(app, "/", show_form);
    yoke_app_get(app, "/forget", forget);
    yoke_app_post(app, "/", remember);
}

/* ---- error ---- */

static void fail_now(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_next_err(req, 500, "something broke");
}

static void oh_no(yoke_req *req)
{
    yoke_next_err(req, 500, "oh no");
}

static void fail_later(yoke_req *req, yoke_res *res)
{
    (void)res;
    express_later(req, oh_no);
}

static void show_error(const struct yoke_err *err, yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_status(res, err->status);
    yoke_res_text(res, "Internal Server Error");
}

static void errors(yoke_app *app)
{
    yoke_app_get(app, "/", fail_now);
    yoke_app_get(app, "/next", fail_later);
    yoke_app_catch(app, show_error);
}

/* ---- error-pages ---- */

static void page_404(yoke_req *req, yoke_res *res)
{
    yoke_res_html(res, yoke_req_printf(req, "<h2>Cannot find %s</h2>",
                                       yoke_req_path(req)));
}

static void json_404(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_json(res, json_pack("{s:s}", "error", "Not found"));
}

static void text_404(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, "Not found");
}

static void show_404(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_status(res, 404);
    yoke_res_format(res, {"html", page_404}, {"json", json_404},
                    {"default", text_404});
}

static void forbid(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_next_err(req, 403, "not allowed");
}

static void show_page(const struct yoke_err *err, yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_status(res, err->status);
    yoke_res_html(res,
                  yoke_req_printf(req, "<h2>Error: %s</h2>", err->message));
}

static void error_pages(yoke_app *app)
{
    yoke_app_get(app, "/", SAY("Pages Example"));
    yoke_app_get(app, "/404", pass);
    yoke_app_get(app, "/403", forbid);
    yoke_app_get(app, "/500", fail_now);
    yoke_app_use(app, show_404);
    yoke_app_catch(app, show_page);
}

/* ---- web-service ---- */

static void check_key(yoke_req *req, yoke_res *res)
{
    const char *key = yoke_req_query(req, "api-key");
    (void)res;
    if (!key)
        yoke_next_err(req, 400, "api key required");
    else if (strcmp(key, "foo") != 0 && strcmp(key, "bar") != 0)
        yoke_next_err(req, 401, "invalid api key");
    else
        yoke_next(req);
}

static void show_repos(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_json(res, json_pack("[{s:s,s:s}]", "name", "express", "url",
                                 "https://example.com/express"));
}

static void show_repos_of(yoke_req *req, yoke_res *res)
{
    if (strcmp(yoke_req_param(req, "name"), "loki") == 0)
        yoke_res_json(res, json_pack("[{s:s,s:s}]", "name", "stylus", "url",
                                     "https://example.com/stylus"));
    else
        yoke_next(req);
}

static void error_as_json(const struct yoke_err *err, yoke_req *req,
                          yoke_res *res)
{
    (void)req;
    yoke_res_status(res, err->status);
    yoke_res_json(res, json_pack("{s:s}", "error", err->message));
}

static void nothing_as_json(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_status(res, 404);
    yoke_res_json(res, json_pack("{s:s}", "error", "Sorry, can't find that"));
}

static void web_service(yoke_app *app)
{
    yoke_app_use_at(app, "/api", check_key);
    yoke_app_get(app, "/api/users", users_as_json);
    yoke_app_get(app, "/api/repos", show_repos);
    yoke_app_get(app, "/api/user/:name/repos", show_repos_of);
    yoke_app_catch(app, error_as_json);
    yoke_app_use(app, nothing_as_json);
}

#define HTML  "text/html"
#define TEXT  "text/plain"
#define JSON  "application/json"
#define USERS "[{\"name\":\"Tobi\"},{\"name\":\"Loki\"}]"
#define FORM                                                                   \
    {                                                                          \
        "Content-Type", "application/x-www-form-urlencoded"                    \
    }

static const struct express_case cases[] = {
    {"content-negotiation: the first", .prepare = negotiation,
     .body = "<ul><li>Tobi</li><li>Loki</li></ul>"},
    {"content-negotiation: text", .prepare = negotiation,
     .fields = {{"Accept", TEXT}}, .body = " - Tobi\n - Loki\n"},
    {"content-negotiation: JSON", .prepare = negotiation,
     .fields = {{"Accept", JSON}}, .body = USERS},
    {"content-negotiation: the first, elsewhere", .prepare = negotiation,
     .path = "/users", .body = "<ul><li>Tobi</li><li>Loki</li></ul>"},
    {"content-negotiation: text, elsewhere", .prepare = negotiation,
     .path = "/users", .fields = {{"Accept", TEXT}},
     .body = " - Tobi\n - Loki\n"},
    {"content-negotiation: JSON, elsewhere", .prepare = negotiation,
     .path = "/users", .fields = {{"Accept", JSON}}, .body = USERS},

    {"cookies: a form", .prepare = cookies, .has = "<form"},
    {"cookies: none by itself", .prepare = cookies,
     .answered = {{"Set-Cookie", NULL}}},
    {"cookies: one is known again", .prepare = cookies,
     .fields = {{"Cookie", "remember=1"}}, .has = "Remembered"},
    {"cookies: one is cleared", .prepare = cookies, .path = "/forget",
     .fields = {{"Cookie", "remember=1"}}, .status = 302,
     .answered = {{"Set-Cookie", "remember=; Path=/; "
                                 "Expires=Thu, 01 Jan 1970 00:00:00 GMT"}}},
    {"cookies: one is set", .prepare = cookies, .method = "POST",
     .fields = {FORM}, .sent = "remember=1", .status = 302,
     .answered = {{"Set-Cookie", "remember=1; Path=/; HttpOnly"},
                  {"Location", "/"}}},
    {"cookies: no reminder, no cookie", .prepare = cookies, .method = "POST",
     .fields = {FORM}, .sent = "a=b", .status = 302,
     .answered = {{"Set-Cookie", NULL}}},

    {"error: at once", .prepare = errors, .status = 500,
     .body = "Internal Server Error"},
    {"error: later", .prepare = errors, .path = "/next", .status = 500,
     .body = "Internal Server Error"},
    {"error: nothing there", .prepare = errors, .path = "/missing",
     .status = 404},

    {"error-pages: the list", .prepare = error_pages, .has = "Pages"},
    {"error-pages: 403 as HTML", .prepare = error_pages, .path = "/403",
     .fields = {{"Accept", HTML}}, .status = 403, .has = "not allowed"},
    {"error-pages: 404 as HTML", .prepare = error_pages, .path = "/404",
     .fields = {{"Accept", HTML}}, .status = 404, .has = "Cannot find /404"},
    {"error-pages: 500 as HTML", .prepare = error_pages, .path = "/500",
     .fields = {{"Accept", HTML}}, .status = 500, .has = "something broke"},
    {"error-pages: 403 for JSON", .prepare = error_pages, .path = "/403",
     .fields = {{"Accept", JSON}}, .status = 403},
    {"error-pages: 404 as JSON", .prepare = error_pages, .path = "/404",
     .fields = {{"Accept", JSON}}, .status = 404,
     .body = "{\"error\":\"Not found\"}"},
    {"error-pages: 500 for JSON", .prepare = error_pages, .path = "/500",
     .fields = {{"Accept", JSON}}, .status = 500},
    {"error-pages: 403 for text", .prepare = error_pages, .path = "/403",
     .fields = {{"Accept", TEXT}}, .status = 403},
    {"error-pages: 404 as text", .prepare = error_pages, .path = "/404",
     .fields = {{"Accept", TEXT}}, .status = 404, .body = "Not found"},
    {"error-pages: 500 for text", .prepare = error_pages, .path = "/500",
     .fields = {{"Accept", TEXT}}, .status = 500},

    {"web-service: users without a key", .prepare = web_service,
     .path = "/api/users", .status = 400},
    {"web-service: users with a wrong key", .prepare = web_service,
     .path = "/api/users?api-key=rawr", .status = 401},
    {"web-service: users", .prepare = web_service,
     .path = "/api/users?api-key=foo", .body = USERS,
     .answered = {{"Content-Type", "application/json; charset=utf-8"}}},
    {"web-service: repositories without a key", .prepare = web_service,
     .path = "/api/repos", .status = 400},
    {"web-service: repositories with a wrong key", .prepare = web_service,
     .path = "/api/repos?api-key=rawr", .status = 401},
    {"web-service: repositories", .prepare = web_service,
     .path = "/api/repos?api-key=foo",
     .has = "\"url\":\"https://example.com/express\""},
    {"web-service: a user's without a key", .prepare = web_service,
     .path = "/api/user/loki/repos", .status = 400},
    {"web-service: a user's with a wrong key", .prepare = web_service,
     .path = "/api/user/loki/repos?api-key=rawr", .status = 401},
    {"web-service: a user's", .prepare = web_service,
     .path = "/api/user/loki/repos?api-key=foo", .has = "\"name\":\"stylus\""},
    {"web-service: of a user who is not there", .prepare = web_service,
     .path = "/api/user/bob/repos?api-key=foo", .status = 404},
    {"web-service: a path that is not there", .prepare = web_service,
     .path = "/api/something?api-key=bar", .status = 404,
     .body = "{\"error\":\"Sorry, can't find that\"}",
     .answered = {{"Content-Type", "application/json; charset=utf-8"}}},
};

EXPRESS_MAIN("acceptance: answers")
