/* Gifts: connections that this worker gives to the primary, to be dealt to
 * another: those that it has too many of, or cannot answer for because nothing
 * has come yet.
 *
 * It is the hand-off (net/handoff.h) the other way round: here the worker keeps
 * its copy of the descriptor, until the primary has taken the connection.
 *
 *   add         flush                      settle
 *   ---> [ ] ----------> SENT ---------> TAKEN: the copy is closed
 *                         |   `--------> RETURNED: the primary does not want it
 *                         |                  |  (or had no descriptor for it)
 *                         `- recalled: the   |
 *                            primary is late v
 *                                       `on_back` gets it
 *
 * So nothing is lost when the primary dies, is stuck, or is short of
 * descriptors. A worker gives nothing while the primary is slow: then it is
 * better off with a connection too many. */
#ifndef YK_CLUSTER_GIFTS_H
#define YK_CLUSTER_GIFTS_H

#include <stdbool.h>
#include <stdint.h>

struct yk_board;
struct yk_channel;
struct yk_peer;

/* A connection that has come back, of the listener with that number; `fd` is
 * the callee's. */
typedef void yk_gift_back_fn(uint32_t token, int fd,
                             const struct yk_peer *peer);

/* Once; both are borrowed for good. */
void yk_gifts_init(struct yk_channel *channel, struct yk_board *board,
                   yk_gift_back_fn *on_back);

/* How many can be given now; 0 also while the primary is slow. */
unsigned yk_gifts_room(void);

/* Gives a connection of a listener; takes its descriptor over. Returns 0, or
 * -YOKE_EFULL without room: then nothing is taken over. */
int yk_gifts_add(uint32_t token, int fd, const struct yk_peer *peer);

/* Sends what has been added; what cannot be sent comes back. */
void yk_gifts_flush(void);

/* Looks at what has become of those that were sent. To be called once in each
 * turn of the loop; a timer does so, too, while there are any. */
void yk_gifts_settle(void);

/* How many are on their way. */
unsigned yk_gifts_count(void);

/* Takes back those of a listener, or of all (0), that the primary has not taken
 * yet; none is on its way afterwards. */
void yk_gifts_recall(uint32_t token);

#endif
