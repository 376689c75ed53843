/* Tests of the events, without a port. */
#include <stdio.h>

#include "app.h"

static void say(yoke_test *t, const char *text)
{
    yoke_tr *r = yoke_test_post(t, "/say");
    yoke_tr_body(r, text);
    yoke_expect_status(r, 204);
}

static void all_hear_what_one_says(yoke_test *t)
{
    yoke_tr *first = yoke_test_get(t, "/events");
    yoke_tr *second = yoke_test_get(t, "/events");
    yoke_tr_stream(first);
    yoke_tr_stream(second);
    yoke_expect_status(first, 200);
    yoke_expect_status(second, 200);
    say(t, "hello");
    yoke_expect_sse(first, "message", "hello");
    yoke_expect_sse(second, "message", "hello");
    yoke_tr_reset(first);
    say(t, "two\nlines");
    yoke_expect_sse(second, "message", "two\nlines");
    yoke_tr_reset(second);
}

static void who_comes_back_hears_what_he_has_missed(yoke_test *t)
{
    yoke_tr *r = yoke_test_get(t, "/events");
    yoke_tr_set(r, "Last-Event-ID", "0");
    yoke_tr_stream(r);
    yoke_expect_sse(r, "message", "two\nlines");
    say(t, "and more");
    yoke_expect_sse(r, "message", "and more");
    yoke_tr_reset(r);
}

static void what_is_too_long_is_refused(yoke_test *t)
{
    static char text[1002];
    yoke_tr *r = yoke_test_post(t, "/say");
    yoke_tr_body_bytes(r, text, 1001);
    yoke_expect_status(r, 413);
}

int main(void)
{
    yoke_test *t = yoke_test_new(make_app());
    all_hear_what_one_says(t);
    who_comes_back_hears_what_he_has_missed(t);
    what_is_too_long_is_refused(t);
    yoke_test_free(t);
    puts("3 tests passed");
    return 0;
}
