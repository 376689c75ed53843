/* The control socket of a primary: commands come in, a line of JSON each, and
 * answers go out (control_line.h, docs/control.md).
 *
 * Commands are a table; whoever knows something to tell or to do enters a
 * handler. A handler answers at once or later, from the loop, with lines of
 * progress before that. It never waits: a client that does not read is cut, and
 * one that sends nothing for long.
 *
 * Only root and the primary's own user may connect. None of its handles keeps
 * the loop alive. */
#ifndef YK_CLUSTER_CONTROL_H
#define YK_CLUSTER_CONTROL_H

#include <stdbool.h>

#include <jansson.h>

/* Clients at a time; another is told so and cut. */
#define YK_CONTROL_CLIENTS_MAX  16
/* Commands that can be entered. */
#define YK_CONTROL_COMMANDS_MAX 32

/* A command under way. */
struct yk_control_call;

/* Carries out a command: `request` is the whole object, borrowed for the call.
 * Sooner or later yk_control_answer or yk_control_fail has to be called, once.
 */
typedef void yk_control_fn(struct yk_control_call *call, const json_t *request);

/* Enters a command; `name` is borrowed for ever. A second one of the same name
 * replaces the first. -YOKE_EFULL. */
int yk_control_register(const char *name, yk_control_fn *fn);

/* Opens the socket of a cluster of that name (runtime_dir.h). Returns 0; or a
 * negative code, and says why in the log. -EALREADY when it is open. */
int yk_control_open(const char *name);

/* The same with a name that need not be free: with the process's number behind
 * it if it is taken. NULL: the program's. */
int yk_control_open_as(const char *hint);

/* The name, or NULL when it is not open. */
const char *yk_control_name(void);

/* The folder of that name (runtime_dir.h), this one's; -1: none. */
int yk_control_folder(void);

/* Cuts everybody, and removes the socket. Harmless when it is not open. */
void yk_control_close(void);

/* ---- For handlers ---- */

/* False when the client has gone: whoever would go on for it alone may stop. */
bool yk_control_is_wanted(const struct yk_control_call *call);

/* A line of progress. `body` is taken over. */
void yk_control_progress(struct yk_control_call *call, json_t *body);

/* For a program that is about to take this one's place: the connection of the
 * client, which stays this one's; -1: it has gone. And there: the call goes on,
 * as if it had come to the control socket, which is open; NULL: no memory. The
 * descriptor is taken over. */
int yk_control_fd(const struct yk_control_call *call);
struct yk_control_call *yk_control_resume(int fd);

/* The end. `body` is taken over; the call is not the caller's any more. */
void yk_control_answer(struct yk_control_call *call, json_t *body);

/* The end of one that failed: a word for programs, "not-found", and words for
 * people. */
void yk_control_fail(struct yk_control_call *call, const char *code,
                     const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
