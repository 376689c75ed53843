/* Templates, as the primary sees them: processes that have loaded the
 * application, and of which workers are forked (forker.h is their own side).
 *
 *                says READY
 *   LOADING -----------------> READY        forks as it is asked to
 *      |                         |
 *      | fails, dies, is late    | dies, or is not needed any more
 *      v                         v
 *   ENDING ----> gone, when its process has ended and its channel, too: then
 *                nobody can be born of it any more, and who was to be is not
 *
 * A generation has one at a time. It is made when the first worker is wanted,
 * and again when it has died, for the workers to come; workers that are there
 * do not depend on it. When a rollout is over, the templates of the generation
 * that lost go. */
#ifndef YK_CLUSTER_TEMPLATE_H
#define YK_CLUSTER_TEMPLATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct yk_birth;
struct yk_generation;
struct yk_template;
struct yoke_worker;

/* The template of that generation; if there is none, it is made. Returns 0 or
 * -errno. */
int yk_template_get(struct yk_generation *generation, struct yk_template **ret);

/* Asks for the worker of a birth, which is taken over, as soon as the
 * application is loaded. Later yk_primary_born or yk_primary_stillborn is
 * called for it, once. */
void yk_template_ask(struct yk_template *from, struct yk_birth *birth);

/* The worker is not wanted any more. If it has not been asked for yet, it will
 * be stillborn, as if it had ended well. */
void yk_template_cancel(struct yoke_worker *worker);

/* A worker without a process is to get a signal: its template does, for that is
 * what keeps it. SIGTERM is not for a template. */
void yk_template_signal(const struct yoke_worker *worker, int signum);

/* Takes notice of every birth that has happened by now. */
void yk_templates_settle(void);

/* If the process is a template, takes notice that it has ended; false if it is
 * none. */
bool yk_templates_reap(pid_t pid);

/* Ends all but those of that generation; NULL: all. */
void yk_templates_keep(const struct yk_generation *generation);

/* There is one, be it only ending. */
bool yk_templates_are_there(void);

/* The primary stops: ends all; nothing more is born of them. */
void yk_templates_stop(void);

/* Kills those that are left, and waits for them. */
void yk_templates_kill(void);

/* What to show of one: the template of that generation, if there is one. */
struct yk_template_report {
    pid_t pid;
    bool is_ready;
    unsigned born; /* Workers, of it. */
    uint64_t begun_ms;
};
bool yk_template_report(const struct yk_generation *generation,
                        struct yk_template_report *ret);

#endif
