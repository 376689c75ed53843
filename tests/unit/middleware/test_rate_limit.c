/* So many requests of a client, and no more. */
#include "rate_limit.h"

static void one_too_many_is_refused(void **state)
{
    (void)state;
    yoke_test *t = client_of(yoke_rate_limit(.limit = 2, .window_ms = 10000));
    yoke_expect_text(yoke_test_get(t, "/"), 200, "ok");
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_expect_text(r, 200, "ok");
    yoke_expect_header(r, "RateLimit-Policy", "\"default\";q=2;w=10");
    yoke_expect_header(r, "RateLimit", "\"default\";r=0;t=10");
    yoke_expect_no_header(r, "Retry-After");
    yoke_expect_no_header(r, "X-RateLimit-Limit");

    r = yoke_test_get(t, "/");
    yoke_expect_text(r, 429, "rate.limited");
    yoke_expect_header(r, "RateLimit", "\"default\";r=0;t=10");
    yoke_expect_header(r, "Retry-After", "5");
    yoke_test_free(t);
}

static void requests_come_back_evenly(void **state)
{
    (void)state;
    yoke_test *t = client_of(yoke_rate_limit(.limit = 2, .window_ms = 10000));
    yoke_expect_status(yoke_test_get(t, "/"), 200);
    yoke_expect_status(yoke_test_get(t, "/"), 200);
    yoke_test_clock(t, 4000);
    yoke_expect_status(yoke_test_get(t, "/"), 429);
    yoke_test_clock(t, 1000);
    yoke_expect_status(yoke_test_get(t, "/"), 200);
    yoke_expect_status(yoke_test_get(t, "/"), 429);
    /* Never more than the bucket holds. */
    yoke_test_clock(t, 1000000);
    yoke_expect_status(yoke_test_get(t, "/"), 200);
    yoke_expect_status(yoke_test_get(t, "/"), 200);
    yoke_expect_status(yoke_test_get(t, "/"), 429);
    yoke_test_free(t);
}

static void in_any_time_no_more_than_allowed(void **state)
{
    (void)state;
    yoke_test *t = client_of(yoke_rate_limit(.limit = 7, .window_ms = 1000));
    int taken = 0;
    for (int ms = 0; ms < 3000; ms += 50) {
        taken += yoke_tr_status(yoke_test_get(t, "/")) == 200;
        yoke_test_clock(t, 50);
    }
    /* A full bucket, and what has come back in 2,950 ms. */
    assert_int_equal(taken, 7 + 20);
    yoke_test_free(t);
}

static void clients_are_counted_apart(void **state)
{
    (void)state;
    yoke_test *t = client_of(yoke_rate_limit(.limit = 1));
    yoke_expect_status(from(t, "192.0.2.1"), 200);
    yoke_expect_status(from(t, "192.0.2.1"), 429);
    yoke_expect_status(from(t, "192.0.2.2"), 200);
    yoke_test_free(t);
}

static void an_ipv6_network_is_one_client(void **state)
{
    (void)state;
    yoke_test *t = client_of(yoke_rate_limit(.limit = 1));
    yoke_expect_status(from(t, "2001:db8:1:2::1"), 200);
    yoke_expect_status(from(t, "2001:db8:1:ff::2"), 429);
    yoke_expect_status(from(t, "2001:db8:1:100::1"), 200);
    yoke_test_free(t);
    t = client_of(yoke_rate_limit(.limit = 1, .ipv6_prefix = 128));
    yoke_expect_status(from(t, "2001:db8::1"), 200);
    yoke_expect_status(from(t, "2001:db8::2"), 200);
    yoke_expect_status(from(t, "2001:db8::2"), 429);
    yoke_test_free(t);
}

static const char *user_of(yoke_req *req, void *data)
{
    (void)data;
    return yoke_req_get(req, "X-User");
}

static yoke_tr *by(yoke_test *t, const char *user)
{
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_tr_set(r, "X-User", user);
    return r;
}

static void a_function_says_who_a_client_is(void **state)
{
    (void)state;
    yoke_test *t = client_of(yoke_rate_limit(.limit = 1, .key = user_of));
    yoke_expect_status(by(t, "ada"), 200);
    yoke_expect_status(by(t, "ada"), 429);
    yoke_expect_status(by(t, "bob"), 200);
    /* Without a name, nobody is limited. */
    for (int i = 0; i < 3; i++)
        yoke_expect_status(yoke_test_get(t, "/"), 200);
    yoke_test_free(t);
}

static void limits_add_up(void **state)
{
    (void)state;
    yoke_app *app = yoke_app_new();
    yoke_app_use(app, yoke_rate_limit(.limit = 9));
    yoke_app_use(app, yoke_rate_limit(.limit = 1, .name = "strict"));
    yoke_app_use(app, answer_ok);
    yoke_app_catch(app, show_error);
    yoke_test *t = yoke_test_new(app);
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_expect_status(r, 200);
    yoke_expect_header_also(r, "RateLimit", "\"default\";r=8;t=7");
    yoke_expect_header_also(r, "RateLimit", "\"strict\";r=0;t=60");
    yoke_expect_status(yoke_test_get(t, "/"), 429);
    yoke_test_free(t);
}

static void fields_are_as_wanted(void **state)
{
    (void)state;
    yoke_test *t =
        client_of(yoke_rate_limit(.limit = 3, .legacy_fields = true));
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_expect_header(r, "X-RateLimit-Limit", "3");
    yoke_expect_header(r, "X-RateLimit-Remaining", "2");
    yoke_expect_header_like(r, "X-RateLimit-Reset", "^[0-9]{10,}$");
    yoke_test_free(t);
    t = client_of(yoke_rate_limit(.no_fields = true));
    r = yoke_test_get(t, "/");
    yoke_expect_no_header(r, "RateLimit");
    yoke_expect_no_header(r, "RateLimit-Policy");
    yoke_test_free(t);
}

static bool is_inside(yoke_req *req, void *data)
{
    (void)data;
    return yoke_req_get(req, "X-Inside") != NULL;
}

static void requests_can_be_skipped(void **state)
{
    (void)state;
    yoke_test *t = client_of(yoke_rate_limit(.limit = 1, .skip = is_inside));
    yoke_expect_status(yoke_test_get(t, "/"), 200);
    for (int i = 0; i < 3; i++) {
        yoke_tr *r = yoke_test_get(t, "/");
        yoke_tr_set(r, "X-Inside", "1");
        yoke_expect_status(r, 200);
        yoke_expect_no_header(r, "RateLimit");
    }
    yoke_expect_status(yoke_test_get(t, "/"), 429);
    yoke_test_free(t);
}

static const char refused_by[] = "whom";

static void refuse_in_other_words(yoke_req *req, yoke_res *res,
                                  const struct yoke_rate_state *state,
                                  void *data)
{
    assert_ptr_equal(data, refused_by);
    assert_false(state->is_allowed);
    if (yoke_req_query(req, "soft")) {
        yoke_res_status(res, 200);
        yoke_next(req);
        return;
    }
    yoke_res_text(res, "slowly, please");
}

static void what_is_said_to_one_too_many_can_be_chosen(void **state)
{
    (void)state;
    yoke_test *t = client_of(
        yoke_rate_limit(.limit = 1, .data = (void *)(uintptr_t)refused_by,
                        .on_limit = refuse_in_other_words));
    yoke_expect_text(yoke_test_get(t, "/"), 200, "ok");
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_expect_text(r, 429, "slowly, please");
    yoke_expect_header(r, "Retry-After", "60");
    yoke_expect_header_like(r, "RateLimit", "r=0");
    yoke_expect_text(yoke_test_get(t, "/?soft=1"), 200, "ok");
    yoke_test_free(t);
}

/* ---- A limit for each ---- */

static uint64_t limit_of_user(yoke_req *req, void *data)
{
    (void)data;
    return number_of(req, "limit", 0);
}

static void a_client_may_have_a_limit_of_his_own(void **state)
{
    (void)state;
    yoke_test *t = client_of(yoke_rate_limit(.limit = 1, .key = user_of,
                                             .limit_of = limit_of_user,
                                             .legacy_fields = true));
    for (int i = 2; i >= 0; i--) {
        yoke_tr *r = yoke_test_get(t, "/?limit=3");
        yoke_tr_set(r, "X-User", "ada");
        yoke_expect_status(r, 200);
        yoke_expect_header(r, "RateLimit-Policy", "\"default\";q=3;w=60");
        yoke_expect_header_like(r, "RateLimit", i == 2 ? "r=2;" : "r=[01];");
        yoke_expect_header(r, "X-RateLimit-Limit", "3");
    }
    yoke_tr *r = yoke_test_get(t, "/?limit=3");
    yoke_tr_set(r, "X-User", "ada");
    yoke_expect_status(r, 429);
    /* As everybody else. */
    r = by(t, "bob");
    yoke_expect_status(r, 200);
    yoke_expect_header(r, "RateLimit-Policy", "\"default\";q=1;w=60");
    yoke_expect_status(by(t, "bob"), 429);
    /* No number of a field is larger. */
    r = yoke_test_get(t, "/?limit=18446744073709551615");
    yoke_tr_set(r, "X-User", "eve");
    yoke_expect_header(r, "RateLimit-Policy", "\"default\";q=60000000000;w=60");
    yoke_test_free(t);
}

/* ---- What handlers see ---- */

static void show_state(yoke_req *req, yoke_res *res)
{
    const struct yoke_rate_state *all = yoke_rate_state_of(req, "all");
    const struct yoke_rate_state *last = yoke_rate_state_of(req, NULL);
    if (!all || !last || yoke_rate_state_of(req, "none"))
        yoke_res_text(res, "nothing");
    else
        yoke_res_text(res, yoke_req_printf(req, "%d %d", (int)all->remaining,
                                           (int)last->remaining));
}

static void handlers_see_what_is_left(void **state)
{
    (void)state;
    yoke_app *app = yoke_app_new();
    yoke_app_get(app, "/none", show_state);
    yoke_app_use(app, yoke_rate_limit(.limit = 9, .name = "all"));
    yoke_app_use(app, yoke_rate_limit(.limit = 5, .name = "some"));
    yoke_app_use(app, show_state);
    yoke_test *t = yoke_test_new(app);
    yoke_expect_text(yoke_test_get(t, "/"), 200, "8 4");
    yoke_expect_text(yoke_test_get(t, "/"), 200, "7 3");
    yoke_expect_text(yoke_test_get(t, "/none"), 200, "nothing");
    yoke_test_free(t);
}

/* ---- Options ---- */

static void wrong_options_are_errors_of_registration(void **state)
{
    char name[66] = "";
    (void)state;
    memset(name, 'n', 65);
    assert_true(is_refused(yoke_rate_limit(.name = "a b")));
    assert_true(is_refused(yoke_rate_limit(.name = "a\";q=9")));
    assert_true(is_refused(yoke_rate_limit(.name = "")));
    assert_true(is_refused(yoke_rate_limit(.name = name)));
    assert_false(is_refused(yoke_rate_limit(.name = name + 1)));
    assert_true(is_refused(yoke_rate_limit(.ipv6_prefix = 129)));
    assert_true(is_refused(yoke_rate_limit(.ipv6_prefix = -1)));
    assert_true(is_refused(yoke_rate_limit(.window_ms = UINT64_MAX)));
    assert_true(is_refused(yoke_rate_limit(.limit = UINT64_MAX)));
    assert_true(is_refused(yoke_rate_limit(.limit = 1000001, .window_ms = 1)));
    assert_false(is_refused(yoke_rate_limit(.limit = 1000000, .window_ms = 1)));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_too_many_is_refused),
        cmocka_unit_test(requests_come_back_evenly),
        cmocka_unit_test(in_any_time_no_more_than_allowed),
        cmocka_unit_test(clients_are_counted_apart),
        cmocka_unit_test(an_ipv6_network_is_one_client),
        cmocka_unit_test(a_function_says_who_a_client_is),
        cmocka_unit_test(limits_add_up),
        cmocka_unit_test(fields_are_as_wanted),
        cmocka_unit_test(requests_can_be_skipped),
        cmocka_unit_test(what_is_said_to_one_too_many_can_be_chosen),
        cmocka_unit_test(a_client_may_have_a_limit_of_his_own),
        cmocka_unit_test(handlers_see_what_is_left),
        cmocka_unit_test(wrong_options_are_errors_of_registration),
    };
    return cmocka_run_group_tests_name("rate limit", tests, be_quiet, NULL);
}
