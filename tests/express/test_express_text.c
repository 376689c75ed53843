/* Express: test/express.text.js. Left out: options of wrong types, and what is
 * Node's (a stream whose length is forged, async local storage). */
#include "parsers.h"

#define TEXT           .type = "text/plain"
#define UTF8           "6e616d6520697320e8aeba"
#define NAME           "name is \u8bba"
#define GZIP           "1f8b080000000000000bcb4bcc4d55c82c5678b16e170072b3e0200b000000"
#define DEFLATE        "789ccb4bcc4d55c82c5678b16e17001a6f050e"
#define USER           "user is tobi"
#define KOI8           "6e616d6520697320cec5d4"
#define NO             "name is \u043d\u0435\u0442"
#define LARGE_GZIP     "1f8b080000000000000ad3d31b05a360148c64000087e5a14704040000"
#define LARGE_GZIP_CUT "1f8b080000000000000ad3d31b05a360148c64000087e5a1470404"
#define TWO_TYPES                                                              \
    .options = {.types = (const char *const[]){"text/html", "text/plain", NULL}}

static struct yoke_handler make_parser(const struct yoke_body_options *options)
{
    return yoke_text_with(options);
}

static void show(yoke_req *req, yoke_res *res)
{
    const char *body = yoke_req_body(req, NULL);
    express_show(res, body);
}

static const struct parser_case cases[] = {
    {"text is read", TEXT, .sent = USER, .body = USER},
    {"a body of length 0", TEXT, .sent = "", .body = ""},
    {"one of no chunks", TEXT, .sent = "", .is_chunked = true, .body = ""},
    {"a second parser lets a body pass that has been read", TEXT, .sent = USER,
     .is_twice = true, .body = USER},

    {"charset option: when none is said", TEXT,
     .options = {.charset = "koi8-r"}, .hex = KOI8, .body = NO},
    {"charset option: what is said counts", .type = "text/plain; charset=utf-8",
     .options = {.charset = "koi8-r"}, .hex = UTF8, .body = NAME},

    {"limit: by Content-Length", TEXT, .options = {.limit = 1024}, .sent = "~",
     .dots = 1028, .status = 413, .error = "entity.too.large"},
    {"limit: by chunks", TEXT, .options = {.limit = 1024}, .sent = "~",
     .dots = 1028, .is_chunked = true, .status = 413,
     .error = "entity.too.large"},
    {"limit: after inflation", TEXT, .options = {.limit = 1024},
     .coding = "gzip", .hex = LARGE_GZIP, .status = 413,
     .error = "entity.too.large"},
    {"limit: before what is missing at the end", TEXT,
     .options = {.limit = 1024}, .coding = "gzip", .hex = LARGE_GZIP_CUT,
     .status = 413, .error = "entity.too.large"},
    {"limit: much more than it gets an answer", TEXT,
     .options = {.limit = 8192}, .sent = "~", .dots = 30720, .is_chunked = true,
     .status = 413},

    {"inflate off: a coding is refused", TEXT, .options = {.no_inflate = true},
     .coding = "gzip", .hex = GZIP, .status = 415,
     .error = "encoding.unsupported"},
    {"inflate on", TEXT, .coding = "gzip", .hex = GZIP, .body = NAME},

    {"type: one of one's own", .type = "text/html",
     .options = {.type = "text/html"}, .sent = "<b>tobi</b>",
     .body = "<b>tobi</b>"},
    {"type: the standard one is not read then", TEXT,
     .options = {.type = "text/html"}, .sent = USER, .body = "(none)"},
    {"types: the first", .type = "text/html", TWO_TYPES, .sent = "<b>tobi</b>",
     .body = "<b>tobi</b>"},
    {"types: the second", TEXT, TWO_TYPES, .sent = "tobi", .body = "tobi"},
    {"types: another", .type = "text/xml", TWO_TYPES,
     .sent = "<user>tobi</user>", .body = "(none)"},
    {"type function: it says yes", .type = "application/vnd.something",
     .options = {.is_type = is_vendor_type}, .sent = USER, .body = USER},
    {"type function: without Content-Type", .options = {.is_type = is_untyped},
     .sent = USER, .body = USER},
    {"type function: without a body it is not asked",
     .options = {.is_type = must_not_be_asked}, .has_no_body = true},

    {"verify: refused", TEXT,
     .options = {.verify = begins_well, .data = A_SPACE},
     .sent = " user is tobi", .status = 403, .error = "entity.verify.failed"},
    {"verify: a status of its own", TEXT,
     .options = {.verify = begins_well_or_400, .data = A_SPACE},
     .sent = " user is tobi", .status = 400, .error = "entity.verify.failed"},
    {"verify: let through", TEXT,
     .options = {.verify = begins_well, .data = A_SPACE}, .sent = USER,
     .body = USER},
    {"verify: not for an unknown charset",
     .type = "text/plain; charset=x-bogus",
     .options = {.verify = must_not_verify}, .hex = "00000000", .status = 415,
     .error = "charset.unsupported"},

    {"charset: utf-8", .type = "text/plain; charset=utf-8", .hex = UTF8,
     .body = NAME},
    {"charset: of one byte a character", .type = "text/plain; charset=koi8-r",
     .hex = KOI8, .body = NO},
    {"charset: latin1", .type = "text/plain; charset=latin1", .hex = "e974e9",
     .body = "\u00e9t\u00e9"},
    {"charset: utf-8 by default", TEXT, .hex = UTF8, .body = NAME},
    {"charset: unknown", .type = "text/plain; charset=x-bogus",
     .hex = "00000000", .status = 415, .error = "charset.unsupported"},
    {"charset: bytes that are not of it", TEXT, .hex = "61ff62", .status = 400,
     .error = "entity.parse.failed"},
    {"charset: a surrogate is no character", TEXT, .hex = "eda080",
     .status = 400, .error = "entity.parse.failed"},

    {"coding: none", TEXT, .hex = UTF8, .body = NAME},
    {"coding: identity", TEXT, .coding = "identity", .hex = UTF8, .body = NAME},
    {"coding: gzip", TEXT, .coding = "gzip", .hex = GZIP, .body = NAME},
    {"coding: deflate", TEXT, .coding = "deflate", .hex = DEFLATE,
     .body = NAME},
    {"coding: in capitals", TEXT, .coding = "GZIP", .hex = GZIP, .body = NAME},
    {"coding: unknown", TEXT, .coding = "nulls", .hex = "000000000000",
     .status = 415, .error = "encoding.unsupported"},
};

int main(void)
{
    return run_parser_cases("express.text", cases, COUNT_OF(cases));
}
