/* Tests of the chat, without a port. */
#include <stdio.h>
#include <stdlib.h>

#include "app.h"

static yoke_tr *listen_to(yoke_test *t, const char *last_id)
{
    struct yoke_tr_event event;
    yoke_tr *r = yoke_test_get(t, "/events");
    if (last_id)
        yoke_tr_set(r, "Last-Event-ID", last_id);
    yoke_tr_stream(r);
    yoke_expect_status(r, 200);
    if (!yoke_tr_sse_next(r, &event) || strcmp(event.event, "welcome") != 0)
        yoke_tr_fail(r, "no welcome");
    /* It listens. */
    if (!last_id)
        yoke_expect_body_has(r, "id: ");
    return r;
}

static void say(yoke_test *t, const char *text, int status)
{
    yoke_tr *r = yoke_test_post(t, "/say");
    yoke_tr_form(r, "name", "ada");
    yoke_tr_form(r, "text", text);
    yoke_expect_status(r, status);
}

static void expect_said(yoke_tr *r, const char *text)
{
    struct yoke_tr_event event;
    if (!yoke_tr_sse_next(r, &event) || strcmp(event.event, "said") != 0 ||
        !strstr(event.data, text))
        yoke_tr_fail(r, "\"%s\" has not been said", text);
}

static void all_hear_what_one_says(yoke_test *t)
{
    yoke_tr *first = listen_to(t, NULL), *second = listen_to(t, NULL);
    say(t, "hello", 204);
    expect_said(first, "\"name\":\"ada\",\"text\":\"hello\"");
    expect_said(second, "\"hello\"");
    yoke_tr_reset(first);
    yoke_tr_reset(second);
}

static void who_comes_back_hears_what_he_has_missed(yoke_test *t)
{
    yoke_tr *r = listen_to(t, "0");
    expect_said(r, "hello");
    say(t, "\"<b>\"", 204);
    expect_said(r, "\\\"<b>\\\"");
    yoke_tr_reset(r);
}

static void nothing_is_not_said(yoke_test *t)
{
    say(t, "", 400);
    say(t, "\xff", 400); /* It could not be JSON. */
    yoke_expect_header_has(yoke_test_get(t, "/"), "Content-Type", "text/html");
}

int main(void)
{
    setenv("YOKE_STORE", "memory:", 1);
    yoke_test *t = yoke_test_new(make_app());
    all_hear_what_one_says(t);
    who_comes_back_hears_what_he_has_missed(t);
    nothing_is_not_said(t);
    yoke_test_free(t);
    puts("3 tests passed");
    return 0;
}
