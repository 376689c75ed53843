/* What the scenarios of `node` are made of. A scenario is a small cluster with
 * a story, as a test of Node's cluster is: a function for the primary and one
 * for its workers. It says what happens, a line each; the tests in
 * tests/e2e/test_node_*.py compare. Only the public library is used. */
#ifndef YK_TESTS_SCENARIO_H
#define YK_TESTS_SCENARIO_H

#include <stddef.h>

#include <yoke/message.h>
#include <yoke/net.h>
#include <yoke/yoke.h>

struct scenario {
    const char *name;
    void (*primary)(void);
    void (*worker)(void);
};

/* Each ends with one without a name. */
extern const struct scenario life_scenarios[];
extern const struct scenario end_scenarios[];
extern const struct scenario setting_scenarios[];
extern const struct scenario message_scenarios[];
extern const struct scenario handle_scenarios[];

/* One line: "P TEXT" in the primary, "W1 TEXT" in worker 1. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* What a scenario does at an event, after `watch` has said it. */
struct hooks {
    void (*on_fork)(yoke_worker *worker);
    void (*on_online)(yoke_worker *worker);
    void (*on_listening)(yoke_worker *worker, const struct yoke_address *addr);
    void (*on_message)(yoke_worker *worker, const char *ptr, size_t len);
    void (*on_disconnect)(yoke_worker *worker);
    void (*on_exit)(yoke_worker *worker, const struct yoke_exit *why);
};
extern struct hooks hooks;

/* From here on every event is said, with what the worker is then. Of short
 * messages the text, of long ones the length. */
void watch(void);

/* Workers that there are, as yoke_cluster_workers shows them. */
int count_workers(void);

/* A worker by its id; NULL when it is not shown. */
yoke_worker *find_worker(int id);

/* Sends a text. */
void tell(yoke_worker *worker, const char *text);

/* Keeps the loop of this process from becoming empty. */
void stay(void);

/* Calls `fn` in a later turn of the loop, when that many milliseconds have
 * passed: for what is to happen in between, never as a proof. */
void later(int ms, void (*fn)(void));

/* Calls `fn` at each SIGUSR1, by which a test says "go on"; does not keep the
 * loop alive. */
void on_usr1(void (*fn)(void));

/* Argument `n` of the scenario; "" if there is none. */
const char *argument(int n);

/* A server of streams that sends back what it gets; says on what it listens. */
yoke_net *serve(const char *host, int port, const char *path);

/* The next serve()s: their errors are given to this instead of failing. */
void on_serve_error(void (*fn)(int err, const char *text));

/* A connection to 127.0.0.1, blocking; ends the process when there is none. */
int connect_to(int port);

#endif
