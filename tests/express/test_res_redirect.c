/* Express: test/res.redirect.js */
#include "express.h"

struct redirect {
    int status;
    const char *url;
};

static void redirect(yoke_req *req, yoke_res *res)
{
    const struct redirect *to = yoke_data(req);
    yoke_res_redirect(res, to->status, to->url);
}

static const struct redirect plain = {0, "http://google.com"};
static const struct redirect see_other = {303, "http://google.com"};
static const struct redirect moved = {301, "http://google.com"};
static const struct redirect unicode = {
    0, "https://google.com?q=\xe2\x98\x83 \xc2\xa7"
       "10"};
static const struct redirect encoded = {0, "https://google.com?q=%A710"};
static const struct redirect markup = {0, "<la'me>"};
static const struct redirect script = {0, "javascript:eval(document.body)"};
static const struct redirect query = {
    0, "http://example.com/?param=<script>alert(\"hax\");</script>"};

#define HTML                                                                   \
    {                                                                          \
        {                                                                      \
            "Accept", "text/html"                                              \
        }                                                                      \
    }
#define TEXT                                                                   \
    {                                                                          \
        {                                                                      \
            "Accept", "text/plain, */*"                                        \
        }                                                                      \
    }
#define TO(url)                                                                \
    {                                                                          \
        "Location", url                                                        \
    }
#define IS_HTML                                                                \
    {                                                                          \
        "Content-Type", "text/html; charset=utf-8"                             \
    }
#define IS_TEXT                                                                \
    {                                                                          \
        "Content-Type", "text/plain; charset=utf-8"                            \
    }
#define QUERY_TO                                                               \
    "http://example.com/?param=%3Cscript%3Ealert(%22hax%22);%3C/script%3E"

static const struct express_case cases[] = {
    {"302 is the default", redirect, .data = &plain, .status = 302,
     .answered = {TO("http://google.com")}},
    {"the URL is encoded", redirect, .data = &unicode, .status = 302,
     .answered = {TO("https://google.com?q=%E2%98%83%20%C2%A710")}},
    {"what is encoded stays so", redirect, .data = &encoded, .status = 302,
     .answered = {TO("https://google.com?q=%A710")}},
    {"another status", redirect, .data = &see_other, .status = 303,
     .answered = {TO("http://google.com")}},
    {"HEAD has no body", redirect, .data = &plain, .method = "HEAD",
     .status = 302, .body = "", .answered = {TO("http://google.com")}},
    {"HTML for who likes it", redirect, .data = &plain, .fields = HTML,
     .status = 302, .has = "<p>Found. Redirecting to http://google.com</p>",
     .answered = {IS_HTML, TO("http://google.com"), {"Vary", "Accept"}}},
    {"HTML: the URL is escaped", redirect, .data = &markup, .fields = HTML,
     .status = 302, .has = "<p>Found. Redirecting to %3Cla&#39;me%3E</p>",
     .answered = {IS_HTML, TO("%3Cla'me%3E")}},
    {"HTML: there is no link to click", redirect, .data = &script,
     .fields = HTML, .status = 302,
     .has = "<p>Found. Redirecting to javascript:eval(document.body)</p>",
     .answered = {IS_HTML, TO("javascript:eval(document.body)")}},
    {"HTML: the reason is told", redirect, .data = &moved, .fields = HTML,
     .status = 301,
     .has = "<p>Moved Permanently. Redirecting to http://google.com</p>",
     .answered = {IS_HTML}},
    {"text for who likes anything", redirect, .data = &plain, .fields = TEXT,
     .status = 302, .body = "Found. Redirecting to http://google.com",
     .answered = {IS_TEXT, {"Vary", "Accept"}}},
    {"text: the URL is encoded", redirect, .data = &query, .fields = TEXT,
     .status = 302, .body = "Found. Redirecting to " QUERY_TO,
     .answered = {IS_TEXT, TO(QUERY_TO)}},
    {"text: the reason is told", redirect, .data = &moved, .fields = TEXT,
     .status = 301,
     .body = "Moved Permanently. Redirecting to http://google.com",
     .answered = {IS_TEXT}},
    {"no body for who wants neither", redirect, .data = &plain,
     .fields = {{"Accept", "application/octet-stream"}}, .status = 302,
     .body = "",
     .answered = {{"Content-Length", "0"},
                  {"Content-Type", NULL},
                  TO("http://google.com")}},
};

EXPRESS_MAIN("res.redirect")
