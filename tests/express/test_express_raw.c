/* Express: test/express.raw.js. Left out: options of wrong types, and what is
 * Node's (a stream whose length is forged, async local storage). */
#include "parsers.h"

#define RAW        .type = "application/octet-stream"
#define NAME       "6e616d653de8aeba"
#define GZIP       "1f8b080000000000000bcb4bcc4db57db16e170099a4bad608000000"
#define DEFLATE    "789ccb4bcc4db57db16e17001068042f"
#define TEXT       "the user is tobi"
#define TEXT_HEX   "746865207573657220697320746f6269"
#define LARGE_GZIP "1f8b080000000000000ad3d31b05a360148c64000087e5a14704040000"
#define LARGE_GZIP_CUT                                                         \
    "1f8b080000000000000ad3d31b05a360148c64000087e5a147040400"
#define TWO_TYPES                                                              \
    .options = {.types =                                                       \
                    (const char *const[]){"application/octet-stream",          \
                                          "application/vnd+octets", NULL}}

static struct yoke_handler make_parser(const struct yoke_body_options *options)
{
    return yoke_raw_with(options);
}

/* In hex. */
static void show(yoke_req *req, yoke_res *res)
{
    size_t len;
    const char *body = yoke_req_body(req, &len), *text = "";
    bool has_body = yoke_req_get(req, "Content-Length") ||
                    yoke_req_get(req, "Transfer-Encoding");
    if (!body || !has_body) {
        yoke_res_text(res, "(none)");
        return;
    }
    for (size_t i = 0; i < len; i++)
        text = yoke_req_printf(req, "%s%02x", text, (unsigned char)body[i]);
    yoke_res_text(res, text);
}

static const struct parser_case cases[] = {
    {"bytes are read", RAW, .sent = TEXT, .body = TEXT_HEX},
    {"a body of length 0", RAW, .sent = "", .body = ""},
    {"one of no chunks", RAW, .sent = "", .is_chunked = true, .body = ""},
    {"a second parser lets a body pass that has been read", RAW, .sent = TEXT,
     .is_twice = true, .body = TEXT_HEX},

    {"limit: by Content-Length", RAW, .options = {.limit = 1024}, .sent = "~",
     .dots = 1028, .status = 413, .error = "entity.too.large"},
    {"limit: by chunks", RAW, .options = {.limit = 1024}, .sent = "~",
     .dots = 1028, .is_chunked = true, .status = 413,
     .error = "entity.too.large"},
    {"limit: after inflation", RAW, .options = {.limit = 1024},
     .coding = "gzip", .hex = LARGE_GZIP, .status = 413,
     .error = "entity.too.large"},
    {"limit: before what is missing at the end", RAW,
     .options = {.limit = 1024}, .coding = "gzip", .hex = LARGE_GZIP_CUT,
     .status = 413, .error = "entity.too.large"},
    {"limit: much more than it gets an answer", RAW, .options = {.limit = 8192},
     .sent = "~", .dots = 30720, .is_chunked = true, .status = 413},

    {"inflate off: a coding is refused", RAW, .options = {.no_inflate = true},
     .coding = "gzip", .hex = GZIP, .status = 415,
     .error = "encoding.unsupported"},
    {"inflate on", RAW, .coding = "gzip", .hex = GZIP, .body = NAME},

    {"type: one of one's own", .type = "application/vnd+octets",
     .options = {.type = "application/vnd+octets"}, .hex = "000102",
     .body = "000102"},
    {"type: the standard one is not read then", RAW,
     .options = {.type = "application/vnd+octets"}, .hex = "000102",
     .body = "(none)"},
    {"types: the first", RAW, TWO_TYPES, .hex = "000102", .body = "000102"},
    {"types: the second", .type = "application/vnd+octets", TWO_TYPES,
     .hex = "000102", .body = "000102"},
    {"types: another", .type = "application/x-foo", TWO_TYPES, .hex = "000102",
     .body = "(none)"},
    {"type function: it says yes", .type = "application/vnd.octet",
     .options = {.is_type = is_vendor_type}, .hex = "000102", .body = "000102"},
    {"type function: without Content-Type", .options = {.is_type = is_untyped},
     .hex = "000102", .body = "000102"},
    {"type function: without a body it is not asked",
     .options = {.is_type = must_not_be_asked}, .has_no_body = true,
     .body = "(none)"},

    {"verify: refused", RAW, .options = {.verify = begins_well, .data = A_NUL},
     .hex = "000102", .status = 403, .error = "entity.verify.failed"},
    {"verify: a status of its own", RAW,
     .options = {.verify = begins_well_or_400, .data = A_NUL}, .hex = "000102",
     .status = 400, .error = "entity.verify.failed"},
    {"verify: let through", RAW,
     .options = {.verify = begins_well, .data = A_NUL}, .hex = "0102",
     .body = "0102"},

    {"a charset does not matter",
     .type = "application/octet-stream; charset=x-bogus",
     .hex = "6e616d6520697320e8aeba", .body = "6e616d6520697320e8aeba"},

    {"coding: none", RAW, .hex = NAME, .body = NAME},
    {"coding: identity", RAW, .coding = "identity", .hex = NAME, .body = NAME},
    {"coding: gzip", RAW, .coding = "gzip", .hex = GZIP, .body = NAME},
    {"coding: gzip of two members", RAW, .coding = "gzip", .hex = GZIP GZIP,
     .body = NAME NAME},
    {"coding: deflate", RAW, .coding = "deflate", .hex = DEFLATE, .body = NAME},
    {"coding: in capitals", RAW, .coding = "GZIP", .hex = GZIP, .body = NAME},
    {"coding: unknown", RAW, .coding = "nulls", .hex = "000000000000",
     .status = 415, .error = "encoding.unsupported"},
    {"coding: the end is missing", RAW, .coding = "gzip",
     .hex = "1f8b080000000000000bcb4bcc4db57db16e170099a4bad6080000",
     .status = 400, .error = "encoding.malformed"},
};

static void expect_read(struct yoke_handler parser, const char *type,
                        const char *expected)
{
    yoke_app *app = yoke_app_new();
    yoke_app_post(app, "/", parser, show);
    yoke_test *t = yoke_test_new(app);
    yoke_tr *r = yoke_test_post(t, "/");
    yoke_tr_type(r, type);
    yoke_tr_body_bytes(r, "\0\1", 2);
    yoke_expect_text(r, 200, expected);
    yoke_test_free(t);
}

static void options_stand_in_the_call_or_not_at_all(void **state)
{
    (void)state;
    expect_read(yoke_raw(), "application/octet-stream", "0001");
    expect_read(yoke_raw(), "image/png", "(none)");
    expect_read(yoke_raw(.type = "png"), "image/png", "0001");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_stand_in_the_call_or_not_at_all),
    };
    int failed = run_parser_cases("express.raw", cases, COUNT_OF(cases));
    return failed + cmocka_run_group_tests_name("express.raw, options", tests,
                                                NULL, NULL);
}
