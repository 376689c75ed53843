/* A request of the control protocol, as anybody may send one who can connect:
 * whatever the line is, it is read or refused in words, and an answer that is
 * made of it is one line of JSON. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#include "cluster/control_line.h"

static void check_answer(char *line)
{
    json_error_t error;

    MUST(line, "there is memory for an answer");
    size_t len = strlen(line);
    MUST(len > 0 && line[len - 1] == '\n', "an answer ends its line");
    MUST(!memchr(line, '\n', len - 1), "an answer is one line");
    json_t *read = json_loads(line, 0, &error);
    MUST(read, "an answer is JSON");
    MUST(json_integer_value(json_object_get(read, "version")) ==
             YK_CONTROL_VERSION,
         "an answer has its version");
    json_decref(read);
    free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[YK_CONTROL_TEXT_MAX];
    struct yk_control_line line;
    int err;

    if (size > YK_CONTROL_LINE_MAX)
        return 0;
    memset(text, 'x', sizeof(text));
    err = yk_control_line_read(&line, (const char *)data, size, text);
    if (err < 0) {
        MUST(err == -EPROTO || err == -EPROTONOSUPPORT, "the error is known");
        MUST(memchr(text, '\0', sizeof(text)), "the reason is terminated");
        /* The words may have bytes of the client's that are cut in the middle
         * of a character: then there is no answer, and the client is cut. */
        char *answer = yk_control_line_error("bad-request", text);
        if (answer)
            check_answer(answer);
        return 0;
    }
    MUST(memchr(line.command, '\0', sizeof(line.command)),
         "a command is terminated");
    MUST(json_is_object(line.body), "a request is an object");
    check_answer(yk_control_line_result(json_incref(line.body)));
    check_answer(yk_control_line_progress(line.body));
    return 0;
}
