/* The strict reader: what it accepts, and that it refuses each kind of wrong
 * answer, with a reason that names it. */
#include "../unit.h"

#include <string.h>

#include "test/answer.h"

#define DATE "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"

struct sample {
    const char *text;    /* What the server has sent. */
    const char *context; /* "h": to HEAD, "0": to HTTP/1.0, "e": all there
                            will be, "r": because of a reset. */
    int status;
    const char *body;  /* When it is complete. */
    const char *error; /* A part of it, when it is malformed. */
};

static struct yk_answer_context context_of(const char *letters)
{
    return (struct yk_answer_context){
        .is_head = strchr(letters, 'h'),
        .is_http10 = strchr(letters, '0'),
        .has_ended = strchr(letters, 'e'),
        .is_reset = strchr(letters, 'r'),
    };
}

static void check(const struct sample *sample)
{
    struct yk_answer_context context = context_of(sample->context);
    struct yk_answer answer = {0};
    yk_answer_read(&answer, sample->text, strlen(sample->text), &context);
    assert_int_equal(answer.status, sample->status);
    if (sample->error) {
        if (!strstr(answer.error, sample->error))
            assert_string_equal(answer.error, sample->error);
        assert_int_equal(answer.state, YK_ANSWER_MALFORMED);
    } else {
        assert_string_equal(answer.error, "");
        assert_int_equal(answer.state, YK_ANSWER_COMPLETE);
        assert_string_equal(yk_bytes_text(&answer.body), sample->body);
    }
    yk_answer_done(&answer);
}

#define CHECK_ALL(samples)                                                     \
    for (size_t i = 0; i < COUNT_OF(samples); i++)                             \
    check(&(samples)[i])

static const struct yk_answer_context open_11 = {0};

static void reads_whole_answers(void **state)
{
    static const struct sample samples[] = {
        {"HTTP/1.1 200 OK\r\n" DATE "Content-Length: 3\r\n\r\nabc", "", 200,
         "abc", NULL},
        {"HTTP/1.1 200 OK\r\n" DATE "Content-Length: 0\r\n\r\n", "", 200, "",
         NULL},
        {"HTTP/1.1 200 OK\r\n" DATE "Transfer-Encoding: chunked\r\n\r\n"
         "3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n",
         "", 200, "abc0123456789", NULL},
        {"HTTP/1.1 200 OK\r\n" DATE "Transfer-Encoding: chunked\r\n\r\n"
         "1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n",
         "", 200, "a", NULL},
        {"HTTP/1.1 204 No Content\r\n" DATE "\r\n", "", 204, "", NULL},
        {"HTTP/1.1 304 Not Modified\r\n" DATE "Content-Length: 7\r\n\r\n", "",
         304, "", NULL},
        {"HTTP/1.1 200 OK\r\n" DATE "Content-Length: 7\r\n\r\n", "h", 200, "",
         NULL},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 299 \r\n" DATE
         "Content-Length: 1\r\n\r\nx",
         "", 299, "x", NULL},
        {"HTTP/1.1 200 OK\r\n" DATE "\r\nall of it", "0e", 200, "all of it",
         NULL},
    };
    (void)state;
    CHECK_ALL(samples);
}

/* Every beginning of an answer is an answer that may still come, and at the
 * end of the connection one that was cut off. */
static void waits_for_the_rest_of_an_answer(void **state)
{
    static const char text[] =
        "HTTP/1.1 100 Continue\r\n\r\n"
        "HTTP/1.1 200 OK\r\n" DATE "Transfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n0\r\nA: b\r\n\r\n";
    struct yk_answer_context closed = {.has_ended = true};
    struct yk_answer answer = {0};
    (void)state;

    for (size_t len = 0; len < sizeof(text) - 1; len++) {
        yk_answer_read(&answer, text, len, &open_11);
        assert_int_equal(answer.state, YK_ANSWER_PARTIAL);
        yk_answer_read(&answer, text, len, &closed);
        assert_int_equal(answer.state, YK_ANSWER_MALFORMED);
        assert_non_null(strstr(answer.error, "the connection was closed"));
    }
    yk_answer_read(&answer, text, sizeof(text) - 1, &open_11);
    assert_int_equal(answer.state, YK_ANSWER_COMPLETE);
    assert_int_equal(answer.interim_count, 1);
    assert_int_equal(answer.trailers.count, 1);
    yk_answer_done(&answer);
}

static void refuses_malformed_heads(void **state)
{
    static const struct sample samples[] = {
        {"HTTP/1.0 200 OK\r\n", "", 0, NULL, "not a status line"},
        {"HTTP/1.1 20 OK\r\n", "", 0, NULL, "not a status line"},
        {"HTTP/1.1 099 Low\r\n", "", 0, NULL, "not a status line"},
        {"HTTP/1.1 200\r\n", "", 0, NULL, "not a status line"},
        {"HTTP/1.1  200 OK\r\n", "", 0, NULL, "not a status line"},
        {"HTTP/1.1 200 OK\n", "", 0, NULL, "byte 0x0a"},
        {"HTTP/1.1 200 OK\rX", "", 0, NULL, "CR without LF"},
        {"HTTP/1.1 200 OK\r\nA b: c\r\n", "", 0, NULL, "0x20 in the name"},
        {"HTTP/1.1 200 OK\r\nA : c\r\n", "", 0, NULL, "0x20 in the name"},
        {"HTTP/1.1 200 OK\r\n: c\r\n", "", 0, NULL, "not a header field"},
        {"HTTP/1.1 200 OK\r\nabc\r\n", "", 0, NULL, "not a header field"},
        {"HTTP/1.1 200 OK\r\nA: \x01\r\n", "", 0, NULL, "byte 0x01"},
        {"HTTP/1.1 200 OK\r\n b: c\r\n", "", 0, NULL, "0x20 in the name"},
    };
    (void)state;
    CHECK_ALL(samples);
}

static void refuses_contradictions(void **state)
{
    static const struct sample samples[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "", 200, NULL,
         "no Date"},
        {"HTTP/1.1 200 OK\r\n" DATE DATE "\r\n", "", 200, NULL,
         "Date more than once"},
        {"HTTP/1.1 200 OK\r\n" DATE
         "Content-Length: 1\r\ncontent-length: 1\r\n\r\na",
         "", 200, NULL, "Content-Length more than once"},
        {"HTTP/1.1 200 OK\r\n" DATE
         "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na",
         "", 200, NULL, "beside"},
        {"HTTP/1.1 200 OK\r\n" DATE "Content-Length: +1\r\n\r\na", "", 200,
         NULL, "Content-Length is"},
        {"HTTP/1.1 200 OK\r\n" DATE "Transfer-Encoding: gzip\r\n\r\n", "", 200,
         NULL, "Transfer-Encoding is"},
        {"HTTP/1.1 204 No Content\r\n" DATE "Content-Length: 0\r\n\r\n", "",
         204, NULL, "204 with Content-Length"},
        {"HTTP/1.1 304 Not Modified\r\n" DATE
         "Transfer-Encoding: chunked\r\n\r\n",
         "", 304, NULL, "304 with"},
        {"HTTP/1.1 200 OK\r\n" DATE "Transfer-Encoding: chunked\r\n\r\n", "0",
         200, NULL, "HTTP/1.0"},
        {"HTTP/1.1 100 Continue\r\n\r\n", "0", 100, NULL, "HTTP/1.0"},
    };
    (void)state;
    CHECK_ALL(samples);
}

#define CHUNKED "HTTP/1.1 200 OK\r\n" DATE "Transfer-Encoding: chunked\r\n\r\n"

static void refuses_malformed_bodies(void **state)
{
    static const struct sample samples[] = {
        {CHUNKED "0x1\r\na\r\n", "", 200, NULL, "chunk size"},
        {CHUNKED "\r\n", "", 200, NULL, "chunk size"},
        {CHUNKED "1;a=b\r\na\r\n", "", 200, NULL, "chunk size"},
        {CHUNKED "1\r\nab\r\n", "", 200, NULL, "longer than its size"},
        {CHUNKED "1\na\r\n", "", 200, NULL, "byte 0x0a"},
        {CHUNKED "0\r\nno trailer\r\n", "", 200, NULL, "not a header field"},
        {"HTTP/1.1 200 OK\r\n" DATE "Content-Length: 3\r\n\r\nab", "e", 200,
         NULL, "closed after 2 bytes"},
        {"HTTP/1.1 200 OK\r\n" DATE "\r\nab", "er", 200, NULL,
         "reset after 2 bytes"},
        {"", "e", 0, NULL, "closed without an answer"},
    };
    (void)state;
    CHECK_ALL(samples);
}

static void leaves_what_follows(void **state)
{
    static const char text[] =
        "HTTP/1.1 200 OK\r\n" DATE "Content-Length: 1\r\n\r\naHTTP/1.1 404";
    struct yk_answer answer = {0};
    (void)state;

    yk_answer_read(&answer, text, sizeof(text) - 1, &open_11);
    assert_int_equal(answer.state, YK_ANSWER_COMPLETE);
    assert_string_equal(text + answer.len, "HTTP/1.1 404");
    yk_answer_done(&answer);
}

static void finds_fields_without_regard_to_case(void **state)
{
    static const char text[] =
        "HTTP/1.1 404 Not Found\r\n" DATE "vary:   Accept \r\nVary: Cookie\r\n"
        "Content-Length: 0\r\n\r\n";
    struct yk_answer answer = {0};
    (void)state;

    yk_answer_read(&answer, text, sizeof(text) - 1, &open_11);
    assert_string_equal(yk_answer_reason(&answer), "Not Found");
    assert_string_equal(yk_answer_field(&answer, "VARY"), "Accept");
    assert_null(yk_answer_field(&answer, "Var"));
    yk_answer_done(&answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_whole_answers),
        cmocka_unit_test(waits_for_the_rest_of_an_answer),
        cmocka_unit_test(refuses_malformed_heads),
        cmocka_unit_test(refuses_contradictions),
        cmocka_unit_test(refuses_malformed_bodies),
        cmocka_unit_test(leaves_what_follows),
        cmocka_unit_test(finds_fields_without_regard_to_case),
    };
    return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
