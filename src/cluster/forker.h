/* A template's own side: the process that has loaded the application, and of
 * which workers are forked (template.h is the primary's side).
 *
 *   primary            template                 middle            worker
 *      | --- FORK ------> |                       |                  |
 *      |                  | before_fork           |                  |
 *      |                  | --- vfork ----------> |                  |
 *      |                  |                       | --- fork ------> |
 *      | <-- FORKED ------------------------------|                  | waits
 *      |                  | <-- ends -------------|                  |
 *      |                                              now the        |
 *      | <-- HELLO -------------------- primary is its parent -------|
 *
 * It forks twice, so that the worker becomes the primary's own child, which
 * hears how it ends: the primary is a subreaper (prctl(2)). A template runs
 * nothing between its load and its forks, not even its loop: so all of its
 * workers begin with the very same. */
#ifndef YK_CLUSTER_FORKER_H
#define YK_CLUSTER_FORKER_H

#include <stdbool.h>

/* This process is a template, and `fd`, which is taken over, its channel.
 * Returns 0 or a negative code. */
int yk_forker_init(int fd);

/* True in a template; not in the workers that it forks. */
bool yk_forker_is_template(void);

/* yoke_ready was called while the application was loaded: its workers are to
 * say so. */
void yk_forker_note_ready(void);

/* The application is loaded: looks for what does not bear to be forked
 * (audit.h) and logs it. Returns 0; -YOKE_ESTARTUP when something was found
 * and `is_strict`: then the primary has been told. */
int yk_forker_audit(bool is_strict);

/* Tells the primary that it can fork, and does so as it is asked to. Returns
 * in each worker, as a worker (self.h); in the template never: that ends when
 * the primary closes the channel. */
void yk_forker_serve(void);

#endif
