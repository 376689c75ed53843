/* What workers say to the primary: each packet's handler. */
#ifndef YK_CLUSTER_HEARD_H
#define YK_CLUSTER_HEARD_H

#include <stddef.h>

struct yk_packet;
struct yk_spawn;
struct yoke_worker;

/* A packet has come over the worker's channel. */
void yk_heard(struct yoke_worker *worker, const struct yk_packet *packet);

/* Why the worker cannot start, or is killed; the first reason counts. Cleaned of
 * what could drive a terminal. */
void yk_worker_set_reason(struct yoke_worker *worker, const char *text,
                          size_t len);

/* What is to be started for the worker, as far as its settings say it. */
void yk_worker_describe_spawn(const struct yoke_worker *worker,
                              struct yk_spawn *what);

#endif
