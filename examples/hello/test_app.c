/* Tests of the application, without a port and without a framework: the first
 * expectation that does not hold prints what was expected, what came and the
 * whole exchange, and ends the program.
 *
 * In a program that is linked with cmocka, that cmocka test fails instead. */
#include <stdio.h>

#include <yoke/yoke.h>

#include "app.h"

static void get_answers_something(void)
{
    yoke_test *t = yoke_test_new(make_app());
    yoke_expect_text(yoke_test_get(t, "/get"), 200, "something");
    yoke_test_free(t);
}

static void post_answers_posted(void)
{
    yoke_test *t = yoke_test_new(make_app());
    yoke_tr *r = yoke_test_post(t, "/post");
    yoke_tr_set(r, "Content-Type", "application/json");
    yoke_tr_body(r, "{\"name\":\"ada\"}");
    yoke_tr_split(r, 7); /* It arrives in reads of seven bytes. */
    yoke_expect_text(r, 201, "posted");
    yoke_expect_header(r, "Content-Type", "text/plain; charset=utf-8");
    yoke_test_free(t);
}

static void other_paths_are_not_found(void)
{
    yoke_test *t = yoke_test_new(make_app());
    yoke_expect_status(yoke_test_get(t, "/"), 404);
    yoke_expect_status(yoke_test_get(t, "/get/more"), 404);
    yoke_test_free(t);
}

static void other_methods_are_not_allowed(void)
{
    yoke_test *t = yoke_test_new(make_app());
    yoke_tr *r = yoke_test_delete(t, "/get");
    yoke_expect_status(r, 405);
    yoke_expect_header_has(r, "Allow", "GET");
    yoke_test_free(t);
}

int main(void)
{
    get_answers_something();
    post_answers_posted();
    other_paths_are_not_found();
    other_methods_are_not_allowed();
    puts("4 tests passed");
    return 0;
}
