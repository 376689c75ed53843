/* What a worker of `fleet` serves: lines, each a command, each answered by a
 * line. It knows no HTTP, so that the cluster is tested by itself.
 *
 *     id           PID ID
 *     hang         (no answer, ever)
 *     spin         never gives control back
 *     die SIGNAL   ends by that signal
 *     exit CODE
 *     send TEXT    sends TEXT to the primary; ok
 *     big N        sends N bytes to the primary; ok
 *     leave        the worker disconnects; ok
 *     quit         the worker kills itself, as Node calls it
 *     env NAME     that variable of its environment, or nothing
 *     folder       its working directory
 *     close        closes the worker's first listener; ok
 *     open PLACE   opens another (place.h); ok
 *     shut N       closes the n-th that was opened; ok
 *     implicit N   as place.h has it
 *     fds          how many connections it has */
#ifndef YK_TESTS_CONN_H
#define YK_TESTS_CONN_H

struct place;

/* A place in place.h's words. Opens it and serves what comes. */
void fleet_listen(const char *spec);

/* Opens a listener of lines. */
void fleet_open_lines(const struct place *place);

/* `n` bytes, always the same ones; the caller frees them. */
char *fleet_bytes(unsigned n);

/* A number that says which bytes they are. */
unsigned fleet_sum(const char *ptr, unsigned long n);

#endif
