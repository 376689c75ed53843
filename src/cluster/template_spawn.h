/* Starts a template's process: as a worker's, but with the number 0, with
 * nothing in the places of what each worker is given, and on every CPU. */
#ifndef YK_CLUSTER_TEMPLATE_SPAWN_H
#define YK_CLUSTER_TEMPLATE_SPAWN_H

#include <sys/types.h>

struct yk_generation;
struct yk_settings;
struct yk_spawn;

/* `channel_fd` is its end of the channel, `said` a pipe for what it writes
 * where workers have a pipe; both stay the caller's. As yk_spawn. */
int yk_template_spawn(const struct yk_generation *generation,
                      const struct yk_settings *settings, int channel_fd,
                      int said, pid_t *ret_pid, int *ret_pidfd);

/* What is started, as whom and where, as far as messages name it. Borrowed. */
void yk_template_describe(const struct yk_generation *generation,
                          const struct yk_settings *settings,
                          struct yk_spawn *ret);

#endif
