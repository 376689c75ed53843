/* Tests of the site, without a port. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"

static yoke_test *start(void)
{
    setenv("YOKE_STORE", "memory:", 1); /* Of this test alone. */
    return yoke_test_new(make_app());
}

static void the_page_and_its_files_are_there(void)
{
    yoke_test *t = start();
    yoke_tr *page = yoke_test_get(t, "/");
    yoke_expect_body_has(page, "<h1>A site of yoke</h1>");
    yoke_expect_header(page, "X-Content-Type-Options", "nosniff");
    yoke_tr *script = yoke_test_get(t, "/site.js");
    yoke_expect_header(script, "Content-Type",
                       "text/javascript; charset=utf-8");
    yoke_tr *again = yoke_test_get(t, "/site.js");
    yoke_tr_set(again, "If-None-Match", yoke_tr_header(script, "ETag"));
    yoke_expect_status(again, 304);
    yoke_test_free(t);
}

static void a_visitor_is_greeted_by_name_until_he_is_forgotten(void)
{
    yoke_test *t = start();
    yoke_test *ada = yoke_test_agent(t); /* Keeps cookies. */
    yoke_tr *r = yoke_test_get(ada, "/hello");
    yoke_expect_text(r, 200, "Hello, stranger!");
    yoke_expect_no_header(r, "Set-Cookie"); /* Nothing is kept of strangers. */
    r = yoke_test_post(ada, "/greet");
    yoke_tr_form(r, "name", "Ada Lovelace");
    yoke_tr_redirects(r, 1);
    yoke_expect_text(r, 200, "Hello, Ada Lovelace!");
    yoke_expect_text(yoke_test_get(ada, "/hello"), 200, "Hello, Ada Lovelace!");
    yoke_expect_text(yoke_test_get(t, "/hello"), 200, "Hello, stranger!");
    yoke_expect_status(yoke_test_post(ada, "/forget"), 303);
    yoke_expect_text(yoke_test_get(ada, "/hello"), 200, "Hello, stranger!");
    yoke_test_free(t);
}

static void visits_are_counted(void)
{
    yoke_test *t = start();
    yoke_test *ada = yoke_test_agent(t);
    yoke_expect_text(yoke_test_get(ada, "/visits"), 200, "1");
    yoke_expect_text(yoke_test_get(ada, "/visits"), 200, "2");
    yoke_test_free(t);
}

static void a_name_is_needed(void)
{
    yoke_test *t = start();
    yoke_tr *r = yoke_test_post(t, "/greet");
    yoke_tr_form(r, "name", "");
    yoke_expect_status(r, 400);
    yoke_test_free(t);
}

static void a_file_is_counted(void)
{
    yoke_test *t = start();
    yoke_tr *r = yoke_test_post(t, "/upload");
    yoke_tr_file(r, "file", "notes.txt", "text/plain", "12345", 5);
    yoke_expect_text(r, 200, "notes.txt: 5 bytes");
    yoke_test_free(t);
}

static void a_download_keeps_its_name(void)
{
    yoke_test *t = start();
    yoke_tr *r = yoke_test_get(t, "/report");
    yoke_expect_text(r, 200, "Everything is fine.\n");
    yoke_expect_header_has(r, "Content-Disposition",
                           "filename*=UTF-8''Bericht%20M%C3%A4rz.txt");
    yoke_test_free(t);
}

static void events_count(void)
{
    yoke_test *t = start();
    yoke_tr *r = yoke_test_get(t, "/events");
    yoke_tr_stream(r);
    yoke_expect_sse(r, "count", "1");
    yoke_test_clock(t, 250);
    yoke_expect_sse(r, "count", "2");
    yoke_tr_reset(r); /* The visitor goes, and the timer with him. */
    yoke_test_free(t);
}

static void a_secret_is_needed_where_it_matters(void)
{
    setenv("YOKE_ENV", "production", 1);
    yoke_app *app = make_app();
    if (!strstr(yoke_app_error(app), "secret"))
        abort();
    yoke_app_free(app);
    setenv("SECRET", "for tests", 1);
    yoke_test *t = start();
    yoke_expect_status(yoke_test_get(t, "/hello"), 200);
    yoke_test_free(t);
}

int main(void)
{
    the_page_and_its_files_are_there();
    a_visitor_is_greeted_by_name_until_he_is_forgotten();
    visits_are_counted();
    a_name_is_needed();
    a_file_is_counted();
    a_download_keeps_its_name();
    events_count();
    a_secret_is_needed_where_it_matters();
    puts("8 tests passed");
    return 0;
}
