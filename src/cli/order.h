/* The commands that have a running cluster do something: they find it, send one
 * request, and say what came of it. */
#ifndef YK_CLI_ORDER_H
#define YK_CLI_ORDER_H

#include <jansson.h>

/* Sends `request`, which is taken over, to the cluster of that name, or to the
 * only one, and waits until it has been carried out. Returns the result, the
 * caller's; NULL after having said what is wrong. */
json_t *yk_order(const char *name, json_t *request);

#endif
