/* Values that middleware leaves to the handlers below it, form fields, and
 * errors with a type. */
#include "../unit.h"

#include <errno.h>
#include <string.h>

#include <jansson.h>
#include <yoke/yoke.h>

static const char first_key, second_key;
static int freed;

static void count(void *value)
{
    freed += *(int *)value;
}

static int one = 1, ten = 10, hundred = 100;

static void attach(yoke_req *req, yoke_res *res)
{
    (void)res;
    assert_null(yoke_req_attached(req, &first_key));
    yoke_req_attach(req, &first_key, &one, count);
    yoke_req_attach(req, &second_key, &ten, NULL);
    yoke_next(req);
}

static void look(yoke_req *req, yoke_res *res)
{
    assert_ptr_equal(yoke_req_attached(req, &first_key), &one);
    assert_ptr_equal(yoke_req_attached(req, &second_key), &ten);
    yoke_req_attach(req, &first_key, &hundred, count);
    assert_int_equal(freed, 1);
    yoke_req_attach(req, &second_key, NULL, NULL);
    assert_null(yoke_req_attached(req, &second_key));
    yoke_res_text(res, "ok");
}

static void values_live_as_long_as_the_request(void **state)
{
    (void)state;
    freed = 0;
    yoke_app *app = yoke_app_new();
    yoke_app_use(app, attach, look);
    yoke_test *t = yoke_test_new(app);
    yoke_expect_text(yoke_test_get(t, "/"), 200, "ok");
    assert_int_equal(freed, 101);
    yoke_test_free(t);
    assert_int_equal(freed, 101);
}

static void fill(yoke_req *req, yoke_res *res)
{
    const char *name = "-", *value = "-";
    assert_int_equal(yoke_req_form_count(req), 0);
    assert_null(yoke_req_form(req, "a"));
    assert_false(yoke_req_form_at(req, 0, &name, &value));
    for (int i = 0; i < 40; i++)
        yoke_req_form_add(req, i % 2 ? "odd" : "even",
                          yoke_req_printf(req, "%d", i));
    assert_int_equal(yoke_req_form_count(req), 40);
    assert_string_equal(yoke_req_form(req, "odd"), "1");
    assert_true(yoke_req_form_at(req, 39, &name, &value));
    assert_string_equal(name, "odd");
    assert_string_equal(value, "39");
    assert_false(yoke_req_form_at(req, 40, &name, &value));
    int64_t number;
    assert_true(yoke_req_int(req, YOKE_FORM, "odd", 0, 9, &number));
    assert_int_equal(number, 1);
    yoke_res_text(res, "ok");
}

static void form_fields_keep_their_order(void **state)
{
    (void)state;
    yoke_app *app = yoke_app_new();
    yoke_app_use(app, fill);
    yoke_test *t = yoke_test_new(app);
    yoke_expect_text(yoke_test_get(t, "/"), 200, "ok");
    yoke_test_free(t);
}

static void end_form(yoke_req *req, yoke_res *res)
{
    yoke_req_form_add(req, "user[name]", "Ann");
    yoke_req_form_add(req, "user[tags][]", "a");
    assert_int_equal(
        yoke_req_form_end(
            req, &(struct yoke_form_nesting){.nests = true, .max_depth = 1}),
        -ERANGE);
    assert_int_equal(
        yoke_req_form_end(req, &(struct yoke_form_nesting){.nests = true}), 0);
    yoke_res_json(res, json_incref(yoke_req_form_json(req)));
}

static void a_form_that_has_ended_nests(void **state)
{
    (void)state;
    yoke_app *app = yoke_app_new();
    yoke_app_use(app, end_form);
    yoke_test *t = yoke_test_new(app);
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_expect_json_path(r, "$.user.name", "Ann");
    yoke_expect_json_path(r, "$.user.tags[0]", "a");
    yoke_test_free(t);
}

static void fail_typed(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_next_typed(req, 413, "entity.too.large", "more than %d bytes", 7);
}

static void hand_on(const struct yoke_err *err, yoke_req *req, yoke_res *res)
{
    (void)res;
    assert_string_equal(err->type, "entity.too.large");
    yoke_next_err(req, err->status, "%s", err->message);
}

static void an_error_keeps_its_type(void **state)
{
    (void)state;
    yoke_app *app = yoke_app_new();
    yoke_app_use(app, fail_typed);
    yoke_app_catch(app, hand_on);
    yoke_app_catch(app, hand_on);
    yoke_test *t = yoke_test_new(app);
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_tr_set(r, "Accept", "application/json");
    yoke_expect_status(r, 413);
    yoke_expect_json_path(r, "$.code", "entity.too.large");
    yoke_expect_json_path(r, "$.detail", "more than 7 bytes");
    yoke_test_free(t);
}

static void fail_plainly(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_next_problem(req, 400, "no");
}

static void look_for_none(const struct yoke_err *err, yoke_req *req,
                          yoke_res *res)
{
    (void)req;
    assert_null(err->type);
    yoke_res_text(res, "none");
}

static void other_errors_have_none(void **state)
{
    (void)state;
    yoke_app *app = yoke_app_new();
    yoke_app_use(app, fail_plainly);
    yoke_app_catch(app, look_for_none);
    yoke_test *t = yoke_test_new(app);
    yoke_expect_body(yoke_test_get(t, "/"), "none");
    yoke_test_free(t);
}

/* ---- Bodies that middleware has made ---- */

static void make_body(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_req_set_body(req, "made", 4);
    assert_false(yoke_req_has_json(req));
    yoke_req_set_json(req, json_pack("{s:i}", "n", 1));
    yoke_req_set_json(req, json_pack("{s:i}", "n", 7));
    yoke_next(req);
}

static void read_body(yoke_req *req, yoke_res *res)
{
    size_t len;
    int64_t number;
    assert_string_equal(yoke_req_body(req, &len), "made");
    assert_int_equal(len, 4);
    assert_true(yoke_req_has_json(req));
    assert_true(yoke_req_int(req, YOKE_JSON, "n", 0, 9, &number));
    assert_int_equal(number, 7);
    yoke_res_text(res, "ok");
}

static void a_body_can_be_made(void **state)
{
    (void)state;
    yoke_app *app = yoke_app_new();
    yoke_app_use(app, make_body, read_body);
    yoke_test *t = yoke_test_new(app);
    yoke_expect_text(yoke_test_get(t, "/"), 200, "ok");
    yoke_test_free(t);
}

static uint64_t first_ms;

static void tell_time(yoke_req *req, yoke_res *res)
{
    uint64_t now = yoke_req_now_ms(req);
    yoke_res_text(res, yoke_req_printf(req, "%d", (int)(now - first_ms)));
    first_ms = now;
}

static void the_clock_is_the_servers(void **state)
{
    (void)state;
    yoke_app *app = yoke_app_new();
    yoke_app_use(app, tell_time);
    yoke_test *t = yoke_test_new(app);
    yoke_expect_status(yoke_test_get(t, "/"), 200);
    yoke_test_clock(t, 5000);
    yoke_expect_body(yoke_test_get(t, "/"), "5000");
    yoke_test_free(t);
}

static int be_quiet(void **state)
{
    (void)state;
    yoke_log_set_level(YOKE_LOG_OFF);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_live_as_long_as_the_request),
        cmocka_unit_test(form_fields_keep_their_order),
        cmocka_unit_test(a_form_that_has_ended_nests),
        cmocka_unit_test(an_error_keeps_its_type),
        cmocka_unit_test(other_errors_have_none),
        cmocka_unit_test(a_body_can_be_made),
        cmocka_unit_test(the_clock_is_the_servers),
    };
    return cmocka_run_group_tests_name("attach", tests, be_quiet, NULL);
}
