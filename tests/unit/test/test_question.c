/* Which request is the n-th of several, and what its answer looks like. */
#include "../unit.h"

#include <stdio.h>
#include <string.h>

#include "test/question.h"

static struct yk_question ask(const char *text, size_t n)
{
    return yk_question_at(text, strlen(text), n);
}

static void tells_head_and_http10(void **state)
{
    (void)state;
    assert_true(ask("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", 0).is_head);
    assert_false(ask("HEADS / HTTP/1.1\r\nHost: a\r\n\r\n", 0).is_head);
    assert_false(ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0).is_head);
    assert_true(ask("GET / HTTP/1.0\r\n\r\n", 0).is_http10);
    assert_false(ask("GET / HTTP/1.1\r\nX: HTTP/1.0\r\n\r\n", 0).is_http10);
}

/* Each body is followed by HEAD, which is the second request. */
static void finds_the_end_of_a_body(void **state)
{
    static const char *const first[] = {
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 5\r\n\r\nHEAD ",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        "2\r\nab\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        "2\r\nab\r\n0\r\nA: b\r\nC: d\r\n\r\n",
        "\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    };
    char text[512];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(first); i++) {
        snprintf(text, sizeof(text), "%s%s", first[i],
                 "HEAD / HTTP/1.0\r\n\r\n");
        assert_false(ask(text, 0).is_head);
        assert_true(ask(text, 1).is_head);
        assert_true(ask(text, 1).is_http10);
        assert_false(ask(text, 2).is_head);
    }
}

static void survives_what_is_no_request(void **state)
{
    static const char *const texts[] = {
        "",
        "\r\n",
        "HEAD",
        "GET / HTTP/1.1\r\nContent-Length: 99\r\n\r\n",
        "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        for (size_t n = 0; n < 3; n++)
            assert_false(ask(texts[i], n).is_head);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_head_and_http10),
        cmocka_unit_test(finds_the_end_of_a_body),
        cmocka_unit_test(survives_what_is_no_request),
    };
    return cmocka_run_group_tests_name("question", tests, NULL, NULL);
}
