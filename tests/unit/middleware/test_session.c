/* What is kept about a visitor: its life, its id, its time. */
#include "session_app.h"

/* ---- Life ---- */

static void what_is_set_is_there_the_next_time(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t), *bob = yoke_test_agent(t);
    expect(ada, "/set?k=color&v=red", "set");
    expect(ada, "/get?k=color", "red");
    expect(bob, "/get?k=color", "-");
    expect(bob, "/set?k=color&v=blue", "set");
    expect(ada, "/get?k=color", "red");
    expect(ada, "/remove?k=color", "removed");
    expect(ada, "/get?k=color", "-");
    yoke_test_free(t);
}

static void it_knows_when_it_began(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=a&v=1", "set");
    pass(t, 7);
    expect(ada, "/age", "known, begun 784111777");
    expect(t, "/age", "new, begun 784111784");
    yoke_test_free(t);
}

static void every_kind_of_value_is_kept(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/kinds", "4");
    expect(ada, "/kinds", "4");
    yoke_test_free(t);
}

static void who_is_not_remembered_costs_nothing(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    for (int i = 0; i < 3; i++) {
        yoke_tr *r = yoke_test_get(t, "/get?k=a");
        yoke_expect_text(r, 200, "-");
        yoke_expect_no_cookie(r, "sid");
    }
    assert_int_equal(calls(), 0);
    yoke_test_free(t);
}

static void the_cookie_is_set_once(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    yoke_tr *r = yoke_test_get(ada, "/set?k=a&v=1");
    yoke_expect_cookie(r, "sid", NULL, .http_only = 1, .same_site = "Lax",
                       .path = "/", .secure = -1, .persistent = -1);
    r = yoke_test_get(ada, "/set?k=a&v=2");
    yoke_expect_text(r, 200, "set");
    yoke_expect_no_cookie(r, "sid");
    yoke_test_free(t);
}

static void what_is_not_changed_is_not_written(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    static const struct {
        const char *path;
        unsigned calls;
    } steps[] = {
        {"/set?k=a&v=1", 1}, /* add */
        {"/get?k=a", 2},     /* get, touch */
        {"/set?k=a&v=1", 2}, /* the same value */
        {"/set?k=a&v=2", 2}, /* get, replace */
        {"/remove?k=b", 2},  /* there is none */
    };
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        uint64_t before = calls();
        yoke_expect_status(yoke_test_get(ada, steps[i].path), 200);
        assert_int_equal(calls() - before, steps[i].calls);
    }
    yoke_test_free(t);
}

static void visitors_can_have_one_from_the_start(void **state)
{
    (void)state;
    yoke_test *t = CLIENT(.saves_empty = true);
    yoke_expect_cookie_new(yoke_test_get(t, "/ok"), "sid");
    yoke_test_free(t);
}

static void attributes_are_as_wanted(void **state)
{
    (void)state;
    yoke_app *app = app_with(
        yoke_session(.store = store, .name = "__Secure-id", .is_visible = true,
                     .cookie = {.max_age_s = 60,
                                .secure = true,
                                .domain = "test",
                                .same_site = YOKE_SAME_SITE_STRICT,
                                .priority = YOKE_PRIORITY_HIGH,
                                .partitioned = true}));
    yoke_app_set_str(app, "trust proxy", "loopback");
    yoke_test *t = yoke_test_new(app);
    yoke_test_https(t);
    yoke_tr *r = yoke_test_get(t, "/set?k=a&v=1");
    yoke_expect_cookie(r, "__Secure-id", NULL, .http_only = -1, .secure = 1,
                       .max_age = 60, .same_site = "Strict", .domain = "test",
                       .priority = "High", .partitioned = 1);
    yoke_test_free(t);
}

static char last_line[300];

static void count_lines(enum yoke_log_level level, const char *line, void *data)
{
    if (level == YOKE_LOG_ERROR)
        ++*(int *)data;
    snprintf(last_line, sizeof(last_line), "%s", line);
}

/* As behind a proxy that is not trusted. */
static void a_secure_cookie_goes_over_tls_alone(void **state)
{
    (void)state;
    yoke_app *app =
        app_with(yoke_session(.store = store, .cookie.secure = true));
    yoke_app_set_str(app, "trust proxy", "loopback");
    int lines = 0;
    yoke_log_set_level(YOKE_LOG_ERROR);
    yoke_log_set_sink(count_lines, &lines);
    yoke_test *t = yoke_test_new(app);
    for (int i = 0; i < 2; i++) {
        yoke_tr *r = yoke_test_get(t, "/set?k=a&v=1");
        yoke_tr_set(r, "Forwarded", "proto=https");
        yoke_expect_text(r, 200, "set");
        yoke_expect_no_cookie(r, "sid");
    }
    assert_int_equal(lines, 1);
    assert_non_null(strstr(last_line, "trust proxy"));
    yoke_log_set_sink(NULL, NULL);
    yoke_log_set_level(YOKE_LOG_OFF);
    yoke_test_https(t);
    yoke_expect_cookie(yoke_test_get(t, "/set?k=a&v=1"), "sid", NULL,
                       .secure = 1);
    yoke_test_free(t);
}

static void over_tls_the_cookie_is_secure(void **state)
{
    (void)state;
    yoke_app *app = app_with(yoke_session(.store = store));
    yoke_app_set_str(app, "trust proxy", "loopback");
    yoke_test *t = yoke_test_new(app);
    yoke_test_https(t);
    yoke_expect_cookie(yoke_test_get(t, "/set?k=a&v=1"), "sid", NULL,
                       .secure = 1);
    yoke_test_free(t);
}

static void elsewhere_than_on_its_path_there_is_none(void **state)
{
    (void)state;
    yoke_test *t = CLIENT(.cookie.path = "/lazy");
    expect(t, "/set?k=a&v=1", yoke_strerror(-ENOENT));
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/lazy/set?k=a&v=1", "set");
    expect(ada, "/lazy/get?k=a", "1");
    yoke_test_free(t);
}

/* ---- Ids ---- */

static void an_id_from_outside_is_never_taken(void **state)
{
    (void)state;
    static const char *const values[] = {
        "",
        "x",
        "AAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAA.x",
        "AAAAAAAAAAAAAAAAAAAAAAAA.",
        ".",
        "../../../../etc/passwd.a",
    };
    yoke_test *t = CLIENT();
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        yoke_tr *r = yoke_test_get(t, "/set?k=a&v=1");
        yoke_tr_cookie(r, "sid", values[i]);
        yoke_expect_text(r, 200, "set");
        const char *cookie = yoke_tr_header(r, "Set-Cookie");
        assert_non_null(cookie);
        assert_null(strstr(cookie, "AAAAAAAA"));
    }
    yoke_test_free(t);
}

static void a_changed_cookie_is_none(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=a&v=1", "set");
    const char *cookie = yoke_test_cookie(ada, "/", "sid");
    size_t len = strlen(cookie);
    uint64_t before = calls();
    char changed[200];
    for (size_t i = 0; i < len; i += 5) {
        memcpy(changed, cookie, len + 1);
        changed[i] = changed[i] == 'a' ? 'b' : 'a';
        yoke_tr *r = yoke_test_get(t, "/get?k=a");
        char field[220];
        snprintf(field, sizeof(field), "sid=%s", changed);
        yoke_tr_set(r, "Cookie", field);
        yoke_expect_text(r, 200, "-");
    }
    /* The store has not even been asked. */
    assert_int_equal(calls(), before);
    yoke_test_free(t);
}

static void a_cookie_of_another_name_is_none(void **state)
{
    (void)state;
    yoke_test *t = CLIENT(.name = "one");
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=a&v=1", "set");
    char field[220];
    snprintf(field, sizeof(field), "two=%s", yoke_test_cookie(ada, "/", "one"));
    yoke_test *other = CLIENT(.name = "two");
    yoke_tr *r = yoke_test_get(other, "/get?k=a");
    yoke_tr_set(r, "Cookie", field);
    yoke_expect_text(r, 200, "-");
    yoke_test_free(other);
    yoke_test_free(t);
}

/* Signed with the old secret, it is good; without that secret, it is not. */
static void secrets_can_be_replaced(void **state)
{
    (void)state;
    char field[220];
    yoke_app *app = yoke_app_new();
    yoke_app_cookie_secrets(app, "old secret");
    yoke_app_use(app, yoke_session(.store = store), set);
    yoke_test *old = yoke_test_new(app);
    yoke_test *ada = yoke_test_agent(old);
    expect(ada, "/?k=a&v=1", "set");
    snprintf(field, sizeof(field), "sid=%s", yoke_test_cookie(ada, "/", "sid"));
    yoke_test *t = CLIENT();
    yoke_tr *r = yoke_test_get(t, "/get?k=a");
    yoke_tr_set(r, "Cookie", field);
    yoke_expect_text(r, 200, "1");
    yoke_test_free(t);
    app = yoke_app_new();
    yoke_app_cookie_secrets(app, "new secret");
    yoke_app_use(app, yoke_session(.store = store), get);
    t = yoke_test_new(app);
    r = yoke_test_get(t, "/?k=a");
    yoke_tr_set(r, "Cookie", field);
    yoke_expect_text(r, 200, "-");
    yoke_test_free(t);
    yoke_test_free(old);
}

static void without_secrets_it_is_said_so(void **state)
{
    (void)state;
    yoke_app *app = yoke_app_new();
    yoke_app_use(app, yoke_session(.store = store), set);
    yoke_test *t = yoke_test_new(app);
    yoke_expect_status(yoke_test_get(t, "/?k=a&v=1"), 500);
    yoke_test_free(t);
}

static void ids_can_be_made_by_the_application(void **state)
{
    (void)state;
    yoke_test *t = CLIENT(.make_id = make_id, .data = &store);
    expect(t, "/id", "a-visitor-of-the-application");
    expect(t, "/set?k=a&v=1", "set");
    /* It is taken. */
    yoke_expect_status(yoke_test_get(t, "/set?k=a&v=1"), 500);
    /* It is not fit. */
    yoke_expect_status(yoke_test_get(t, "/set?k=a&v=1&id=short"), 500);
    yoke_test_free(t);
}

/* ---- Signing in and out ---- */

static void signing_in_makes_another_id(void **state)
{
    (void)state;
    char before[220];
    yoke_test *t = CLIENT();
    yoke_test *victim = yoke_test_agent(t);
    /* The attacker has a session, and slips its cookie to the victim. */
    expect(victim, "/set?k=cart&v=full", "set");
    snprintf(before, sizeof(before), "sid=%s",
             yoke_test_cookie(victim, "/", "sid"));
    yoke_tr *r = yoke_test_get(victim, "/login");
    yoke_expect_status(r, 303);
    yoke_expect_cookie_renewed(r, "sid");
    expect(victim, "/get?k=user", "ada");
    expect(victim, "/get?k=cart", "-");
    for (int i = 0; i < 2; i++) {
        r = yoke_test_get(t, i == 0 ? "/get?k=user" : "/get?k=cart");
        yoke_tr_set(r, "Cookie", before);
        yoke_expect_text(r, 200, "-");
    }
    yoke_test_free(t);
}

static void another_id_can_keep_the_values(void **state)
{
    (void)state;
    char before[100];
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=cart&v=full", "set");
    snprintf(before, sizeof(before), "%s",
             yoke_tr_text(yoke_test_get(ada, "/id")));
    yoke_tr *r = yoke_test_get(ada, "/change-id");
    yoke_expect_status(r, 200);
    assert_string_not_equal(yoke_tr_text(r), before);
    expect(ada, "/get?k=cart", "full");
    yoke_test_free(t);
}

static void what_is_regenerated_and_empty_is_gone(void **state)
{
    (void)state;
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=a&v=1", "set");
    yoke_expect_cookie_cleared(yoke_test_get(ada, "/regenerate"), "sid");
    expect(ada, "/get?k=a", "-");
    yoke_test_free(t);
}

static void signing_out_removes_it(void **state)
{
    (void)state;
    char before[220];
    yoke_test *t = CLIENT();
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=a&v=1", "set");
    snprintf(before, sizeof(before), "sid=%s",
             yoke_test_cookie(ada, "/", "sid"));
    yoke_tr *r = yoke_test_get(ada, "/logout");
    yoke_expect_text(r, 200, "bye");
    yoke_expect_cookie_cleared(r, "sid");
    assert_null(yoke_test_cookie(ada, "/", "sid"));
    r = yoke_test_get(t, "/get?k=a");
    yoke_tr_set(r, "Cookie", before);
    yoke_expect_text(r, 200, "-");
    /* Whoever has none can sign out as well. */
    r = yoke_test_get(t, "/logout");
    yoke_expect_text(r, 200, "bye");
    yoke_expect_no_cookie(r, "sid");
    yoke_test_free(t);
}

/* ---- Time ---- */

static void it_ends_when_it_is_not_used(void **state)
{
    (void)state;
    yoke_test *t = CLIENT(.ttl_s = 100);
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=a&v=1", "set");
    for (int i = 0; i < 5; i++) {
        pass(t, 80);
        expect(ada, "/get?k=a", "1");
    }
    pass(t, 101);
    expect(ada, "/get?k=a", "-");
    yoke_test_free(t);
}

static void its_time_can_be_counted_from_the_last_change(void **state)
{
    (void)state;
    yoke_test *t = CLIENT(.ttl_s = 100, .keeps_expiry = true);
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=a&v=1", "set");
    pass(t, 80);
    expect(ada, "/get?k=a", "1");
    pass(t, 15);
    expect(ada, "/touch", "touched");
    pass(t, 90);
    expect(ada, "/set?k=a&v=2", "set");
    pass(t, 90);
    expect(ada, "/get?k=a", "2");
    pass(t, 20);
    expect(ada, "/get?k=a", "-");
    yoke_test_free(t);
}

static void it_does_not_live_for_ever(void **state)
{
    (void)state;
    yoke_test *t = CLIENT(.ttl_s = 100, .max_age_s = 150);
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=a&v=1", "set");
    pass(t, 90);
    expect(ada, "/set?k=a&v=2", "set");
    pass(t, 50);
    expect(ada, "/get?k=a", "2");
    pass(t, 11);
    expect(ada, "/get?k=a", "-");
    yoke_test_free(t);
}

static void a_rolling_cookie_comes_with_every_answer(void **state)
{
    (void)state;
    yoke_test *t = CLIENT(.rolling = true, .cookie.max_age_s = 60);
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=a&v=1", "set");
    for (int i = 0; i < 4; i++) {
        pass(t, 50);
        yoke_tr *r = yoke_test_get(ada, "/get?k=a");
        yoke_expect_text(r, 200, "1");
        yoke_expect_cookie(r, "sid", NULL, .max_age = 60);
    }
    pass(t, 61);
    assert_null(yoke_test_cookie(ada, "/", "sid"));
    /* Who has no session gets none. */
    yoke_expect_no_cookie(yoke_test_get(t, "/ok"), "sid");
    yoke_test_free(t);
}

static void touch_sends_the_cookie_once_more(void **state)
{
    (void)state;
    yoke_test *t = CLIENT(.cookie.max_age_s = 60);
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=a&v=1", "set");
    yoke_expect_no_cookie(yoke_test_get(ada, "/ok"), "sid");
    yoke_expect_cookie(yoke_test_get(ada, "/touch"), "sid", NULL,
                       .max_age = 60);
    yoke_test_free(t);
}

static void one_can_have_an_age_of_its_own(void **state)
{
    (void)state;
    yoke_test *t = CLIENT(.ttl_s = 60);
    yoke_test *ada = yoke_test_agent(t), *bob = yoke_test_agent(t);
    expect(ada, "/set?k=a&v=1", "set");
    expect(bob, "/set?k=a&v=1", "set");
    yoke_tr *r = yoke_test_get(ada, "/age-of?s=1000");
    yoke_expect_cookie(r, "sid", NULL, .max_age = 1000);
    pass(t, 500);
    expect(bob, "/get?k=a", "-");
    expect(ada, "/age-of", "1000");
    /* It begins anew with each use, and goes on with another id. */
    r = yoke_test_get(ada, "/change-id");
    yoke_expect_cookie(r, "sid", NULL, .max_age = 1000);
    pass(t, 900);
    expect(ada, "/get?k=a", "1");
    /* It can be given back. */
    yoke_expect_cookie(yoke_test_get(ada, "/age-of?s=0"), "sid", NULL,
                       .persistent = -1);
    pass(t, 61);
    expect(ada, "/get?k=a", "-");
    yoke_test_free(t);
}

static void an_age_of_its_own_ends_with_it(void **state)
{
    (void)state;
    yoke_test *t = CLIENT(.max_age_s = 100);
    yoke_test *ada = yoke_test_agent(t);
    /* Alone it begins none. */
    yoke_expect_no_cookie(yoke_test_get(ada, "/age-of?s=1000"), "sid");
    expect(ada, "/set?k=a&v=1", "set");
    expect(ada, "/age-of", "0");
    expect(ada, "/age-of?s=1000", "1000");
    yoke_expect_status(yoke_test_get(ada, "/login"), 303);
    expect(ada, "/age-of", "0");
    expect(ada, "/age-of?s=1000", "1000");
    pass(t, 100);
    expect(ada, "/get?k=user", "-");
    yoke_test_free(t);
}

/* Whoever loses the race for the record. */
static void an_age_is_kept_beside_what_another_changes(void **state)
{
    (void)state;
    yoke_test *t = CLIENT(.ttl_s = 60);
    yoke_test *ada = yoke_test_agent(t);
    expect(ada, "/set?k=a&v=1", "set");
    yoke_tr *r = begin(ada, "/slow?k=b&v=2");
    expect(ada, "/age-of?s=1000", "1000");
    release(0, "done");
    yoke_expect_text(r, 200, "done");
    expect(ada, "/age-of", "1000");
    r = begin(ada, "/slow?s=500");
    expect(ada, "/set?k=c&v=3", "set");
    release(1, "done");
    yoke_expect_text(r, 200, "done");
    expect(ada, "/age-of", "500");
    expect(ada, "/get?k=c", "3");
    expect(ada, "/get?k=b", "2");
    yoke_test_free(t);
}

static void without_a_store_it_is_an_error_of_registration(void **state)
{
    (void)state;
    assert_true(is_refused(yoke_session()));
    assert_false(is_refused(yoke_session(.store = store)));
}

/* Else each answer would be an error, or browsers would not take the cookie. */
static void a_cookie_that_cannot_be_is_an_error_of_registration(void **state)
{
    (void)state;
    assert_true(is_refused(yoke_session(.store = store, .name = "a b")));
    assert_true(is_refused(yoke_session(.store = store, .name = "a=b")));
    assert_true(is_refused(yoke_session(.store = store, .name = "")));
    assert_true(
        is_refused(yoke_session(.store = store, .cookie.path = "/a;b")));
    assert_true(
        is_refused(yoke_session(.store = store, .cookie.domain = "a\nb")));
    assert_true(is_refused(yoke_session(.store = store, .name = "__Host-sid",
                                        .cookie.domain = "example.com")));
    assert_true(is_refused(yoke_session(.store = store, .name = "__Host-sid",
                                        .cookie.path = "/admin")));
    assert_false(is_refused(yoke_session(.store = store, .name = "__Host-sid",
                                         .cookie.path = "/")));
}

static void a_cookie_that_has_to_be_secure_is_or_is_an_error(void **state)
{
    (void)state;
    assert_true(is_refused(
        yoke_session(.store = store, .cookie.same_site = YOKE_SAME_SITE_NONE)));
    assert_true(
        is_refused(yoke_session(.store = store, .cookie.partitioned = true)));
    assert_false(
        is_refused(yoke_session(.store = store, .cookie.secure = true,
                                .cookie.partitioned = true,
                                .cookie.same_site = YOKE_SAME_SITE_NONE)));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_STORE(what_is_set_is_there_the_next_time),
        WITH_STORE(it_knows_when_it_began),
        WITH_STORE(every_kind_of_value_is_kept),
        WITH_STORE(who_is_not_remembered_costs_nothing),
        WITH_STORE(the_cookie_is_set_once),
        WITH_STORE(what_is_not_changed_is_not_written),
        WITH_STORE(visitors_can_have_one_from_the_start),
        WITH_STORE(attributes_are_as_wanted),
        WITH_STORE(a_secure_cookie_goes_over_tls_alone),
        WITH_STORE(over_tls_the_cookie_is_secure),
        WITH_STORE(elsewhere_than_on_its_path_there_is_none),
        WITH_STORE(an_id_from_outside_is_never_taken),
        WITH_STORE(a_changed_cookie_is_none),
        WITH_STORE(a_cookie_of_another_name_is_none),
        WITH_STORE(secrets_can_be_replaced),
        WITH_STORE(without_secrets_it_is_said_so),
        WITH_STORE(ids_can_be_made_by_the_application),
        WITH_STORE(signing_in_makes_another_id),
        WITH_STORE(another_id_can_keep_the_values),
        WITH_STORE(what_is_regenerated_and_empty_is_gone),
        WITH_STORE(signing_out_removes_it),
        WITH_STORE(it_ends_when_it_is_not_used),
        WITH_STORE(its_time_can_be_counted_from_the_last_change),
        WITH_STORE(it_does_not_live_for_ever),
        WITH_STORE(a_rolling_cookie_comes_with_every_answer),
        WITH_STORE(touch_sends_the_cookie_once_more),
        WITH_STORE(one_can_have_an_age_of_its_own),
        WITH_STORE(an_age_of_its_own_ends_with_it),
        WITH_STORE(an_age_is_kept_beside_what_another_changes),
        WITH_STORE(without_a_store_it_is_an_error_of_registration),
        WITH_STORE(a_cookie_that_cannot_be_is_an_error_of_registration),
        WITH_STORE(a_cookie_that_has_to_be_secure_is_or_is_an_error),
    };
    return cmocka_run_group_tests_name("session", tests, be_quiet, NULL);
}
