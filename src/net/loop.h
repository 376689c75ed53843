/* The process's run: what stopping means in it, and how it is told to stop.
 *
 * `yoke_run` (yoke/loop.h) turns signals into a graceful stop. What has to be
 * stopped depends on the process: alone it is the services of this process; a
 * primary stops its workers; a worker lets the primary decide what Ctrl-C
 * means. The cluster says so by putting a role in place.
 *
 *            SIGTERM, SIGINT, yoke_stop                  role->stop is done:
 *   RUNNING ----------------------------> STOPPING ----> yk_loop_end -> ended
 *                                          |      \
 *                            deadline passed      second SIGINT
 *                                          |        \
 *                                 role->force     role->kill, status 130 */
#ifndef YK_NET_LOOP_H
#define YK_NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct yk_loop_role {
    /* A signal has come (SIGTERM, SIGINT). True: it is no matter of this
     * process, and nothing happens. NULL: every signal is. */
    bool (*ignores)(int signum);
    /* Begins a graceful stop. Calls yk_loop_end when it is complete, which may
     * be at once. `timeout_ms` is the deadline. */
    void (*stop)(int timeout_ms);
    /* The deadline has passed: cuts what is still open. yk_loop_end still has
     * to be called; if it is not within `force_ms` (0: a second), the loop ends
     * anyway. */
    void (*force)(void);
    int force_ms;
    /* A second SIGINT: the loop is about to end, whatever is open. */
    void (*kill)(void);
    /* Something that was asked for could not be had; `text` has the reason.
     * NULL: it is logged. */
    void (*fail)(const char *text);
    /* The loop has ended; returns the exit status, given the one so far. NULL:
     * that one. */
    int (*end)(int status);
};

/* What a process does that is alone: drains and aborts its services. Roles of
 * a worker build on it. */
extern const struct yk_loop_role yk_loop_alone;

/* Called by the cluster before the loop runs; the role is borrowed for the
 * life of the process. */
void yk_loop_set_role(const struct yk_loop_role *role);

/* Takes up SIGTERM and SIGINT; yoke_run does it too. Earlier is for those who
 * must not be ended by a signal while they start. A second SIGTERM then ends
 * the process at once if `once` is true. */
void yk_loop_watch_signals(bool once);

/* Something that was asked for cannot be had (a port in use, an application
 * that was set up wrongly): says so where it belongs (the log; from a worker,
 * the primary), stops, and makes yoke_run return 1. */
void yk_loop_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same, without saying anything: it has been logged already. */
void yk_loop_fail_quietly(void);

/* Begins a graceful stop with another deadline than the process's own, or with
 * that (-1). The exit status stays what it is. Harmless when one has begun. */
void yk_loop_stop(int timeout_ms);

/* How long it is until the deadline of the stop, in milliseconds; UINT32_MAX
 * before one has begun. */
uint32_t yk_loop_time_left_ms(void);
/* A stop has begun: whatever is still to be started need not be. */
bool yk_loop_is_stopping(void);

/* The stop is complete: yoke_run returns after this turn of the loop. */
void yk_loop_end(void);

/* The signal that began the stop, or 0. */
int yk_loop_stop_signal(void);

#endif
