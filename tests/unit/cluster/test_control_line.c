/* Lines of the control protocol: what is a request, and how answers look. */
#include "../unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/control_line.h"

static int read_text(const char *text, char *why)
{
    struct yk_control_line line;
    int err = yk_control_line_read(&line, text, strlen(text), why);

    if (err == 0)
        json_decref(line.body);
    return err;
}

static void a_request_has_a_command_and_a_body(void **state)
{
    static const char text[] =
        "{\"command\": \"ps\", \"version\": 1, \"n\": 3}";
    struct yk_control_line line;
    char why[YK_CONTROL_TEXT_MAX];

    (void)state;
    assert_int_equal(yk_control_line_read(&line, text, sizeof(text) - 1, why),
                     0);
    assert_string_equal(line.command, "ps");
    assert_int_equal(json_integer_value(json_object_get(line.body, "n")), 3);
    json_decref(line.body);
}

static void what_is_none_is_told_so(void **state)
{
    static const struct {
        const char *text, *why;
    } samples[] = {
        {"", "not JSON"},
        {"ps", "not JSON"},
        {"{\"command\": \"ps\"} x", "not JSON"},
        {"{\"command\": \"ps\", \"command\": \"why\"}", "not JSON"},
        {"[]", "a request is an object"},
        {"{}", "\"command\" is missing"},
        {"{\"command\": 1}", "\"command\" is missing"},
        {"{\"command\": \"ps\\u0000\"}", "not JSON"},
        {"{\"command\": \"0123456789012345678901234567890123\"}",
         "\"command\" is not a name"},
        {"{\"command\": \"ps\", \"version\": 0}", "\"version\" is not"},
        {"{\"command\": \"ps\", \"version\": \"1\"}", "\"version\" is not"},
    };
    char why[YK_CONTROL_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        assert_int_equal(read_text(samples[i].text, why), -EPROTO);
        assert_memory_equal(why, samples[i].why, strlen(samples[i].why));
    }
}

static void a_later_version_is_told_apart(void **state)
{
    char why[YK_CONTROL_TEXT_MAX];

    (void)state;
    assert_int_equal(read_text("{\"command\": \"ps\", \"version\": 2}", why),
                     -EPROTONOSUPPORT);
    assert_non_null(strstr(why, "version 2"));
}

static void answers_are_lines(void **state)
{
    char *line;

    (void)state;
    line = yk_control_line_result(json_pack("{s:s}", "a", "b\n"));
    assert_string_equal(
        line, "{\"version\":1,\"ok\":true,\"result\":{\"a\":\"b\\n\"}}\n");
    free(line);
    line = yk_control_line_progress(json_integer(3));
    assert_string_equal(line, "{\"version\":1,\"progress\":3}\n");
    free(line);
    line = yk_control_line_error("busy", "too many");
    assert_string_equal(line, "{\"version\":1,\"ok\":false,\"error\":"
                              "{\"code\":\"busy\",\"text\":\"too many\"}}\n");
    free(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_has_a_command_and_a_body),
        cmocka_unit_test(what_is_none_is_told_so),
        cmocka_unit_test(a_later_version_is_told_apart),
        cmocka_unit_test(answers_are_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
