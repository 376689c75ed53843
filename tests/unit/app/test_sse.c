/* Server-sent events, early hints and trailers: what goes out before, during
 * and behind an answer. */
#include "../unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/yoke.h>

static yoke_sse *stream;
static int closes;
static bool says_farewell;

static void on_close(yoke_sse *sse, void *data)
{
    assert_ptr_equal(sse, stream);
    assert_string_equal(data, "data");
    closes++;
    if (says_farewell)
        yoke_sse_send(sse, "bye", "see you");
}

static void open_stream(yoke_req *req, yoke_res *res)
{
    stream = yoke_res_sse(res, .retry_ms = 2000);
    if (!stream)
        return;
    assert_ptr_equal(yoke_sse_req(stream), req);
    yoke_sse_on_close(stream, on_close, (void *)(uintptr_t) "data");
    if (yoke_sse_last_id(stream))
        yoke_sse_send(stream, "resumed", yoke_sse_last_id(stream));
}

static void short_keep_alive(yoke_req *req, yoke_res *res)
{
    (void)req;
    stream = yoke_res_sse(res, .keep_alive_ms = 1000);
}

static void no_keep_alive(yoke_req *req, yoke_res *res)
{
    (void)req;
    stream = yoke_res_sse(res, .keep_alive_ms = UINT32_MAX);
}

static yoke_test *client(yoke_fn *fn)
{
    yoke_app *app = yoke_app_new();
    stream = NULL;
    closes = 0;
    says_farewell = false;
    yoke_app_use(app, fn);
    return yoke_test_new(app);
}

/* What the client has seen of the answer, behind the head and without the
 * framing of chunks. */
static const char *seen(yoke_tr *r)
{
    static char text[8192];
    size_t len, to = 0;
    const char *raw = yoke_tr_raw(r, &len);
    const char *at = strstr(raw, "\r\n\r\n");
    assert_non_null(at);
    at += 4;
    for (;;) {
        char *end;
        unsigned long n = strtoul(at, &end, 16);
        if (end == at || n == 0)
            break;
        memcpy(text + to, end + 2, n);
        to += n;
        at = end + 2 + n + 2;
    }
    text[to] = '\0';
    return text;
}

static void events_are_sent_as_they_come(void **state)
{
    yoke_test *t = client(open_stream);
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    yoke_tr_send(r);
    assert_non_null(stream);
    assert_string_equal(seen(r), "retry: 2000\n\n");
    assert_true(yoke_sse_send(stream, NULL, "one") >= 0);
    yoke_test_clock(t, 0);
    yoke_sse_send(stream, "two", "a\nb\r\nc\rd");
    yoke_sse_send_event(stream, &(struct yoke_sse_event){
                                    .id = "7", .event = "three", .data = ""});
    yoke_sse_send_event(stream, &(struct yoke_sse_event){.id = "8"});
    yoke_sse_comment(stream, "psst\r\ndata: injected");
    yoke_sse_end(stream);
    yoke_expect_status(r, 200);
    yoke_expect_header(r, "Content-Type", "text/event-stream");
    yoke_expect_header(r, "Cache-Control", "no-cache");
    yoke_expect_header(r, "X-Accel-Buffering", "no");
    yoke_expect_body(r, "retry: 2000\n\n"
                        "data: one\n\n"
                        "event: two\ndata: a\ndata: b\ndata: c\ndata: d\n\n"
                        "event: three\nid: 7\ndata: \n\n"
                        "id: 8\n\n"
                        ": psst\n\n");
    assert_int_equal(closes, 0);
    yoke_test_free(t);
}

/* Written once, and sent to as many as there are. */
static void what_is_written_once_can_be_sent_to_many(void **state)
{
    const struct yoke_sse_event event = {.id = "7", .data = "a\nb"};
    static const char text[] = "id: 7\ndata: a\ndata: b\n\n";
    char bytes[sizeof(text)] = "unchanged";
    yoke_test *t = client(no_keep_alive);
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    assert_int_equal(yoke_sse_write(&event, NULL, 0), strlen(text));
    assert_int_equal(yoke_sse_write(&event, bytes, strlen(text) - 1),
                     strlen(text));
    assert_string_equal(bytes, "unchanged");
    assert_int_equal(yoke_sse_write(&event, bytes, sizeof(bytes)),
                     strlen(text));
    assert_int_equal(
        yoke_sse_write(&(struct yoke_sse_event){.id = "a\nb"}, bytes, 0),
        -YOKE_EHEADER);
    yoke_tr_send(r);
    assert_true(yoke_sse_send_written(stream, bytes, strlen(text)) >= 0);
    yoke_test_clock(t, 0);
    assert_string_equal(seen(r), text);
    yoke_sse_end(stream);
    yoke_test_free(t);
}

static void a_long_event_is_one_event(void **state)
{
    static char text[5001];
    yoke_test *t = client(open_stream);
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    yoke_tr_send(r);
    yoke_sse_send(stream, NULL, text);
    yoke_sse_end(stream);
    yoke_expect_status(r, 200);
    assert_int_equal(yoke_tr_len(r),
                     strlen("retry: 2000\n\ndata: \n\n") + 5000);
    yoke_test_free(t);
}

/* docs/http-rules.md rule 33 */
static void a_field_cannot_be_injected(void **state)
{
    yoke_test *t = client(open_stream);
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    yoke_tr_send(r);
    assert_int_equal(yoke_sse_send(stream, "a\ndata: b", "c"), -YOKE_EHEADER);
    assert_int_equal(yoke_sse_send(stream, "a\r", "c"), -YOKE_EHEADER);
    assert_int_equal(
        yoke_sse_send_event(stream, &(struct yoke_sse_event){.id = "1\n2"}),
        -YOKE_EHEADER);
    yoke_sse_end(stream);
    yoke_expect_body(r, "retry: 2000\n\n");
    yoke_test_free(t);
}

static void the_last_id_is_told(void **state)
{
    yoke_test *t = client(open_stream);
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    yoke_tr_set(r, "Last-Event-ID", "41");
    yoke_tr_send(r);
    yoke_sse_end(stream);
    yoke_expect_body_has(r, "event: resumed\ndata: 41\n\n");
    yoke_test_free(t);
}

static void a_silent_stream_says_that_it_is_there(void **state)
{
    yoke_test *t = client(short_keep_alive);
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    yoke_tr_send(r);
    yoke_test_clock(t, 500);
    assert_string_equal(seen(r), "");
    yoke_test_clock(t, 1000);
    assert_string_equal(seen(r), ":\n\n");
    /* One that speaks does not. */
    yoke_sse_send(stream, NULL, "x");
    yoke_test_clock(t, 1000);
    assert_string_equal(seen(r), ":\n\ndata: x\n\n");
    yoke_test_clock(t, 900);
    assert_string_equal(seen(r), ":\n\ndata: x\n\n:\n\n");
    yoke_sse_end(stream);
    yoke_expect_status(r, 200);
    yoke_test_free(t);
}

static void keep_alive_can_be_off(void **state)
{
    yoke_test *t = client(no_keep_alive);
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    yoke_tr_send(r);
    yoke_test_clock(t, 600000);
    assert_string_equal(seen(r), "");
    yoke_sse_end(stream);
    yoke_expect_body(r, "");
    yoke_test_free(t);
}

static void a_client_that_goes_closes_the_stream(void **state)
{
    yoke_test *t = client(open_stream);
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    says_farewell = true; /* Which goes nowhere, and does no harm. */
    yoke_tr_send(r);
    yoke_tr_reset(r);
    yoke_test_clock(t, 0);
    assert_int_equal(closes, 1);
    yoke_test_free(t);
}

static void a_drain_ends_the_stream(void **state)
{
    yoke_test *t = client(open_stream);
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    says_farewell = true;
    yoke_tr_send(r);
    yoke_test_drain(t);
    assert_int_equal(closes, 1);
    yoke_expect_body(r, "retry: 2000\n\nevent: bye\ndata: see you\n\n");
    yoke_test_clock(t, 1000);
    yoke_expect_closed(r, true);
    yoke_test_free(t);
}

static yoke_res *held_res;

static void hold(yoke_req *req, yoke_res *res)
{
    yoke_hold(req);
    held_res = res;
}

static void a_stream_that_begins_in_a_drain_ends_too(void **state)
{
    yoke_test *t = client(hold);
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    yoke_tr_send(r);
    yoke_test_drain(t);
    open_stream(yoke_res_req(held_res), held_res);
    assert_int_equal(closes, 0);
    yoke_expect_body(r, "retry: 2000\n\n");
    assert_int_equal(closes, 1);
    yoke_test_clock(t, 1000);
    yoke_expect_closed(r, true);
    yoke_test_free(t);
}

static void head_gets_no_stream(void **state)
{
    yoke_test *t = client(open_stream);
    yoke_tr *r = yoke_test_head(t, "/");
    (void)state;
    yoke_expect_text(r, 200, "");
    yoke_expect_header(r, "Content-Type", "text/event-stream");
    assert_null(stream);
    yoke_test_free(t);
}

static void after_an_answer(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, "answered");
    assert_null(yoke_res_sse(res));
}

static void an_answered_request_gets_no_stream(void **state)
{
    yoke_test *t = client(after_an_answer);
    (void)state;
    yoke_expect_text(yoke_test_get(t, "/"), 200, "answered");
    yoke_test_free(t);
}

/* ---- Early hints (RFC 8297) ---- */

static void hint(yoke_req *req, yoke_res *res)
{
    (void)req;
    assert_int_equal(yoke_res_early_hints(res,
                                          "</a.css>; rel=preload; as=style",
                                          "</b.js>; rel=preload; as=script"),
                     0);
    assert_int_equal(yoke_res_early_hints(res, "</c>; rel=preconnect"), 0);
    yoke_res_text(res, "page");
    assert_int_equal(yoke_res_early_hints(res, "</d>"), -YOKE_EANSWERED);
}

static void bad_hint(yoke_req *req, yoke_res *res)
{
    (void)req;
    assert_int_equal(yoke_res_early_hints(res, "</a>\r\nX: y"), -YOKE_EHEADER);
    yoke_res_text(res, "page");
}

static void hints_come_before_the_answer(void **state)
{
    static const char wanted[] =
        "HTTP/1.1 103 Early Hints\r\n"
        "Link: </a.css>; rel=preload; as=style\r\n"
        "Link: </b.js>; rel=preload; as=script\r\n\r\n"
        "HTTP/1.1 103 Early Hints\r\nLink: </c>; rel=preconnect\r\n\r\n"
        "HTTP/1.1 200 OK\r\n";
    yoke_test *t = client(hint);
    yoke_tr *r = yoke_test_get(t, "/");
    size_t len;
    (void)state;
    const char *raw = yoke_tr_raw(r, &len);
    assert_memory_equal(raw, wanted, sizeof(wanted) - 1);
    assert_non_null(strstr(raw, "\r\n\r\npage"));
    yoke_test_free(t);
}

static void an_old_client_gets_no_hints(void **state)
{
    static const char text[] = "GET / HTTP/1.0\r\n\r\n";
    yoke_test *t = client(hint);
    (void)state;
    yoke_tr *r = yoke_test_raw(t, text, sizeof(text) - 1);
    size_t len;
    assert_memory_equal(yoke_tr_raw(r, &len), "HTTP/1.1 200 OK", 15);
    yoke_test_free(t);
}

static void a_hint_cannot_split_the_answer(void **state)
{
    yoke_test *t = client(bad_hint);
    (void)state;
    yoke_expect_status(yoke_test_get(t, "/"), 500);
    yoke_test_free(t);
}

/* ---- Trailers (RFC 9110 section 6.5) ---- */

static void trail(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_set(res, "Trailer", "X-Sum");
    yoke_res_write(res, "abc", 3);
    assert_int_equal(yoke_res_trailer(res, "X-Sum", "6"), 0);
    assert_int_equal(yoke_res_trailer(res, "X-Bad", "a\r\nb"), -YOKE_EHEADER);
    assert_int_equal(yoke_res_trailer(res, "content-length", "9"),
                     -YOKE_EHEADER);
    assert_int_equal(yoke_res_trailer(res, "Set-Cookie", "a=b"), -YOKE_EHEADER);
    for (int i = 1; i < 32; i++)
        assert_int_equal(yoke_res_trailer(res, "X", "y"), 0);
    assert_int_equal(yoke_res_trailer(res, "X", "y"), -YOKE_EFULL);
    yoke_res_end(res);
}

static void trailers_come_behind_the_last_piece(void **state)
{
    yoke_test *t = client(trail);
    yoke_tr *r = yoke_test_get(t, "/");
    size_t len;
    (void)state;
    yoke_expect_status(r, 200);
    const char *raw = yoke_tr_raw(r, &len);
    assert_non_null(
        strstr(raw, "\r\n3\r\nabc\r\n0\r\nX-Sum: 6\r\nX: y\r\nX: y\r\n"));
    assert_null(strstr(raw, "X-Bad"));
    assert_null(strstr(raw, "Set-Cookie"));
    yoke_test_free(t);
}

static void an_answer_that_is_not_chunked_has_none(void **state)
{
    static const char text[] = "GET / HTTP/1.0\r\n\r\n";
    yoke_test *t = client(trail);
    (void)state;
    yoke_expect_body(yoke_test_raw(t, text, sizeof(text) - 1), "abc");
    yoke_test_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_sent_as_they_come),
        cmocka_unit_test(what_is_written_once_can_be_sent_to_many),
        cmocka_unit_test(a_long_event_is_one_event),
        cmocka_unit_test(a_field_cannot_be_injected),
        cmocka_unit_test(the_last_id_is_told),
        cmocka_unit_test(a_silent_stream_says_that_it_is_there),
        cmocka_unit_test(keep_alive_can_be_off),
        cmocka_unit_test(a_client_that_goes_closes_the_stream),
        cmocka_unit_test(a_drain_ends_the_stream),
        cmocka_unit_test(a_stream_that_begins_in_a_drain_ends_too),
        cmocka_unit_test(head_gets_no_stream),
        cmocka_unit_test(an_answered_request_gets_no_stream),
        cmocka_unit_test(hints_come_before_the_answer),
        cmocka_unit_test(an_old_client_gets_no_hints),
        cmocka_unit_test(a_hint_cannot_split_the_answer),
        cmocka_unit_test(trailers_come_behind_the_last_piece),
        cmocka_unit_test(an_answer_that_is_not_chunked_has_none),
    };
    yoke_log_set_level(YOKE_LOG_OFF);
    yoke_test_on_fail(_fail);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
