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
 *     open SPEC    opens another; ok
 *     fds          how many connections it has */
#ifndef YK_TESTS_CONN_H
#define YK_TESTS_CONN_H

/* "PORT", "HOST:PORT", "6:PORT" (IPv6 only), "own:PORT" (not through the
 * primary), or "unix:PATH". Opens it and serves what comes. */
void fleet_listen(const char *spec);

/* `n` bytes, always the same ones; the caller frees them. */
char *fleet_bytes(unsigned n);

/* A number that says which bytes they are. */
unsigned fleet_sum(const char *ptr, unsigned long n);

#endif
