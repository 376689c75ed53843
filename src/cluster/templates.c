#include "cluster/templates.h"

#include <uv.h>

#include <yoke/cluster.h>
#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "cluster/backoff.h"
#include "cluster/fleet.h"
#include "cluster/primary.h"
#include "cluster/template.h"

/* All templates whose process or channel has not ended, and when the next is
 * made for one that has died. Written by the functions of this file. */
static struct yk_list templates = {&templates, &templates};
static struct {
    uv_timer_t timer;
    struct yk_backoff backoff;
    bool is_ready;
} remake;

#define OF(node_) YK_CONTAINER_OF(node_, struct yk_template, node)

struct yk_template *yk_templates_find(const struct yk_generation *generation)
{
    YK_LIST_EACH(node, &templates)
    if (OF(node)->generation == generation &&
        OF(node)->state != YK_TEMPLATE_ENDING)
        return OF(node);
    return NULL;
}

int yk_templates_get(struct yk_generation *generation, struct yk_template **ret)
{
    struct yk_template *found = yk_templates_find(generation);
    int err = found ? 0 : yk_template_new(generation, &found);

    if (err < 0)
        return err;
    if (yk_list_is_empty(&found->node))
        yk_list_add(&templates, &found->node);
    *ret = found;
    return 0;
}

void yk_templates_settle(void)
{
    YK_LIST_EACH(node, &templates)
    while (yk_channel_read_one(&OF(node)->channel) == 0)
        ;
}

bool yk_templates_have(pid_t pid)
{
    YK_LIST_EACH(node, &templates)
    if (OF(node)->pid == pid && !OF(node)->is_dead)
        return true;
    return false;
}

bool yk_templates_are_there(void)
{
    return !yk_list_is_empty(&templates);
}

void yk_templates_keep(const struct yk_generation *generation)
{
    YK_LIST_EACH(node, &templates)
    if (OF(node)->generation != generation)
        yk_template_end(OF(node));
}

void yk_templates_kill(void)
{
    YK_LIST_EACH(node, &templates)
    yk_template_kill(OF(node));
}

/* ---- Making one again ---- */

static void on_remake(uv_timer_t *timer)
{
    struct yk_template *made;

    (void)timer;
    if (yk_primary_is_stopping() || yk_templates_find(yk_fleet_generation()))
        return;
    int err = yk_templates_get(yk_fleet_generation(), &made);
    if (err < 0)
        yoke_log(YOKE_LOG_ERROR, "cannot start a template: %s",
                 yoke_strerror(err));
}

static void prepare_remake(void)
{
    const struct yoke_cluster_options *options = yk_fleet_options();

    if (remake.is_ready)
        return;
    remake.is_ready = true;
    remake.backoff =
        (struct yk_backoff){.base_ms = (uint32_t)options->backoff_base_ms,
                            .max_ms = (uint32_t)options->backoff_max_ms,
                            .healthy_ms = (uint32_t)options->healthy_ms};
    uv_timer_init(yoke_loop(), &remake.timer);
}

/* One that has died is replaced, so that the next worker need not wait for it
 * to load. */
void yk_templates_died(const struct yk_template *one)
{
    if (one->is_meant || yk_primary_is_stopping() ||
        one->generation != yk_fleet_generation() || !yk_fleet_has_served())
        return;
    prepare_remake();
    uv_timer_start(&remake.timer, on_remake,
                   yk_backoff_death(&remake.backoff,
                                    uv_now(yoke_loop()) - one->begun_ms,
                                    yk_fleet_random()),
                   0);
}
