/* The part of a report (report.h) that says how the services are that a worker
 * asks, as it tells on its board (net/remotes.h). */
#ifndef YK_CLUSTER_REPORT_REMOTES_H
#define YK_CLUSTER_REPORT_REMOTES_H

#include <jansson.h>

#include "net/remotes.h"

/* An array, of those that are in use. */
json_t *yk_report_remotes(const struct yk_remotes *remotes);

#endif
