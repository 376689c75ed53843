/* Messages in JSON; the only file of the cluster that knows jansson. */
#ifndef YK_CLUSTER_JSON_H
#define YK_CLUSTER_JSON_H

#include <stdbool.h>
#include <stddef.h>

struct yoke_worker;

/* A message that was sent as JSON: gives it to yoke_cluster_on_json's callback.
 * False when there is none: then it is a message like any other. */
bool yk_json_event(struct yoke_worker *worker, const char *text, size_t len);

#endif
