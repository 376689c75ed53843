/* Express: test/req.ip.js and test/req.ips.js. Theirs have names for
 * addresses; here what is no address ends the search, so these are real ones.
 */
#include "express.h"

static void ip(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_ip(req));
}

static void ips(yoke_req *req, yoke_res *res)
{
    const char *text = "";
    for (size_t i = 0; i < yoke_req_ip_count(req); i++)
        text = yoke_req_printf(req, "%s%s%s", text, i ? " " : "",
                               yoke_req_ip_at(req, i));
    assert_null(yoke_req_ip_at(req, yoke_req_ip_count(req)));
    yoke_res_text(res, text);
}

static void trust_two(yoke_app *app)
{
    yoke_app_set_int(app, "trust proxy", 2);
}

static void trust_list(yoke_app *app)
{
    yoke_app_set_str(app, "trust proxy", "10.0.0.1, 10.0.0.2, 127.0.0.1, ::1");
}

#define CLIENT_AND_TWO                                                         \
    {                                                                          \
        {                                                                      \
            "X-Forwarded-For", "1.1.1.1, 2.2.2.2, 3.3.3.3"                     \
        }                                                                      \
    }

static const struct express_case cases[] = {
    {"ip: every hop is trusted", ip, trust_all, .fields = CLIENT_AND_TWO,
     .body = "1.1.1.1"},
    {"ip: two hops are trusted", ip, trust_two, .fields = CLIENT_AND_TWO,
     .body = "2.2.2.2"},
    {"ip: some addresses are trusted", ip, trust_list,
     .fields = {{"X-Forwarded-For", "10.0.0.2, 10.0.0.3, 10.0.0.1"}},
     .body = "10.0.0.3"},
    {"ip: nobody is trusted by default", ip, .fields = CLIENT_AND_TWO,
     .body = "127.0.0.1"},
    {"ip: a trusted proxy that says nothing", ip, trust_all,
     .body = "127.0.0.1"},
    {"ips: all of them", ips, trust_all, .fields = CLIENT_AND_TWO,
     .body = "1.1.1.1 2.2.2.2 3.3.3.3"},
    {"ips: up to the first that is not trusted", ips, trust_two,
     .fields = CLIENT_AND_TWO, .body = "2.2.2.2 3.3.3.3"},
    {"ips: none by default", ips, .fields = CLIENT_AND_TWO, .body = ""},
    {"ips: none without the field", ips, trust_all, .body = ""},
};

EXPRESS_MAIN("req.ip")
