/* What `yoke ps` shows, as Prometheus reads it (text format 0.0.4). */
#ifndef YK_CLI_PROMETHEUS_H
#define YK_CLI_PROMETHEUS_H

#include <jansson.h>

/* Prints the answers to `ps` of one or more clusters, an array, on standard
 * output. They should have been asked for with histograms. */
void yk_prometheus_print(const json_t *clusters);

#endif
