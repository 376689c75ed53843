/* Lines of the control protocol (docs/control.md): requests as they come from
 * whoever may connect, answers as they go.
 *
 *     > {"command": "ps", "histogram": true}
 *     < {"version": 1, "ok": true, "result": {...}}
 */
#ifndef YK_CLUSTER_CONTROL_LINE_H
#define YK_CLUSTER_CONTROL_LINE_H

#include <stddef.h>

#include <jansson.h>

#define YK_CONTROL_VERSION     1
/* Most bytes of a request, without its newline. */
#define YK_CONTROL_LINE_MAX    65536
/* Room for what is wrong with one. */
#define YK_CONTROL_TEXT_MAX    256
/* Longest name of a command, with its NUL. */
#define YK_CONTROL_COMMAND_MAX 32

/* What a line asks for. */
struct yk_control_line {
    char command[YK_CONTROL_COMMAND_MAX];
    json_t *body; /* The whole object; one reference. */
};

/* Reads a line. Returns 0; or -EPROTO for what is no request, and
 * -EPROTONOSUPPORT for one of a later version, with words in `text`. */
int yk_control_line_read(struct yk_control_line *ret_line, const char *ptr,
                         size_t len, char text[YK_CONTROL_TEXT_MAX]);

/* Lines to send, with their newlines; the caller's to free, NULL without
 * memory. `body` is taken over. */
char *yk_control_line_result(json_t *body);
char *yk_control_line_progress(json_t *body);
char *yk_control_line_error(const char *code, const char *text);

#endif
