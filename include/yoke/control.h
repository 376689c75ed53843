/* Control: how another process finds a running cluster and talks to it, as
 * `yoke ps`, `yoke top` and `yoke why` do.
 *
 * Every supervised cluster, and each that calls `yoke_cluster_control`, has a
 * name and a socket, which only its own user and root may connect to. A request
 * is a line of JSON, and so are the answers:
 *
 *     yoke_control *control;
 *     const char *line;
 *     char text[YOKE_CONTROL_TEXT_MAX];
 *
 *     if (yoke_control_open("shop", &control, text) < 0)
 *         return give_up(text);
 *     if (yoke_control_send(control, "{\"command\": \"ps\"}") == 0 &&
 *         yoke_control_read(control, 5000, &line) == 0)
 *         puts(line);
 *     yoke_control_close(control);
 *
 * The commands and the fields of their answers are in docs/control.md. All
 * calls wait; they are for programs that have nothing else to do, not for a
 * loop. */
#ifndef YOKE_CONTROL_H
#define YOKE_CONTROL_H

#include <stdbool.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* A connection to a cluster's primary. */
typedef struct yoke_control yoke_control;

/* Room for an error in words. */
#define YOKE_CONTROL_TEXT_MAX 512

/* Whether a cluster can be called so: letters, digits, '.', '_' and '-', at most
 * 64, no '.' or '-' at the beginning, and not a number. */
bool yoke_control_is_name(const char *name);

/* Connects to the cluster of that name. Returns 0; or a negative code with the
 * reason in `text`: -ENOENT when none of that name is running, -EACCES or
 * -EPERM when it is another user's, -ENOMEM, or -errno. The connection is the
 * caller's, to be closed by yoke_control_close. */
int yoke_control_open(const char *name, yoke_control **ret_control,
                      char text[YOKE_CONTROL_TEXT_MAX]);

/* Sends a request: JSON, without a newline. Returns 0; -ETIMEDOUT when the
 * primary has not taken it within five seconds; or -errno. After a failure the
 * connection is of no more use, for a part may have gone: close it. */
int yoke_control_send(yoke_control *control, const char *request);

/* Reads the next line, without its newline; borrowed until the next call. After
 * a request come any number of lines of progress, and then one that has the
 * field "ok". Returns 0; -ETIMEDOUT when none has come after that time (-1: for
 * ever); -YOKE_ECLOSED when the primary has closed; -YOKE_EFULL for a line over
 * 64 MiB; or -errno. */
int yoke_control_read(yoke_control *control, int timeout_ms,
                      const char **ret_line);

/* Closes and frees it. NULL is allowed. */
void yoke_control_close(yoke_control *control);

/* Calls `fn` with the name of each running cluster of this user, in order; what
 * dead ones have left behind is removed. Returns their number, or a negative
 * code with the reason in `text`: -EPERM when others could have written where
 * they are looked for, or -errno. */
int yoke_control_list(void (*fn)(const char *name, void *data), void *data,
                      char text[YOKE_CONTROL_TEXT_MAX]);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
