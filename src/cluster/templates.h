/* The templates of the primary. A generation has one at a time: it is made when
 * the first worker is wanted, and again when it has died, for the workers to
 * come; workers that are there do not depend on it. When a rollout is over, the
 * templates of the generation that lost go. */
#ifndef YK_CLUSTER_TEMPLATES_H
#define YK_CLUSTER_TEMPLATES_H

#include <stdbool.h>
#include <sys/types.h>

struct yk_generation;
struct yk_template;

/* The template of that generation; if there is none, it is made. Returns 0 or
 * -errno. */
int yk_templates_get(struct yk_generation *generation,
                     struct yk_template **ret);

/* The same, but NULL if there is none. */
struct yk_template *yk_templates_find(const struct yk_generation *generation);

/* Takes notice of every birth that has happened by now. */
void yk_templates_settle(void);

/* The process is a template, or was until a moment ago. */
bool yk_templates_have(pid_t pid);

/* There is one, be it only ending. */
bool yk_templates_are_there(void);

/* Ends all but those of that generation; NULL: all. */
void yk_templates_keep(const struct yk_generation *generation);

/* Kills those that are left, and waits for them. */
void yk_templates_kill(void);

/* One has died. If it was not meant to, another one is made after a while. */
void yk_templates_died(const struct yk_template *one);

#endif
