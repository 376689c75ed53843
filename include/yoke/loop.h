/* The event loop of this process, and how a program runs and stops.
 *
 * There is one loop per process, libuv's. yoke does not wrap it: any library
 * that works with libuv works beside yoke. Nothing here is safe to call from
 * another thread. */
#ifndef YOKE_LOOP_H
#define YOKE_LOOP_H

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

struct uv_loop_s;

/* The loop (libuv's `uv_loop_t`). Created at the first call; yours to use, not
 * to close. Never NULL: when the system has no descriptors or no memory for it,
 * the first call logs that and ends the process with status 1. */
struct uv_loop_s *yoke_loop(void);

/* Runs the program until it is done, and returns its exit status: 0 after a
 * clean stop, 1 when something that was asked for could not be had (a port in
 * use, an application that was set up wrongly) or when the deadline of a stop
 * has passed, or what `yoke_stop` was given.
 * Call it at the end of main: `return yoke_run();`.
 *
 * SIGTERM and SIGINT stop the program gracefully: nothing new is accepted,
 * what has begun is answered with `Connection: close`, idle connections are
 * closed, and what is still open after the deadline (30 s) is cut. A second
 * SIGINT stops at once with status 130. In a primary the workers are stopped
 * the same way first. With nothing left to wait for, the program ends as well:
 * an empty loop is an end, as in Node. */
int yoke_run(void);

/* Stops as SIGTERM does; `yoke_run` then returns `status`. */
void yoke_stop(int status);

/* The deadline of a graceful stop in milliseconds; 30,000 until it is set.
 * Returns 0, or -EINVAL when it is negative. */
int yoke_set_stop_timeout(int timeout_ms);

/* Makes this process answer for its requests when it crashes (SIGSEGV, SIGBUS,
 * SIGFPE, SIGILL, SIGABRT): clients whose answer has not begun get `500` with
 * `Connection: close`, the requests and the place of the fault go to standard
 * error, and the process dies by the same signal, core file and all. Workers do
 * so by themselves, unless the environment has YOKE_CRASH=off; a process that
 * serves alone may call this at its start. Signals that have a handler already
 * are left to it. Returns 0, or -errno. */
int yoke_catch_crashes(void);

/* The environment variable `name` as a whole number: `yoke_env_int("PORT",
 * 1337)`. Unset or empty gives `fallback`. Anything else that is not a number
 * in int's range is logged by name and ends the process with status 2, for a
 * server on the wrong port is worse than none. */
int yoke_env_int(const char *name, int fallback);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
