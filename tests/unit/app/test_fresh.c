/* Conditional requests (docs/http-rules.md rule 37). */
#include "fake_exchange.h"

#include "app/fresh.h"
#include "app/req.h"

#define DATE   "Sun, 06 Nov 1994 08:49:37 GMT"
#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define AFTER  "Sun, 06 Nov 1994 08:49:38 GMT"
#define FUTURE "Tue, 01 Jan 2999 00:00:00 GMT"

static const struct condition {
    const char *method;        /* NULL: GET */
    const char *fields;        /* Of the request. */
    const char *etag, *date;   /* Of the answer; NULL: none. */
    int status;                /* 0: 200 */
    bool is_fresh, is_refused; /* 304, 412 */
    bool no_range;             /* Range is to be ignored. */
} cases[] = {
    {.fields = "", .etag = "\"a\""},
    /* If-None-Match: weak comparison. */
    {.fields = "If-None-Match: \"a\"\r\n", .etag = "\"a\"", .is_fresh = true},
    {.fields = "If-None-Match: \"a\"\r\n", .etag = "W/\"a\"", .is_fresh = true},
    {.fields = "If-None-Match: W/\"a\"\r\n", .etag = "\"a\"", .is_fresh = true},
    {.fields = "If-None-Match: \"x\",W/\"a\" , \"y\"\r\n",
     .etag = "\"a\"",
     .is_fresh = true},
    {.fields = "If-None-Match: \"x\"\r\nIf-None-Match: \"a\"\r\n",
     .etag = "\"a\"",
     .is_fresh = true},
    {.fields = "If-None-Match: \"x,\", \"a,b\"\r\n",
     .etag = "\"a,b\"",
     .is_fresh = true},
    {.fields = "If-None-Match: \"a\\\", \"b\"\r\n",
     .etag = "\"b\"",
     .is_fresh = true},
    {.fields = "If-None-Match: \"b\"\r\n", .etag = "\"a\""},
    {.fields = "If-None-Match: a\r\n", .etag = "a"},
    {.fields = "If-None-Match: \"a\r\n", .etag = "\"a\""},
    {.fields = "If-None-Match: *\r\n", .etag = "\"a\"", .is_fresh = true},
    {.fields = "If-None-Match: *\r\n", .is_fresh = true},
    {.fields = "If-None-Match: \"a\"\r\n"},
    {.fields = "If-None-Match:\r\n", .etag = "\"a\""},
    /* It wins over the date. */
    {.fields = "If-None-Match: \"b\"\r\nIf-Modified-Since: " DATE "\r\n",
     .etag = "\"a\"",
     .date = DATE},
    {.fields = "If-None-Match: \"a\"\r\nIf-Modified-Since: " BEFORE "\r\n",
     .etag = "\"a\"",
     .date = DATE,
     .is_fresh = true},
    /* If-Modified-Since. */
    {.fields = "If-Modified-Since: " DATE "\r\n",
     .date = DATE,
     .is_fresh = true},
    {.fields = "If-Modified-Since: " AFTER "\r\n",
     .date = DATE,
     .is_fresh = true},
    {.fields = "If-Modified-Since: " BEFORE "\r\n", .date = DATE},
    {.fields = "If-Modified-Since: " FUTURE "\r\n", .date = DATE},
    {.fields = "If-Modified-Since: foo\r\n", .date = DATE},
    {.fields = "If-Modified-Since: " DATE "\r\n", .date = "foo"},
    {.fields = "If-Modified-Since: " DATE "\r\n"},
    {.fields = "If-Modified-Since: " DATE "\r\nIf-Modified-Since: " DATE "\r\n",
     .date = DATE},
    /* A client that wants the answer anew. */
    {.fields = "If-None-Match: \"a\"\r\nCache-Control: no-cache\r\n",
     .etag = "\"a\""},
    {.fields = "If-None-Match: \"a\"\r\nCache-Control: a=b, No-Cache\r\n",
     .etag = "\"a\""},
    {.fields = "If-None-Match: \"a\"\r\nCache-Control: max-age=0\r\n",
     .etag = "\"a\"",
     .is_fresh = true},
    {.fields = "If-None-Match: \"a\"\r\nCache-Control: x-no-cache\r\n",
     .etag = "\"a\"",
     .is_fresh = true},
    /* Only for what can be a copy. */
    {.method = "HEAD",
     .fields = "If-None-Match: \"a\"\r\n",
     .etag = "\"a\"",
     .is_fresh = true},
    {.method = "QUERY",
     .fields = "If-None-Match: \"a\"\r\n",
     .etag = "\"a\"",
     .is_fresh = true},
    /* What changes something is refused instead. */
    {.method = "POST",
     .fields = "If-None-Match: W/\"a\"\r\n",
     .etag = "\"a\"",
     .is_refused = true},
    {.method = "PUT", .fields = "If-None-Match: *\r\n", .is_refused = true},
    {.method = "PUT", .fields = "If-None-Match: \"b\"\r\n", .etag = "\"a\""},
    {.method = "DELETE",
     .fields = "If-Match: \"a\"\r\nIf-None-Match: \"a\"\r\n",
     .etag = "\"a\"",
     .is_refused = true},
    {.fields = "If-None-Match: \"a\"\r\n", .etag = "\"a\"", .status = 404},
    {.fields = "If-None-Match: \"a\"\r\n",
     .etag = "\"a\"",
     .status = 299,
     .is_fresh = true},
    {.fields = "If-None-Match: \"a\"\r\n",
     .etag = "\"a\"",
     .status = 304,
     .is_fresh = true},
    /* If-Match: strong comparison. */
    {.fields = "If-Match: \"a\"\r\n", .etag = "\"a\""},
    {.fields = "If-Match: \"x\", \"a\"\r\n", .etag = "\"a\""},
    {.fields = "If-Match: W/\"a\"\r\n", .etag = "W/\"a\"", .is_refused = true},
    {.fields = "If-Match: \"b\"\r\n", .etag = "\"a\"", .is_refused = true},
    {.fields = "If-Match: \"b\"\r\n", .is_refused = true},
    {.fields = "If-Match: *\r\n"},
    /* If-Unmodified-Since, without it. */
    {.fields = "If-Unmodified-Since: " DATE "\r\n", .date = DATE},
    {.fields = "If-Unmodified-Since: " BEFORE "\r\n",
     .date = DATE,
     .is_refused = true},
    {.fields = "If-Unmodified-Since: foo\r\n", .date = DATE},
    {.fields = "If-Unmodified-Since: " BEFORE "\r\n"},
    {.fields = "If-Match: \"a\"\r\nIf-Unmodified-Since: " BEFORE "\r\n",
     .etag = "\"a\"",
     .date = DATE},
    /* If-Range: rule 36. */
    {.fields = "If-Range: \"a\"\r\n", .etag = "\"a\""},
    {.fields = "If-Range: W/\"a\"\r\n", .etag = "W/\"a\"", .no_range = true},
    {.fields = "If-Range: \"a\"\r\n", .etag = "W/\"a\"", .no_range = true},
    {.fields = "If-Range: \"b\"\r\n", .etag = "\"a\"", .no_range = true},
    {.fields = "If-Range: \"a\"\r\n", .no_range = true},
    {.fields = "If-Range: " DATE "\r\n", .date = DATE},
    {.fields = "If-Range: " AFTER "\r\n", .date = DATE, .no_range = true},
    {.fields = "If-Range: foo\r\n", .date = DATE, .no_range = true},
};

static const struct condition *now;

static void ask(yoke_req *req, yoke_res *res)
{
    if (now->etag)
        yoke_res_set(res, "ETag", now->etag);
    if (now->date)
        yoke_res_set(res, "Last-Modified", now->date);
    if (now->status)
        yoke_res_status(res, now->status);
    if (yk_fresh(req) != now->is_fresh)
        fail_msg("%s: fresh should be %d", now->fields, now->is_fresh);
    if (yoke_req_may_go_on(req) == now->is_refused)
        fail_msg("%s: refused should be %d", now->fields, now->is_refused);
    if (yk_fresh_may_range(req) == now->no_range)
        fail_msg("%s: no range should be %d", now->fields, now->no_range);
    yoke_res_end(res);
}

static void conditions_are_met_or_not(void **state)
{
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_app_use(app, ask);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char start[32];
        now = &cases[i];
        snprintf(start, sizeof(start), "%s /x",
                 now->method ? now->method : "GET");
        struct fake *f = fake_new(start, now->fields);
        fake_run(f, app);
        fake_free(f);
    }
    yoke_app_free(app);
}

static void send_tagged(yoke_req *req, yoke_res *res)
{
    yoke_res_set(res, "ETag", "\"a\"");
    assert_true(yoke_req_is_fresh(req));
    if (yoke_req_query(req, "whole")) {
        yoke_req_want_whole(req);
        assert_false(yoke_req_is_fresh(req));
    }
    yoke_res_text(res, "whole");
}

static void expect_status(yoke_app *app, const char *start, int status)
{
    struct fake *f = fake_new(start, "If-None-Match: \"a\"\r\n");
    fake_run(f, app);
    assert_int_equal(f->status, status);
    fake_free(f);
}

static void who_keeps_the_answer_may_want_it_whole(void **state)
{
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_app_get(app, "/x", send_tagged);
    expect_status(app, "GET /x", 304);
    expect_status(app, "GET /x?whole", 200);
    yoke_app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_keeps_the_answer_may_want_it_whole),
        cmocka_unit_test(conditions_are_met_or_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
