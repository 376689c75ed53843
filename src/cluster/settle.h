/* Settling: the primary waits until it holds nothing that another process could
 * not go on with, before one takes its place.
 *
 *   begin: the primary accepts nothing any more, and takes no gifts;
 *          workers that accept themselves go on.
 *     |
 *     |    until: no connection waits here or is on its way to a worker;
 *     |           no message waits in a channel, in either direction;
 *     |           no worker is being replaced, or forked;
 *     |           no template is there any more
 *     v
 *   told: at that very moment, or when it has taken too long
 *
 * Clients that come meanwhile wait in the kernel. */
#ifndef YK_CLUSTER_SETTLE_H
#define YK_CLUSTER_SETTLE_H

#include <stdbool.h>

/* `err` is 0, or -ETIMEDOUT: then everything goes on as before, and `text` says
 * what it waited for. Borrowed for the call. */
typedef void yk_settled_fn(int err, const char *text);

/* Begins; `fn` is called once, from the loop. */
void yk_settle_begin(yk_settled_fn *fn);

/* Whether it still is so, in a later turn of the loop. */
bool yk_settle_holds(void);

/* Everything goes on as before: for whoever was told 0 and could not be
 * replaced after all. */
void yk_settle_undo(void);

#endif
