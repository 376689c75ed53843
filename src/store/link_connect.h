/* An attempt of a link to get a socket that is connected: the look-up of a name,
 * then its addresses, one after the other (link.h); or a UNIX socket.
 *
 *   yk_link_connect --> resolving --> address --> connected: yk_link_greet
 *                          |            | ^  \
 *                          |     switching'   none is left: yk_link_fail
 *                          '------------------------------^
 *
 * The attempt may be given up at any time (the state is not CONNECTING any more):
 * what libuv still has of it then comes back, and ends the link, if it is to. */
#ifndef YK_STORE_LINK_CONNECT_H
#define YK_STORE_LINK_CONNECT_H

#include <stdbool.h>

#include "store/link.h"

/* Begins; the state is CONNECTING. */
void yk_link_connect(struct yk_link *link);

/* True when there is a socket that has to be closed. */
bool yk_link_has_socket(const struct yk_link *link);

void yk_link_forget_addresses(struct yk_link *link);

/* ---- What comes of it; in link.c ---- */

/* The socket is connected. */
void yk_link_greet(struct yk_link *link);

/* yk_link_break, with the server's name and what the code means. */
void yk_link_fail(struct yk_link *link, int err);

/* Nothing of the connection is libuv's any more: a pause, or the end. */
void yk_link_rest(struct yk_link *link);

/* The end, if that is to come and nothing is libuv's any more. */
void yk_link_end_if_let_go(struct yk_link *link);

#endif
