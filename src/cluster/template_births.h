/* The births that a template is asked for (birth.h):
 *
 *   waiting --it is READY, there is room--> asked --FORKED--> a worker is born
 *      |                                      |
 *      | cancelled, or the template is gone   | it cannot fork, or is gone
 *      `------------------> stillborn <-------'
 *
 * yk_template_ask and yk_template_cancel (template.h) are here, too. */
#ifndef YK_CLUSTER_TEMPLATE_BIRTHS_H
#define YK_CLUSTER_TEMPLATE_BIRTHS_H

struct yk_packet;
struct yk_template;

/* Asks for those that wait, as far as the channel has room. */
void yk_template_births_send(struct yk_template *one);

/* The template has sent FORKED. */
void yk_template_births_forked(struct yk_template *one,
                               const struct yk_packet *packet);

/* Those that have not been asked for are not wanted any more. */
void yk_template_births_cancel(struct yk_template *one);

/* The template is gone, and whoever was to be born of it with it. */
void yk_template_births_end(struct yk_template *one);

#endif
