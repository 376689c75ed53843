/* Which proxies are trusted, and what they are believed (docs/http-rules.md
 * rule 41). */
#include "fake_exchange.h"

#include "app/trust.h"

static const struct {
    const char *setting; /* A text; "N" a number of hops; "*": all. */
    const char *peer, *forwarded, *ip;
} cases[] = {
    {"loopback", "127.0.0.1", "1.2.3.4", "1.2.3.4"},
    {"loopback", "127.9.9.9", "1.2.3.4", "1.2.3.4"},
    {"loopback", "::1", "1.2.3.4", "1.2.3.4"},
    {"loopback", "128.0.0.1", "1.2.3.4", "128.0.0.1"},
    {"linklocal", "169.254.1.1", "1.2.3.4", "1.2.3.4"},
    {"linklocal", "fe80::1", "1.2.3.4", "1.2.3.4"},
    {"linklocal", "fec0::1", "1.2.3.4", "fec0::1"},
    {"uniquelocal", "10.1.2.3", "1.2.3.4", "1.2.3.4"},
    {"uniquelocal", "172.31.255.255", "1.2.3.4", "1.2.3.4"},
    {"uniquelocal", "172.32.0.0", "1.2.3.4", "172.32.0.0"},
    {"uniquelocal", "192.168.0.1", "1.2.3.4", "1.2.3.4"},
    {"uniquelocal", "fd00::1", "1.2.3.4", "1.2.3.4"},
    {"10.0.0.0/9", "10.127.0.1", "1.2.3.4", "1.2.3.4"},
    {"10.0.0.0/9", "10.128.0.1", "1.2.3.4", "10.128.0.1"},
    {"0.0.0.0/0", "9.9.9.9", "1.2.3.4, 5.6.7.8", "1.2.3.4"},
    {"0.0.0.0/0", "::1", "1.2.3.4", "::1"},
    /* IPv4 in the clothes of IPv6 is the same address. */
    {"loopback, 10.0.0.0/8", "127.0.0.1", "1.2.3.4, ::ffff:10.1.1.1",
     "1.2.3.4"},
    {"loopback", "127.0.0.1", "[::ffff:1.2.3.4]:80", "1.2.3.4"},
    {"loopback, ::ffff:10.0.0.0/104", "127.0.0.1", "1.2.3.4, 10.1.1.1",
     "1.2.3.4"},
    {"loopback, ::ffff:10.0.0.0/104", "127.0.0.1", "1.2.3.4, 11.1.1.1",
     "11.1.1.1"},
    {"2001:db8::/33", "2001:db8:7fff::1", "1.2.3.4", "1.2.3.4"},
    {"2001:db8::/33", "2001:db8:8000::1", "1.2.3.4", "2001:db8:8000::1"},
    {"loopback, 10.0.0.0/8 , 2001:db8::1", "127.0.0.1",
     "1.2.3.4, 2001:db8::1, 10.0.0.1", "1.2.3.4"},
    /* The first that is not trusted is the client, whatever it says. */
    {"loopback", "127.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4"},
    {"2", "127.0.0.1", "6.6.6.6, 1.2.3.4, 5.6.7.8", "1.2.3.4"},
    {"0", "127.0.0.1", "1.2.3.4", "127.0.0.1"},
    {"*", "127.0.0.1", "1.2.3.4, 5.6.7.8", "1.2.3.4"},
    /* Ports and brackets, as some proxies write them. */
    {"*", "127.0.0.1", "1.2.3.4:5678", "1.2.3.4"},
    {"*", "127.0.0.1", "[2001:db8::1]:80", "2001:db8::1"},
    {"*", "127.0.0.1", "[::1]", "::1"},
    {"*", "127.0.0.1", "1.2.3.4:0 , [::2]:65535", "1.2.3.4"},
    {"*", "127.0.0.1", "1.2.3.4\t", "1.2.3.4"},
    /* What follows an address is a port, or it is none. */
    {"*", "127.0.0.1", "1.2.3.4:65536", "127.0.0.1"},
    {"*", "127.0.0.1", "1.2.3.4:", "127.0.0.1"},
    {"*", "127.0.0.1", "1.2.3.4:80x", "127.0.0.1"},
    {"*", "127.0.0.1", "1.2.3.4:-1", "127.0.0.1"},
    {"*", "127.0.0.1", "[::1]:99999", "127.0.0.1"},
    {"*", "127.0.0.1", "[::1]80", "127.0.0.1"},
    {"*", "127.0.0.1", "[::1]:80:80", "127.0.0.1"},
    {"*", "127.0.0.1", "[::1]]", "127.0.0.1"},
    {"*", "127.0.0.1", "[[::1]]", "127.0.0.1"},
    {"*", "127.0.0.1", "[::1", "127.0.0.1"},
    {"*", "127.0.0.1", "[]", "127.0.0.1"},
    {"*", "127.0.0.1", "[", "127.0.0.1"},
    {"*", "127.0.0.1", ":80", "127.0.0.1"},
    {"*", "127.0.0.1", "[1.2.3.4]:80", "127.0.0.1"},
    {"*", "127.0.0.1", "\"1.2.3.4\"", "127.0.0.1"},
    {"*", "127.0.0.1", "for=1.2.3.4", "127.0.0.1"},
    {"*", "127.0.0.1", "1.2.3.4 5.6.7.8", "127.0.0.1"},
    {"*", "127.0.0.1", "01.2.3.4", "127.0.0.1"},
    {"*", "127.0.0.1", "0x7f.1", "127.0.0.1"},
    {"*", "127.0.0.1", "fe80::1%eth0", "127.0.0.1"},
    {"*", "127.0.0.1", "2001:db8::1:80", "2001:db8::1:80"},
    {"*", "127.0.0.1", "1.2.3.4,", "127.0.0.1"},
    /* What is no address ends the search. */
    {"*", "127.0.0.1", "unknown", "127.0.0.1"},
    {"*", "127.0.0.1", "evil, 1.2.3.4", "1.2.3.4"},
    {"*", "127.0.0.1", "1.2.3.4, <script>, 5.6.7.8", "5.6.7.8"},
    {"*", "127.0.0.1", "1.2.3.4,,5.6.7.8", "5.6.7.8"},
    {"*", "127.0.0.1", "", "127.0.0.1"},
    {"*", "127.0.0.1", "1.2.3.256", "127.0.0.1"},
};

static void show(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_ip(req));
}

static void set(yoke_app *app, const char *setting)
{
    if (strcmp(setting, "*") == 0)
        yoke_app_enable(app, "trust proxy");
    else if (strlen(setting) == 1)
        yoke_app_set_int(app, "trust proxy", *setting - '0');
    else
        yoke_app_set_str(app, "trust proxy", setting);
}

static void the_client_is_the_first_that_is_not_trusted(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        yoke_app *app = yoke_app_new();
        char field[128];
        set(app, cases[i].setting);
        yoke_app_use(app, show);
        snprintf(field, sizeof(field), "X-Forwarded-For: %s\r\n",
                 cases[i].forwarded);
        struct fake *f = fake_new("GET /", field);
        assert_int_equal(yk_peer_parse(&f->peer, cases[i].peer), 0);
        fake_run(f, app);
        if (strcmp(f->body, cases[i].ip) != 0)
            fail_msg("%s, %s from %s: expected %s, got %s", cases[i].setting,
                     cases[i].forwarded, cases[i].peer, cases[i].ip, f->body);
        fake_free(f);
        yoke_app_free(app);
    }
}

/* Each proxy may add a field of its own, or to the last one. */
static void fields_are_one_list(void **state)
{
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_app_set_int(app, "trust proxy", 3);
    yoke_app_use(app, show);
    struct fake *f = fake_new("GET /", "X-Forwarded-For: 6.6.6.6, 1.2.3.4\r\n"
                                       "Accept: */*\r\n"
                                       "x-forwarded-for: 2.2.2.2\r\n"
                                       "X-Forwarded-For: 3.3.3.3\r\n");
    fake_run(f, app);
    assert_string_equal(f->body, "1.2.3.4");
    fake_free(f);
    yoke_app_free(app);
}

static void show_all(yoke_req *req, yoke_res *res)
{
    size_t count = yoke_req_ip_count(req);
    for (size_t i = 0; i < count; i++)
        assert_non_null(yoke_req_ip_at(req, i));
    assert_null(yoke_req_ip_at(req, count));
    assert_string_equal(yoke_req_ip_at(req, 0), yoke_req_ip(req));
    yoke_res_textf(res, "%zu %s", count, yoke_req_ip(req));
}

/* Where every proxy is trusted, clients can send as many as fit. */
static void a_hundred_hops_are_followed(void **state)
{
    char field[4096];
    size_t len = (size_t)snprintf(field, sizeof(field), "X-Forwarded-For: ");
    yoke_app *app = yoke_app_new();
    (void)state;
    for (int i = 300; i > 0; i--)
        len +=
            (size_t)snprintf(field + len, sizeof(field) - len, "10.0.%d.%d%s",
                             i / 256, i % 256, i > 1 ? "," : "\r\n");
    yoke_app_enable(app, "trust proxy");
    yoke_app_use(app, show_all);
    struct fake *f = fake_new("GET /", field);
    fake_run(f, app);
    assert_string_equal(f->body, "100 10.0.0.100");
    fake_free(f);
    yoke_app_free(app);
}

static void what_is_no_network_is_an_error_of_registration(void **state)
{
    static const char *const texts[] = {
        "localhost",         "10.0.0.0/33", "::1/129",      "10.0.0.0/",
        "10.0.0.0/x",        "10.0.0.0/-1", "1.2.3",        "[::1]",
        "10.0.0.1:80",       "[::1]:80",    "loopback, 10", "Loopback",
        "::ffff:1.2.3.4/95",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        yoke_app *app = yoke_app_new();
        yoke_app_set_str(app, "trust proxy", texts[i]);
        if (!yoke_app_error(app))
            fail_msg("%s was taken", texts[i]);
        assert_non_null(strstr(yoke_app_error(app), "trust proxy"));
        yoke_app_free(app);
    }
    yoke_app *app = yoke_app_new();
    yoke_app_set_int(app, "trust proxy", -1);
    assert_non_null(yoke_app_error(app));
    yoke_app_free(app);
}

static bool is_even(const char *address, int hop, void *data)
{
    assert_string_equal(data, "data");
    assert_non_null(address);
    return hop % 2 == 0;
}

static void a_function_may_decide(void **state)
{
    static struct yoke_trust trust = {is_even, (void *)(uintptr_t) "data"};
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_app_set_ptr(app, "trust proxy", &trust, NULL);
    yoke_app_use(app, show);
    struct fake *f =
        fake_new("GET /", "X-Forwarded-For: 1.1.1.1, 2.2.2.2, 3.3.3.3\r\n");
    fake_run(f, app);
    assert_string_equal(f->body, "3.3.3.3");
    fake_free(f);
    yoke_app_free(app);
}

static void show_origin(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_printf(req, "%s %s", yoke_req_protocol(req),
                                       yoke_req_host(req)));
}

static void what_is_no_host_or_protocol_is_ignored(void **state)
{
    static const struct {
        const char *fields, *origin;
    } of[] = {
        {"X-Forwarded-Proto: HTTPS\r\n", "https test"},
        {"X-Forwarded-Proto: javascript\r\n", "http test"},
        {"X-Forwarded-Proto: https, http\r\n", "https test"},
        {"X-Forwarded-Proto: http, https\r\n", "http test"},
        {"X-Forwarded-Proto: , https\r\n", "https test"},
        {"X-Forwarded-Proto: https://\r\n", "http test"},
        {"X-Forwarded-Proto: \"https\"\r\n", "http test"},
        {"X-Forwarded-Proto: http\r\nX-Forwarded-Proto: https\r\n",
         "http test"},
        {"X-Forwarded-Host: evil/path\r\n", "http test"},
        {"X-Forwarded-Host: a b\r\n", "http test"},
        {"X-Forwarded-Host: \r\n", "http test"},
        {"X-Forwarded-Host: [::1]:80\r\n", "http [::1]:80"},
        {"X-Forwarded-Host: a:8080, b\r\n", "http a:8080"},
        {"X-Forwarded-Host: a:65535\r\n", "http a:65535"},
        {"X-Forwarded-Host: a:99999\r\n", "http test"},
        {"X-Forwarded-Host: a:80:80\r\n", "http test"},
        {"X-Forwarded-Host: a:\r\n", "http test"},
        {"X-Forwarded-Host: a:b\r\n", "http test"},
        {"X-Forwarded-Host: :80\r\n", "http test"},
        {"X-Forwarded-Host: [::1\r\n", "http test"},
        {"X-Forwarded-Host: ]a[\r\n", "http test"},
        {"X-Forwarded-Host: me@a\r\n", "http test"},
        {"X-Forwarded-Host: \"a,b\"\r\n", "http test"},
    };
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_app_enable(app, "trust proxy");
    yoke_app_use(app, show_origin);
    for (size_t i = 0; i < COUNT_OF(of); i++) {
        char fields[128];
        snprintf(fields, sizeof(fields), "Host: test\r\n%s", of[i].fields);
        struct fake *f = fake_new("GET /", fields);
        fake_run(f, app);
        assert_string_equal(f->body, of[i].origin);
        fake_free(f);
    }
    yoke_app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_client_is_the_first_that_is_not_trusted),
        cmocka_unit_test(fields_are_one_list),
        cmocka_unit_test(a_hundred_hops_are_followed),
        cmocka_unit_test(what_is_no_network_is_an_error_of_registration),
        cmocka_unit_test(a_function_may_decide),
        cmocka_unit_test(what_is_no_host_or_protocol_is_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
