/* Listeners in a worker: the source (net/listener.h) that asks the primary.
 *
 * Under round-robin connections come over the channel; without scheduling the
 * primary sends the listening socket, and this process accepts. */
#ifndef YK_CLUSTER_SOURCE_H
#define YK_CLUSTER_SOURCE_H

#include "net/listener.h"

struct yk_board;
struct yk_channel;
struct yk_packet;

extern const struct yk_listen_source yk_remote_source;

/* What the listeners work with, for the life of the process. Borrowed. */
void yk_source_init(struct yk_channel *channel, struct yk_board *board);

/* The primary's packets: LISTEN_REPLY, CLOSED, CONNS. */
void yk_source_replied(const struct yk_packet *packet);
void yk_source_closed(const struct yk_packet *packet);
void yk_source_connected(const struct yk_packet *packet);

/* The primary has gone, or all workers are to stop: nobody else takes what is
 * in a backlog or was dealt to this worker. */
void yk_source_alone(void);

/* The channel is closed: listeners that wait for an answer are told. */
void yk_source_lost(void);

/* For an orphan (orphan.h): it accepts itself on all it listens on. */
void yk_source_serve_alone(void);

/* And when it has another primary, and a channel again: that accepts what the
 * one before had accepted; and it is told of every listener, with the socket.
 * Returns 0, or a negative code of the channel. */
void yk_source_rejoin(void);
int yk_source_introduce(void);

#endif
