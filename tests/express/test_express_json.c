/* Express: test/express.json.js. Left out: options of wrong types, and what is
 * Node's (a stream whose length is forged, async local storage). */
#include "parsers.h"

#define JSON .type = "application/json"
#define UTF8 "7b226e616d65223a22e8aeba227d"
#define GZIP                                                                   \
    "1f8b080000000000000bab56ca4bcc4d55b2527ab16e97522d00515be1cc0e000000"
#define DEFLATE "789cab56ca4bcc4d55b2527ab16e97522d00274505ac"
#define MALFORMED                                                              \
    "1f8b080000000000000bab56cc4d55b2527ab16e97522d00515be1cc0e000000"
#define NAME "{\"name\":\"\u8bba\"}"
#define USER "{\"user\":\"tobi\"}"
/* 1,034 bytes of JSON; the second lacks its end. */
#define LARGE_GZIP                                                             \
    "1f8b080000000000000aab562a2e2952b252d21b05a360148c58a0540b0066f7ce1e0a04" \
    "0000"
#define LARGE_GZIP_CUT                                                         \
    "1f8b080000000000000aab562a2e2952b252d21b05a360148c58a0540b0066f7ce1e0a04" \
    "00"
/* Much of nothing. */
#define BOMB                                                                   \
    "1f8b080000000000000bedc1010d000000c2a0f74f6d0f07140000000000000000000000" \
    "0000000000000000000000000000000000000000000000000000000000000000004f0625" \
    "b3b71650c30000"
/* The same text in other codings. */
#define BR          "8b06807b226e616d65223a22e8aeba227d03"
#define RAW_DEFLATE "ab56ca4bcc4d55b2527ab16e97522d00"

#define VERIFY(fn, first) .options = {.verify = fn, .data = first}

static struct yoke_handler make_parser(const struct yoke_body_options *options)
{
    return yoke_json_with(options);
}

static void show(yoke_req *req, yoke_res *res)
{
    if (!yoke_req_has_json(req)) {
        yoke_res_text(res, "");
        return;
    }
    char *text = json_dumps(yoke_req_json(req), JSON_COMPACT | JSON_ENCODE_ANY);
    yoke_res_text(res, text);
    free(text);
}

static const struct parser_case cases[] = {
    {"JSON is read", JSON, .sent = USER, .body = USER},
    {"a body of length 0 is an empty object", JSON, .sent = "", .body = "{}"},
    {"so is one of no chunks", JSON, .sent = "", .is_chunked = true,
     .body = "{}"},
    {"without a body there is nothing", JSON, .has_no_body = true, .body = ""},
    {"spaces alone are no JSON", JSON, .sent = "  \n", .status = 400,
     .error = "entity.parse.failed"},
    {"a second parser lets a body pass that has been read", JSON, .sent = USER,
     .is_twice = true, .body = USER},
    {"a token that does not belong there", JSON, .sent = "{:", .status = 400,
     .error = "entity.parse.failed"},
    {"an end that comes too early", JSON, .sent = "{\"user\"", .status = 400,
     .error = "entity.parse.failed"},

    {"limit: by Content-Length", JSON, .options = {.limit = 1024},
     .sent = "{\"str\":\"~\"}", .dots = 1024, .status = 413,
     .error = "entity.too.large"},
    {"limit: by chunks", JSON, .options = {.limit = 1024},
     .sent = "{\"str\":\"~\"}", .dots = 1024, .is_chunked = true, .status = 413,
     .error = "entity.too.large"},
    {"limit: after inflation", JSON, .options = {.limit = 1024},
     .coding = "gzip", .hex = LARGE_GZIP, .status = 413,
     .error = "entity.too.large"},
    {"limit: before what is missing at the end", JSON,
     .options = {.limit = 1024}, .coding = "gzip", .hex = LARGE_GZIP_CUT,
     .status = 413, .error = "entity.too.large"},
    {"limit: just kept", JSON, .options = {.limit = 1034},
     .sent = "{\"str\":\"~\"}", .dots = 1024},
    {"limit: much more than it gets an answer", JSON,
     .options = {.limit = 8192}, .sent = "~", .dots = 30720, .is_chunked = true,
     .status = 413},
    {"limit: 100 KiB by default", JSON, .sent = "{\"user\":\"~\"}",
     .dots = 102400, .status = 413},

    {"inflate off: a coding is refused", JSON, .options = {.no_inflate = true},
     .coding = "gzip", .hex = GZIP, .status = 415,
     .error = "encoding.unsupported"},
    {"inflate off: identity is none", JSON, .options = {.no_inflate = true},
     .coding = "identity", .hex = UTF8, .body = NAME},
    {"inflate on", JSON, .coding = "gzip", .hex = GZIP, .body = NAME},

    {"strict: a value alone is refused", JSON, .sent = "true", .status = 400,
     .error = "entity.parse.failed"},
    {"strict: also behind spaces", JSON, .sent = "    true", .status = 400,
     .error = "entity.parse.failed"},
    {"strict: spaces in front of an object", JSON,
     .sent = "   { \"user\": \"tobi\" }", .body = USER},
    {"not strict: a value alone is read", JSON, .options = {.any_value = true},
     .sent = "true", .body = "true"},

    {"type: one of one's own", .type = "application/vnd.api+json",
     .options = {.type = "application/vnd.api+json"}, .sent = USER,
     .body = USER},
    {"type: the standard one is not read then", JSON,
     .options = {.type = "application/vnd.api+json"}, .sent = USER, .body = ""},
    {"types: the first", JSON,
     .options = {.types =
                     (const char *const[]){"application/json",
                                           "application/vnd.api+json", NULL}},
     .sent = USER, .body = USER},
    {"types: the second", .type = "application/vnd.api+json",
     .options = {.types =
                     (const char *const[]){"application/json",
                                           "application/vnd.api+json", NULL}},
     .sent = USER, .body = USER},
    {"types: another", .type = "application/x-json",
     .options = {.types =
                     (const char *const[]){"application/json",
                                           "application/vnd.api+json", NULL}},
     .sent = USER, .body = ""},
    {"type function: it says yes", .type = "application/vnd.something",
     .options = {.is_type = is_vendor_type}, .sent = USER, .body = USER},
    {"type function: without Content-Type", .options = {.is_type = is_untyped},
     .sent = USER, .body = USER},
    {"type function: without a body it is not asked",
     .options = {.is_type = must_not_be_asked}, .has_no_body = true,
     .body = ""},

    {"verify: refused", JSON, VERIFY(begins_well, A_BRACKET),
     .sent = "[\"tobi\"]", .status = 403, .error = "entity.verify.failed"},
    {"verify: a status of its own", JSON, VERIFY(begins_well_or_400, A_BRACKET),
     .sent = "[\"tobi\"]", .status = 400, .error = "entity.verify.failed"},
    {"verify: a type of its own", JSON, VERIFY(begins_well_or_foo, A_BRACKET),
     .sent = "[\"tobi\"]", .status = 403, .error = "foo.bar"},
    {"verify: let through", JSON, VERIFY(begins_well, A_BRACKET), .sent = USER,
     .body = USER},
    {"verify: the body is not yet converted",
     .type = "application/json; charset=utf-16", VERIFY(begins_well, A_BRACE),
     .hex = "feff007b0022006e0061006d00650022003a00228bba0022007d",
     .body = NAME},
    {"verify: not for an unknown charset",
     .type = "application/json; charset=x-bogus",
     .options = {.verify = must_not_verify}, .hex = "00000000", .status = 415,
     .error = "charset.unsupported"},

    {"charset: utf-8", .type = "application/json; charset=utf-8", .hex = UTF8,
     .body = NAME},
    {"charset: in quotes and capitals",
     .type = "application/json; x=\"; charset=koi8-r\"; charset=\"UTF-8\"",
     .hex = UTF8, .body = NAME},
    {"charset: utf-16", .type = "application/json; charset=utf-16",
     .hex = "feff007b0022006e0061006d00650022003a00228bba0022007d",
     .body = NAME},
    {"charset: utf-16 whose mark says the other order",
     .type = "application/json; charset=utf-16",
     .hex = "fffe7b0022006e0061006d00650022003a002200ba8b22007d00",
     .body = NAME},
    {"charset: bytes are not characters",
     .type = "application/json; charset=utf-8",
     .hex = "7b2274657374223a22c3a5227d", .body = "{\"test\":\"\u00e5\"}"},
    {"charset: utf-8 by default", JSON, .hex = UTF8, .body = NAME},
    {"charset: a mark in front of utf-8", JSON, .hex = "efbbbf" UTF8,
     .body = NAME},
    {"charset: one that is not Unicode",
     .type = "application/json; charset=koi8-r",
     .hex = "7b226e616d65223a22cec5d4227d", .status = 415,
     .error = "charset.unsupported"},
    {"charset: bytes that are not of it", JSON, .hex = "7b226e22ff3a317d",
     .status = 400, .error = "entity.parse.failed"},

    {"coding: none", JSON, .hex = UTF8, .body = NAME},
    {"coding: identity", JSON, .coding = "identity", .hex = UTF8, .body = NAME},
    {"coding: gzip", JSON, .coding = "gzip", .hex = GZIP, .body = NAME},
    {"coding: deflate", JSON, .coding = "deflate", .hex = DEFLATE,
     .body = NAME},
    {"coding: deflate without its wrapper", JSON, .coding = "deflate",
     .hex = RAW_DEFLATE, .body = NAME},
    {"coding: br", JSON, .coding = "br", .hex = BR, .body = NAME},
    {"coding: in capitals", JSON, .coding = "GZIP", .hex = GZIP, .body = NAME},
    {"coding: unknown", JSON, .coding = "nulls", .hex = "000000000000",
     .status = 415, .error = "encoding.unsupported"},
    {"coding: several", JSON, .coding = "gzip, br", .hex = GZIP, .status = 415,
     .error = "encoding.unsupported"},
    {"coding: malformed", JSON, .coding = "gzip", .hex = MALFORMED,
     .status = 400, .error = "encoding.malformed"},
    {"coding: the end is missing", JSON, .coding = "gzip",
     .hex = "1f8b080000000000000bab56ca4bcc4d55b2527ab16e97522d", .status = 400,
     .error = "encoding.malformed"},
    {"coding: it ends before the body does", JSON, .coding = "deflate",
     .hex = DEFLATE "00", .status = 400, .error = "encoding.malformed"},
    {"coding: a bomb", JSON, .options = {.limit = 1024}, .coding = "gzip",
     .hex = BOMB, .status = 413, .error = "entity.too.large"},
};

/* ---- The body of an error ---- */

static void show_body(const struct yoke_err *err, yoke_req *req, yoke_res *res)
{
    yoke_res_status(res, err->status);
    yoke_res_text(res, yoke_req_body(req, NULL));
}

static void expect_body_of_error(const struct yoke_body_options *options,
                                 const char *sent, int status)
{
    yoke_app *app = yoke_app_new();
    yoke_app_use(app, yoke_json_with(options));
    yoke_app_catch(app, show_body);
    yoke_test *t = yoke_test_new(app);
    yoke_tr *r = yoke_test_post(t, "/");
    yoke_tr_type(r, "application/json");
    yoke_tr_body(r, sent);
    yoke_expect_text(r, status, sent);
    yoke_test_free(t);
}

static void error_handlers_have_the_body(void **state)
{
    (void)state;
    expect_body_of_error(&(struct yoke_body_options){.limit = 0}, " {\"user\"",
                         400);
    expect_body_of_error(
        &(struct yoke_body_options){.verify = begins_well, .data = A_BRACKET},
        "[\"tobi\"]", 403);
}

static void say_read(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_has_json(req) ? "read" : "left");
}

static void expect_read(struct yoke_handler parser, const char *type,
                        const char *expected)
{
    yoke_app *app = yoke_app_new();
    yoke_app_post(app, "/", parser, say_read);
    yoke_test *t = yoke_test_new(app);
    yoke_tr *r = yoke_test_post(t, "/");
    yoke_tr_type(r, type);
    yoke_tr_body(r, "[]");
    yoke_expect_text(r, 200, expected);
    yoke_test_free(t);
}

static void options_stand_in_the_call_or_not_at_all(void **state)
{
    (void)state;
    expect_read(yoke_json(), "application/json", "read");
    expect_read(yoke_json(), "text/x-list", "left");
    expect_read(yoke_json(.type = "text/x-list"), "text/x-list", "read");
}

static void codings_may_not_come_in_two_fields(void **state)
{
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_app_post(app, "/", yoke_json(), say_read);
    yoke_test *t = yoke_test_new(app);
    yoke_tr *r = yoke_test_post(t, "/");
    yoke_tr_type(r, "application/json");
    yoke_tr_append(r, "Content-Encoding", "identity");
    yoke_tr_append(r, "Content-Encoding", "gzip");
    yoke_tr_body(r, "[]");
    yoke_expect_status(r, 415);
    yoke_test_free(t);
}

static void use_json(yoke_req *req, yoke_res *res)
{
    if (yoke_req_json(req))
        yoke_res_text(res, "read");
}

static void
a_type_that_the_parser_leaves_is_415_for_who_needs_json(void **state)
{
    static const struct {
        const char *type;
        int status;
    } types[] = {{"application/json", 200},
                 {"application/merge-patch+json", 415},
                 {"text/plain", 415}};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        yoke_app *app = yoke_app_new();
        yoke_app_post(app, "/", yoke_json(), use_json);
        yoke_test *t = yoke_test_new(app);
        yoke_tr *r = yoke_test_post(t, "/");
        yoke_tr_type(r, types[i].type);
        yoke_tr_body(r, "[]");
        yoke_expect_status(r, types[i].status);
        yoke_test_free(t);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_handlers_have_the_body),
        cmocka_unit_test(options_stand_in_the_call_or_not_at_all),
        cmocka_unit_test(codings_may_not_come_in_two_fields),
        cmocka_unit_test(
            a_type_that_the_parser_leaves_is_415_for_who_needs_json),
    };
    int failed = run_parser_cases("express.json", cases, COUNT_OF(cases));
    return failed + cmocka_run_group_tests_name("express.json, errors", tests,
                                                NULL, NULL);
}
