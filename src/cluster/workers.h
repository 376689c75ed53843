/* The primary's table of workers. */
#ifndef YK_CLUSTER_WORKERS_H
#define YK_CLUSTER_WORKERS_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/list.h"

struct yoke_worker;

/* Every worker whose process or channel has not ended, in order of ids. */
struct yk_list *yk_workers(void);

#define YK_WORKERS_EACH(worker)                                                \
    for (struct yk_list *node_ = yk_workers()->next, *next_ = node_->next;     \
         node_ != yk_workers() &&                                              \
         (worker = YK_CONTAINER_OF(node_, struct yoke_worker, node), true);    \
         node_ = next_, next_ = next_->next)

/* Gives it the next id and enters it. */
void yk_workers_add(struct yoke_worker *worker);
/* The same with the id that it had with another primary. */
void yk_workers_add_again(struct yoke_worker *worker, int id);
void yk_workers_remove(struct yoke_worker *worker);

/* The one with that id, or NULL. */
struct yoke_worker *yk_workers_find(int id);

/* The last id that was given, and where to go on. */
int yk_workers_last_id(void);
void yk_workers_set_last_id(int id);

/* The one with that process, or NULL. */
struct yoke_worker *yk_workers_find_pid(pid_t pid);

/* Sends a signal to its process, and to none that has got its number since;
 * while it has none, to its template (template.h). Returns 0; -ESRCH when it has ended; -errno. */
int yk_worker_signal(const struct yoke_worker *worker, int signum);

/* One that is connected and has not been asked to leave. */
bool yk_worker_is_useful(const struct yoke_worker *worker);

#endif
