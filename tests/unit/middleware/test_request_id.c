#include "../unit.h"

#include <string.h>

#include <yoke/yoke.h>

#define UUID                                                                   \
    "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"

static char logged[512];

static void keep_line(enum yoke_log_level level, const char *line, void *data)
{
    (void)level, (void)data;
    strncpy(logged, line, sizeof(logged) - 1);
}

static void show(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_id(req));
}

static void fail_it(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_next_err(req, 500, "oh");
}

static void break_it(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_set(res, "X-Bad", "\n");
    yoke_res_text(res, "");
}

static const char *make(yoke_req *req, void *data)
{
    return yoke_req_printf(req, "%s-7", (const char *)data);
}

static const char *make_badly(yoke_req *req, void *data)
{
    (void)req, (void)data;
    return "not sane";
}

static yoke_test *client_with(struct yoke_handler naming)
{
    yoke_app *app = yoke_app_new();
    yoke_app_use(app, naming);
    yoke_app_get(app, "/", show);
    yoke_app_get(app, "/fail", fail_it);
    yoke_app_get(app, "/broken", break_it);
    return yoke_test_new(app);
}

static void a_request_gets_a_name_of_its_own(void **state)
{
    yoke_test *t = client_with(yoke_request_id());
    yoke_tr *first = yoke_test_get(t, "/"), *second = yoke_test_get(t, "/");
    (void)state;
    yoke_expect_header_like(first, "X-Request-Id", UUID);
    yoke_expect_header(first, "X-Request-Id", yoke_tr_text(first));
    assert_string_not_equal(yoke_tr_text(first), yoke_tr_text(second));
    yoke_test_free(t);
}

static void which_names_are_taken(void **state)
{
    static char long_name[202];
    memset(long_name, 'x', 201);
    const struct {
        struct yoke_handler naming;
        const char *header, *sent, *name; /* NULL: a UUID. */
    } cases[] = {
        {yoke_request_id(), "X-Request-Id", "theirs", NULL},
        {yoke_request_id(.accepts_theirs = true), "X-Request-Id", "theirs",
         "theirs"},
        {yoke_request_id(.accepts_theirs = true), "X-Request-Id", "a b", NULL},
        {yoke_request_id(.accepts_theirs = true), "X-Request-Id", "", NULL},
        {yoke_request_id(.accepts_theirs = true), "X-Request-Id", "\xc3\xa4",
         NULL},
        {yoke_request_id(.accepts_theirs = true), "X-Request-Id", long_name,
         NULL},
        {yoke_request_id(.accepts_theirs = true), "X-Other", "theirs", NULL},
        {yoke_request_id(.accepts_theirs = true, .header = "X-Trace"),
         "X-Trace", "theirs", "theirs"},
        {yoke_request_id(.make = make, .data = (void *)(uintptr_t) "mine"),
         "X-Request-Id", "theirs", "mine-7"},
        {yoke_request_id(.make = make_badly), "X-Request-Id", "theirs", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        yoke_test *t = client_with(cases[i].naming);
        yoke_tr *r = yoke_test_get(t, "/");
        yoke_tr_set(r, cases[i].header, cases[i].sent);
        if (cases[i].name)
            yoke_expect_text(r, 200, cases[i].name);
        else
            yoke_expect_body_like(r, UUID);
        yoke_test_free(t);
    }
}

static void the_answer_may_be_silent(void **state)
{
    yoke_test *t = client_with(yoke_request_id(.is_silent = true));
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    yoke_expect_body_like(r, UUID);
    yoke_expect_no_header(r, "X-Request-Id");
    yoke_test_free(t);
}

static void errors_have_it_and_so_has_the_log(void **state)
{
    yoke_test *t = client_with(yoke_request_id());
    yoke_tr *r = yoke_test_get(t, "/fail"),
            *broken = yoke_test_get(t, "/broken");
    (void)state;
    yoke_log_set_level(YOKE_LOG_ERROR);
    yoke_tr_set(r, "Accept", "application/json");
    yoke_expect_status(r, 500);
    yoke_expect_header_like(r, "X-Request-Id", UUID);
    yoke_expect_json_path(r, "$.request_id", yoke_tr_header(r, "X-Request-Id"));
    assert_non_null(strstr(logged, yoke_tr_header(r, "X-Request-Id")));
    yoke_expect_status(broken, 500);
    yoke_expect_header_like(broken, "X-Request-Id", UUID);
    yoke_log_set_level(YOKE_LOG_OFF);
    yoke_test_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_gets_a_name_of_its_own),
        cmocka_unit_test(which_names_are_taken),
        cmocka_unit_test(the_answer_may_be_silent),
        cmocka_unit_test(errors_have_it_and_so_has_the_log),
    };
    yoke_log_set_sink(keep_line, NULL);
    yoke_log_set_level(YOKE_LOG_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
