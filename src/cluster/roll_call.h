/* A roll call: a primary that starts asks who has lived on without one. It
 * connects to every haven in the folder (haven.h), and each orphan tells it what
 * it is and what it listens on: the other end of a channel from then on.
 *
 *      new primary                      orphan
 *         | connect  ---------------------> |
 *         | <-------- INTRODUCTION (board) |
 *         | <---- LISTEN (socket), OFFER   |  for each listener
 *         | <------------------ INTRODUCED |
 *
 * No loop runs yet, so it is done here, one after the other. */
#ifndef YK_CLUSTER_ROLL_CALL_H
#define YK_CLUSTER_ROLL_CALL_H

#include <jansson.h>

struct yoke_cluster_options;

/* Asks every orphan, which takes 2 s at most. Returns a handover (handover.h) as
 * their primary could have left it; NULL when there are none. `options` says
 * how many workers there are to be. */
json_t *yk_roll_call(const struct yoke_cluster_options *options);

#endif
