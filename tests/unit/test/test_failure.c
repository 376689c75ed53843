/* How the exchange is shown below a failure. */
#include "catch.h"

#include "http/exchange.h"
#include "test/client.h"
#include "test/exchange.h"
#include "test/failure.h"

static void on_request(struct yk_exchange *x, void *data)
{
    (void)data;
    yk_exchange_send(x, "", 0);
}

/* What is shown of a connection on which that went to and fro. */
static void assert_shown(const char *in, size_t in_len, const char *out,
                         size_t out_len, const char *expected)
{
    struct yk_bytes text = {0};
    struct yk_link link = {.is_open = true};
    yk_memory_init(&link.memory);
    yk_bytes_append(&link.memory.in, in, in_len);
    yk_bytes_append(&link.memory.out, out, out_len);
    yk_failure_add_link(&text, &link);
    assert_string_equal(text.ptr, expected);
    yk_bytes_done(&text);
    yk_memory_done(&link.memory);
}

#define ASSERT_SHOWN(in, out, expected)                                        \
    assert_shown(in, sizeof(in) - 1, out, sizeof(out) - 1, expected)

static void shows_both_sides_line_by_line(void **state)
{
    (void)state;
    ASSERT_SHOWN("POST / HTTP/1.1\r\nHost: a\r\n\r\nline 1\nline 2\n",
                 "HTTP/1.1 200 OK\r\n\r\n{\r\n  \"a\": 1\r\n}",
                 "    > POST / HTTP/1.1\n"
                 "    > Host: a\n"
                 "    >\n"
                 "    > line 1\n"
                 "    > line 2\n"
                 "    < HTTP/1.1 200 OK\n"
                 "    <\n"
                 "    < {\n"
                 "    <   \"a\": 1\n"
                 "    < }\n");
}

static void escapes_what_cannot_be_seen(void **state)
{
    (void)state;
    ASSERT_SHOWN("a\tb\nc\x01\x80\r\n\r\n",
                 "x\r\n\r\n\xc3\xa9t\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 "
                 "\x1b[31m \xc2\x85 \xff many words of text that can be read",
                 "    > a\\tb\\nc\\x01\\x80\n"
                 "    >\n"
                 "    < x\n"
                 "    <\n"
                 "    < \xc3\xa9t\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 "
                 "\\x1b[31m \\xc2\\x85 \\xff many words of text that can be "
                 "read\n");
    /* Half a character, an overlong one, a surrogate, one that is too high. */
    ASSERT_SHOWN("\xc3\r\n", "\xe0\x80\x80 \xed\xa0\x80 \xf4\x90\x80\x80",
                 "    > \\xc3\n"
                 "    < \\xe0\\x80\\x80 \\xed\\xa0\\x80 "
                 "\\xf4\\x90\\x80\\x80\n");
}

static void shows_other_bytes_in_hex(void **state)
{
    (void)state;
    ASSERT_SHOWN("A\r\n\r\n", "B\r\n\r\n\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0",
                 "    > A\n"
                 "    >\n"
                 "    < B\n"
                 "    <\n"
                 "    < 0000  89 50 4e 47 0d 0a 1a 0a 00 00 00 0d 49 48 44 52"
                 "  |.PNG........IHDR|\n"
                 "    < 0010  00 00                                          "
                 "  |..|\n");
}

static void leaves_out_the_middle_of_long_texts(void **state)
{
    struct yk_bytes body = {0}, expected = {0};
    (void)state;
    yk_bytes_add(&body, "\r\n\r\n");
    yk_bytes_add(&expected, "    <\n    <\n    < ");
    for (int i = 0; i < 1024; i++)
        yk_bytes_add(&expected, "a");
    yk_bytes_add(&expected, "\n    < ... 1 bytes more ...\n    < ");
    for (int i = 0; i < 1024; i++)
        yk_bytes_add(&expected, "c");
    yk_bytes_add(&expected, "\n");
    for (int i = 0; i < 2049; i++)
        yk_bytes_add(&body, i < 1024 ? "a" : i == 1024 ? "b" : "c");
    assert_shown("", 0, body.ptr, body.len, expected.ptr);
    yk_bytes_done(&body);
    yk_bytes_done(&expected);
}

static void leaves_out_the_end_of_long_bytes(void **state)
{
    char bytes[1004] = "\r\n\r\n";
    struct yk_bytes text = {0};
    struct yk_link link = {.is_open = true};
    (void)state;
    yk_memory_init(&link.memory);
    yk_bytes_append(&link.memory.out, bytes, sizeof(bytes));
    yk_failure_add_answer(&text, &link);
    assert_non_null(strstr(text.ptr, "    < 00f0  00 "));
    assert_null(strstr(text.ptr, "    < 0100"));
    assert_non_null(strstr(text.ptr, "    < ... 744 bytes more ...\n"));
    yk_bytes_done(&text);
    yk_memory_done(&link.memory);
}

static void shows_how_a_connection_has_ended(void **state)
{
    struct yk_bytes text = {0};
    struct yk_link link = {.is_open = false};
    (void)state;
    yk_memory_init(&link.memory);
    link.memory.is_hung_up = true;
    link.memory.is_closed = true;
    yk_failure_add_link(&text, &link);
    assert_string_equal(text.ptr, "    > (closed)\n    < (closed)\n");
    link.memory.is_broken = link.memory.is_reset = true;
    text.len = 0;
    yk_failure_add_link(&text, &link);
    assert_string_equal(text.ptr, "    > (reset)\n    < (reset)\n");
    text.len = 0;
    yk_bytes_add(&text, "");
    yk_failure_add_link(&text, NULL);
    assert_string_equal(text.ptr, "");
    yk_bytes_done(&text);
}

static void is_a_sentence_and_the_exchange(void **state)
{
    (void)state;
    yoke_test *t = yk_test_new(NULL, on_request, NULL);
    yoke_tr *r = yoke_test_get(t, "/users/7");
    CATCH_FAILURE(yoke_expect_status(r, 404));
    assert_said(": expected 404 \"Not Found\", got 200 \"OK\"\n"
                "    > GET /users/7 HTTP/1.1\n"
                "    > Host: test\n"
                "    >\n"
                "    < HTTP/1.1 200 OK\n"
                "    < Date: Sun, 06 Nov 1994 08:49:37 GMT\n"
                "    < Content-Length: 0\n"
                "    <\n");
    yoke_test_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_both_sides_line_by_line),
        cmocka_unit_test(escapes_what_cannot_be_seen),
        cmocka_unit_test(shows_other_bytes_in_hex),
        cmocka_unit_test(leaves_out_the_middle_of_long_texts),
        cmocka_unit_test(leaves_out_the_end_of_long_bytes),
        cmocka_unit_test(shows_how_a_connection_has_ended),
        cmocka_unit_test(is_a_sentence_and_the_exchange),
    };
    return cmocka_run_group_tests_name("failure", tests, NULL, NULL);
}
