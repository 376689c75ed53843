/* What a primary tells about its cluster, as JSON: the answers to `ps` and
 * `why` (docs/control.md has every field). All of it is read from the boards
 * and from /proc; no worker is asked, so a hung one is told about like any
 * other. */
#ifndef YK_CLUSTER_REPORT_H
#define YK_CLUSTER_REPORT_H

#include <stdbool.h>

#include <stdint.h>

#include <jansson.h>

struct yk_death;
struct yk_histogram;
struct yk_memory;
struct yoke_worker;

/* The primary starts now. */
void yk_report_start(void);

/* One worker, with the memory that it has, or without (NULL). `with_histogram`:
 * the latencies' buckets. */
json_t *yk_report_worker(const struct yoke_worker *worker,
                         const struct yk_memory *memory, bool with_histogram);

/* A slot that has no worker now, and why; NULL for one that has, and for one
 * that is not to have any. */
json_t *yk_report_slot(int number);

/* Times in microseconds: their mean and percentiles. */
json_t *yk_report_latency(const struct yk_histogram *latency);

/* The sums over all workers, the dead ones included. */
json_t *yk_report_totals(bool with_histogram);

/* The primary itself; `memory` as above. */
json_t *yk_report_primary(const struct yk_memory *memory);

/* The template of the fleet's generation; null when there is none. */
json_t *yk_report_template(void);

/* Text that need not be UTF-8, which JSON is: what is not is replaced. NULL is
 * null. */
json_t *yk_report_text(const char *text);

/* When this primary, or the first of those whose place it has taken, started;
 * of the monotonic clock. */
uint64_t yk_report_started(void);
void yk_report_set_started(uint64_t ms);

/* A death. */
json_t *yk_report_death(const struct yk_death *death);

#endif
