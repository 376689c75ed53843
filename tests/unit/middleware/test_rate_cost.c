/* What a request takes of a limit, and what is given back. */
#include "rate_limit.h"

#include <errno.h>

#include <yoke/error.h>

static void answer_as_asked(yoke_req *req, yoke_res *res)
{
    yoke_res_status(res, (int)number_of(req, "status", 200));
    yoke_res_text(res, "ok");
}

static void expect_status(yoke_test *t, int asked, int status)
{
    char path[32];
    snprintf(path, sizeof(path), "/?status=%d", asked);
    yoke_expect_status(yoke_test_get(t, path), status);
    run_turns();
}

static void those_that_end_well_are_given_back(void **state)
{
    (void)state;
    for (int which = 0; which < STORES; which++) {
        shared = shared_open("memory:");
        yoke_test *t = yoke_test_new(app_behind(
            yoke_rate_limit(.limit = 2, .window_ms = 10000,
                            .store = store_of(which), .skips_success = true),
            answer_as_asked));
        for (int i = 0; i < 5; i++)
            expect_status(t, 204, 204);
        expect_status(t, 401, 401);
        expect_status(t, 302, 302);
        expect_status(t, 500, 500);
        expect_status(t, 200, 429);
        yoke_test_free(t);
        shared_close(shared);
    }
}

static void those_that_end_badly_are_given_back(void **state)
{
    (void)state;
    for (int which = 0; which < STORES; which++) {
        shared = shared_open("memory:");
        yoke_test *t = yoke_test_new(app_behind(
            yoke_rate_limit(.limit = 2, .window_ms = 10000,
                            .store = store_of(which), .skips_failure = true),
            answer_as_asked));
        for (int i = 0; i < 5; i++)
            expect_status(t, 404, 404);
        expect_status(t, 200, 200);
        expect_status(t, 399, 399);
        expect_status(t, 404, 429);
        yoke_test_free(t);
        shared_close(shared);
    }
}

/* ---- Forgetting ---- */

static bool is_reset(yoke_req *req, yoke_res *res, void *data)
{
    (void)res, (void)data;
    return yoke_req_query(req, "reset") != NULL;
}

static bool is_unlocking(yoke_req *req, yoke_res *res, void *data)
{
    (void)res, (void)data;
    return yoke_req_query(req, "client") != NULL;
}

/* /?reset=NAME */
static void answer_and_reset(yoke_req *req, yoke_res *res)
{
    const char *name = yoke_req_query(req, "reset");
    int err = name ? yoke_rate_reset(req, *name ? name : NULL) : 0;
    yoke_res_text(res, err == 0 ? "ok" : yoke_strerror(err));
}

static void expect_answer(yoke_test *t, const char *path, int status,
                          const char *text)
{
    yoke_expect_text(yoke_test_get(t, path), status, text);
    run_turns();
}

static void a_client_can_be_forgotten(void **state)
{
    (void)state;
    for (int which = 0; which < 2 * STORES; which++) {
        shared = shared_open("memory:");
        yoke_test *t = yoke_test_new(
            app_behind(yoke_rate_limit(.limit = 3, .window_ms = 10000,
                                       .store = store_of(which % STORES),
                                       .skips_success = which >= STORES,
                                       .is_success = is_reset),
                       answer_and_reset));
        for (int round = 0; round < 3; round++) {
            expect_answer(t, "/", 200, "ok");
            expect_answer(t, "/", 200, "ok");
            /* What is forgotten is not given back as well. */
            expect_answer(t, round % 2 ? "/?reset=default" : "/?reset=", 200,
                          "ok");
            shared_ms += 1000;
        }
        for (int i = 0; i < 3; i++)
            expect_answer(t, "/", 200, "ok");
        expect_answer(t, "/", 429, "rate.limited");
        yoke_test_free(t);
        shared_close(shared);
    }
}

/* Others keep what they have taken. */
static void only_that_client_is_forgotten(void **state)
{
    (void)state;
    shared = shared_open("memory:");
    for (int which = 0; which < STORES; which++) {
        struct yoke_rate rate = {.limit = 2, .window_ms = 10000};
        struct yoke_rate_store *rates =
            which == IN_PROCESS ? yoke_rate_store_local(64) : store_of(which);
        const char *ada = which == SHARED_WINDOW ? "ada" : "Ada";
        const char *bob = which == SHARED_WINDOW ? "bob" : "Bob";
        assert_int_equal(flood(rates, ada, 3, 2), 2);
        assert_int_equal(flood(rates, bob, 3, 2), 2);
        rates->reset(rates, ada, &rate, 0);
        rates->reset(rates, "nobody", &rate, 0);
        run_turns();
        assert_int_equal(flood(rates, bob, 1, 2), 0);
        assert_int_equal(flood(rates, ada, 3, 2), 2);
        rates->free(rates);
    }
    shared_close(shared);
}

static void what_cannot_be_forgotten_is_told(void **state)
{
    (void)state;
    yoke_store *away =
        yoke_store_open(.url = "memcached+unix:/nonexistent/socket");
    yoke_test *t = yoke_test_new(
        app_behind(yoke_rate_limit(.limit = 9), answer_and_reset));
    expect_answer(t, "/?reset=login", 200, yoke_strerror(-ENOENT));
    yoke_test_free(t);
    /* While the store is away nothing is counted. */
    for (int way = 0; way < 2; way++) {
        struct yoke_rate rate = {.limit = 2, .window_ms = 10000};
        struct yoke_rate_store *rates =
            yoke_rate_store_shared(away, .way = (enum yoke_rate_way)way);
        rates->reset(rates, "ada", &rate, 0);
        t = yoke_test_new(app_behind(
            yoke_rate_limit(.limit = 1, .store = rates), answer_and_reset));
        expect_answer(t, "/?reset=default", 200, yoke_strerror(-ENOENT));
        yoke_test_free(t);
    }
    shared_close(away);
}

/* /unlock?client=..., which the limiter does not stand in front of. */
static struct yoke_handler tries;

static void unlock(yoke_req *req, yoke_res *res)
{
    int err = yoke_rate_reset_client(req, tries, yoke_req_query(req, "client"));
    yoke_res_text(res, err == 0 ? "ok" : yoke_strerror(err));
}

/* Behind the limiter. */
static void answer_or_unlock(yoke_req *req, yoke_res *res)
{
    if (yoke_req_query(req, "client"))
        unlock(req, res);
    else
        answer_ok(req, res);
}

static yoke_test *start_unlockable(const struct yoke_rate_limit_options *limits)
{
    yoke_app *app = yoke_app_new();
    tries = yoke_rate_limit_with(limits);
    yoke_app_get(app, "/unlock", unlock);
    yoke_app_get(app, "/", tries, answer_or_unlock);
    yoke_app_catch(app, show_error);
    return yoke_test_new(app);
}

static const char *user_of(yoke_req *req, void *data)
{
    (void)data;
    return yoke_req_query(req, "user");
}

static void a_client_can_be_forgotten_from_another_route(void **state)
{
    (void)state;
    for (int which = 0; which < STORES; which++) {
        shared = shared_open("memory:");
        yoke_test *t = start_unlockable(
            &(struct yoke_rate_limit_options){.limit = 1,
                                              .window_ms = 10000,
                                              .store = store_of(which),
                                              .key = user_of});
        expect_answer(t, "/?user=ada", 200, "ok");
        expect_answer(t, "/?user=bob", 200, "ok");
        expect_answer(t, "/?user=ada", 429, "rate.limited");
        expect_answer(t, "/unlock?client=ada", 200, "ok");
        expect_answer(t, "/unlock?client=nobody", 200, "ok");
        expect_answer(t, "/?user=ada", 200, "ok");
        expect_answer(t, "/?user=ada", 429, "rate.limited");
        expect_answer(t, "/?user=bob", 429, "rate.limited");
        yoke_test_free(t);
        shared_close(shared);
    }
}

static void an_address_that_is_forgotten_is_its_network(void **state)
{
    (void)state;
    yoke_test *t = start_unlockable(
        &(struct yoke_rate_limit_options){.limit = 1, .window_ms = 10000});
    yoke_expect_text(from(t, "2001:db8::1"), 200, "ok");
    yoke_expect_text(from(t, "192.0.2.1"), 200, "ok");
    expect_answer(t, "/unlock?client=2001:db8::2", 200, "ok");
    expect_answer(t, "/unlock?client=192.0.2.2", 200, "ok");
    yoke_expect_text(from(t, "2001:db8::3"), 200, "ok");
    yoke_expect_text(from(t, "192.0.2.1"), 429, "rate.limited");
    yoke_test_free(t);
}

/* Else the next but one would pass, too. */
static void what_is_forgotten_of_a_client_is_not_given_back(void **state)
{
    (void)state;
    for (int which = 0; which < STORES; which++) {
        shared = shared_open("memory:");
        yoke_test *t = start_unlockable(
            &(struct yoke_rate_limit_options){.limit = 2,
                                              .window_ms = 10000,
                                              .store = store_of(which),
                                              .key = user_of,
                                              .skips_success = true,
                                              .is_success = is_unlocking});
        expect_answer(t, "/?user=ada", 200, "ok");
        expect_answer(t, "/?user=ada&client=ada", 200, "ok");
        expect_answer(t, "/?user=ada", 200, "ok");
        expect_answer(t, "/?user=ada", 200, "ok");
        expect_answer(t, "/?user=ada", 429, "rate.limited");
        yoke_test_free(t);
        shared_close(shared);
    }
}

static void take_nothing(struct yoke_rate_store *store, const char *key,
                         const struct yoke_rate *rate, uint64_t now_ms,
                         yoke_rate_done *done, void *data)
{
    (void)store, (void)key, (void)rate, (void)now_ms;
    done(data, 0, &(struct yoke_rate_state){.is_allowed = true});
}

static void who_cannot_be_forgotten_is_told(void **state)
{
    static struct yoke_rate_store forgetless = {.take = take_nothing};
    (void)state;
    yoke_test *t = start_unlockable(
        &(struct yoke_rate_limit_options){.store = &forgetless});
    expect_answer(t, "/unlock?client=ada", 200, yoke_strerror(-ENOTSUP));
    expect_answer(t, "/unlock", 200, yoke_strerror(-EINVAL));
    tries.fn = unlock;
    expect_answer(t, "/unlock?client=ada", 200, yoke_strerror(-EINVAL));
    yoke_test_free(t);
}

/* ---- What is well ---- */

static bool was_found(yoke_req *req, yoke_res *res, void *data)
{
    (void)req, (void)data;
    return yoke_res_get_status(res) != 404;
}

static void what_ends_well_can_be_said(void **state)
{
    (void)state;
    yoke_test *t = yoke_test_new(
        app_behind(yoke_rate_limit(.limit = 1, .skips_success = true,
                                   .is_success = was_found),
                   answer_as_asked));
    expect_status(t, 500, 500);
    expect_status(t, 404, 404);
    expect_status(t, 200, 429);
    yoke_test_free(t);
}

static yoke_req *held_req;
static yoke_res *held_res;

static void hold_first(yoke_req *req, yoke_res *res)
{
    if (held_req) {
        yoke_res_text(res, "ok");
        return;
    }
    held_req = req;
    held_res = res;
    yoke_hold(req);
}

static void a_client_that_goes_is_not_given_back(void **state)
{
    (void)state;
    held_req = NULL;
    yoke_test *t = yoke_test_new(
        app_behind(yoke_rate_limit(.limit = 1, .skips_success = true,
                                   .skips_failure = true),
                   hold_first));
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_tr_reset_after(r, yoke_tr_request_len(r));
    yoke_tr_send(r);
    while (!held_req || !yoke_req_is_aborted(held_req))
        uv_run(yoke_loop(), UV_RUN_ONCE);
    yoke_res_text(held_res, "ok");
    yoke_expect_status(yoke_test_get(t, "/"), 429);
    yoke_test_free(t);
}

static void take_never(struct yoke_rate_store *store, const char *key,
                       const struct yoke_rate *rate, uint64_t now_ms,
                       yoke_rate_done *done, void *data)
{
    (void)store, (void)key, (void)rate, (void)now_ms, (void)done, (void)data;
    fail_msg("it is asked");
}

static void a_store_that_cannot_give_back_is_refused(void **state)
{
    (void)state;
    struct yoke_rate_store store = {.take = take_never};
    yoke_test *t =
        client_of(yoke_rate_limit(.store = &store, .skips_success = true));
    yoke_expect_status(yoke_test_get(t, "/"), 500);
    yoke_test_free(t);
}

static uint64_t cost_of(yoke_req *req, void *data)
{
    (void)data;
    return number_of(req, "cost", 1);
}

static void some_cost_more_than_others(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int status;
        const char *left;
    } steps[] = {
        {"/?cost=4", 200, "r=6;"},   {"/?cost=0", 200, NULL},
        {"/?cost=7", 429, "r=6;"},   {"/?cost=11", 429, "r=6;"},
        {"/", 200, "r=5;"},          {"/?cost=5", 200, "r=0;"},
        {"/?cost=999", 429, "r=0;"}, {"/", 429, "r=0;"},
    };
    for (int which = 0; which < STORES; which++) {
        shared = shared_open("memory:");
        yoke_test *t = client_of(
            yoke_rate_limit(.limit = 10, .window_ms = 10000,
                            .store = store_of(which), .cost_of = cost_of));
        for (size_t i = 0; i < COUNT_OF(steps); i++) {
            yoke_tr *r = yoke_test_get(t, steps[i].path);
            yoke_expect_status(r, steps[i].status);
            if (steps[i].left)
                yoke_expect_header_like(r, "RateLimit", steps[i].left);
            else
                yoke_expect_no_header(r, "RateLimit");
            run_turns();
        }
        yoke_test_free(t);
        shared_close(shared);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_that_end_well_are_given_back),
        cmocka_unit_test(those_that_end_badly_are_given_back),
        cmocka_unit_test(a_client_can_be_forgotten),
        cmocka_unit_test(only_that_client_is_forgotten),
        cmocka_unit_test(what_cannot_be_forgotten_is_told),
        cmocka_unit_test(a_client_can_be_forgotten_from_another_route),
        cmocka_unit_test(an_address_that_is_forgotten_is_its_network),
        cmocka_unit_test(what_is_forgotten_of_a_client_is_not_given_back),
        cmocka_unit_test(who_cannot_be_forgotten_is_told),
        cmocka_unit_test(what_ends_well_can_be_said),
        cmocka_unit_test(a_client_that_goes_is_not_given_back),
        cmocka_unit_test(a_store_that_cannot_give_back_is_refused),
        cmocka_unit_test(some_cost_more_than_others),
    };
    return cmocka_run_group_tests_name("rate cost", tests, be_quiet, NULL);
}
