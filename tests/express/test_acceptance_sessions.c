/* Express: test/acceptance/auth.js and cookie-sessions.js. Their examples in C;
 * the sessions of both are in a store, for cookies here hold none. */
#include "routing.h"

#include <uv.h>

#include <yoke/loop.h>

static yoke_store *store;

/* ---- cookie-sessions: a counter ---- */

static void count_views(yoke_req *req, yoke_res *res)
{
    int64_t views = yoke_session_int(req, "count", 0) + 1;
    yoke_session_set_int(req, "count", views);
    yoke_res_text(res, yoke_req_printf(req, "viewed %d times", (int)views));
}

/* ---- auth ---- */

static void show_login(yoke_req *req, yoke_res *res)
{
    const char *const *messages = yoke_flash_take(req, "error", NULL);
    yoke_res_html(res, yoke_req_printf(req, "%s<form method=\"post\">",
                                       *messages ? *messages : ""));
}

static void log_in(yoke_req *req, yoke_res *res)
{
    const char *name = yoke_req_form(req, "username");
    const char *password = yoke_req_form(req, "password");
    if (!name || !password || strcmp(name, "tj") != 0 ||
        strcmp(password, "foobar") != 0) {
        yoke_flash(req, "error", "Authentication failed");
        yoke_res_redirect(res, 302, "/login");
        return;
    }
    yoke_session_regenerate(req);
    yoke_session_set_text(req, "user", name);
    yoke_res_redirect_back(res, "/");
}

static void log_out(yoke_req *req, yoke_res *res)
{
    yoke_session_destroy(req);
    yoke_res_redirect(res, 302, "/");
}

static void restrict_to_users(yoke_req *req, yoke_res *res)
{
    if (yoke_session_has(req, "user")) {
        yoke_next(req);
        return;
    }
    yoke_flash(req, "error", "Access denied!");
    yoke_res_redirect(res, 302, "/login");
}

static void to_login(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_redirect(res, 302, "/login");
}

static yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_cookie_secrets(app, "a secret of the test");
    yoke_app_use(app, yoke_urlencoded(), yoke_session(.store = store));
    yoke_app_get(app, "/views", count_views);
    yoke_app_get(app, "/", to_login);
    yoke_app_get(app, "/login", show_login);
    yoke_app_post(app, "/login", log_in);
    yoke_app_get(app, "/logout", log_out);
    yoke_app_get(app, "/restricted", restrict_to_users, ANSWER("Wahoo!"));
    return app;
}

/* ---- What a visitor does, in order, with his cookies ---- */

#define LOGIN(user, word) "POST", "/login", "username=" user "&password=" word

#define STEPS_MAX 3

struct step {
    const char *method, *path, *form; /* Path NULL: there is none. */
    int status;
    const char *location, *has; /* NULL: not looked at. */
};

static const struct {
    const char *name;
    struct step steps[STEPS_MAX];
} cases[] = {
    {"auth: starts at the login", {{"GET", "/", NULL, 302, "/login", NULL}}},
    {"auth: has a form", {{"GET", "/login", NULL, 200, NULL, "<form"}}},
    {"auth: tells of a wrong name",
     {{LOGIN("not-tj", "foobar"), 302, "/login", NULL},
      {"GET", "/login", NULL, 200, NULL, "Authentication failed"}}},
    {"auth: tells of a wrong password",
     {{LOGIN("tj", "nogood"), 302, "/login", NULL},
      {"GET", "/login", NULL, 200, NULL, "Authentication failed"},
      {"GET", "/login", NULL, 200, NULL, "<form"}}},
    {"auth: leads home from the logout",
     {{"GET", "/logout", NULL, 302, "/", NULL}}},
    {"auth: lets nobody in without a session",
     {{"GET", "/restricted", NULL, 302, "/login", NULL}}},
    {"auth: lets in who has logged in",
     {{LOGIN("tj", "foobar"), 302, "/", NULL},
      {"GET", "/restricted", NULL, 200, NULL, "Wahoo!"}}},
    {"auth: refuses a wrong name",
     {{LOGIN("not-tj", "foobar"), 302, "/login", NULL},
      {"GET", "/restricted", NULL, 302, "/login", NULL}}},
    {"auth: refuses a wrong password",
     {{LOGIN("tj", "baz"), 302, "/login", NULL},
      {"GET", "/restricted", NULL, 302, "/login", NULL}}},
    {"auth: takes the right ones, until the logout",
     {{LOGIN("tj", "foobar"), 302, "/", NULL},
      {"GET", "/logout", NULL, 302, "/", NULL},
      {"GET", "/restricted", NULL, 302, "/login", NULL}}},

    {"cookie-sessions: the first view",
     {{"GET", "/views", NULL, 200, NULL, "viewed 1 times"}}},
    {"cookie-sessions: the next one",
     {{"GET", "/views", NULL, 200, NULL, "viewed 1 times"},
      {"GET", "/views", NULL, 200, NULL, "viewed 2 times"}}},
};

static void take_step(yoke_test *visitor, const struct step *step)
{
    yoke_tr *r = yoke_test_request(visitor, step->method, step->path);
    if (step->form) {
        yoke_tr_type(r, "application/x-www-form-urlencoded");
        yoke_tr_body(r, step->form);
    }
    yoke_expect_status(r, step->status);
    if (step->location)
        yoke_expect_header(r, "Location", step->location);
    if (step->has)
        yoke_expect_body_has(r, step->has);
}

static void visitors_are_known_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        yoke_test *t = yoke_test_new(make_app());
        print_message("%s\n", cases[i].name);
        yoke_test *visitor = yoke_test_agent(t);
        for (size_t k = 0; k < STEPS_MAX && cases[i].steps[k].path; k++)
            take_step(visitor, &cases[i].steps[k]);
        yoke_test_free(t);
    }
}

static void the_session_is_a_cookie_that_scripts_do_not_see(void **state)
{
    yoke_test *t = yoke_test_new(make_app());
    yoke_tr *r = yoke_test_get(t, "/views");
    (void)state;
    yoke_expect_cookie(r, "sid", NULL, .http_only = true, .path = "/");
    yoke_test_free(t);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(visitors_are_known_again),
        cmocka_unit_test(the_session_is_a_cookie_that_scripts_do_not_see),
    };
    yoke_log_set_level(YOKE_LOG_OFF);
    yoke_test_on_fail(_fail);
    store = yoke_store_open(.url = "memory:");
    int failed =
        cmocka_run_group_tests_name("acceptance: sessions", tests, NULL, NULL);
    yoke_store_close(store, NULL, NULL);
    uv_run(yoke_loop(), UV_RUN_DEFAULT);
    return failed;
}
