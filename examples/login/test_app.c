/* Tests of the login, without a port. */
#include <stdlib.h>

#include "app.h"

static yoke_test *start(void)
{
    setenv("YOKE_STORE", "memory:", 1);
    setenv("SECRET", "for tests", 1);
    return yoke_test_new(make_app());
}

static yoke_tr *log_in(yoke_test *t, const char *name, const char *password)
{
    yoke_tr *r = yoke_test_post(t, "/login");
    yoke_tr_form(r, "name", name);
    yoke_tr_form(r, "password", password);
    yoke_tr_redirects(r, 1);
    return r;
}

static void who_knows_the_password_is_let_in(void)
{
    yoke_test *t = start();
    yoke_test *ada = yoke_test_agent(t); /* Keeps cookies. */
    yoke_expect_body_has(yoke_test_get(ada, "/"), "Sign in");
    yoke_tr *page = log_in(ada, "ada", "lovelace");
    yoke_expect_body_has(page, "You are ada.");
    yoke_expect_body_has(page, "Welcome.");
    /* Messages are shown once. */
    yoke_expect_body_like(yoke_test_get(ada, "/"), "<body><p>You are ada");
    yoke_expect_body_has(yoke_test_get(t, "/"), "Sign in");
    yoke_test_free(t);
}

static void others_are_not(void)
{
    yoke_test *t = start();
    yoke_test *eve = yoke_test_agent(t);
    yoke_expect_body_has(log_in(eve, "ada", "hopper"), "not right");
    yoke_expect_body_has(log_in(eve, "nobody", "nobody at all"), "not right");
    yoke_expect_status(log_in(eve, "", "x"), 400);
    yoke_expect_body_has(yoke_test_get(eve, "/"), "Sign in");
    yoke_test_free(t);
}

static void signing_out_ends_the_session(void)
{
    yoke_test *t = start();
    yoke_test *grace = yoke_test_agent(t);
    yoke_expect_body_has(log_in(grace, "grace", "hopper"), "You are grace.");
    yoke_tr *r = yoke_test_post(grace, "/logout");
    yoke_tr_redirects(r, 1);
    yoke_expect_body_has(r, "Good bye.");
    yoke_expect_body_has(yoke_test_get(grace, "/"), "Sign in");
    yoke_test_free(t);
}

static void guessing_comes_to_an_end(void)
{
    yoke_test *t = start();
    yoke_test *eve = yoke_test_agent(t);
    for (int i = 0; i < 5; i++)
        yoke_expect_body_has(log_in(eve, "ada", "guess"), "not right");
    yoke_tr *r = log_in(eve, "ada", "lovelace");
    yoke_expect_status(r, 429);
    yoke_expect_header_like(r, "Retry-After", "^[0-9]+$");
    yoke_test_free(t);
}

static void other_sites_cannot_sign_anybody_in(void)
{
    yoke_test *t = start();
    yoke_tr *r = yoke_test_post(t, "/login");
    yoke_tr_set(r, "Sec-Fetch-Site", "cross-site");
    yoke_expect_status(r, 403);
    yoke_test_free(t);
}

int main(void)
{
    who_knows_the_password_is_let_in();
    others_are_not();
    signing_out_ends_the_session();
    guessing_comes_to_an_end();
    other_sites_cannot_sign_anybody_in();
    return 0;
}
