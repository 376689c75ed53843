#include "cluster/control_line.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/banned.h"

__attribute__((format(printf, 2, 3))) static int
wrong(char text[YK_CONTROL_TEXT_MAX], const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, YK_CONTROL_TEXT_MAX, fmt, args);
    va_end(args);
    return -EPROTO;
}

static int read_version(const json_t *body, char text[YK_CONTROL_TEXT_MAX])
{
    const json_t *version = json_object_get(body, "version");

    if (!version)
        return 0;
    if (!json_is_integer(version) || json_integer_value(version) < 1)
        return wrong(text, "\"version\" is not a number from 1 on");
    if (json_integer_value(version) <= YK_CONTROL_VERSION)
        return 0;
    wrong(text, "version %lld of the protocol is not known here, only up to %d",
          (long long)json_integer_value(version), YK_CONTROL_VERSION);
    return -EPROTONOSUPPORT;
}

static int read_command(const json_t *body, char out[YK_CONTROL_COMMAND_MAX],
                        char text[YK_CONTROL_TEXT_MAX])
{
    const json_t *command = json_object_get(body, "command");
    const char *name = json_string_value(command);

    if (!name)
        return wrong(text, "\"command\" is missing, or not a string");
    if (json_string_length(command) >= YK_CONTROL_COMMAND_MAX ||
        strlen(name) != json_string_length(command))
        return wrong(text, "\"command\" is not a name");
    memcpy(out, name, strlen(name) + 1);
    return 0;
}

int yk_control_line_read(struct yk_control_line *ret_line, const char *ptr,
                         size_t len, char text[YK_CONTROL_TEXT_MAX])
{
    struct yk_control_line line;
    json_error_t error;
    int err;

    line.body = json_loadb(ptr, len, JSON_REJECT_DUPLICATES, &error);
    if (!line.body)
        return wrong(text, "not JSON: %.160s, at byte %d", error.text,
                     error.position);
    if (!json_is_object(line.body)) {
        json_decref(line.body);
        return wrong(text, "a request is an object");
    }
    err = read_version(line.body, text);
    if (err == 0)
        err = read_command(line.body, line.command, text);
    if (err < 0) {
        json_decref(line.body);
        return err;
    }
    *ret_line = line;
    return 0;
}

/* ---- Answers ---- */

/* One line of text of an object that is given up. */
static char *print(json_t *object)
{
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    size_t len = text ? strlen(text) : 0;
    char *line = text ? malloc(len + 2) : NULL;

    if (line) {
        memcpy(line, text, len);
        memcpy(line + len, "\n", 2);
    }
    free(text);
    json_decref(object);
    return line;
}

char *yk_control_line_result(json_t *body)
{
    return print(json_pack("{s:i, s:b, s:o}", "version", YK_CONTROL_VERSION,
                           "ok", true, "result", body));
}

char *yk_control_line_progress(json_t *body)
{
    return print(json_pack("{s:i, s:o}", "version", YK_CONTROL_VERSION,
                           "progress", body));
}

char *yk_control_line_error(const char *code, const char *text)
{
    return print(json_pack("{s:i, s:b, s:{s:s, s:s}}", "version",
                           YK_CONTROL_VERSION, "ok", false, "error", "code",
                           code, "text", text));
}
