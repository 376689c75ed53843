/* The test client from inside: a server without sockets, connections in memory,
 * a clock that stands still, and what takes the place of the event loop. See
 * yoke/test.h for what it is for.
 *
 * One `settle` lets everything happen that follows from what has been sent:
 *
 *     repeat: a turn of every connection's memory, a flush of the server
 *     until nothing has moved
 *
 * What then is still missing either waits for the process's loop (a handler on
 * hold), which `wait` runs; or for the client's next bytes or the clock.
 *
 * A live client (live.h) has the same server and the same memory, and a socket
 * in between; then each turn also polls the loop.
 *
 * An agent is a client that uses another one's server: it has only what makes
 * two users differ, cookies and fields of its own. */
#ifndef YK_TEST_CLIENT_H
#define YK_TEST_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include <yoke/test.h>

#include "core/list.h"
#include "http/server.h"
#include "test/bytes.h"
#include "test/jar.h"
#include "test/memory.h"
#include "test/watch.h"

struct yk_exchange;
struct yk_h1_conn;
struct yk_live;

struct yoke_test {
    yoke_test *root;        /* Whose server it uses; itself, but for agents. */
    struct yk_bytes fields; /* Sent with every request: yoke_test_set. */
    struct yk_jar jar;      /* Cookies; used if `has_jar`. */
    bool has_jar;
    bool is_https;       /* yoke_test_https */
    struct yk_list node; /* An agent, in its root's `agents`. */

    /* Of a root alone. */
    yoke_app *app; /* NULL when it drives a bare server. */
    struct yk_http_server server;
    uint64_t now_ms;          /* The server's time; moved by yoke_test_clock. */
    struct yk_list links;     /* Every connection that was made. */
    struct yk_list exchanges; /* Every yoke_tr. */
    struct yk_list agents;
    struct yk_live *live;  /* NULL: portless. */
    struct yk_watch watch; /* Of handles left in the loop. */
    const char *file;      /* Where the client was made, for failures */
    int line;              /* that have no place of their own. */
};

/* One connection. It lives as long as the client, for its bytes are looked at
 * when it has long been closed. */
struct yk_link {
    struct yk_list node;
    struct yk_memory memory;
    struct yk_h1_conn *conn; /* The server's; NULL when it is live or over. */
    bool is_open;            /* The server has not let go of it, */
    char error[96];          /* or it could not be made, in words. */
};

/* A client of a bare server: requests go to `on_request`. For tests of the
 * layers below the application. `limits` may be NULL. Returns NULL when they
 * are beyond what is possible. */
yoke_test *yk_test_new(const struct yoke_limits *limits,
                       void (*on_request)(struct yk_exchange *x, void *data),
                       void *data);

/* Opens a connection from that address. */
struct yk_link *yk_test_connect(yoke_test *t, const struct yk_peer *peer);

/* Lets happen what can. */
void yk_test_settle(yoke_test *t);

/* Settles, and runs the loop until `is_done(data)`. Returns 0; -ENODATA when
 * the loop has nothing to do that could bring it about; -ETIMEDOUT after
 * 10 s. */
int yk_test_wait(yoke_test *t, bool (*is_done)(void *data), void *data);

/* The server's time in seconds since 1970. */
int64_t yk_test_wall_s(const yoke_test *t);

/* A mistake of the test's own, or a fault of the client as a whole: reports
 * "WHAT\n" at the place where the client was made. */
void yk_test_fail(const yoke_test *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- client_free.c ---- */

/* Adds what a request is called in a failure text: method, target, and the
 * route's place if it is an application's. */
void yk_test_describe(const yoke_test *t, const struct yk_exchange *x,
                      struct yk_bytes *text);

#endif
