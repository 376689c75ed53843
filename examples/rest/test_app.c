/* Tests of the application, without a port. */
#include <stdio.h>

#include <yoke/yoke.h>

#include "app.h"

static yoke_tr *add(yoke_test *t, const char *json)
{
    yoke_tr *r = yoke_test_post(t, "/notes");
    yoke_tr_jsonf(r, "%s", json);
    return r;
}

static void a_note_is_added_read_changed_and_deleted(void)
{
    yoke_test *t = yoke_test_new(make_app());
    yoke_tr *r = add(t, "{\"text\":\"Buy milk\"}");
    yoke_expect_status(r, 201);
    yoke_expect_header(r, "Location", "/notes/1");

    r = yoke_test_get(t, "/notes/1");
    yoke_expect_json_path(r, "$.text", "Buy milk");
    yoke_expect_json_bool(r, "$.done", false);

    r = yoke_test_patch(t, "/notes/1");
    yoke_tr_jsonf(r, "{\"done\":true}");
    yoke_expect_status(r, 200);
    yoke_expect_json_path(r, "$.text", "Buy milk");
    yoke_expect_json_bool(r, "$.done", true);

    yoke_expect_status(yoke_test_delete(t, "/notes/1"), 204);
    yoke_expect_text(yoke_test_get(t, "/notes/1"), 404,
                     "there is no such note");
    yoke_test_free(t);
}

static void notes_are_listed(void)
{
    yoke_test *t = yoke_test_new(make_app());
    yoke_expect_text(yoke_test_get(t, "/notes"), 200, "[]");
    yoke_expect_status(add(t, "{\"text\":\"a\"}"), 201);
    yoke_expect_status(add(t, "{\"text\":\"b\",\"done\":true}"), 201);
    yoke_tr *r = yoke_test_get(t, "/notes?done=true");
    yoke_expect_text(r, 200, "[{\"id\":2,\"text\":\"b\",\"done\":true}]");
    yoke_expect_status(yoke_test_get(t, "/notes?done=maybe"), 400);
    yoke_test_free(t);
}

static void what_is_wrong_is_said(void)
{
    yoke_test *t = yoke_test_new(make_app());
    yoke_expect_text(add(t, "{}"), 400,
                     "member \"text\" is missing; it must be text of 1 to 200 "
                     "bytes");
    yoke_expect_status(add(t, "{\"text\":7}"), 400);
    yoke_expect_status(add(t, "{\"text\":\"a\",\"done\":\"no\"}"), 400);
    yoke_expect_status(add(t, "{\"text\":"), 400);
    yoke_expect_status(yoke_test_get(t, "/notes/7"), 404);
    yoke_expect_status(yoke_test_get(t, "/notes/x"), 404);
    yoke_expect_status(yoke_test_put(t, "/notes"), 405);
    yoke_tr *r = yoke_test_post(t, "/notes");
    yoke_tr_form(r, "text", "a");
    yoke_expect_status(r, 415);
    yoke_test_free(t);
}

static void there_is_room_for_a_thousand(void)
{
    yoke_test *t = yoke_test_new(make_app());
    for (int i = 0; i < 1000; i++)
        yoke_expect_status(add(t, "{\"text\":\"a\"}"), 201);
    yoke_expect_status(add(t, "{\"text\":\"a\"}"), 507);
    yoke_test_free(t);
}

int main(void)
{
    a_note_is_added_read_changed_and_deleted();
    notes_are_listed();
    what_is_wrong_is_said();
    there_is_room_for_a_thousand();
    puts("4 tests passed");
    return 0;
}
