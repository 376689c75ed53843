/* When a session is read and stored: lazily, at the same time as others, before the
 * answer, and when that fails. */
#include "session_app.h"

/* ---- Lazy ---- */

static void a_lazy_one_asks_only_where_it_is_wanted(void **state)
{
    (void)state;
    yoke_test *t = CLIENT(.lazy = true);
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/lazy/set?k=a&v=1", "set");
    uint64_t before = calls();
    expect(ada, "/ok", "ok");
    expect(ada, "/get?k=a", "-");
    expect(ada, "/set?k=a&v=2", yoke_strerror(-ENOENT));
    assert_int_equal(calls(), before);
    expect(ada, "/lazy/get?k=a", "1");
    expect(ada, "/reload", "0 1");
    /* To end it, or to begin another one, it need not be read. */
    before = calls();
    yoke_expect_cookie_renewed(yoke_test_get(ada, "/login"), "sid");
    assert_int_equal(calls() - before, 2);
    expect(ada, "/lazy/get?k=user", "ada");
    expect(ada, "/logout", "bye");
    expect(ada, "/lazy/get?k=user", "-");
    yoke_test_free(t);
}

/* ---- Requests at the same time ---- */

static void changes_of_different_values_are_all_kept(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=old&v=0", "set");
    yoke_tr *one = begin(ada, "/slow?k=a&v=1");
    yoke_tr *two = begin(ada, "/slow?k=b&v=2");
    yoke_tr *three = begin(ada, "/slow?k=c&v=3");
    release(1, "two");
    yoke_expect_text(two, 200, "two");
    expect(ada, "/remove?k=old", "removed");
    release(0, "one");
    release(2, "three");
    yoke_expect_text(one, 200, "one");
    yoke_expect_text(three, 200, "three");
    expect(ada, "/get?k=a", "1");
    expect(ada, "/get?k=b", "2");
    expect(ada, "/get?k=c", "3");
    expect(ada, "/get?k=old", "-");
    yoke_test_free(t);
}

static void of_the_same_value_the_last_counts(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=a&v=0", "set");
    yoke_tr *one = begin(ada, "/slow?k=a&v=1");
    expect(ada, "/set?k=a&v=2", "set");
    release(0, "one");
    yoke_expect_text(one, 200, "one");
    expect(ada, "/get?k=a", "1");
    yoke_test_free(t);
}

static void a_conflict_can_be_reported(void **state)
{
    (void)state;
    yoke_test *t = CLIENT(.reports_conflicts = true);
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=a&v=0", "set");
    yoke_tr *one = begin(ada, "/slow?k=a&v=1");
    yoke_tr *two = begin(ada, "/slow?k=b&v=1");
    yoke_tr *three = begin(ada, "/slow?k=a&v=2");
    expect(ada, "/set?k=a&v=2", "set");
    release(0, "one");
    yoke_expect_status(one, 409);
    release(1, "two");
    yoke_expect_text(two, 200, "two");
    /* To the same value is none. */
    release(2, "three");
    yoke_expect_text(three, 200, "three");
    expect(ada, "/get?k=a", "2");
    expect(ada, "/get?k=b", "1");
    yoke_test_free(t);
}

/* Both have counted to 1. */
static void of_two_that_count_none_is_lost_unnoticed(void **state)
{
    (void)state;
    yoke_test *t = CLIENT(.reports_conflicts = true);
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=a&v=0", "set");
    yoke_tr *one = begin(ada, "/slow-count");
    yoke_tr *two = begin(ada, "/slow-count");
    release(0, "one");
    yoke_expect_text(one, 200, "one");
    release(1, "two");
    yoke_expect_status(two, 409);
    yoke_test_free(t);
}

static void what_is_destroyed_does_not_come_back(void **state)
{
    static const char *const ends[] = {"/logout", "/login"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        held_count = 0;
        yoke_test *t = CLIENT();
        yoke_test *ada = yoke_test_agent(t);
        char before[220];
        expect(ada, "/set?k=a&v=0", "set");
        snprintf(before, sizeof(before), "sid=%s",
                 yoke_test_cookie(ada, "/", "sid"));
        yoke_tr *one = begin(ada, "/slow?k=a&v=1");
        yoke_tr *two = begin(ada, "/slow");
        yoke_expect_status_in(yoke_test_get(ada, ends[i]), 200, 303);
        release(0, "one");
        release(1, "two");
        yoke_expect_text(one, 200, "one");
        yoke_expect_text(two, 200, "two");
        /* Nor do they touch the cookie of the one that has followed. */
        yoke_expect_no_cookie(one, "sid");
        yoke_expect_no_cookie(two, "sid");
        yoke_tr *r = yoke_test_get(t, "/get?k=a");
        yoke_tr_set(r, "Cookie", before);
        yoke_expect_text(r, 200, "-");
        yoke_test_free(t);
    }
}

static void what_is_destroyed_does_not_live_on_under_another_id(void **state)
{
    (void)state;
    held_count = 0;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=a&v=0", "set");
    yoke_tr *one = begin(ada, "/slow?k=a&v=1&moves=1");
    expect(ada, "/logout", "bye");
    release(0, "one");
    yoke_expect_text(one, 200, "one");
    yoke_expect_no_cookie(one, "sid");
    expect(ada, "/get?k=a", "-");
    yoke_test_free(t);
}

/* It has none of the values of the one that was destroyed meanwhile. */
static void a_new_one_does_not_end_with_the_one_before(void **state)
{
    (void)state;
    held_count = 0;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=b&v=0", "set");
    yoke_tr *one = begin(ada, "/new-and-moved");
    expect(ada, "/logout", "bye");
    release(0, "one");
    yoke_expect_text(one, 200, "one");
    expect(ada, "/get?k=a", "new");
    yoke_test_free(t);
}

static void on_lookup(const struct yoke_store_result *result, void *data)
{
    *(int *)data = result->err;
}

static int look_up(const char *id)
{
    char key[100];
    int err = 1;
    snprintf(key, sizeof(key), "session:%s", id);
    yoke_store_get(store, key, on_lookup, &err);
    while (err == 1)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    return err;
}

static void all_that_are_left_behind_are_removed(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    char ids[2][100];
    expect(ada, "/set?k=a&v=first", "set");
    snprintf(ids[0], sizeof(ids[0]), "%s",
             yoke_tr_text(yoke_test_get(ada, "/id")));
    snprintf(ids[1], sizeof(ids[1]), "%s",
             yoke_tr_text(yoke_test_get(ada, "/regenerate-twice")));
    assert_int_equal(look_up(ids[0]), -ENOENT);
    assert_int_equal(look_up(second_id), -ENOENT);
    assert_int_equal(look_up(ids[1]), 0);
    expect(ada, "/get?k=a", "third");
    free(second_id);
    yoke_test_free(t);
}

static void what_was_stored_before_goes_to_the_other_id(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=a&v=0", "set");
    for (int own = 0; own < 2; own++) {
        held_count = 0;
        yoke_tr *mover =
            begin(ada, own ? "/slow?k=c&v=3&moves=1" : "/slow?moves=1");
        yoke_tr *late = begin(ada, "/slow?k=late&v=1");
        expect(ada, own ? "/set?k=b&v=2" : "/set?k=b&v=1", "set");
        expect(ada, "/remove?k=a", "removed");
        release(0, "moved");
        yoke_expect_cookie_renewed(mover, "sid");
        release(1, "late");
        yoke_expect_text(late, 200, "late");
        expect(ada, "/get?k=b", own ? "2" : "1");
        expect(ada, "/get?k=c", own ? "3" : "-");
        expect(ada, "/get?k=a", "-");
        expect(ada, "/get?k=late", "-");
    }
    yoke_test_free(t);
}

/* As a worker leaves it that dies between the two steps. */
static void what_is_sealed_is_no_session(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    yoke_tr *r = yoke_test_get(ada, "/set?k=a&v=0");
    yoke_expect_status(r, 200);
    char key[200];
    char *cookie = strdup(yoke_test_cookie(ada, "/", "sid"));
    snprintf(key, sizeof(key), "session:%.*s",
             (int)(strchr(cookie, '.') - cookie), cookie);
    yoke_tr *late = begin(ada, "/slow?k=late&v=1");
    yoke_store_set(store, key, YK_SESSION_SEAL, strlen(YK_SESSION_SEAL), 60,
                   NULL, NULL);
    uv_run(yoke_loop(), UV_RUN_NOWAIT);
    release(0, "late");
    yoke_expect_text(late, 200, "late");
    expect(ada, "/get?k=late", "-");
    expect(ada, "/get?k=a", "-");
    expect(ada, "/set?k=a&v=2", "set");
    assert_string_not_equal(yoke_test_cookie(ada, "/", "sid"), cookie);
    free(cookie);
    expect(ada, "/get?k=a", "2");
    yoke_test_free(t);
}

static void of_two_that_change_the_id_one_goes_on(void **state)
{
    (void)state;
    held_count = 0;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=a&v=0", "set");
    yoke_tr *one = begin(ada, "/slow?k=b&v=1&moves=1");
    yoke_tr *two = begin(ada, "/slow?moves=1");
    release(0, "one");
    yoke_expect_cookie_renewed(one, "sid");
    release(1, "two");
    yoke_expect_no_cookie(two, "sid");
    expect(ada, "/get?k=a", "0");
    expect(ada, "/get?k=b", "1");
    yoke_test_free(t);
}

/* ---- Saving ---- */

static void the_answer_comes_after_the_session_is_stored(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    for (int i = 0; i < 20; i++) {
        yoke_tr *r = yoke_test_get(ada, "/login");
        yoke_tr_redirects(r, 1);
        yoke_expect_text(r, 200, "ada");
    }
    yoke_test_free(t);
}

static void a_stream_is_stored_before_its_head(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    yoke_tr *r = yoke_test_get(ada, "/stream");
    yoke_expect_text(r, 200, "one two");
    yoke_expect_cookie_new(r, "sid");
    expect(ada, "/get?k=a", "streamed");
    yoke_test_free(t);
}

static void
a_stream_that_ends_while_the_store_is_asked_is_not_told(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    late_calls = 0;
    expect(ada, "/set?k=a&v=1", "set");
    uint64_t before = calls();
    expect(ada, "/stream-and-reload", "one");
    expect(ada, "/get?k=a", "1");
    assert_int_equal(calls() - before, 5); /* Three loads, two touches. */
    assert_int_equal(late_calls, 0);
    yoke_test_free(t);
}

static void it_can_be_stored_before_the_answer(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    uint64_t before = calls();
    yoke_tr *r = yoke_test_get(ada, "/save");
    yoke_expect_text(r, 200, "0 saved");
    yoke_expect_cookie_new(r, "sid");
    /* Once; and its time. */
    assert_int_equal(calls() - before, 2);
    expect(ada, "/get?k=saved", "yes");
    r = yoke_test_get(ada, "/save-and-answer");
    yoke_expect_text(r, 200, "answered");
    expect(ada, "/get?k=saved", "both");
    yoke_test_free(t);
}

/* Also when the answer has gone already. */
static void what_a_save_begins_when_it_fails_is_waited_for(void **state)
{
    (void)state;
    yoke_test *t = CLIENT(.reports_conflicts = true);
    yoke_test *ada = yoke_test_agent(t);
    late_calls = 0;
    expect(ada, "/set?k=a&v=0", "set");
    yoke_tr *one = begin(ada, "/slow?k=a&v=1");
    expect(ada, "/set?k=a&v=2", "set");
    yoke_session_save(held[0].req, on_tried, NULL);
    release(0, "one");
    yoke_expect_text(one, 200, "one");
    assert_int_equal(tried_err, -YOKE_ECONFLICT);
    assert_int_equal(late_calls, 1);
    expect(ada, "/get?k=a", "2");
    yoke_test_free(t);
}

static void it_can_be_loaded_anew(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/reload", "0 -");
    expect(ada, "/set?k=a&v=1", "set");
    expect(ada, "/reload", "0 1");
    expect(ada, "/get?k=a", "1");
    yoke_test_free(t);
}

static void who_goes_leaves_nothing_open(void **state)
{
    static const char *const paths[] = {"/set?k=a&v=1", "/save", "/stream",
                                        "/save-and-answer", "/login"};
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=x&v=1", "set");
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        yoke_tr *r = yoke_test_get(ada, paths[i]);
        yoke_tr_reset_after(r, yoke_tr_request_len(r));
        yoke_tr_send(r);
        for (int turn = 0; turn < 20; turn++)
            uv_run(yoke_loop(), UV_RUN_NOWAIT);
    }
    yoke_test_free(t);
}

/* ---- Limits and failures ---- */

static void on_set(const struct yoke_store_result *result, void *data)
{
    assert_int_equal(result->err, 0);
    *(bool *)data = true;
}

static void too_much_is_refused_and_the_rest_stays(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/overflow", yoke_strerror(-YOKE_ETOOLARGE));
    expect(ada, "/get?k=a", "kept");
    yoke_test_free(t);
    /* Also bit by bit. */
    t = CLIENT(.max_len = 200);
    ada = yoke_test_agent(t);
    int set_count = 0;
    for (int i = 0; i < 30; i++) {
        char path[64];
        snprintf(path, sizeof(path), "/set?k=name%d&v=value", i);
        set_count += strcmp(yoke_tr_text(yoke_test_get(ada, path)), "set") == 0;
    }
    /* 17 bytes each: "name10":"value", */
    assert_in_range(set_count, 9, 12);
    yoke_test_free(t);
}

/* Of a record that is shorter than ours would be: written when the clock was
 * wrong, or by another program. */
static void a_short_record_has_room_for_values(void **state)
{
    (void)state;
    const char *record = "{\"begun\":5,\"values\":{\"a\":1e2}}";
    bool is_set = false;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    char key[100];
    expect(ada, "/set?k=a&v=1", "set");
    snprintf(key, sizeof(key), "session:%s",
             yoke_tr_text(yoke_test_get(ada, "/id")));
    yoke_store_set(store, key, record, strlen(record), 0, on_set, &is_set);
    while (!is_set)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    expect(ada, "/remove-and-set?k=a&v=b", "set");
    expect(ada, "/get?k=a", "b");
    yoke_test_free(t);
}

static void messages_wait_for_the_next_page(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    yoke_tr *r = yoke_test_get(ada, "/leave");
    yoke_tr_redirects(r, 1);
    yoke_expect_text(r, 200, "2 one two");
    expect(ada, "/flash", "0");
    yoke_test_free(t);
}

static void without_a_store_it_fails_or_goes_on(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    char field[220];
    expect(ada, "/set?k=a&v=1", "set");
    snprintf(field, sizeof(field), "sid=%s", yoke_test_cookie(ada, "/", "sid"));
    yoke_test_free(t);

    yoke_store *away =
        yoke_store_open(.url = "memcached+unix:/nonexistent/socket");
    for (int goes_on = 0; goes_on < 2; goes_on++) {
        t = yoke_test_new(
            app_with(yoke_session(.store = away, .goes_on_without = goes_on)));
        /* Who has no session does not notice. */
        expect(t, "/get?k=a", "-");
        yoke_tr *r = yoke_test_get(t, "/get?k=a");
        yoke_tr_set(r, "Cookie", field);
        yoke_expect_text(r, goes_on ? 200 : 503,
                         goes_on ? "-" : "session.store.failed");
        r = yoke_test_get(t, "/set?k=a&v=2");
        yoke_expect_status(r, goes_on ? 200 : 503);
        yoke_expect_no_cookie(r, "sid");
        r = yoke_test_get(t, "/login");
        yoke_tr_set(r, "Cookie", field);
        yoke_tr_set(r, "Accept", "application/json");
        yoke_expect_status(r, goes_on ? 303 : 503);
        if (!goes_on)
            yoke_expect_no_header(r, "Location");
        yoke_test_free(t);
    }
    bool is_closed = false;
    yoke_store_close(away, on_closed, &is_closed);
    while (!is_closed)
        uv_run(yoke_loop(), UV_RUN_ONCE);
}

static void a_record_that_is_none_is_no_session(void **state)
{
    (void)state;
    static const char *const records[] = {
        "",
        "x",
        "[]",
        "{}",
        "{\"begun\":1}",
        "{\"values\":{}}",
        "{\"begun\":\"1\",\"values\":{}}",
        "{\"begun\":1,\"values\":[]}",
        "{\"begun\":1,\"values\":{},\"values\":{}}",
    };
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=a&v=1", "set");
    char key[100];
    snprintf(key, sizeof(key), "session:%s",
             yoke_tr_text(yoke_test_get(ada, "/id")));
    for (size_t i = 0; i < COUNT_OF(records); i++) {
        bool is_set = false;
        yoke_store_set(store, key, records[i], strlen(records[i]), 0, on_set,
                       &is_set);
        while (!is_set)
            uv_run(yoke_loop(), UV_RUN_ONCE);
        expect(ada, "/get?k=a", "-");
        expect(ada, "/reload", "0 -");
    }
    /* Another one begins. */
    expect(ada, "/set?k=a&v=2", "set");
    expect(ada, "/get?k=a", "2");
    yoke_test_free(t);
}

static void without_the_middleware_nothing_happens(void **state)
{
    (void)state;
    yoke_app *app = yoke_app_new();
    yoke_app_get(app, "/get", get);
    yoke_app_get(app, "/set", set);
    yoke_app_get(app, "/load", yoke_session_load, get);
    yoke_app_get(app, "/save", yoke_session_load, get);
    yoke_test *t = yoke_test_new(app);
    expect(t, "/get?k=a", "-");
    expect(t, "/set?k=a&v=1", yoke_strerror(-ENOENT));
    yoke_expect_status(yoke_test_get(t, "/load"), 500);
    yoke_expect_status(yoke_test_get(t, "/save"), 500);
    yoke_test_free(t);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_STORE(a_lazy_one_asks_only_where_it_is_wanted),
        WITH_STORE(changes_of_different_values_are_all_kept),
        WITH_STORE(of_the_same_value_the_last_counts),
        WITH_STORE(a_conflict_can_be_reported),
        WITH_STORE(of_two_that_count_none_is_lost_unnoticed),
        WITH_STORE(what_is_destroyed_does_not_come_back),
        WITH_STORE(what_is_destroyed_does_not_live_on_under_another_id),
        WITH_STORE(a_new_one_does_not_end_with_the_one_before),
        WITH_STORE(all_that_are_left_behind_are_removed),
        WITH_STORE(what_was_stored_before_goes_to_the_other_id),
        WITH_STORE(what_is_sealed_is_no_session),
        WITH_STORE(of_two_that_change_the_id_one_goes_on),
        WITH_STORE(the_answer_comes_after_the_session_is_stored),
        WITH_STORE(a_stream_is_stored_before_its_head),
        WITH_STORE(a_stream_that_ends_while_the_store_is_asked_is_not_told),
        WITH_STORE(it_can_be_stored_before_the_answer),
        WITH_STORE(what_a_save_begins_when_it_fails_is_waited_for),
        WITH_STORE(it_can_be_loaded_anew),
        WITH_STORE(who_goes_leaves_nothing_open),
        WITH_STORE(too_much_is_refused_and_the_rest_stays),
        WITH_STORE(a_short_record_has_room_for_values),
        WITH_STORE(messages_wait_for_the_next_page),
        WITH_STORE(without_a_store_it_fails_or_goes_on),
        WITH_STORE(a_record_that_is_none_is_no_session),
        WITH_STORE(without_the_middleware_nothing_happens),
    };
    return cmocka_run_group_tests_name("session store", tests, be_quiet, NULL);
}
