/* Where a worker of `fleet` listens, in words:
 *
 *     [udp/|net/]PLACE[,OPTION]...
 *
 * PLACE: "PORT", "HOST:PORT", "6:PORT" (IPv6 only), "own:PORT" (not through the
 * primary), "unix:PATH", "fd:N", or "name:NAME" (of a descriptor).
 *
 * OPTION: exclusive, reuseport, reuseaddr, backlog=N, mode=OCTAL, readable,
 * writable, owner=NAME, group=NAME; for net/: max=N, drops; and
 * closes=now|listening: it is closed again at once, or when it listens.
 *
 * Without udp/ or net/ it is a listener of conn.h's. What is opened is counted
 * from 0, for `shut`. */
#ifndef YK_TESTS_PLACE_H
#define YK_TESTS_PLACE_H

#include "net/listener.h"

enum place_kind {
    PLACE_LINES,
    PLACE_UDP,
    PLACE_NET
};

struct place {
    enum place_kind kind;
    struct yk_listen_spec spec;
    int max;
    bool drops;
    bool closes_now, closes_listening;
    char text[512]; /* What the strings are borrowed from. */
};

/* Ends the process when it is none. */
void place_parse(struct place *place, const char *text);

/* Opens it, whatever it is. */
void place_open(const char *text);

/* Enters an endpoint that is open; `close` is to close it. */
void place_add(void (*close)(void *data), void *data);

/* Closes the n-th that was opened; false when there is none. */
bool place_shut(int n);

/* The kinds. */
void place_open_udp(const struct place *place);
void place_open_net(const struct place *place);

/* A command that is known to all of them:
 *
 *     id             PID ID
 *     open PLACE     ok
 *     shut N         ok
 *     send TEXT      sends TEXT to the primary; ok
 *     leave          the worker disconnects; ok
 *     implicit PORT  sends PID to that UDP port, from a handle that was never
 *                    bound; ok
 *
 * The answer goes to `out`. */
void place_command(const char *line, char *out, size_t len);

#endif
