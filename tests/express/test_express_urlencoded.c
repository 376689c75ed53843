/* Express: test/express.urlencoded.js, and of qs 6 (test/parse.js) the rows
 * that are about brackets, arrays, charsets and limits. Left out: options of
 * wrong types, limits that are fractions or strings, and what is Node's (a
 * stream whose length is forged, async local storage). */
#include "parsers.h"

#define FORM     "application/x-www-form-urlencoded"
#define SIMPLE   .type = FORM
#define EXTENDED .type = FORM, .options = {.extended = true}
#define UTF8     "6e616d653de8aeba"
#define NAME     "{\"name\":\"\u8bba\"}"
#define USER     "{\"user\":\"tobi\"}"
#define GZIP     "1f8b080000000000000bcb4bcc4db57db16e170099a4bad608000000"
#define DEFLATE  "789ccb4bcc4db57db16e17001068042f"
#define LARGE_GZIP                                                             \
    "1f8b080000000000000a2b2e29b2d51b05a360148c580000a0351f9204040000"
#define LARGE_GZIP_CUT                                                         \
    "1f8b080000000000000a2b2e29b2d51b05a360148c580000a0351f92040400"
#define TWO_TYPES                                                              \
    .options = {.types = (const char *const[]){"urlencoded",                   \
                                               "application/x-pairs", NULL}}

static struct yoke_handler make_parser(const struct yoke_body_options *options)
{
    return yoke_urlencoded_with(options);
}

static void show(yoke_req *req, yoke_res *res)
{
    json_t *form = yoke_req_form_json(req);
    char *text = form ? json_dumps(form, JSON_COMPACT) : NULL;
    yoke_res_text(res, text ? text : "");
    free(text);
}

static const struct parser_case cases[] = {
    {"a form is read", SIMPLE, .sent = "user=tobi", .body = USER},
    {"a body of length 0 is an empty form", SIMPLE, .sent = "", .body = "{}"},
    {"so is one of no chunks", SIMPLE, .sent = "", .is_chunked = true,
     .body = "{}"},
    {"a second parser lets a body pass that has been read", SIMPLE,
     .sent = "user=tobi", .is_twice = true, .body = USER},
    {"simple: brackets mean nothing", SIMPLE, .sent = "user[name][first]=Tobi",
     .body = "{\"user[name][first]\":\"Tobi\"}"},
    {"simple: one name twice", SIMPLE, .sent = "user=Tobi&user=Loki&user=Jane",
     .body = "{\"user\":[\"Tobi\",\"Loki\",\"Jane\"]}"},
    {"simple: an empty name, an empty value, no value", SIMPLE,
     .sent = "=x&a=&b&&", .body = "{\"\":\"x\",\"a\":\"\",\"b\":\"\"}"},
    {"escapes, and those that are wrong", SIMPLE,
     .sent = "a+b=%41%zz%4&c=%2B+%",
     .body = "{\"a b\":\"A%zz%4\",\"c\":\"+ %\"}"},
    {"what is not UTF-8 is left out", SIMPLE, .sent = "a=%ff&b=1",
     .body = "{\"b\":\"1\"}"},
    {"a NUL is refused", SIMPLE, .sent = "a=1%002", .status = 400,
     .error = "entity.parse.failed"},

    {"extended: one name twice", EXTENDED, .sent = "user=Tobi&user=Loki",
     .body = "{\"user\":[\"Tobi\",\"Loki\"]}"},
    {"extended: brackets nest", EXTENDED, .sent = "user[name][first]=Tobi",
     .body = "{\"user\":{\"name\":{\"first\":\"Tobi\"}}}"},
    {"extended: dots do not", EXTENDED, .sent = "user.name=Tobi",
     .body = "{\"user.name\":\"Tobi\"}"},
    {"extended: brackets may be escaped", EXTENDED,
     .sent = "user%5Bname%5D%5Bfirst%5D=Tobi",
     .body = "{\"user\":{\"name\":{\"first\":\"Tobi\"}}}"},
    {"extended: places", EXTENDED, .sent = "foo[0]=bar&foo[1]=baz",
     .body = "{\"foo\":[\"bar\",\"baz\"]}"},
    {"extended: places in another order", EXTENDED,
     .sent = "a[2]=c&a[0]=a&a[1]=b", .body = "{\"a\":[\"a\",\"b\",\"c\"]}"},
    {"extended: places with holes close up", EXTENDED, .sent = "a[9]=c&a[1]=b",
     .body = "{\"a\":[\"b\",\"c\"]}"},
    {"extended: empty brackets are the next place", EXTENDED,
     .sent = "a[]=b&a[]=c&a[]=d", .body = "{\"a\":[\"b\",\"c\",\"d\"]}"},
    {"extended: with and without brackets", EXTENDED, .sent = "a=b&a[]=c",
     .body = "{\"a\":[\"b\",\"c\"]}"},
    {"extended: without and with brackets", EXTENDED, .sent = "a[]=b&a=c",
     .body = "{\"a\":[\"b\",\"c\"]}"},
    {"extended: one place twice", EXTENDED, .sent = "a[0]=b&a[0]=c",
     .body = "{\"a\":[\"b\",\"c\"]}"},
    {"extended: one member twice", EXTENDED, .sent = "a[x]=b&a[x]=c",
     .body = "{\"a\":{\"x\":[\"b\",\"c\"]}}"},
    {"extended: objects in arrays", EXTENDED,
     .sent = "foo[0][bar]=baz&foo[0][fizz]=buzz&foo[]=done!",
     .body = "{\"foo\":[{\"bar\":\"baz\",\"fizz\":\"buzz\"},\"done!\"]}"},
    {"extended: arrays in arrays", EXTENDED, .sent = "a[0][]=b&a[0][]=c",
     .body = "{\"a\":[[\"b\",\"c\"]]}"},
    {"extended: an array with a name is an object", EXTENDED,
     .sent = "a[0]=b&a[t]=u", .body = "{\"a\":{\"0\":\"b\",\"t\":\"u\"}}"},
    {"extended: a name first", EXTENDED, .sent = "foo[bad]=baz&foo[0]=bar",
     .body = "{\"foo\":{\"bad\":\"baz\",\"0\":\"bar\"}}"},
    {"extended: an object and empty brackets", EXTENDED,
     .sent = "foo[bad]=baz&foo[]=bar",
     .body = "{\"foo\":{\"bad\":\"baz\",\"0\":\"bar\"}}"},
    {"extended: an object and text", EXTENDED, .sent = "a[b]=c&a=d",
     .body = "{\"a\":{\"b\":\"c\",\"0\":\"d\"}}"},
    {"extended: a zero in front makes a name", EXTENDED, .sent = "a[01]=b",
     .body = "{\"a\":{\"01\":\"b\"}}"},
    {"extended: a large number is a name", EXTENDED, .sent = "a[101]=b",
     .body = "{\"a\":{\"101\":\"b\"}}"},
    {"extended: how large can be said", SIMPLE,
     .options = {.extended = true, .max_index = 1}, .sent = "a[1]=b&c[2]=d",
     .body = "{\"a\":[\"b\"],\"c\":{\"2\":\"d\"}}"},
    {"extended: a number alone is a name", EXTENDED, .sent = "0=a&1=b",
     .body = "{\"0\":\"a\",\"1\":\"b\"}"},
    {"extended: brackets that are not closed", EXTENDED,
     .sent = "a[b=c&d]=e&[]=f",
     .body = "{\"a\":{\"[b\":\"c\"},\"d]\":\"e\",\"0\":\"f\"}"},
    {"extended: brackets alone are a name", EXTENDED, .sent = "[a]=b",
     .body = "{\"a\":\"b\"}"},
    {"extended: what stands behind brackets is dropped", EXTENDED,
     .sent = "a[b]x=c", .body = "{\"a\":{\"b\":\"c\"}}"},
    {"extended: an empty name is dropped", EXTENDED, .sent = "=x&a=b",
     .body = "{\"a\":\"b\"}"},

    {"depth: as deep as allowed", SIMPLE,
     .options = {.extended = true, .max_depth = 2}, .sent = "a[b][c]=d",
     .body = "{\"a\":{\"b\":{\"c\":\"d\"}}}"},
    {"depth: what is not closed is one name", SIMPLE,
     .options = {.extended = true, .max_depth = 2}, .sent = "a[b][c[d][e]=f",
     .body = "{\"a\":{\"b\":{\"[c[d][e]\":\"f\"}}}"},
    {"depth: deeper", SIMPLE, .options = {.extended = true, .max_depth = 2},
     .sent = "a[b][c][d]=e", .status = 400,
     .error = "querystring.parse.rangeError"},
    {"depth: 32 by default", EXTENDED,
     .sent = "a[1][2][3][4][5][6][7][8][9][10][11][12][13][14][15][16][17][18]"
             "[19][20][21][22][23][24][25][26][27][28][29][30][31][32][33]=x",
     .status = 400, .error = "querystring.parse.rangeError"},

    {"inflate off: a coding is refused", SIMPLE,
     .options = {.no_inflate = true}, .coding = "gzip", .hex = GZIP,
     .status = 415, .error = "encoding.unsupported"},
    {"inflate on", SIMPLE, .coding = "gzip", .hex = GZIP, .body = NAME},

    {"limit: by Content-Length", SIMPLE, .options = {.limit = 1024},
     .sent = "str=~", .dots = 1024, .status = 413, .error = "entity.too.large"},
    {"limit: by chunks", SIMPLE, .options = {.limit = 1024}, .sent = "str=~",
     .dots = 1024, .is_chunked = true, .status = 413,
     .error = "entity.too.large"},
    {"limit: after inflation", SIMPLE, .options = {.limit = 1024},
     .coding = "gzip", .hex = LARGE_GZIP, .status = 413,
     .error = "entity.too.large"},
    {"limit: before what is missing at the end", SIMPLE,
     .options = {.limit = 1024}, .coding = "gzip", .hex = LARGE_GZIP_CUT,
     .status = 413, .error = "entity.too.large"},
    {"limit: much more than it gets an answer", SIMPLE,
     .options = {.limit = 8192}, .sent = "~", .dots = 30720, .is_chunked = true,
     .status = 413},

    {"params, simple: over the limit", SIMPLE, .options = {.max_params = 3},
     .sent = "a=1&b=2&c=3&d=4", .status = 413, .error = "parameters.too.many"},
    {"params, simple: at the limit", SIMPLE, .options = {.max_params = 3},
     .sent = "a=1&b=2&c=3", .body = "{\"a\":\"1\",\"b\":\"2\",\"c\":\"3\"}"},
    {"params, extended: over the limit", SIMPLE,
     .options = {.extended = true, .max_params = 3}, .sent = "a=1&b=2&c=3&d=4",
     .status = 413, .error = "parameters.too.many"},
    {"params, extended: at the limit", SIMPLE,
     .options = {.extended = true, .max_params = 3}, .sent = "a=1&b=2&c=3",
     .body = "{\"a\":\"1\",\"b\":\"2\",\"c\":\"3\"}"},

    {"type: one of one's own", .type = "application/vnd.x-www-form-urlencoded",
     .options = {.type = "application/vnd.x-www-form-urlencoded"},
     .sent = "user=tobi", .body = USER},
    {"type: the standard one is not read then", SIMPLE,
     .options = {.type = "application/vnd.x-www-form-urlencoded"},
     .sent = "user=tobi", .body = ""},
    {"types: the first", SIMPLE, TWO_TYPES, .sent = "user=tobi", .body = USER},
    {"types: the second", .type = "application/x-pairs", TWO_TYPES,
     .sent = "user=tobi", .body = USER},
    {"types: another", .type = "application/x-foo", TWO_TYPES,
     .sent = "user=tobi", .body = ""},
    {"type function: it says yes", .type = "application/vnd.something",
     .options = {.is_type = is_vendor_type}, .sent = "user=tobi", .body = USER},
    {"type function: without Content-Type", .options = {.is_type = is_untyped},
     .sent = "user=tobi", .body = USER},
    {"type function: without a body it is not asked",
     .options = {.is_type = must_not_be_asked}, .has_no_body = true,
     .body = ""},

    {"verify: refused", SIMPLE,
     .options = {.verify = begins_well, .data = A_SPACE}, .sent = " user=tobi",
     .status = 403, .error = "entity.verify.failed"},
    {"verify: a status of its own", SIMPLE,
     .options = {.verify = begins_well_or_400, .data = A_SPACE},
     .sent = " user=tobi", .status = 400, .error = "entity.verify.failed"},
    {"verify: a type of its own", SIMPLE,
     .options = {.verify = begins_well_or_foo, .data = A_SPACE},
     .sent = " user=tobi", .status = 403, .error = "foo.bar"},
    {"verify: let through", SIMPLE,
     .options = {.verify = begins_well, .data = A_SPACE}, .sent = "user=tobi",
     .body = USER},
    {"verify: not for an unknown charset", .type = FORM "; charset=x-bogus",
     .options = {.verify = must_not_verify}, .hex = "00000000", .status = 415,
     .error = "charset.unsupported"},

    {"charset: utf-8", .type = FORM "; charset=utf-8", .hex = UTF8,
     .body = NAME},
    {"charset: utf-8 by default", SIMPLE, .hex = UTF8, .body = NAME},
    {"charset: unknown", .type = FORM "; charset=koi8-r",
     .hex = "6e616d653dcec5d4", .status = 415, .error = "charset.unsupported"},
    {"charset: iso-8859-1", .type = FORM "; charset=iso-8859-1",
     .sent = "a=%E9%80&%A2=\xbd",
     .body = "{\"a\":\"\u00e9\xc2\x80\",\"\u00a2\":\"\u00bd\"}"},
    {"charset: by option", SIMPLE, .options = {.charset = "iso-8859-1"},
     .sent = "a=%A2", .body = "{\"a\":\"\u00a2\"}"},
    {"sentinel: utf-8", .type = FORM "; charset=iso-8859-1",
     .options = {.charset_sentinel = true},
     .sent = "a=%C3%B8&utf8=%E2%9C%93&b=%C3%B8",
     .body = "{\"a\":\"\u00f8\",\"b\":\"\u00f8\"}"},
    {"sentinel: iso-8859-1", SIMPLE, .options = {.charset_sentinel = true},
     .sent = "utf8=%26%2310003%3B&a=%C3%B8",
     .body = "{\"a\":\"\u00c3\u00b8\"}"},
    {"sentinel: something else", SIMPLE, .options = {.charset_sentinel = true},
     .sent = "utf8=foo&a=%C3%B8", .body = "{\"a\":\"\u00f8\"}"},
    {"entities: read", .type = FORM "; charset=iso-8859-1",
     .options = {.has_numeric_entities = true},
     .sent = "a=%26%239786%3B&b=%26%2335x",
     .body = "{\"a\":\"\u263a\",\"b\":\"&#35x\"}"},
    {"entities: not in utf-8", SIMPLE,
     .options = {.has_numeric_entities = true}, .sent = "a=%26%239786%3B",
     .body = "{\"a\":\"&#9786;\"}"},
    {"entities: no characters", .type = FORM "; charset=iso-8859-1",
     .options = {.has_numeric_entities = true},
     .sent = "a=%26%2355296%3B%26%230%3B", .body = "{\"a\":\"\ufffd\ufffd\"}"},

    {"coding: none", SIMPLE, .hex = UTF8, .body = NAME},
    {"coding: identity", SIMPLE, .coding = "identity", .hex = UTF8,
     .body = NAME},
    {"coding: gzip", SIMPLE, .coding = "gzip", .hex = GZIP, .body = NAME},
    {"coding: deflate", SIMPLE, .coding = "deflate", .hex = DEFLATE,
     .body = NAME},
    {"coding: in capitals", SIMPLE, .coding = "GZIP", .hex = GZIP,
     .body = NAME},
    {"coding: unknown", SIMPLE, .coding = "nulls", .hex = "000000000000",
     .status = 415, .error = "encoding.unsupported"},
};

/* ---- Bodies that are too long for a row ---- */

static json_t *form_of(const struct yoke_body_options *options,
                       const char *sent)
{
    struct parser_case c = {.type = FORM, .options = *options, .sent = sent};
    yoke_test *t = yoke_test_new(app_for(&c));
    yoke_tr *r = send_case(t, &c);
    yoke_expect_status(r, 200);
    json_t *form = yoke_tr_parse_json(r);
    assert_non_null(form);
    yoke_test_free(t);
    return form;
}

/* "before0after before1after ..." */
static char *many(const char *before, const char *after, int n)
{
    char *text = calloc((size_t)n, 32), *to = text;
    for (int i = 0; i < n; i++)
        to += snprintf(to, 32, "%s%d%s", before, i, after);
    return text;
}

static void many_params_are_read_if_allowed(void **state)
{
    (void)state;
    for (int extended = 0; extended < 2; extended++) {
        char *sent = many("p", "=1&", 4999);
        json_t *form =
            form_of(&(struct yoke_body_options){.max_params = 5000,
                                                .extended = extended},
                    sent);
        assert_int_equal(json_object_size(form), 4999);
        json_decref(form);
        free(sent);
    }
}

static void an_array_is_as_long_as_the_form(void **state)
{
    (void)state;
    char *sent = many("f[", "]=1&", 500);
    json_t *form = form_of(&(struct yoke_body_options){.extended = true}, sent);
    assert_int_equal(json_array_size(json_object_get(form, "f")), 500);
    json_decref(form);
    free(sent);
}

static void a_name_that_comes_often_is_one_list(void **state)
{
    (void)state;
    char *sent = many("a=", "&", 900);
    json_t *form = form_of(&(struct yoke_body_options){.limit = 0}, sent);
    const json_t *list = json_object_get(form, "a");
    assert_int_equal(json_array_size(list), 900);
    assert_string_equal(json_string_value(json_array_get(list, 899)), "899");
    json_decref(form);
    free(sent);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_params_are_read_if_allowed),
        cmocka_unit_test(an_array_is_as_long_as_the_form),
        cmocka_unit_test(a_name_that_comes_often_is_one_list),
    };
    int failed = run_parser_cases("express.urlencoded", cases, COUNT_OF(cases));
    return failed + cmocka_run_group_tests_name("express.urlencoded, long",
                                                tests, NULL, NULL);
}
