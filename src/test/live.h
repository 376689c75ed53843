/* The sockets of a live client: a listener for its server, and for each of its
 * connections a bridge that carries the bytes.
 *
 *      the test's end                                      the server
 *      yk_memory  <---- bridge ----> socket ... socket <---> HTTP/1
 *
 * The memory is the same as without a port, so that every call of the client
 * means the same: it is only that the server's end of it is a socket's. */
#ifndef YK_TEST_LIVE_H
#define YK_TEST_LIVE_H

#include <stdbool.h>
#include <stddef.h>

struct yk_http_server;
struct yk_link;
struct yk_live;
struct yk_peer;
struct yoke_address;

/* Opens a listener for the server on a loopback port that the system chooses,
 * or on a UNIX socket in a directory of its own. NULL on failure, with the
 * reason in words in `text`. */
struct yk_live *yk_live_open(struct yk_http_server *server, bool is_unix,
                             char *text, size_t len);

/* Closes it and waits until it is closed. The server has no connection any
 * more. NULL is allowed. */
void yk_live_close(struct yk_live *live);

const struct yoke_address *yk_live_address(const struct yk_live *live);

/* Connects a link from that address, which has to be a loopback address. When
 * that fails, the link is not open, and `link->error` says why. */
void yk_live_connect(struct yk_live *live, struct yk_link *link,
                     const struct yk_peer *peer);

/* The client's socket goes, whatever has been said on it. */
void yk_live_disconnect(struct yk_link *link);

/* Lets the loop do what it can without waiting; true when bytes or connections
 * have moved. `is_last`: nothing else moves, so it looks more than once. */
bool yk_live_poll(struct yk_live *live, bool is_last);

/* Waits for a moment for something to happen. False when nothing has, and
 * nothing in the loop but this is alive. */
bool yk_live_is_alive(struct yk_live *live);

#endif
