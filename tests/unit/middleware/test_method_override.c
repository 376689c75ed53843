/* Asking for another method than POST. */
#include "middleware.h"

static void show_method(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_method(req));
}

static const struct {
    const char *name;
    struct yoke_method_override_options options;
    const char *method, *path, *header, *form;
    int status;
    const char *answer, *vary;
} cases[] = {
    {"by the header",
     {.query = NULL},
     "POST",
     "/",
     "PUT",
     NULL,
     200,
     "PUT",
     "X-HTTP-Method-Override"},
    {"in any case",
     {.query = NULL},
     "POST",
     "/",
     "delete",
     NULL,
     200,
     "DELETE",
     NULL},
    {"nothing asked",
     {.query = NULL},
     "POST",
     "/",
     NULL,
     NULL,
     200,
     "POST",
     "X-HTTP-Method-Override"},
    {"an empty header",
     {.query = NULL},
     "POST",
     "/",
     "",
     NULL,
     200,
     "POST",
     NULL},
    {"not from GET",
     {.query = NULL},
     "GET",
     "/",
     "DELETE",
     NULL,
     200,
     "GET",
     ""},
    {"no method's name",
     {.query = NULL},
     "POST",
     "/",
     "A B",
     NULL,
     400,
     "the method that is asked for is none",
     NULL},
    {"by the query",
     {.query = "_method"},
     "POST",
     "/?_method=PATCH",
     NULL,
     NULL,
     200,
     "PATCH",
     ""},
    {"the header is not looked at then",
     {.query = "_method"},
     "POST",
     "/",
     "PUT",
     NULL,
     200,
     "POST",
     NULL},
    {"by a field of the form",
     {.form = "_method"},
     "POST",
     "/",
     NULL,
     "DELETE",
     200,
     "DELETE",
     NULL},
    {"the first that is there",
     {.header = "X-HTTP-Method-Override", .query = "m"},
     "POST",
     "/?m=PATCH",
     "PUT",
     NULL,
     200,
     "PUT",
     NULL},
    {"from methods that are listed",
     {.methods = (const char *const[]){"GET", NULL}},
     "GET",
     "/",
     "PUT",
     NULL,
     200,
     "PUT",
     NULL},
    {"and from no other",
     {.methods = (const char *const[]){"GET", NULL}},
     "POST",
     "/",
     "PUT",
     NULL,
     200,
     "POST",
     NULL},
};

static void the_method_is_changed_as_asked(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        yoke_app *app = yoke_app_new();
        yoke_app_use(app, yoke_urlencoded(),
                     yoke_method_override_with(&cases[i].options), show_method);
        yoke_test *t = yoke_test_new(app);
        yoke_tr *r = yoke_test_request(t, cases[i].method, cases[i].path);
        print_message("%s\n", cases[i].name);
        if (cases[i].header)
            yoke_tr_set(r, "X-HTTP-Method-Override", cases[i].header);
        if (cases[i].form)
            yoke_tr_form(r, "_method", cases[i].form);
        yoke_expect_status(r, cases[i].status);
        yoke_expect_body(r, cases[i].answer);
        if (cases[i].vary && *cases[i].vary)
            yoke_expect_header(r, "Vary", cases[i].vary);
        else if (cases[i].vary)
            yoke_expect_no_header(r, "Vary");
        yoke_test_free(t);
    }
}

static void routes_are_found_by_the_new_method(void **state)
{
    (void)state;
    yoke_app *app = yoke_app_new();
    yoke_app_use(app, yoke_method_override());
    yoke_app_delete(app, "/x", answer_ok);
    yoke_test *t = yoke_test_new(app);
    yoke_tr *r = yoke_test_post(t, "/x");
    yoke_tr_set(r, "X-HTTP-Method-Override", "DELETE");
    yoke_expect_text(r, 200, "ok");
    yoke_expect_status(yoke_test_post(t, "/x"), 405);
    yoke_test_free(t);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_method_is_changed_as_asked),
        cmocka_unit_test(routes_are_found_by_the_new_method),
    };
    return cmocka_run_group_tests_name("method override", tests, be_quiet,
                                       NULL);
}
