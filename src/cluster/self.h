/* A worker's own side: its channel to the primary, and its role in the
 * process's run (net/loop.h). */
#ifndef YK_CLUSTER_SELF_H
#define YK_CLUSTER_SELF_H

#include <stdbool.h>

struct yoke_worker;

/* Takes up the channel; `fd` is taken over, also on failure. From here on this
 * process is a worker: its listeners are the primary's. Returns 0 or a negative
 * code, and then it is none. */
int yk_self_init(int id, int slot, int fd);

/* This worker, or NULL in a primary. */
struct yoke_worker *yk_self(void);

/* What yoke_cluster_file names from here on. The descriptor stays open, for it
 * is loaded by its number. */
void yk_self_keep_file(int fd);

/* Has this process report its crashes as `who`, unless the environment says
 * otherwise. */
void yk_self_catch_crashes(const char *who);

/* This process is a worker, and the first of its generation. */
bool yk_self_is_on_trial(void);

/* Tells the primary that it serves. Once; harmless in a primary. */
void yk_self_ready(void);

/* Disconnects on its own. `then_end`: the process ends as well, with status 0,
 * whatever else keeps its loop alive. Returns 0 or -YOKE_ECHANNEL. */
int yk_self_disconnect(int then_end);

/* Closes the channel at once, and goes on as if the primary had gone. Returns
 * 0 or -YOKE_ECHANNEL. */
int yk_self_hang_up(void);

#endif
