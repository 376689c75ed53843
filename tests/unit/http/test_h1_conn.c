/* A connection's life, portless: clients that go away, deadlines, limits and
 * draining. Each test names its rule of docs/http-rules.md. */
#include "conn_app.h"

/* ---- The client goes away ---- */

static void a_client_that_goes_is_told_to_the_handler(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/hold");
    yoke_tr_send(r);
    assert_int_equal(closes, 0);
    yoke_tr_reset(r);
    assert_int_equal(closes, 1);
    assert_true(yoke_req_is_aborted(held));
    assert_int_equal(finishes, 0);
    yoke_res_text(held_res, "to nobody");
    yoke_test_clock(t, 0);
    assert_int_equal(finishes, 1);
    assert_int_equal(closes, 1);
}

static void a_client_that_half_closes_gets_its_answer(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/hold");
    yoke_tr_close(r);
    assert_int_equal(closes, 1);
    yoke_res_text(held_res, "held");
    yoke_expect_text(r, 200, "held");
    yoke_expect_closed(r, true);
}

static void a_writer_hears_of_a_client_that_half_closed_and_went(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/endless");
    yoke_tr_read_slowly(r, 0);
    yoke_tr_close(r);
    assert_int_equal(closes, 1);
    assert_int_equal(finishes, 0);
    yoke_test_clock(t, 130000); /* The write timeout resets it. */
    yoke_expect_closed(r, true);
    assert_int_equal(finishes, 1);
    assert_int_equal(closes, 1);
}

static void a_pipelined_request_is_told_that_nothing_more_comes(void **state)
{
    (void)state;
    yoke_tr *r = raw("GET /hold HTTP/1.1\r\n" HOST "\r\n"
                     "GET /hold HTTP/1.1\r\n" HOST "\r\n");
    yoke_tr_close(r);
    assert_int_equal(requests, 1);
    assert_int_equal(closes, 1);
    yoke_res_text(held_res, "first");
    yoke_expect_text(r, 200, "first");
    assert_int_equal(requests, 2);
    assert_int_equal(closes, 2);
    yoke_res_text(held_res, "second");
    yoke_expect_text(yoke_tr_next(r), 200, "second");
}

static void a_body_that_is_cut_off_is_told_to_its_reader(void **state)
{
    (void)state;
    yoke_tr *r =
        raw("POST /count HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\nabc");
    yoke_tr_send(r);
    assert_int_equal(received, 3);
    assert_int_equal(end_err, 1);
    yoke_tr_reset(r);
    assert_int_equal(end_err, -YOKE_ECLOSED);
    yoke_test_clock(t, 0);
    assert_int_equal(finishes, 1);
}

/* ---- Rule 38: time ---- */

static void a_slow_head_is_refused(void **state)
{
    (void)state;
    yoke_tr *r = raw("GET / HTTP/1.1\r\nHost:");
    yoke_tr_send(r);
    for (int i = 0; i < 5; i++) {
        yoke_test_clock(t, 10000);
        yoke_tr_send_more(r, "a", 1);
    }
    yoke_expect_closed(r, false);
    yoke_test_clock(t, 10500);
    yoke_expect_status(r, 408);
    yoke_expect_header(r, "Connection", "close");
}

static void a_connection_that_says_nothing_is_closed_silently(void **state)
{
    (void)state;
    yoke_tr *r = raw("");
    yoke_tr_send(r);
    yoke_test_clock(t, 59000);
    yoke_expect_closed(r, false);
    yoke_test_clock(t, 2000);
    yoke_expect_closed(r, true);
    assert_string_equal(raw_answer(r), "");
}

static void an_idle_connection_is_closed_silently(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_expect_text(r, 200, "hello");
    yoke_test_clock(t, 4500);
    yoke_expect_closed(r, false);
    yoke_test_clock(t, 1000);
    yoke_expect_closed(r, true);
    assert_int_equal(yoke_tr_status(yoke_tr_next(r)), 0);
}

static void a_request_takes_so_long_and_no_longer(void **state)
{
    (void)state;
    yoke_tr *r =
        raw("POST /count HTTP/1.1\r\n" HOST "Content-Length: 1000000\r\n\r\n");
    static char body[1000];
    yoke_tr_send(r);
    for (int i = 0; i < 299; i++) {
        yoke_tr_send_more(r, body, sizeof(body));
        yoke_test_clock(t, 1000);
    }
    yoke_expect_closed(r, false);
    yoke_test_clock(t, 2000);
    yoke_expect_status(r, 408);
    assert_true(end_err < 0 && end_err != -YOKE_ECLOSED);
}

static void a_body_that_drips_is_refused(void **state)
{
    (void)state;
    yoke_tr *r =
        raw("POST /count HTTP/1.1\r\n" HOST "Content-Length: 100000\r\n\r\n");
    yoke_tr_send(r);
    int seconds = 0;
    while (!raw_answer(r)[0] && seconds < 60) {
        yoke_tr_send_more(r, "0123456789", 10);
        yoke_test_clock(t, 1000);
        seconds++;
    }
    yoke_expect_status(r, 408);
    yoke_expect_body_has(r, "too slowly");
    assert_in_range(seconds, 5, 8);
}

/* However often it drips: the look at its rate is not put off. */
static void a_body_that_drips_often_is_refused_too(void **state)
{
    (void)state;
    yoke_tr *r =
        raw("POST /count HTTP/1.1\r\n" HOST "Content-Length: 100000\r\n\r\n");
    yoke_tr_send(r);
    int tenths = 0;
    while (!raw_answer(r)[0] && tenths < 600) {
        yoke_tr_send_more(r, "0", 1);
        yoke_test_clock(t, 100);
        tenths++;
    }
    yoke_expect_status(r, 408);
    assert_in_range(tenths, 50, 80);
}

static void a_paused_body_is_not_the_clients_fault(void **state)
{
    (void)state;
    yoke_tr *r =
        raw("POST /pause HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nab");
    yoke_tr_send(r);
    yoke_test_clock(t, 30000);
    yoke_req_resume(held);
    yoke_tr_send_more(r, "cde", 3);
    yoke_expect_text(r, 200, "5 -");
}

static void a_client_that_stops_reading_is_reset(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/large");
    yoke_tr_read_slowly(r, 0);
    yoke_tr_send(r);
    yoke_test_clock(t, 59000);
    yoke_expect_closed(r, false);
    yk_memory_set_pace(&r->link->memory, 1000);
    yk_memory_turn(&r->link->memory);
    yk_memory_set_pace(&r->link->memory, 0);
    yoke_test_clock(t, 50000);
    yoke_expect_closed(r, false); /* It has taken something since. */
    yoke_test_clock(t, 70000);
    yoke_expect_closed(r, true);
}

static void a_handler_that_does_not_answer_is_answered_for(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/hold");
    yoke_tr_send(r);
    yoke_test_clock(t, 119000);
    assert_int_equal(raw_answer(r)[0], '\0');
    yoke_test_clock(t, 1500);
    assert_non_null(strstr(raw_answer(r), "503 Service Unavailable"));
    yoke_res_text(held_res, "too late");
    yoke_expect_status(r, 503);
    yoke_expect_header(r, "Connection", "close");
}

static void a_streamed_answer_for_a_slow_handler_is_whole_at_once(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/sorry/hold");
    yoke_tr_send(r);
    yoke_test_clock(t, 121000);
    yoke_expect_text(r, 503, "so sorry");
    yoke_expect_header(r, "Connection", "close");
    yoke_expect_closed(r, true);
    assert_int_equal(finishes, 0);
    yoke_res_text(held_res, "late");
    yoke_test_clock(t, 0);
    assert_int_equal(finishes, 1);
}

static void a_slow_reader_that_has_paused_is_let_go(void **state)
{
    static const char *const paths[] = {"/pause", "/sorry/pause"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        yoke_tr *r = yoke_test_post(t, paths[i]);
        yoke_tr_set(r, "Content-Length", "5");
        yoke_tr_body(r, "ab");
        finishes = 0;
        yoke_tr_send(r);
        yoke_test_clock(t, 121000);
        yoke_expect_status(r, 503);
        yoke_expect_closed(r, true);
        assert_int_equal(end_err, -YOKE_ECLOSED);
        assert_int_equal(finishes, 1);
    }
}

/* A refused connection is read away before it is closed, so that no reset
 * destroys the answer; but not for ever. */
static void lingering_ends(void **state)
{
    (void)state;
    yoke_tr *r = raw("BAD\r\n\r\nmore");
    yoke_expect_status(r, 400);
    yoke_expect_closed(r, true);
    yoke_test_clock(t, 4000);
    assert_int_equal(open_conns(), 1);
    yoke_test_clock(t, 1500);
    assert_int_equal(open_conns(), 0);
}

/* ---- Rule 39: connections ---- */

static int setup_few(void **state)
{
    (void)state;
    return setup_with(
        &(struct yoke_limits){.max_conns = 3, .max_conns_per_ip = 2});
}

static void one_connection_too_many_is_told_so(void **state)
{
    static const struct {
        const char *ip;
        int status;
    } cases[] = {{"10.0.0.1", 200},
                 {"10.0.0.1", 200},
                 {"10.0.0.1", 503},
                 {"10.0.0.2", 503} /* The refused one still lingers. */};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        yoke_tr *r = yoke_test_get(t, "/");
        yoke_tr_remote_addr(r, cases[i].ip);
        yoke_expect_status(r, cases[i].status);
    }
    yoke_test_clock(t, 10000);
    yoke_expect_status(yoke_test_get(t, "/"), 200);
}

/* ---- Draining ---- */

static void draining_finishes_what_has_begun(void **state)
{
    (void)state;
    yoke_tr *idle = yoke_test_get(t, "/");
    yoke_expect_text(idle, 200, "hello");
    yoke_tr *busy = yoke_test_get(t, "/hold");
    yoke_tr_send(busy);
    yoke_tr *late = yoke_test_get(t, "/");
    yoke_expect_text(late, 200, "hello");
    yoke_test_drain(t);
    yoke_tr_send_more(late, "GET / HTTP/1.1\r\n" HOST "\r\n",
                      strlen("GET / HTTP/1.1\r\n" HOST "\r\n"));
    yoke_expect_header(yoke_tr_next(late), "Connection", "close");
    yoke_test_clock(t, 600);
    yoke_expect_closed(idle, true);
    yoke_expect_closed(late, true);
    yoke_expect_closed(busy, false);
    yoke_res_text(held_res, "held");
    yoke_expect_text(busy, 200, "held");
    yoke_expect_header(busy, "Connection", "close");
    yoke_expect_closed(busy, true);
}

/* ---- Closing what is idle, one after the other ---- */

#define IDLE 10

static yoke_tr *idle[IDLE];

/* Connections that have been idle for a second. */
static void have_idle(uint32_t spread_ms)
{
    const struct yoke_limits limits = {.close_spread_ms = spread_ms,
                                       .idle_timeout_ms = 60000};

    yoke_test_free(t);
    setup_with(&limits);
    for (int i = 0; i < IDLE; i++) {
        idle[i] = yoke_test_get(t, "/");
        yoke_expect_text(idle[i], 200, "hello");
    }
    yoke_test_clock(t, 1000);
}

static int count_open(void)
{
    int open = 0;

    for (int i = 0; i < IDLE; i++)
        open += !yoke_tr_is_closed(idle[i]);
    return open;
}

static void idle_connections_are_closed_evenly_over_a_time(void **state)
{
    (void)state;
    have_idle(10000);
    yoke_test_drain(t);
    for (int left = IDLE; left > 0; left--) {
        /* One has had its turn; the next comes a second later. */
        yoke_test_clock(t, 100);
        assert_int_equal(count_open(), left - 1);
        yoke_test_clock(t, 900);
    }
}

static void the_turns_are_finer_than_deadlines_are(void **state)
{
    (void)state;
    have_idle(1000);
    yoke_test_drain(t);
    /* In steps of a drain's tick. */
    for (int ms = 0; ms < 1000; ms += YK_HTTP_DRAIN_TICK_MS) {
        yoke_test_clock(t, YK_HTTP_DRAIN_TICK_MS);
        int due = 1 + (ms + YK_HTTP_DRAIN_TICK_MS) / 100;
        assert_int_equal(count_open(), due < IDLE ? IDLE - due : 0);
    }
}

static void without_a_wish_it_is_a_moment_for_each(void **state)
{
    (void)state;
    have_idle(0);
    yoke_test_drain(t);
    yoke_test_clock(t, IDLE);
    assert_int_equal(count_open(), 0);
}

static void all_are_closed_well_before_the_rest_is_cut(void **state)
{
    (void)state;
    have_idle(60000);
    yk_http_server_drain(&t->server, 2000);
    yoke_test_clock(t, 500);
    assert_in_range(count_open(), 1, IDLE - 1);
    yoke_test_clock(t, 500);
    assert_int_equal(count_open(), 0);
}

static void one_that_asks_before_its_turn_is_answered_and_told(void **state)
{
    (void)state;
    have_idle(10000);
    yoke_test_drain(t);
    yoke_test_clock(t, 5100);
    yoke_tr *last = idle[IDLE - 1];
    yoke_tr_send_more(last, "GET / HTTP/1.1\r\n" HOST "\r\n",
                      strlen("GET / HTTP/1.1\r\n" HOST "\r\n"));
    yoke_expect_header(yoke_tr_next(last), "Connection", "close");
    yoke_expect_closed(last, true);
}

static void who_has_only_just_been_answered_is_not_cut_off(void **state)
{
    (void)state;
    have_idle(1);
    yoke_tr *recent = yoke_test_get(t, "/");
    yoke_expect_text(recent, 200, "hello");
    yoke_test_drain(t);
    yoke_test_clock(t, 100);
    assert_int_equal(count_open(), 0);
    yoke_expect_closed(recent, false);
    yoke_test_clock(t, 200);
    yoke_expect_closed(recent, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_client_that_goes_is_told_to_the_handler),
        TEST(a_client_that_half_closes_gets_its_answer),
        TEST(a_writer_hears_of_a_client_that_half_closed_and_went),
        TEST(a_pipelined_request_is_told_that_nothing_more_comes),
        TEST(a_body_that_is_cut_off_is_told_to_its_reader),
        TEST(a_slow_head_is_refused),
        TEST(a_connection_that_says_nothing_is_closed_silently),
        TEST(an_idle_connection_is_closed_silently),
        TEST(a_request_takes_so_long_and_no_longer),
        TEST(a_body_that_drips_is_refused),
        TEST(a_body_that_drips_often_is_refused_too),
        TEST(a_paused_body_is_not_the_clients_fault),
        TEST(a_client_that_stops_reading_is_reset),
        TEST(a_handler_that_does_not_answer_is_answered_for),
        TEST(a_streamed_answer_for_a_slow_handler_is_whole_at_once),
        TEST(a_slow_reader_that_has_paused_is_let_go),
        TEST(lingering_ends),
        cmocka_unit_test_setup_teardown(one_connection_too_many_is_told_so,
                                        setup_few, teardown),
        TEST(draining_finishes_what_has_begun),
        TEST(idle_connections_are_closed_evenly_over_a_time),
        TEST(the_turns_are_finer_than_deadlines_are),
        TEST(without_a_wish_it_is_a_moment_for_each),
        TEST(all_are_closed_well_before_the_rest_is_cut),
        TEST(one_that_asks_before_its_turn_is_answered_and_told),
        TEST(who_has_only_just_been_answered_is_not_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
