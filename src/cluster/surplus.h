/* Surplus: what this worker has too much of, under the policies in which the
 * workers accept themselves, and gives away (gifts.h).
 *
 *   - As it accepts: while it has clearly more connections than the worker that
 *     has fewest, the connection is not its own.
 *   - When a turn of its loop took long: the idle connections on which requests
 *     have come meanwhile, if there are workers that have nothing to do. They
 *     would wait here for each other. While it lasts, others take them
 *     (relief.h).
 *   - Now and then: idle connections, while it has clearly more than others.
 *   - When it is replaced: all.
 *
 * An idle connection is one at the boundary between two requests of which
 * nothing has been read yet; it does not notice that it moves. */
#ifndef YK_CLUSTER_SURPLUS_H
#define YK_CLUSTER_SURPLUS_H

#include <stdbool.h>
#include <stdint.h>

struct yk_board;
struct yk_channel;
struct yk_loads;

/* The worker's place among all, its board and its channel; borrowed for good. */
void yk_surplus_init(struct yk_loads *loads, uint32_t seat,
                     struct yk_board *board, struct yk_channel *channel);

/* The worker accepts itself: from here on it tells the others how it does.
 * `is_balanced`: it gives connections away. */
void yk_surplus_start(bool is_balanced);

/* Connections have been accepted on a socket of its own: the kernel that sends
 * them is told (arrivals.h). */
void yk_surplus_arrived(uint32_t count);

/* One more connection has been accepted: should another worker have it? */
bool yk_surplus_has(void);

/* This turn of the loop has become long, and another worker has nothing to do:
 * what has not been begun is better off there. */
bool yk_surplus_is_late(void);

/* For a worker that is replaced: gives all idle connections away, and new ones
 * as they are accepted, as fast as the primary takes them, under any policy.
 * `on_done` is called once, from the loop, when there is nothing more to give
 * and nothing on its way, or after half a second; what becomes idle then is
 * still given. The primary must still know the worker's listeners, which
 * therefore are to be closed after this (yk_user_unroute_all keeps new connections
 * from it meanwhile). Once. */
void yk_surplus_release_all(void (*on_done)(void));

#endif
