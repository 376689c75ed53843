/* What a handler can ask of a request. */
#include "handlers.h"

/* Each test's handler checks from inside. */
static void run_with(yoke_app *app, yoke_fn *fn, const char *start,
                     const char *fields)
{
    struct fake *f = fake_new(start, fields);
    yoke_app_use(app, fn);
    fake_run(f, app);
    assert_int_equal(f->status, 200);
    assert_not_logged();
    fake_free(f);
}

static void check_line(yoke_req *req, yoke_res *res)
{
    assert_string_equal(yoke_req_method(req), "PROPFIND");
    assert_string_equal(yoke_req_url(req), "/a/b?c=d");
    assert_string_equal(yoke_req_original_url(req), "/a/b?c=d");
    assert_string_equal(yoke_req_path(req), "/a/b");
    assert_string_equal(yoke_req_base_url(req), "");
    assert_string_equal(yoke_req_http_version(req), "1.1");
    yoke_res_end(res);
}

static void the_request_line_is_known(void **state)
{
    run_with(*state, check_line, "PROPFIND /a/b?c=d", "");
}

static void check_star(yoke_req *req, yoke_res *res)
{
    assert_string_equal(yoke_req_url(req), "*");
    assert_string_equal(yoke_req_path(req), "*");
    assert_string_equal(yoke_req_original_url(req), "*");
    assert_string_equal(yoke_req_base_url(req), "");
    yoke_res_end(res);
}

static void the_star_is_a_url(void **state)
{
    run_with(*state, check_star, "OPTIONS *", "");
}

static void check_fields(yoke_req *req, yoke_res *res)
{
    const char *name = NULL, *value = NULL;
    assert_string_equal(yoke_req_get(req, "host"), "h:80");
    assert_string_equal(yoke_req_get(req, "X-Two"), "first");
    assert_string_equal(yoke_req_get(req, "x-empty"), "");
    assert_null(yoke_req_get(req, "X-None"));
    assert_string_equal(yoke_req_get(req, "Referer"), "/from");
    assert_string_equal(yoke_req_get(req, "Referrer"), "/from");
    assert_int_equal(yoke_req_header_count(req), 5);
    assert_true(yoke_req_header_at(req, 2, &name, &value));
    assert_string_equal(name, "x-TWO");
    assert_string_equal(value, "second");
    assert_false(yoke_req_header_at(req, 5, &name, &value));
    assert_string_equal(name, "x-TWO");
    yoke_res_end(res);
}

static void header_fields_are_known(void **state)
{
    run_with(*state, check_fields, "GET /",
             "Host: h:80\r\nX-Two: first\r\nx-TWO: second\r\n"
             "X-Empty:\r\nReferer: /from\r\n");
}

static void check_referrer(yoke_req *req, yoke_res *res)
{
    assert_string_equal(yoke_req_get(req, "Referer"), "/from");
    assert_string_equal(yoke_req_get(req, "referrer"), "/from");
    yoke_res_end(res);
}

static void referrer_may_be_spelt_right(void **state)
{
    run_with(*state, check_referrer, "GET /", "Referrer: /from\r\n");
}

static void check_authority(yoke_req *req, yoke_res *res)
{
    assert_string_equal(yoke_req_get(req, "Host"), "other:81");
    assert_string_equal(yoke_req_url(req), "/a?b");
    yoke_res_end(res);
}

static void the_targets_authority_replaces_host(void **state)
{
    run_with(*state, check_authority, "GET http://other:81/a?b", "Host: h\r\n");
}

static void check_memory(yoke_req *req, yoke_res *res)
{
    char *bytes = yoke_req_alloc(req, 100000);
    memset(bytes, 'x', 100000);
    bytes = yoke_req_try_alloc(req, 100000);
    assert_non_null(bytes);
    memset(bytes, 'y', 100000);
    assert_string_equal(yoke_req_strdup(req, "copy"), "copy");
    assert_string_equal(yoke_req_printf(req, "%s-%d", "a", 1), "a-1");
    assert_string_equal(yoke_req_printf(req, "%s", ""), "");
    assert_int_equal(strlen(yoke_req_printf(req, "%9000d", 1)), 9000);
    yoke_res_end(res);
}

static void memory_lives_as_long_as_the_request(void **state)
{
    run_with(*state, check_memory, "GET /", "");
}

static void set_data(yoke_req *req, yoke_res *res)
{
    (void)res;
    assert_null(yoke_req_get_data(req));
    yoke_req_set_data(req, yoke_data(req));
    yoke_next(req);
}

static void check_data(yoke_req *req, yoke_res *res)
{
    assert_null(yoke_data(req));
    assert_string_equal(yoke_req_get_data(req), "mine");
    assert_string_equal(yoke_app_data(yoke_req_app(req)), "theirs");
    assert_string_equal(yoke_req_ip(req), "127.0.0.1");
    assert_null(yoke_req_trailer(req, "X-T"));
    assert_ptr_equal(yoke_res_req(res), req);
    yoke_res_end(res);
}

static void data_travels_with_the_request(void **state)
{
    yoke_app *app = *state;
    yoke_app_set_data(app, (void *)(uintptr_t) "theirs", NULL);
    yoke_app_use(app, yoke_with(set_data, (void *)(uintptr_t) "mine", NULL));
    run_with(app, check_data, "GET /", "");
}

static void check_path(yoke_req *req, yoke_res *res)
{
    const char *path = yoke_req_decoded_path(req);
    yoke_res_text(res, path ? path : "(none)");
}

static void a_path_can_be_had_decoded(void **state)
{
    static const struct {
        const char *path, *decoded;
    } cases[] = {
        {"/", "/"},
        {"/a/b?c=%20", "/a/b"},
        {"/a%20b/%C3%BC", "/a b/\xc3\xbc"},
        {"/%2e%2e/a", "/../a"},
        {"/%2520", "/%20"},
        {"/a+b", "/a+b"},
        {"/a%2Fb", "(none)"},
        {"/a%2fb", "(none)"},
        {"/%", "(none)"},
        {"/%zz", "(none)"},
        {"/%00", "(none)"},
    };
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_app_use(app, check_path);
    yoke_test *t = yoke_test_new(app);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        yoke_expect_text(yoke_test_get(t, cases[i].path), 200,
                         cases[i].decoded);
    yoke_test_free(t);
}

static void check_time(yoke_req *req, yoke_res *res)
{
    yoke_res_text(
        res, yoke_req_printf(req, "%lld", (long long)yoke_req_time_s(req)));
}

static void the_time_is_that_of_the_answers_date(void **state)
{
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_app_use(app, check_time);
    yoke_test *t = yoke_test_new(app);
    yoke_expect_text(yoke_test_get(t, "/"), 200, "784111777");
    yoke_test_clock(t, 5000);
    yoke_expect_text(yoke_test_get(t, "/"), 200, "784111782");
    yoke_test_free(t);
}

static void check_v6(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_ip(req));
}

static void the_clients_address_is_known(void **state)
{
    yoke_app *app = *state;
    yoke_app_use(app, check_v6);
    struct fake *f = fake_new("GET /", "");
    yk_peer_parse(&f->peer, "2001:db8::1");
    fake_run(f, app);
    assert_string_equal(f->body, "2001:db8::1");
    fake_free(f);

    f = fake_new("GET /", "");
    f->peer = (struct yk_peer){.family = 0};
    fake_run(f, app);
    assert_string_equal(f->body, "");
    fake_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        APP_TEST(the_request_line_is_known),
        APP_TEST(the_star_is_a_url),
        APP_TEST(header_fields_are_known),
        APP_TEST(referrer_may_be_spelt_right),
        APP_TEST(the_targets_authority_replaces_host),
        APP_TEST(memory_lives_as_long_as_the_request),
        APP_TEST(data_travels_with_the_request),
        APP_TEST(the_clients_address_is_known),
        cmocka_unit_test(a_path_can_be_had_decoded),
        cmocka_unit_test(the_time_is_that_of_the_answers_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
